"""One transfer from the owner's side: show, confirm, seal, authorize, follow. Used by send, bump, resume, import."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from warifu.chains.bitcoin.transaction import display_hash
from warifu.cli.asked import recipients_of_bump
from warifu.cli.authorizing import ask_envelope_keys, authorized, choose_signers
from warifu.cli.client import Client, segment
from warifu.cli.context import Setting, now
from warifu.cli.following import follow_transfer, refusal_error
from warifu.cli.passphrase import existing_passphrase
from warifu.cli.paying import Reading, check_reading, transfer_request
from warifu.cli.profile import Profile, Wallet
from warifu.cli.progress import live_steps
from warifu.cli.screen import Screen, error_object
from warifu.cli.sent import forget, remember
from warifu.cli.text import tr
from warifu.errors import InputRefused, ServiceRefused, WarifuError
from warifu.protocol.api import (
    Accepted,
    DecisionQuestion,
    Decisions,
    Draft,
    NewAuthorization,
    NewDraft,
    NewTransfer,
    Transfer,
    TransferPsbt,
    error_from,
)
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import MAX_BODY_BYTES, Decision, error_of
from warifu.protocol.identity import DeviceRef
from warifu.protocol.request import Recipient, TransferRequest
from warifu.units import format_bitcoin_amount

DEAR_FEE = 20
"""One part in this many of the amount: a fee above it is pointed out."""


@dataclass(frozen=True)
class Order:
    """What the owner wants: this draft, if it pays exactly these recipients."""

    reading: Reading
    recipients: tuple[Recipient, ...]
    fee_ceiling: int | None
    devices: tuple[str, ...]
    confirmations: int

    @property
    def ceiling(self) -> int:
        """Without one of the owner's own: exactly the fee that is shown."""
        return self.reading.payment.fee if self.fee_ceiling is None else self.fee_ceiling

    @property
    def dear(self) -> bool:
        """Whether the fee is more than a twentieth of the amount: to be pointed out."""
        return self.reading.payment.fee * DEAR_FEE > sum(recipient.amount for recipient in self.recipients)


class Sender:
    """Everything that a command with which money leaves works with."""

    def __init__(
        self, setting: Setting, profile: Profile, wallet: Wallet, client: Client, screen: Screen
    ) -> None:
        self.home = setting.home
        self.profile = profile
        self.wallet = wallet
        self.client = client
        self.screen = screen

    @classmethod
    @contextlib.contextmanager
    def open(cls, setting: Setting, wallet: str, screen: Screen) -> Iterator[Sender]:
        """Connected to the service; closed with the context."""
        profile = setting.profile()
        known = profile.wallet(wallet)
        with setting.client(profile) as client:
            yield cls(setting, profile, known, client, screen)

    def draft(self, question: NewDraft) -> Draft:
        """Have the service build an unsigned transaction."""
        return self.client.post(f"/wallets/{segment(self.wallet.name)}/drafts", question, Draft)

    def recipients_of_bump(self, reading: Reading, txid: str) -> tuple[Recipient, ...]:
        """Whom a replacement of the transaction ``txid`` must pay. Raises as ``asked.recipients_of_bump``."""
        if reading.replaces is None:
            raise InputRefused(
                "bump",
                "the service does not know the transfer of that transaction, so nobody can tell whom to pay",
                remedy="Let a child pay for it ('--cpfp').",
            )
        path = f"/transfers/{reading.replaces.hex()}/psbt"
        return recipients_of_bump(reading, self.client.get(path, TransferPsbt).psbt, txid)

    def dry_run(self, order: Order) -> None:
        """Show what would be signed, and each device's own judgement of it."""
        self._show(order)
        request = self._request(order)
        devices = self._signers(order.devices)
        question = DecisionQuestion(
            request=encode(request),
            psbt=order.reading.psbt,
            identities=tuple(device.identity for device in devices),
        )
        answer = self.client.post("/decisions", question, Decisions)
        told = []
        for device, of in zip(devices, answer.decisions, strict=False):
            decision = decode(Decision, of.decision, MAX_BODY_BYTES) if of.decision is not None else None
            refusal: WarifuError | None = error_from(of.refusal) if of.refusal is not None else None
            if decision is not None and decision.refusal is not None:
                refusal = error_of(decision.refusal)
            told.append((device, decision, refusal))
            verdict = tr("would sign") if decision is not None and decision.allowed else tr("would refuse")
            self.screen.line(f"{device.name}: {verdict}", style="bold")
            for rule in decision.rules if decision is not None else ():
                self.screen.line(f"  {rule}")
            if refusal is not None:
                self.screen.line(f"  {refusal.message} ({refusal.code})")
        self.screen.result(
            {
                **self._described(order),
                "decisions": [
                    {
                        "device": device.name,
                        "allowed": decision is not None and decision.allowed,
                        "rules": list(decision.rules) if decision is not None else [],
                        "refusal": error_object(refusal) if refusal is not None else None,
                    }
                    for device, decision, refusal in told
                ],
            }
        )

    def send(self, order: Order, passphrase_fd: int | None, *, ask: bool) -> None:
        """Show, confirm, authorize, follow. Nothing is sent before the owner said yes to what was shown."""
        check_reading(order.reading, order.recipients, order.ceiling)
        self._show(order)
        if ask and not self.screen.json:
            click.confirm(tr("Sign and send this?"), abort=True)
        elif ask:
            raise InputRefused("confirmation", "a script says --yes for the person that it cannot ask")
        elif order.dear and order.fee_ceiling is None:
            raise InputRefused(
                "dear-fee",
                f"the fee of {order.reading.payment.fee} sat is more than a twentieth of the amount, and nobody looks",
                remedy="Name the most that may be paid (--fee-ceiling), or leave out --yes and look.",
            )
        request = self._request(order)
        devices = self._signers(order.devices)
        try:
            sealed = self._authorize(request, devices, passphrase_fd)
        except (KeyboardInterrupt, click.Abort):
            self.screen.warn(tr("Nothing was sent."))
            raise
        transfer = remember(self.home, request)
        with self._told_on_interrupt(transfer):
            question = NewTransfer(authorization=sealed[0], envelopes=sealed[1], psbt=order.reading.psbt)
            accepted = self.client.post("/transfers", question, Accepted)
            if accepted.id != transfer:
                raise ServiceRefused(
                    "answer", "the service took the request under another id", blame="service"
                )
            self._follow(request, order.devices, order.confirmations, passphrase_fd)

    def follow(
        self,
        request: TransferRequest,
        devices: tuple[str, ...],
        confirmations: int,
        passphrase_fd: int | None,
    ) -> None:
        """Watch a transfer that was sent before."""
        with self._told_on_interrupt(request.request_id.hex()):
            self._follow(request, devices, confirmations, passphrase_fd)

    def _follow(
        self, request: TransferRequest, named: tuple[str, ...], confirmations: int, passphrase_fd: int | None
    ) -> None:
        transfer, seen = request.request_id.hex(), 0
        while True:
            with live_steps(self.screen) as show:
                state, seen = follow_transfer(self.client, transfer, show, confirmations, seen)
            if state.state != "needs-authorization":
                break
            why = error_from(state.refusal) if state.refusal is not None else None
            if passphrase_fd is not None:
                raise _needs_authorization(self.wallet.name, transfer, why)
            if why is not None:
                self.screen.error(why)
            self.screen.line(tr("The devices need the passphrase again to go on with the same transaction."))
            click.confirm(tr("Authorize the same transfer again?"), abort=True)
            sealed = self._authorize(request, self._signers(named), None)
            question = NewAuthorization(authorization=sealed[0], envelopes=sealed[1])
            self.client.post(f"/transfers/{transfer}/authorize", question, Accepted)
        self._finish(request, state)

    def _finish(self, request: TransferRequest, state: Transfer) -> None:
        transfer, txid = request.request_id.hex(), display_hash(request.txid)
        if state.txid != txid:
            raise ServiceRefused("answer", "the service tells of another transaction", blame="service")
        error = refusal_error(state)
        if error is not None:
            forget(self.home, transfer)
            raise error
        if state.settled:
            forget(self.home, transfer)
        for head in state.journal:
            self.screen.line(
                tr(
                    "journal of {device}: entry {length}, {head}",
                    device=head.device,
                    length=head.length,
                    head=head.head.hex(),
                ),
                style="dim",
            )
        self.screen.line(tr("Transaction:"))
        self.screen.exact(txid)
        self.screen.result(
            {
                "transfer": transfer,
                "txid": txid,
                "state": state.state,
                "confirmations": state.confirmations,
                "replaced_by": state.replaced_by,
                "journal": [
                    {"device": head.device, "length": head.length, "head": head.head.hex()}
                    for head in state.journal
                ],
            }
        )

    def _authorize(
        self, request: TransferRequest, devices: list[DeviceRef], passphrase_fd: int | None
    ) -> tuple[bytes, tuple[bytes, ...]]:
        # The passphrase first: the devices' keys live 15 minutes, and a person may take a while to type.
        with existing_passphrase(passphrase_fd) as passphrase:
            keys = ask_envelope_keys(self.client, devices, now())
            return authorized(self.profile, request, keys, passphrase)

    def _request(self, order: Order) -> TransferRequest:
        return transfer_request(self.wallet, order.reading, order.recipients, order.ceiling, now())

    def _signers(self, named: tuple[str, ...]) -> list[DeviceRef]:
        request = self.wallet.request
        return choose_signers(self.client, request.devices, request.threshold, named)

    def _show(self, order: Order) -> None:
        payment = order.reading.payment
        self.screen.line(
            tr("This will be signed, as this client reads the transaction itself:"), style="bold"
        )
        facts = [(tr("From"), f"{self.wallet.name} ({payment.network.value})")]
        for output in payment.recipients:
            own = f"  [{tr('own address')} {output.key}]" if output.key is not None else ""
            facts += [(tr("To"), output.address + own), (tr("Amount"), format_bitcoin_amount(output.amount))]
        facts += [
            (tr("Change"), f"{format_bitcoin_amount(output.amount)}  ({output.key})")
            for output in payment.change
        ]
        rate = f"{float(payment.fee_rate):.2f} sat/vB"
        facts.append((tr("Fee"), f"{format_bitcoin_amount(payment.fee)}  ({payment.fee} sat, {rate})"))
        if order.fee_ceiling is not None:
            facts.append((tr("Fee ceiling"), format_bitcoin_amount(order.fee_ceiling)))
        if order.reading.replaces is not None:
            facts.append((tr("Replaces"), order.reading.replaces.hex()))
        facts.append((tr("Transaction"), order.reading.txid))
        self.screen.facts(facts)
        if order.dear:
            self.screen.warn(tr("the fee is more than a twentieth of the amount"))

    def _described(self, order: Order) -> dict[str, Any]:
        payment = order.reading.payment
        return {
            "txid": order.reading.txid,
            "recipients": [{"address": to.address, "amount": to.amount} for to in order.recipients],
            "change": sum(output.amount for output in payment.change),
            "fee": payment.fee,
            "vsize": payment.vsize,
        }

    @contextlib.contextmanager
    def _told_on_interrupt(self, transfer: str) -> Iterator[None]:
        """Ctrl-C ends the watching, not the transfer; the owner is told so."""
        try:
            yield
        except KeyboardInterrupt:
            self.screen.warn(
                tr(
                    "You stopped watching. The request is with the service and may still be signed and sent; it is "
                    "never sent twice. Look on with: warifu resume {wallet} {transfer}",
                    wallet=self.wallet.name,
                    transfer=transfer,
                )
            )
            raise


def _needs_authorization(wallet: str, transfer: str, why: WarifuError | None) -> ServiceRefused:
    return ServiceRefused(
        "needs-authorization",
        f"the signing broke off: {why.message}" if why is not None else "the signing broke off",
        not_done="The transaction was not sent.",
        remedy=f"Run 'warifu resume {wallet} {transfer}': it is the same transaction, so it cannot pay twice.",
        blame=why.blame if why is not None else None,
    )
