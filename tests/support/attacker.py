"""A hostile service, alone or with hostile signers, against a household of real signers; and how an attempt is judged.

The attacker relays what it likes (``simulator.Tamper``), hands any frame to any device, keeps and replays whatever an
owner ever signed, and owns the devices that it corrupted: these take part in whatever it hands them, without a look at
owner, transaction, policy or what was used before. Everything else is the product's own code.

An attempt has failed when every device that was asked and is not corrupted refused it with the one stable code; no part
of a signature left any of them; none counted or signed anything; and the journal of each says what was refused, and by
which rule (:meth:`Attacker.refused`).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import msgspec
from tests.support.accounts import (
    LOCAL,
    account_request,
    ether_payment,
    ethereum_rules,
    sol_payment,
    solana_rules,
)
from tests.support.simulator import Household, Outcome, Spend, bitcoin_policy

from warifu.chains.bitcoin.payment import read_payment
from warifu.chains.bitcoin.psbt import Psbt, PsbtOutput, parse_psbt
from warifu.chains.bitcoin.reading import reading_of
from warifu.chains.bitcoin.transaction import TxOutput
from warifu.chains.ethereum.reading import read as read_ethereum
from warifu.chains.solana.reading import read as read_solana
from warifu.protocol.authorization import Authorization, read_authorization
from warifu.protocol.chains import Scheme, family_of
from warifu.protocol.envelope import Envelope
from warifu.protocol.events.refusals import Denied, Refused
from warifu.protocol.events.transfers import Started
from warifu.protocol.frames import CallRefused, Finished, OpenSession, Relay, SessionFailed, error_of
from warifu.protocol.journal import Asker, Content, decode_content
from warifu.protocol.operator import AskOwnJournal, OwnJournal
from warifu.protocol.policy import Policy
from warifu.protocol.request import TransferRequest
from warifu.signer import transfers as transfers_module
from warifu.signer.reading import Seen
from warifu.signer.sessions.ceremony import Ceremony
from warifu.signer.sessions.messages import EcdsaShares, Partials
from warifu.signer.wallets import Wallet

PAIR = ("device0", "device1")
ALL_CHAINS: tuple[Scheme, ...] = ("bip340", "ecdsa", "ed25519")


@dataclass(frozen=True)
class Note:
    """What a device's journal says of a refusal, and who it says asked."""

    device: str
    event: Denied | Refused
    by: Asker


@dataclass
class Attacker:
    """Runs the service of ``home``. ``corrupted``: names of the signers that are its own."""

    home: Household
    corrupted: set[str] = field(default_factory=set)
    outcome: Outcome = field(default_factory=Outcome)
    """Of the last attempt."""

    @property
    def honest(self) -> list[str]:
        return [name for name in self.home.names if name not in self.corrupted]

    def corrupt(self, name: str) -> None:
        """From now on this device signs what it is handed. (Its shares, store and keys are real.)"""
        self.corrupted.add(name)
        device: Any = self.home[name].device
        transfers: Any = self.home[name].signer._transfers
        device.approvals.check = lambda authorization, _owners, _envelope, _now: read_authorization(
            authorization
        )
        device.ledger.refuse_reuse = lambda _request_id, _request: None
        transfers._judge = transfers._verdict  # whatever it says
        read = transfers.read

        def read_and_compare_with_nothing(*asked: Any, **also: Any) -> Any:
            with patch.object(transfers_module, "read", read_anything):
                return read(*asked, **also)

        transfers.read = read_and_compare_with_nothing

    # --- what it can do ---------------------------------------------------------------------------------------------

    def send(self, name: str, frame: object) -> Outcome:
        """Any frame to any device; refusals and results as of a session."""
        return self.answered(name, self.home[name].send(frame))

    def send_bytes(self, name: str, payload: bytes) -> Outcome:
        """Any bytes."""
        return self.answered(name, self.home[name].send_bytes(payload))

    def show(
        self,
        payment: Spend,
        lies: Sequence[bytes],
        names: Sequence[str] = PAIR,
        authorized: tuple[Authorization, dict[str, Envelope]] | None = None,
    ) -> Outcome:
        """A session for what the owner authorized, with another transaction for each device (the last one for all that
        are left); ``authorized``: by an authorization that was kept from before."""
        authorization, envelopes = authorized or self.home.authorized(payment.request, names)
        openings = self.home.openings_of(authorization, envelopes)
        for number, name in enumerate(names):
            unsigned = lies[min(number, len(lies) - 1)]
            openings[name] = msgspec.structs.replace(openings[name], unsigned=unsigned)
        return self.home.run(openings)

    def open(self, openings: dict[str, OpenSession], **changed: Any) -> Outcome:
        """The sessions that an honest service would open, with these fields of the frame changed."""
        return self.home.run(
            {name: msgspec.structs.replace(opening, **changed) for name, opening in openings.items()}
        )

    @staticmethod
    def answered(name: str, answers: Sequence[Any]) -> Outcome:
        """What one device answered, as of a session."""
        outcome = Outcome()
        for answer in answers:
            if isinstance(answer, SessionFailed | CallRefused):
                outcome.failed[name] = error_of(answer.refusal)
            elif isinstance(answer, Finished):
                outcome.finished[name] = answer.result
        return outcome

    # --- how it is judged -------------------------------------------------------------------------------------------

    def refused(self, code: str | set[str], attempt: Callable[..., Outcome], *asked: Any) -> list[Note]:
        """Make the attempt (with what is ``asked``), and see that nothing came of it. Returns what the journals say.

        ``code``: the one code, or the codes or families of codes one of which each refusal has to have.
        """
        codes = {code} if isinstance(code, str) else code
        lengths = {name: len(self.journal(name)) for name in self.honest}
        with shares_that_leave() as shares:
            self.outcome = outcome = attempt(*asked)
        refusals = {name: found for name, found in outcome.codes.items() if name in self.honest}
        assert refusals, "nobody refused it"
        assert all(found in codes or found.partition(".")[0] in codes for found in refusals.values()), (
            refusals
        )
        assert not set(outcome.finished) & set(self.honest), "a device came to an end with it"
        assert not shares & set(self.honest), "a part of a signature left"
        notes = []
        for name, length in lengths.items():
            new = self.journal(name)[length:]
            assert not any(isinstance(entry.event, Started) for entry in new), (
                "it was counted as if it were signed"
            )
            named = [entry for entry in new if isinstance(entry.event, Denied | Refused)]
            assert name not in refusals or refusals[name] in {_refusal(entry).code for entry in named}, (
                f"the journal of {name} does not name {refusals[name]}"
            )
            notes += [Note(name, _refusal(entry), entry.by) for entry in named]
        return notes

    def ignored(self, name: str, attempt: Callable[[], Outcome]) -> None:
        """Make an attempt that is no message to a signer: there is no answer, and nothing leaves."""
        length = len(self.journal(name))
        with shares_that_leave() as shares:
            outcome = attempt()
        assert not outcome.finished and not outcome.failed and not shares
        assert {entry.event.__struct_config__.tag for entry in self.journal(name)[length:]} <= {"refused"}

    def told(self, name: str) -> set[str]:
        """The codes of all refusals that a device's journal tells of."""
        return {entry.event.code for entry in self.journal(name) if isinstance(entry.event, Denied | Refused)}

    def journal(self, name: str) -> list[Content]:
        """All entries of a device, oldest first, as its operator reads them."""
        entries: list[Content] = []
        while True:
            (answer,) = self.home[name].operator(AskOwnJournal(len(entries) + 1))
            assert isinstance(answer, OwnJournal)
            if not answer.page.entries:
                return entries
            entries += [decode_content(entry.content) for entry in answer.page.entries]


def _refusal(entry: Content) -> Denied | Refused:
    assert isinstance(entry.event, Denied | Refused)
    return entry.event


@dataclass
class Replica:
    """One of several services that know nothing of each other: its session, of which any number of messages is still
    under way."""

    home: Household
    openings: dict[str, OpenSession]
    outcome: Outcome = field(default_factory=Outcome)
    _under_way: deque[tuple[bytes, Relay]] = field(default_factory=deque)

    def open(self) -> None:
        """Hand every device its opening."""
        for name, opening in self.openings.items():
            self._post(name, self.home[name].send(opening))

    def step(self) -> bool:
        """Deliver one message; False where none is left."""
        if self._under_way:
            receiver, frame = self._under_way.popleft()
            name = self.home.name_of(receiver)
            self._post(name, self.home[name].send(frame))
        return bool(self._under_way)

    def _post(self, name: str, frames: Sequence[Any]) -> None:
        for frame in frames:
            if isinstance(frame, Relay):
                handed = Relay(frame.session, self.home[name].identity, frame.body)
                self._under_way.append((frame.peer, handed))
        answered = Attacker.answered(name, frames)
        self.outcome.finished |= answered.finished
        self.outcome.failed |= answered.failed


def at_the_same_moment(replicas: Sequence[Replica], dice: random.Random) -> None:
    """All open before any goes on; then whichever the dice say takes its next step, until all have come to an end."""
    for replica in replicas:
        replica.open()
    running = list(replicas)
    while running:
        replica = dice.choice(running)
        if not replica.step():
            running.remove(replica)


@contextmanager
def shares_that_leave() -> Iterator[set[str]]:
    """Names of the devices that hand a part of a signature to the channel, seen before it is encrypted."""
    left: set[str] = set()
    say = Ceremony._say

    def heard(self: Any, peer: bytes, message: Any) -> Any:
        if isinstance(message, Partials | EcdsaShares):
            left.add(self.seat.names[self.seat.key.public])
        return say(self, peer, message)

    Ceremony._say = heard  # type: ignore[method-assign]
    try:
        yield left
    finally:
        Ceremony._say = say  # type: ignore[method-assign]


def read_anything(wallet: Wallet, request: TransferRequest, unsigned: bytes, window: int) -> Seen:
    """What a transaction does, whatever was asked for: how a corrupted signer reads."""
    family = family_of(request.chain)
    if family == "bitcoin":
        return Seen(reading_of(read_payment(unsigned, wallet.bitcoin, window)), 0)
    if family == "solana":
        return Seen(read_solana(unsigned, wallet.solana).reading, 0)
    return Seen(read_ethereum(unsigned, wallet.ethereum, request.chain).reading, 0)


# --- payments of all chains ----------------------------------------------------------------------------------------


def every_chain(policy: Policy | None = None) -> Policy:
    """A policy under which all three kinds of chains can be paid on."""
    return policy or bitcoin_policy(others=[ethereum_rules(), solana_rules()])


def account(home: Household, chain: str) -> str:
    """The wallet's address on a chain of accounts."""
    assert home.birth is not None
    wallet = home["device0"].device.wallets.born(home.birth.wallet_id)
    return wallet.solana if chain == "solana" else wallet.ethereum


def of_account(home: Household, chain: str, unsigned: bytes, **fields: Any) -> Spend:
    """The owner's request for exactly what ``unsigned`` does (fields may be replaced), with it."""
    assert home.birth is not None
    made = account_request(home.birth.wallet_id, chain, unsigned, account(home, chain), home.clock())
    return Spend(msgspec.structs.replace(made, **fields), unsigned)


def ether(home: Household, amount: int = 10**18, **built: Any) -> Spend:
    """An honest payment of ether, and its request."""
    return of_account(home, LOCAL, ether_payment(amount, **built))


def sol(home: Household, amount: int = 10**9) -> Spend:
    """An honest payment of SOL, and its request."""
    return of_account(home, "solana", sol_payment(account(home, "solana"), amount))


# --- transactions that a service alters -----------------------------------------------------------------------------


def altered(payment: Spend, change: Callable[[Psbt], Psbt]) -> bytes:
    """The payment's PSBT after ``change``."""
    return change(parse_psbt(payment.unsigned)).serialize()


def with_outputs(payment: Spend, change: Callable[[list[TxOutput]], list[TxOutput]]) -> bytes:
    """The payment's PSBT with other outputs, of whose hints nothing is left."""

    def changed(psbt: Psbt) -> Psbt:
        outputs = tuple(change(list(psbt.transaction.outputs)))
        transaction = replace(psbt.transaction, outputs=outputs)
        hints = tuple(PsbtOutput() for _ in outputs)
        return replace(psbt, transaction=transaction, outputs=hints)

    return altered(payment, changed)
