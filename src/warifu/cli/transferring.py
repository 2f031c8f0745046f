"""One transfer from the owner's side: show, confirm, seal, authorize, follow. Used by send, bump, resume, import."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from warifu.chains.bitcoin.transaction import display_hash
from warifu.cli.approvers import OwnCredential, own_credential
from warifu.cli.approving import approvals_needed, read_proposed
from warifu.cli.asked import recipients_of_bump
from warifu.cli.authorizing import ask_envelope_keys, authorized, choose_signers
from warifu.cli.client import Client, segment
from warifu.cli.context import Setting, now
from warifu.cli.dry_run import decisions_of, show_decisions
from warifu.cli.following import follow_transfer, refusal_error
from warifu.cli.known_wallet import Wallet
from warifu.cli.order import LIFETIME, Order
from warifu.cli.passphrase import existing_passphrase
from warifu.cli.paying import Reading, Recipient
from warifu.cli.profile import Profile
from warifu.cli.progress import live_steps
from warifu.cli.proposals import fetch_words, propose
from warifu.cli.saved_request import save_request
from warifu.cli.screen import Screen
from warifu.cli.sent import forget, remember
from warifu.cli.signed import txid_of
from warifu.cli.text import tr
from warifu.errors import AuthorizationRefused, InputRefused, ServiceRefused, WarifuError
from warifu.protocol.api import (
    Accepted,
    AccountDraft,
    Draft,
    NewAccountDraft,
    NewAuthorization,
    NewDraft,
    NewTransfer,
    Transfer,
    TransferBytes,
    error_from,
)
from warifu.protocol.authorization import MAX_LIFETIME, approve_request
from warifu.protocol.chains import BITCOIN
from warifu.protocol.credential import Approval
from warifu.protocol.identity import DeviceRef
from warifu.protocol.request import TransferRequest

OUTCOME_UNKNOWN = frozenset({"service.unreachable", "service.answer", "service.internal", "store.write"})
"""Errors that leave open whether the service took what it was sent."""


class Sender:
    """Everything that a command with which money leaves works with."""

    def __init__(
        self,
        setting: Setting,
        profile: Profile,
        wallet: Wallet,
        client: Client,
        screen: Screen,
        credential: str | None = None,
    ) -> None:
        """``credential``: the name of the one with which the owner wants to say yes, where he names one."""
        self.home = setting.home
        self.profile = profile
        self.wallet = wallet
        self.client = client
        self.screen = screen
        self._credential = credential
        self._unwanted: str | None = None
        """The draft that is not handed in yet: it holds an account nonce, behind which later transfers would wait."""

    @classmethod
    @contextlib.contextmanager
    def open(cls, setting: Setting, wallet: str, screen: Screen, credential: str | None) -> Iterator[Sender]:
        """Connected to the service; closed with the context."""
        profile = setting.profile()
        known = profile.wallet(wallet)
        with setting.client(profile) as client:
            sender = cls(setting, profile, known, client, screen, credential)
            try:
                yield sender
            finally:
                sender.drop_draft()

    def draft(self, question: NewDraft) -> Draft:
        """Have the service build an unsigned Bitcoin transaction."""
        return self.client.post(f"/wallets/{segment(self.wallet.name)}/drafts", question, Draft)

    def account_draft(self, question: NewAccountDraft) -> AccountDraft:
        """Have the service build an unsigned transaction on a chain of accounts."""
        path = f"/wallets/{segment(self.wallet.name)}/account-drafts"
        draft = self.client.post(path, question, AccountDraft)
        self._unwanted = f"{path}/{segment(draft.transaction)}"
        if draft.chain != question.chain:
            raise ServiceRefused("answer", "the service built something for another chain", blame="service")
        return draft

    def drop_draft(self) -> None:
        """After a dry run, a no, or an error: nobody will hand the draft in, so it holds its nonce for nobody."""
        path, self._unwanted = self._unwanted, None
        if path is not None:
            with contextlib.suppress(WarifuError):  # it ends by itself, only later
                self.client.delete(path)

    def unsigned_of(self, transfer: str) -> bytes:
        """The unsigned transaction of a transfer, as the service tells it."""
        return self.client.get(f"/transfers/{segment(transfer)}/transaction", TransferBytes).unsigned

    def recipients_of_bump(self, reading: Reading, txid: str) -> tuple[Recipient, ...]:
        """Whom a replacement of the transaction ``txid`` must pay. Raises as ``asked.recipients_of_bump``."""
        if reading.replaces is None:
            raise InputRefused(
                "bump",
                "the service does not know the transfer of that transaction, so nobody can tell whom to pay",
                remedy="Let a child pay for it ('--cpfp').",
            )
        return recipients_of_bump(reading, self.unsigned_of(reading.replaces.hex()), txid)

    def dry_run(self, order: Order, save: Path | None = None) -> None:
        """Show what would be signed, and each device's own judgement of it: every device of the wallet, or those that
        the owner named. ``save``: keep the request there, for 'warifu policy check'."""
        self._show(order)
        request = order.request(self.wallet, now())
        shown = self._rehearsed(order, request)
        if save is not None:
            save_request(save, request, order.unsigned)
            self.screen.line(tr("Written: {path}", path=save))
        self.screen.result({**order.described, **shown})

    def _rehearsed(self, order: Order, request: TransferRequest) -> dict[str, Any]:
        devices = self._signers(order.devices) if order.devices else list(self.wallet.request.devices)
        told = decisions_of(self.client, request, order.unsigned, devices)
        return show_decisions(self.screen, request, told)

    def send(self, order: Order, passphrase_fd: int | None, *, ask: bool, rehearse: bool = False) -> None:
        """Show, confirm, authorize, follow. Nothing is sent before the owner said yes to what was shown.

        ``rehearse``: first have every device judge this very request, so that its own screen can be looked at."""
        self._show(order)
        needed = approvals_needed(self.wallet, order)
        lifetime = LIFETIME if needed == 1 else MAX_LIFETIME
        request = order.request(self.wallet, now(), lifetime) if rehearse else None
        if request is not None:
            self._rehearsed(order, request)
        if ask and not self.screen.json:
            click.confirm(tr("Sign and send this?") if order.sent else tr("Sign this?"), abort=True)
        elif ask:
            raise InputRefused("confirmation", "a script says --yes for the person that it cannot ask")
        else:
            order.check_unseen()
        request = request or order.request(self.wallet, now(), lifetime)
        if needed > 1:
            self._propose(order, request, needed)
            return
        devices = self._signers(order.devices)
        try:
            sealed = self._authorize(self._own(order), request, devices, passphrase_fd)
        except (KeyboardInterrupt, click.Abort):
            self.screen.warn(tr("Nothing was sent."))
            raise
        transfer = remember(self.home, request)
        with self._told_how_to_look_on(transfer):
            question = NewTransfer(authorization=sealed[0], envelopes=sealed[1], unsigned=order.unsigned)
            with self._handing_in():
                accepted = self.client.post("/transfers", question, Accepted)
            if accepted.id != transfer:
                raise ServiceRefused(
                    "answer", "the service took the request under another id", blame="service"
                )
            self._follow(request, order.devices, order.confirmations, passphrase_fd)

    def _propose(self, order: Order, request: TransferRequest, needed: int) -> None:
        """Lay it before the other owners, with this owner's approval. No passphrase yet, and no device is asked."""
        self.screen.line(
            tr(
                "The policy wants the approval of {needed} owners for this. Yours is the first.",
                needed=needed,
            )
        )
        approval = approve_request(self._own(order).approve, request)
        transfer = remember(self.home, request)
        with self._told_how_to_look_on(transfer), self._handing_in():
            propose(self.client, request, order.unsigned, approval)
        wallet = self.wallet.name
        self.screen.line(tr("The others approve it with: warifu approval give {transfer}", transfer=transfer))
        self.screen.line(
            tr("Then go on with: warifu resume {wallet} {transfer}", wallet=wallet, transfer=transfer)
        )
        self.screen.result(
            {
                "transfer": transfer,
                "state": "proposed",
                "approvals": 1,
                "needed": needed,
                "expires": request.expires,
            }
        )

    @contextlib.contextmanager
    def _handing_in(self) -> Iterator[None]:
        """From here on the draft is no longer to be dropped, unless the service said that it did not take it."""
        try:
            yield
        except WarifuError as error:
            if error.code in OUTCOME_UNKNOWN:
                self._unwanted = None  # it may be a transfer by now
            raise
        self._unwanted = None

    def follow(
        self,
        request: TransferRequest,
        devices: tuple[str, ...],
        confirmations: int,
        passphrase_fd: int | None,
    ) -> None:
        """Watch a transfer that was sent before."""
        with self._told_how_to_look_on(request.request_id.hex()):
            self._follow(request, devices, confirmations, passphrase_fd)

    def _follow(
        self, request: TransferRequest, named: tuple[str, ...], confirmations: int, passphrase_fd: int | None
    ) -> None:
        transfer, seen = request.request_id.hex(), 0
        while True:
            with live_steps(self.screen) as show:
                state, seen = follow_transfer(self.client, transfer, show, confirmations, seen)
            if state.state not in ("proposed", "needs-authorization"):
                break
            order = read_proposed(self.wallet, request, self.unsigned_of(transfer))
            own = self._own(order)
            further = self._approved(own, order, request, state)
            why = error_from(state.refusal) if state.refusal is not None else None
            if passphrase_fd is not None and state.state != "proposed":
                raise _needs_authorization(self.wallet.name, transfer, why)
            if why is not None:
                self.screen.error(why)
            if state.state == "proposed":
                self._show_approved(order, request)
            else:
                self.screen.line(
                    tr("The devices need the passphrase again to go on with the same transaction.")
                )
                click.confirm(tr("Authorize the same transfer again?"), abort=True)
            sealed = self._authorize(own, request, self._signers(named), passphrase_fd, further)
            question = NewAuthorization(authorization=sealed[0], envelopes=sealed[1])
            self.client.post(f"/transfers/{transfer}/authorize", question, Accepted)
        self._finish(request, state)

    def _own(self, order: Order) -> OwnCredential:
        """What says yes to ``order`` here."""
        return own_credential(self.profile, self.screen, self.wallet, self._credential, order.facts)

    def _approved(
        self, own: OwnCredential, order: Order, request: TransferRequest, state: Transfer
    ) -> tuple[Approval, ...]:
        """Other owners' approvals. ``AuthorizationRefused`` (``approvals-missing``) where a proposal has too few."""
        words = fetch_words(self.client, self.wallet, request)
        further = tuple(approval for approval in words.approvals if approval.credential != own.credential)
        if state.state != "proposed":
            return further
        needed, given = approvals_needed(self.wallet, order), len({own.credential, *words.approved})
        if given < needed:
            transfer = request.request_id.hex()
            raise AuthorizationRefused(
                "approvals-missing",
                f"{given} of {needed} owners approved it so far",
                remedy=f"Another owner approves it with 'warifu approval give {transfer}'; then resume it.",
            )
        return further

    def _show_approved(self, order: Order, request: TransferRequest) -> None:
        """Whoever types the passphrase sees once more what for."""
        self._show(order)
        words = fetch_words(self.client, self.wallet, request)
        if words.refused:
            names = ", ".join(self.profile.credential_name(each) for each in words.refused)
            self.screen.warn(tr("refused by: {names}", names=names))

    def _finish(self, request: TransferRequest, state: Transfer) -> None:
        transfer = request.request_id.hex()
        if (
            state.settled
        ):  # a node that refused it may have kept it: what is not settled may have to be bumped
            forget(self.home, transfer)
        error = refusal_error(state)
        if error is not None:
            raise error
        raw, txid = self._checked_result(request, state)
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
        self.screen.line(tr("Transaction:") if txid else tr("Signature:"))
        self.screen.exact(txid or f"0x{raw.hex()}")
        self.screen.result(
            {
                "transfer": transfer,
                "txid": txid,
                "signature": None if txid else f"0x{raw.hex()}",
                "state": state.state,
                "confirmations": state.confirmations,
                "replaced_by": state.replaced_by,
                "journal": [
                    {"device": head.device, "length": head.length, "head": head.head.hex()}
                    for head in state.journal
                ],
            }
        )

    def _checked_result(self, request: TransferRequest, state: Transfer) -> tuple[bytes, str]:
        """What was signed (on chains of accounts), and the transaction's id: the owner's, whatever the service says."""
        if request.chain == BITCOIN:
            raw, txid = b"", display_hash(request.transaction)
        else:
            path = f"/transfers/{request.request_id.hex()}/transaction"
            told = self.client.get(path, TransferBytes)
            raw, txid = told.raw, txid_of(self.wallet, request, told)
        if state.txid != txid:
            raise ServiceRefused("answer", "the service tells of another transaction", blame="service")
        return raw, txid

    def _authorize(
        self,
        own: OwnCredential,
        request: TransferRequest,
        devices: list[DeviceRef],
        passphrase_fd: int | None,
        further: tuple[Approval, ...] = (),
    ) -> tuple[bytes, tuple[bytes, ...]]:
        # The passphrase first: the devices' keys live 15 minutes, and a person may take a while to type.
        with existing_passphrase(passphrase_fd) as passphrase:
            moment = now()
            acceptable = self.wallet.acceptable(moment)
            keys = ask_envelope_keys(
                self.client, self.profile, devices, self.wallet.request, acceptable, moment
            )
            return authorized(self.profile, own, request, keys, passphrase, further)

    def _signers(self, named: tuple[str, ...]) -> list[DeviceRef]:
        request = self.wallet.request
        return choose_signers(
            self.client,
            request.devices,
            request.threshold,
            named,
            strict=self.wallet.rules.policy.strict,
        )

    def _show(self, order: Order) -> None:
        self.screen.line(
            tr("This will be signed, as this client reads the transaction itself:")
            if order.sent
            else tr("This message will be signed, as this client reads it itself:"),
            style="bold",
        )
        self.screen.facts(order.facts)
        for warning in order.warnings:
            self.screen.warn(warning)

    @contextlib.contextmanager
    def _told_how_to_look_on(self, transfer: str) -> Iterator[None]:
        """Ctrl-C ends the watching, not the transfer, and so does a lost connection; the owner is told so.

        Who sends again instead makes another request, and pays twice.
        """
        try:
            yield
        except WarifuError as error:
            if error.code in OUTCOME_UNKNOWN:
                error.not_done = (
                    "The request may be with the service, and may still be signed and sent, once."
                )
                error.remedy = (
                    f"Do not send it anew: look on with 'warifu resume {self.wallet.name} {transfer}'."
                )
            raise
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
