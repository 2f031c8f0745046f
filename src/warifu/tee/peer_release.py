"""Peer release, the attester's side: deal the sealing secret to the peers, and get it back at a fresh boot.

For platforms that can prove what runs and have no sealing key (TDX, Nitro). Sans I/O: messages of
``protocol.release`` go in and come out; whoever calls carries them. ADR 18 says what this protects and what not.

What a boot trusts: its own record (signed by the boot key, so that a host cannot name keepers of its own), and pieces
that fit the record's commitment. A piece that does not is the proven misdeed of the keeper that signed it. With fewer
good pieces than needed nothing is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nacl.bindings import crypto_generichash_blake2b_salt_personal

from warifu.errors import InputRefused, PeerMisbehaved, PlatformRefused, ServiceRefused, WarifuError
from warifu.protocol.attesting import Attestation, Binding
from warifu.protocol.encoding import decode, encode
from warifu.protocol.identity import IdentityKey
from warifu.protocol.release import (
    Ask,
    AskChallenge,
    AskRelease,
    Challenge,
    Handing,
    Release,
    ReleaseKey,
    ReleaseSet,
    Signed,
    ask_binding,
    open_signed,
    sign,
)
from warifu.tee.sealing_key import UNLOCK_KEY_BYTES, SealingKey
from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.release import deal, read_commitment, read_piece, recombine
from warifu.threshold.wiping import Secret

MAX_RECORD_BYTES = 4096
_BOOT_PERSON = b"warifu/boot/v1"

Attest = Callable[[Binding], Attestation]


@dataclass(frozen=True)
class Peer:
    """A device that may hold a piece."""

    identity: bytes
    opens_alone: bool
    """It comes up by itself (it has a sealing key). Devices that all wait for each other open never again."""


def boot_key(unlock_key: bytes | bytearray) -> IdentityKey:
    """What a boot signs with before it has its identity: it follows from the unlock key, so a stolen disk alone, with
    the right program on the right machine, gets no piece."""
    if len(unlock_key) != UNLOCK_KEY_BYTES:
        raise PlatformRefused(
            "unlock-key", f"an unlock key has {UNLOCK_KEY_BYTES} bytes, not {len(unlock_key)}"
        )
    return IdentityKey(
        crypto_generichash_blake2b_salt_personal(
            b"", digest_size=32, key=bytes(unlock_key), person=_BOOT_PERSON
        )
    )


def hand_out(
    secret: Secret, threshold: int, peers: Sequence[Peer], boot: IdentityKey
) -> tuple[Signed, dict[bytes, Handing]]:
    """Deal ``secret`` to ``peers``: the record that the device keeps in clear, and each keeper's handing.

    Nothing may be sealed under the secret for good before every keeper answered ``Kept``; when it is, every keeper is
    told ``InUse``, and only then do they let an earlier set go. Raises ``InputRefused``
    where it cannot be dealt so, or where fewer than ``threshold`` of the keepers open alone: after a power cut such a
    set would be closed for ever.
    """
    if len({peer.identity for peer in peers}) != len(peers):
        raise InputRefused("release-keeper", "a keeper holds one piece", not_done="Nothing was dealt.")
    if sum(peer.opens_alone for peer in peers) < threshold:
        raise InputRefused(
            "release-circle",
            f"fewer than {threshold} of these keepers open without being helped themselves",
            not_done="Nothing was dealt.",
            remedy="Let devices with a sealing key of their own (TPM, SEV-SNP, SGX) hold the pieces.",
        )
    try:
        commitment, pieces = deal(secret, threshold, len(peers))
    except InvalidInput as error:
        raise InputRefused("release-threshold", str(error), not_done="Nothing was dealt.") from None
    described = ReleaseSet(
        boot.public,
        tuple(peer.identity for peer in peers),
        tuple(term.encoded for term in commitment.terms),
    )
    handings = {}
    for number, (peer, piece) in enumerate(zip(peers, pieces, strict=True), 1):
        with piece:
            handings[peer.identity] = Handing(described, number, piece.expose())
    return sign(boot, described), handings


def write_record(record: Signed) -> bytes:
    """For the device's disk, beside its store: it is needed before the store opens."""
    return encode(record)


def read_record(data: bytes, boot: IdentityKey) -> ReleaseSet:
    """The set, if the device itself wrote it. ``AuthorizationRefused``, ``InputRefused``: somebody else did."""
    return open_signed(ReleaseSet, decode(Signed, data, MAX_RECORD_BYTES), boot.public)


@dataclass(frozen=True)
class Released:
    """A boot that its peers let in."""

    secret: Secret
    """The sealing secret; the caller's to wipe."""

    def sealing_key(self, platform: str, unlock_key: bytes | bytearray) -> SealingKey:
        """What seals on ``platform`` from now on."""
        return SealingKey.of_platform(platform, self.secret.buffer, unlock_key)


@dataclass
class _Asking:
    """The state of one keeper's piece."""

    number: int
    challenged: bool = False
    key: ReleaseKey | None = None
    ask: Ask | None = None


class Requester:
    """One boot's attempt to get the sealing secret. Each keeper goes through challenge and release once."""

    def __init__(self, record: ReleaseSet, boot: IdentityKey, attest: Attest) -> None:
        """``attest``: fresh evidence for a binding, with what travels beside it."""
        if record.boot != boot.public:
            raise InputRefused("release-record", "this record belongs to another unlock key")
        try:
            self._commitment = read_commitment(record.commitment)
        except InvalidInput as error:
            raise InputRefused("release-record", str(error)) from None
        self._record = record
        self._set = record.id
        self._boot = boot
        self._attest = attest
        self._keepers = {identity: _Asking(number) for number, identity in enumerate(record.keepers, 1)}
        self._pieces: dict[int, Secret] = {}

    @property
    def needed(self) -> int:
        """How many good pieces are still missing."""
        return max(0, len(self._record.commitment) - len(self._pieces))

    def first(self) -> dict[bytes, AskChallenge]:
        """What goes to each keeper first."""
        return {identity: AskChallenge(self._set) for identity in self._keepers}

    def again(self, keeper: bytes) -> AskChallenge:
        """Begin anew with a keeper whose piece has not come: it was off, refused, or the service lost something."""
        state = self._state(keeper)
        if state.number in self._pieces:
            raise InputRefused("release-keeper", "this keeper's piece is here already")
        state.challenged, state.key, state.ask = False, None, None
        return AskChallenge(self._set)

    def challenged(self, keeper: bytes, signed: Signed) -> AskRelease:
        """Answer a keeper's challenge with evidence made for it.

        Raises ``AuthorizationRefused`` for what ``keeper`` did not sign, ``ServiceRefused`` (``release-answer``) for a
        challenge about another set (a service may hand it to the wrong boot), ``PeerMisbehaved`` for a second one or
        one in another's name, ``PlatformRefused`` where the platform makes no evidence.
        """
        state = self._state(keeper)
        challenge = open_signed(Challenge, signed, keeper)
        if state.challenged or challenge.keeper != keeper:
            raise _misbehaved(keeper, "challenge", "challenges twice, or in the name of another device")
        if challenge.set != self._set:
            raise _played_back()
        state.challenged = True
        key = ReleaseKey()
        attestation = self._attest(ask_binding(challenge, self._boot.public, key.public))
        ask = Ask(keeper, self._set, challenge.nonce, challenge.boot_number, key.public, attestation)
        state.key, state.ask = key, ask
        return AskRelease(self._set, sign(self._boot, ask))

    def released(self, keeper: bytes, signed: Signed) -> None:
        """Take a keeper's piece.

        Raises ``AuthorizationRefused`` for what ``keeper`` did not sign (so a service can neither swap a piece nor have
        a keeper blamed for it), ``ServiceRefused`` (``release-answer``) for what it signed in answer to another request
        (a service may play that back, so it blames nobody), ``PeerMisbehaved`` where the keeper signed in another's
        name, or what does not open or is not what it was given to keep.
        """
        state = self._state(keeper)
        release = open_signed(Release, signed, keeper)
        ask, key = state.ask, state.key
        if ask is None or key is None:
            raise _misbehaved(keeper, "release", "releases what was not asked for, or twice")
        if release.keeper != keeper:
            raise _misbehaved(keeper, "release", "answers in the name of another device")
        answered = (release.set, release.nonce, release.boot_number, release.key)
        if answered != (ask.set, ask.nonce, ask.boot_number, ask.key):
            raise _played_back()
        state.ask = state.key = None
        self._pieces[state.number] = self._opened(
            keeper, state.number, key.open(release, ask, self._boot.public)
        )

    def finish(self) -> Released:
        """The secret, once enough pieces came; ``PlatformRefused`` (``release-incomplete``) before that."""
        if self.needed:
            raise PlatformRefused(
                "release-incomplete",
                f"{self.needed} more of this device's keepers must release their pieces",
                not_done="Nothing was opened.",
                remedy="Start the other devices and see that they reach the service; then start this one again.",
            )
        secret = recombine(self._commitment, self._pieces)
        self.forget()
        return Released(secret)

    def forget(self) -> None:
        """Wipe the pieces (best effort). The attempt is over."""
        for piece in self._pieces.values():
            piece.wipe()
        self._pieces.clear()
        for state in self._keepers.values():
            state.challenged, state.key, state.ask = True, None, None

    def _state(self, keeper: bytes) -> _Asking:
        state = self._keepers.get(keeper)
        if state is None:
            raise InputRefused("release-keeper", "this device holds no piece of ours")
        return state

    def _opened(self, keeper: bytes, number: int, piece: bytearray | None) -> Secret:
        if piece is None:
            raise _misbehaved(keeper, "release", "sealed its piece to something else than this request")
        try:
            return read_piece(self._commitment, number, piece)
        except InvalidContribution:
            raise _misbehaved(keeper, "piece", "released a piece that is not the one it was given") from None
        finally:
            piece[:] = bytes(len(piece))

    def __repr__(self) -> str:
        return f"Requester(needed={self.needed})"


def _played_back() -> ServiceRefused:
    return ServiceRefused(
        "release-answer",
        "a keeper's answer to another question came in the place of one to this",
        not_done="It was not used.",
        remedy="The device asks again. If it goes on, the custody service plays old messages back.",
    )


def _misbehaved(keeper: bytes, what: str, deed: str) -> WarifuError:
    return PeerMisbehaved(
        f"release-{what}",
        f"a keeper of this device's sealing secret {deed}",
        not_done="Its piece was not used.",
        remedy="Enough other keepers can open the device. Look at that one before you go on trusting it.",
        blame=keeper.hex()[:16],
    )
