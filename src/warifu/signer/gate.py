"""The passphrase's gate: keys that open one envelope each, and tries that are counted before they are made.

A try is durable before Argon2id runs, so killing the device in the middle of a check wins nothing. Only a request
that the owner's credential really signed, together with an envelope that really opens here, gets as far as a try: a
hostile service can neither guess nor burn the owner's tries.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from warifu.errors import AuthorizationRefused, PassphraseRefused
from warifu.protocol.envelope import (
    ENVELOPE_KEY_LIFETIME,
    CertifiedEnvelopeKey,
    Envelope,
    EnvelopeKey,
    EnvelopeSecret,
    certify,
    envelope_binding,
)
from warifu.protocol.identity import IdentityKey
from warifu.protocol.parcel import Parcel, open_parcel
from warifu.signer.epoch import Epoch
from warifu.signer.evidence import Attester
from warifu.signer.store import Store

MAX_PENDING = 8
"""Envelope keys at a time; a further one pushes out the oldest. A service that asks for many only delays itself."""
JUST_NOW = 10
"""Seconds after a client asked for a key in which its envelope is likely to be under way."""
DELAYS = (0, 0, 5, 30, 120, 600, 3600)
"""Seconds to wait after so many wrong tries in a row; the last one for all that follow."""


class EnvelopeKeys:
    """The one-shot keys that wait for their envelope. In memory only: a restart makes all of them useless."""

    def __init__(self, identity: IdentityKey, attester: Attester) -> None:
        self._identity = identity
        self._attester = attester
        self._pending: OrderedDict[bytes, tuple[EnvelopeSecret, int]] = OrderedDict()

    def issue(self, name: str, nonce: bytes, now: int, rules_hash: bytes = b"") -> CertifiedEnvelopeKey:
        """A fresh certified key for the client whose random 32 bytes ``nonce`` is.

        ``rules_hash``: of the wallet that it is for, or empty. ``PlatformRefused``: there is no evidence."""
        self._forget_expired(now)
        while len(self._pending) >= MAX_PENDING:
            self._pending.popitem(last=False)
        secret, expires = EnvelopeSecret(), now + ENVELOPE_KEY_LIFETIME
        binding = envelope_binding(self._identity.public, secret.public, nonce, expires, rules_hash)
        attestation = self._attester.attest(binding)
        self._pending[secret.public] = (secret, expires)
        return certify(
            self._identity,
            EnvelopeKey(
                name,
                self._identity.public,
                secret.public,
                nonce,
                expires,
                rules_hash,
                attestation,
            ),
        )

    def require(self, envelope: Envelope | Parcel, now: int) -> None:
        """Refuse an envelope for another device, or for a key that is not waiting (any more), without using it up."""
        if envelope.identity != self._identity.public:
            raise AuthorizationRefused("other-device", "the envelope is for another device")
        self._forget_expired(now)
        if envelope.public not in self._pending:
            raise _no_key()

    def open(self, envelope: Envelope, request: bytes, now: int) -> bytearray:
        """The passphrase, in a buffer that the caller wipes. The key is gone afterwards, whatever comes of it.

        Raises ``PassphraseRefused`` (``envelope-used``, ``envelope-expired``, ``envelope``, ``empty``).
        """
        secret = self._taken(envelope)
        passphrase = secret.open(envelope, request, now)
        if not passphrase:
            raise PassphraseRefused("empty", "the passphrase is empty")
        return passphrase

    def open_parcel(self, parcel: Parcel, request: bytes, now: int) -> bytearray:
        """As :meth:`open`, for what an owner says that is longer. ``InputRefused`` (``parcel``) for a malformed one."""
        return open_parcel(self._taken(parcel), parcel, request, now)

    def _taken(self, envelope: Envelope | Parcel) -> EnvelopeSecret:
        """The key that it is sealed to, which is gone from here now."""
        secret, expires = self._pending.pop(envelope.public, (None, 0))
        if secret is None:
            raise _no_key()
        if envelope.expires != expires:
            raise PassphraseRefused("envelope", "the envelope names another moment of expiry")
        return secret

    def just_issued(self, now: int) -> bool:
        """Whether somebody is about to use one: what is typed in this moment would have to be typed again."""
        return any(now <= expires - ENVELOPE_KEY_LIFETIME + JUST_NOW for _, expires in self._pending.values())

    def forget_all(self) -> None:
        """No envelope that waits opens any more."""
        self._pending.clear()

    def _forget_expired(self, now: int) -> None:
        for public in [public for public, (_, expires) in self._pending.items() if now > expires]:
            del self._pending[public]


@dataclass(frozen=True)
class TryState:
    """How a wallet stands with its tries."""

    wrong: int
    not_before: int


class Tries:
    """The counters of wrong passphrases, one for each wallet, in the store."""

    def __init__(self, store: Store, epoch: Epoch) -> None:
        self._store = store
        self._epoch = epoch

    def state(self, wallet: bytes) -> TryState:
        """As it is on the disk."""
        rows = self._store.execute("SELECT wrong, not_before FROM wallets WHERE id = ?", (wallet,))
        return TryState(*rows[0])

    def require(self, wallet: bytes, allowed: int, now: int) -> TryState:
        """How it stands, if a try may be made now. ``PassphraseRefused``: ``locked-out``, ``must-wait``."""
        state = self.state(wallet)
        if state.wrong >= allowed:
            raise PassphraseRefused(
                "locked-out",
                f"this device is locked after {state.wrong} wrong passphrases",
                remedy="Sign with the other devices. To bring this one back, give it a new share from the others.",
            )
        if now < state.not_before:
            wait = state.not_before - now
            raise PassphraseRefused(
                "must-wait",
                f"after {state.wrong} wrong passphrases this device waits {wait} more seconds",
                remedy=f"Ask again in {wait} seconds.",
                retry_after=wait,
            )
        return state

    def count(self, wallet: bytes, before: TryState, now: int) -> int:
        """Count a try as wrong, durably, before it is made. ``before``: what ``require`` returned for it. Returns how
        many wrong ones there are, this included."""
        wrong = before.wrong + 1
        delay = DELAYS[min(wrong, len(DELAYS) - 1)]
        with self._epoch.lasting():
            self._set(wallet, wrong, now + delay if delay else 0)
        return wrong

    def restore(self, wallet: bytes, before: TryState) -> None:
        """Take back what ``count`` counted: no passphrase was tried, so nobody learnt anything."""
        with self._store.transaction():
            self._set(wallet, before.wrong, before.not_before)

    def clear(self, wallet: bytes) -> None:
        """The passphrase was right."""
        with self._store.transaction():
            self._set(wallet, 0, 0)

    def _set(self, wallet: bytes, wrong: int, not_before: int) -> None:
        self._store.execute(
            "UPDATE wallets SET wrong = ?, not_before = ? WHERE id = ?", (wrong, not_before, wallet)
        )


def wrong_passphrase(wrong: int, allowed: int) -> PassphraseRefused:
    """What the owner is told after a wrong try."""
    left = max(0, allowed - wrong)
    delay = DELAYS[min(wrong, len(DELAYS) - 1)]
    return PassphraseRefused(
        "wrong",
        f"the passphrase is wrong; {left} tries are left on this device",
        remedy="Type it again, slowly."
        if left
        else "This device is locked now. Sign with the other devices.",
        retry_after=delay if left else None,
    )


def _no_key() -> PassphraseRefused:
    return PassphraseRefused(
        "envelope-used",
        "this device has no key for the passphrase envelope: it was used, expired, or made before a restart",
        remedy="Ask again; the client seals the passphrase to a fresh key.",
    )
