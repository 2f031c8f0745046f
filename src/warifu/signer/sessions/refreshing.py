"""Refreshing a wallet's shares: one sharing of zero by each device for each of its keys, among all its devices.

Its keys are those of its chains, and those of its accounts at exchanges that all devices share.

The mathematics is ``warifu.threshold.refresh``; which shares are in force, and why no crash loses them, is
``signer.refreshes``. Invariants, in the order in which they hold:

1. Everybody has shown what it runs on, nobody was refused, and all have shares of the same epoch and of the same
   accounts in force, before anything is dealt.
2. What was dealt to this device fits its dealer's commitment. A wrong share is signed by its dealer, and shown to all.
3. All saw the same commitments of everybody. Two faces of a dealer bear its signature twice: it is proven at fault.
4. The new shares are durable here, beside the old, before this device gives its word (``keep``).
5. With the words of *all* devices, and not before, the new ones are in force, and the old are gone (``switch``).

Evaluations are in messages that were read or sent; Python keeps no buffer of them that could be wiped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from warifu.chains.reading import Scheme
from warifu.errors import AuthorizationRefused, PeerMisbehaved, SessionAborted, WarifuError
from warifu.protocol.channel import HelloStatement
from warifu.protocol.encoding import digest, encode
from warifu.protocol.epochs import EpochAccount, EpochKey, EpochStatement, certify, check_kept, sign_kept
from warifu.protocol.frames import FromSigner
from warifu.protocol.identity import verify
from warifu.signer.sessions.ceremony import Ceremony, Seat
from warifu.signer.sessions.keygen import SUITES
from warifu.signer.sessions.messages import Agreement, Complaint, SessionMessage, Word, ZeroShares
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.errors import InvalidContribution
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.group import Group
from warifu.threshold.refresh.refresh import Refresh, Refreshed, fits
from warifu.threshold.wiping import Secret

_DIGEST = 32
_HINT = 12
"""So many bytes of an account's digest stand in the Hello, by which a device can say which one is missing."""


@dataclass(frozen=True)
class SharedAccount:
    """The key of an account at an exchange that all devices of the wallet share, as it is in force."""

    name: str
    key: ThresholdKey

    @property
    def named(self) -> bytes:
        """32 bytes that stand for exactly this."""
        key = self.key
        return digest("refresh/account", self.name.encode(), key.threshold_pubkey, *key.pubshares)


@dataclass(frozen=True)
class ToRefresh:
    """What is refreshed, and how the outcome becomes durable."""

    wallet_id: bytes
    request: bytes
    """Digest of what the owner authorized."""
    epoch: int
    """The one that begins."""
    keys: Mapping[Scheme, ThresholdKey]
    """As they are in force, in the order of the wallet's schemes."""
    accounts: Sequence[SharedAccount]
    """Ascending by name."""
    keep: Callable[[bytes, Mapping[Scheme, Secret], Mapping[str, Secret]], None]
    """Makes the new shares of this (encoded) statement durable, beside those in force, or raises: of the wallet's keys,
    and of its accounts, by name."""
    switch: Callable[[bytes], None]
    """Puts the shares with this certificate in force, durably, and deletes the old; or raises."""
    wipe: Callable[[], None]
    """Closes the lock."""


@dataclass(frozen=True)
class _Part:
    """One key."""

    group: Group
    key: ThresholdKey
    refresh: Refresh


class RefreshCeremony(Ceremony):
    """See the module."""

    kind = "refresh"

    def __init__(
        self, seat: Seat, task: ToRefresh, shares: Mapping[Scheme, Secret], of_accounts: Mapping[str, Secret]
    ) -> None:
        """``shares``, ``of_accounts`` (by name): those in force; they are wiped when this returns."""
        super().__init__(seat)
        self._task = task
        self._me = seat.participants.index(seat.key.public)
        self._parts: list[_Part] = []
        """The keys in the order of their schemes, then those of accounts."""
        self._seen: dict[bytes, tuple[bytes, bytes]] = {}
        """By dealer: the digest of its commitments, and its signature."""
        self._told: dict[bytes, Sequence[tuple[bytes, bytes]]] = {}
        """By peer: what it saw of each dealer. One that is quicker tells it before this device has heard them all."""
        self._words: dict[bytes, bytes] = {}
        self._statement: bytes | None = None
        """Encoded, once this device keeps its shares of it."""
        try:
            for scheme, key in task.keys.items():
                self._add(SUITES[scheme].group, key, shares[scheme])
            for account in task.accounts:
                self._add(ED25519, account.key, of_accounts[account.name])
        except BaseException:
            self._wipe()
            raise
        finally:
            for share in (*shares.values(), *of_accounts.values()):
                share.wipe()

    def _add(self, group: Group, key: ThresholdKey, share: Secret) -> None:
        self._parts.append(_Part(group, key, Refresh(group, key, self._me, share)))

    @property
    def not_done(self) -> str:
        if self._statement is None:
            return "The wallet's shares are what they were."
        return (
            "The wallet's shares are what they were, and this device keeps the new ones beside them: it uses those if "
            "it is shown that all devices keep theirs."
        )

    def _opening(self) -> bytes:
        named = [account.named for account in self._task.accounts]
        return digest("refresh", b"2", *named) + b"".join(each[:_HINT] for each in named)

    def _welcome(self, peer: bytes, statement: HelloStatement) -> None:
        if statement.payload == self._opening():
            return
        if (
            statement.epoch != self.seat.epoch
        ):  # whoever is behind is shown so with the evidence, and nothing is dealt
            return
        hints, name = statement.payload[_DIGEST:], self.seat.names[peer]
        theirs = {hints[place : place + _HINT] for place in range(0, len(hints), _HINT)}
        ours = {account.named[:_HINT]: account.name for account in self._task.accounts}
        missing = [account for hint, account in ours.items() if hint not in theirs]
        if missing:
            raise _accounts_differ(
                f"device {name} has no account {', '.join(missing)} at an exchange, or another key of it"
            )
        if theirs - ours.keys():
            raise _accounts_differ(
                f"device {name} has an account at an exchange that this one has not, or another key of it"
            )
        raise PeerMisbehaved(
            "version-differs",
            f"device {name} refreshes shares in another way",
            remedy="Bring all devices to the same version of Warifu.",
        )

    def _established(self) -> list[FromSigner]:
        return []

    def _met(self) -> list[FromSigner]:
        frames: list[FromSigner] = []
        commitments = tuple(part.refresh.commitment for part in self._parts)
        committed = self._sign("refresh-committed", _digest(commitments))
        self._seen[self.seat.key.public] = (_digest(commitments), committed)
        for peer in self._channel.peers:
            evaluations = tuple(self._evaluation(part.refresh, peer) for part in self._parts)
            dealt = self._sign("refresh-dealt", _digest(commitments), peer, *evaluations)
            frames.append(self._say(peer, ZeroShares(commitments, evaluations, committed, dealt)))
        return frames

    def _evaluation(self, refresh: Refresh, peer: bytes) -> bytes:
        with refresh.evaluation_for(self.seat.participants.index(peer)) as evaluation:
            return evaluation.expose()

    def _take(self, peer: bytes, message: SessionMessage) -> list[FromSigner]:
        if isinstance(message, ZeroShares):
            return self._take_shares(peer, message)
        if isinstance(message, Complaint):
            raise self._judged(peer, message)
        if isinstance(message, Agreement):
            return self._agree(peer, message)
        assert isinstance(message, Word), "the table lets nothing else through"
        self._words[peer] = message.signature
        return self._conclude()

    # --- dealing --------------------------------------------------------------------------------------------------

    def _take_shares(self, dealer: bytes, shares: ZeroShares) -> list[FromSigner]:
        if not self._is_signed(dealer, self.seat.key.public, shares):
            raise self._fault(dealer, "refresh-share", "did not sign what it dealt")
        try:
            for part, commitment, evaluation in zip(
                self._parts, shares.commitments, shares.evaluations, strict=True
            ):
                part.refresh.take(self.seat.participants.index(dealer), commitment, evaluation)
        except InvalidContribution:
            self.parting = self._say_to_all(Complaint(dealer, shares))
            raise self._fault(dealer, "refresh-share", "dealt a share that does not fit") from None
        self._seen[dealer] = (_digest(shares.commitments), shares.committed)
        if len(self._seen) < len(self.seat.participants):
            return []
        seen = tuple(self._seen[identity] for identity in self.seat.participants)
        return [*self._say_to_all(Agreement(seen)), *self._keep_when_agreed()]

    def _judged(self, peer: bytes, complaint: Complaint) -> WarifuError:
        """Whose fault it is. What fits was never dealt wrongly, and what is not signed was never dealt."""
        dealer, shares = complaint.dealer, complaint.shares
        accused = dealer in self.seat.participants and dealer != peer
        if not accused or not self._is_signed(dealer, peer, shares) or self._fits(dealer, peer, shares):
            return self._fault(peer, "refresh-complaint", "complains of another one without a reason")
        return self._fault(dealer, "refresh-share", "dealt a share that does not fit")

    def _is_signed(self, dealer: bytes, receiver: bytes, shares: ZeroShares) -> bool:
        named = _digest(shares.commitments)
        try:
            self._check(dealer, shares.committed, "refresh-committed", named)
            self._check(dealer, shares.dealt, "refresh-dealt", named, receiver, *shares.evaluations)
        except AuthorizationRefused:
            return False
        return len(shares.commitments) == len(shares.evaluations) == len(self._parts)

    def _fits(self, dealer: bytes, receiver: bytes, shares: ZeroShares) -> bool:
        places = [self.seat.participants.index(identity) for identity in (dealer, receiver)]
        return all(
            fits(part.group, part.key, places[0], places[1], commitment, evaluation)
            for part, commitment, evaluation in zip(
                self._parts, shares.commitments, shares.evaluations, strict=True
            )
        )

    # --- agreement ------------------------------------------------------------------------------------------------

    def _agree(self, peer: bytes, agreement: Agreement) -> list[FromSigner]:
        if len(agreement.seen) != len(self.seat.participants):
            raise self._fault(peer, "refresh-agreement", "saw another number of devices")
        self._told[peer] = agreement.seen
        return self._keep_when_agreed()

    def _require_agreed(self, peer: bytes, told: Sequence[tuple[bytes, bytes]]) -> None:
        for dealer, (named, signature) in zip(self.seat.participants, told, strict=True):
            if named == self._seen[dealer][0]:
                continue
            try:
                self._check(dealer, signature, "refresh-committed", named)
            except AuthorizationRefused:
                raise self._fault(peer, "refresh-agreement", "tells of what nobody dealt") from None
            raise self._fault(dealer, "refresh-two-faces", "committed itself to different things")

    def _keep_when_agreed(self) -> list[FromSigner]:
        if len(self._seen) < len(self.seat.participants):
            return []
        for peer, told in self._told.items():
            self._require_agreed(peer, told)
        if len(self._told) < len(self._channel.peers):
            return []
        transcripts = [part.refresh.transcript for part in self._parts]
        outcomes = [self._finished(part.refresh) for part in self._parts]
        count = len(self._task.keys)
        of_keys = dict(zip(self._task.keys, outcomes[:count], strict=True))
        of_accounts = dict(zip((each.name for each in self._task.accounts), outcomes[count:], strict=True))
        try:
            statement = encode(
                EpochStatement(
                    self._task.wallet_id,
                    self._task.request,
                    self._task.epoch,
                    tuple(EpochKey(scheme.value, each.key.pubshares) for scheme, each in of_keys.items()),
                    digest("refresh/transcript", self._channel.transcript, *transcripts),
                    tuple(
                        EpochAccount(name, each.key.threshold_pubkey, each.key.pubshares)
                        for name, each in of_accounts.items()
                    ),
                )
            )
            self._task.keep(
                statement,
                {scheme: each.share for scheme, each in of_keys.items()},
                {name: each.share for name, each in of_accounts.items()},
            )
        finally:
            for outcome in outcomes:
                outcome.share.wipe()
        self._statement = statement
        word = self._words[self.seat.key.public] = sign_kept(self.seat.key, statement)
        return [*self._say_to_all(Word(word)), *self._conclude()]

    def _finished(self, refresh: Refresh) -> Refreshed:
        try:
            return refresh.finish()
        except InvalidContribution as error:
            assert error.index is not None, "a new public share that is nothing is somebody's"
            dealer = self.seat.participants[error.index]
            raise self._fault(dealer, "refresh-share", "bent its own share to nothing") from None

    # --- the end --------------------------------------------------------------------------------------------------

    def _conclude(self) -> list[FromSigner]:
        if self._statement is None or len(self._words) < len(self.seat.participants):
            return []
        for identity, word in self._words.items():
            try:
                check_kept(identity, self._statement, word)
            except AuthorizationRefused:
                raise self._fault(
                    identity, "refresh-word", "did not sign that it keeps these shares"
                ) from None
        certificate = certify(self._statement, [self._words[each] for each in self.seat.participants])
        self._task.switch(certificate)
        return [self._finish(certificate)]

    def _sign(self, purpose: str, *parts: bytes) -> bytes:
        return self.seat.key.sign(purpose, self._channel.transcript, *parts)

    def _check(self, identity: bytes, signature: bytes, purpose: str, *parts: bytes) -> None:
        verify(identity, signature, purpose, self._channel.transcript, *parts)

    def _fault(self, identity: bytes, reason: str, what: str) -> PeerMisbehaved:
        name = self.seat.names[identity]
        return PeerMisbehaved(
            reason,
            f"refresh failed: device {name} {what}",
            remedy="Refresh again; if it is the same device again, it is taken over or broken: replace it.",
            blame=name,
        )

    def _wipe(self) -> None:
        for part in self._parts:
            part.refresh.wipe()
        self._task.wipe()


def _accounts_differ(message: str) -> SessionAborted:
    return SessionAborted(
        "accounts-differ",
        message,
        remedy="Bring the account to all devices ('warifu exchange add', 'exchange finish'), or have all of them "
        "forget it ('warifu exchange remove'). Then refresh again.",
    )


def _digest(commitments: Sequence[bytes]) -> bytes:
    return digest("refresh/commitments", *commitments)
