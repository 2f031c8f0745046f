"""Threshold ECDSA with all signers in one process, and a hand between them that can bend each field of each message."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from tests.support.dealer import Dealt, deal
from tests.support.transfers import dealt_correlations

from warifu.threshold.ecdsa.correlating import Correlating
from warifu.threshold.ecdsa.correlation import Correlation
from warifu.threshold.ecdsa.messages import Commitment, Message, Product, SignatureShare
from warifu.threshold.ecdsa.seen import Seen
from warifu.threshold.ecdsa.session import Phase, SigningSession
from warifu.threshold.ecdsa.sign import VerifiedSignature
from warifu.threshold.frost.key import ThresholdKey

STEPS: tuple[tuple[str, type[Message]], ...] = (
    ("multiply", Commitment),
    ("finish", Product),
)
"""Each step with the message that it takes."""

DIGEST = bytes(range(32))


Correlations = dict[int, dict[int, Correlation]]
"""``correlations[a][b]``: what a holds of its correlation with b."""


class EcdsaCeremony:
    """Every signer has committed; ``sent[a][b]`` is what a sent to b last."""

    def __init__(
        self,
        dealt: Dealt | None = None,
        participants: Sequence[int] = (0, 1),
        tweaks: Sequence[bytes] = (),
        session_id: bytes = b"",
        own_tweaks: dict[int, Sequence[bytes]] | None = None,
        own_session_ids: dict[int, bytes] | None = None,
        correlations: Correlations | None = None,
    ) -> None:
        self.dealt = dealt or deal(2, 2)
        self.participants = tuple(participants)
        self.tweaks = tuple(tweaks)
        self.session_id = session_id or os.urandom(16)
        correlations = correlations or dealt_correlations(self.dealt.key, participants)
        self.sessions: dict[int, SigningSession] = {
            who: SigningSession.prepare(
                self.dealt.key,
                self.dealt.shares[who],
                who,
                participants,
                (own_tweaks or {}).get(who, tweaks),
                (own_session_ids or {}).get(who, self.session_id),
                correlations[who],
                Seen(),
            )
            for who in participants
        }
        self.sent: dict[int, dict[int, bytes]] = {
            who: session.commit() for who, session in self.sessions.items()
        }

    def inbox(self, who: int) -> dict[int, bytes]:
        return {sender: self.sent[sender][who] for sender in self.participants if sender != who}

    def step(self, name: str) -> None:
        """Everybody takes one step with what was sent."""
        answers = {who: getattr(self.sessions[who], name)(self.inbox(who)) for who in self.participants}
        if name != "finish":
            self.sent = answers

    def before(self, name: str) -> EcdsaCeremony:
        """Everybody has taken all steps before the one that is named."""
        for step, _ in STEPS:
            if step == name:
                break
            self.step(step)
        return self

    def presign(self) -> EcdsaCeremony:
        return self.before("sign")

    def bend(
        self, sender: int, receiver: int, kind: type[Message], **changes: Callable[[bytes], bytes]
    ) -> None:
        """Change fields of what ``sender`` sent to ``receiver``."""
        message: Any = kind.parse(sender, self.sent[sender][receiver])
        values = {name: change(getattr(message, name)) for name, change in changes.items()}
        self.sent[sender][receiver] = replace(message, **values).encode()

    def shares(self, message: bytes = DIGEST) -> dict[int, bytes]:
        return {who: session.sign(message, self.tweaks) for who, session in self.sessions.items()}

    def finish(self, message: bytes = DIGEST) -> VerifiedSignature:
        """The signature, after checking that every signer comes to the same one."""
        shares = self.shares(message)
        signatures = {session.combine(shares) for session in self.sessions.values()}
        assert len(signatures) == 1
        return signatures.pop()

    @property
    def public_key(self) -> bytes:
        (key,) = {session.public_key.encoded for session in self.sessions.values()}
        return key


def correlate(
    key: ThresholdKey, a: int, b: int, count: int
) -> tuple[tuple[Correlation, ...], tuple[Correlation, ...]]:
    """What a and b hold after making a batch together."""
    session_id = os.urandom(16)
    first, hello_of_a = Correlating.start(key, a, b, count, session_id, Seen())
    second, hello_of_b = Correlating.start(key, b, a, count, session_id, Seen())
    from_a, from_b = first.extend(hello_of_b), second.extend(hello_of_a)
    return first.finish(from_b), second.finish(from_a)


def nothing_signed(session: SigningSession) -> bool:
    """Whether the session is dead without having signed."""
    return session.phase is Phase.CLOSED and session._combination is None


def openssl_verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Raises where OpenSSL does not take the signature."""
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), public_key)
    key.verify(der, message, ec.ECDSA(Prehashed(hashes.SHA256())))


def bend_share(share: bytes, **changes: Callable[[bytes], bytes]) -> bytes:
    """A signature share with changed fields."""
    message = SignatureShare.parse(0, share)
    return replace(
        message, **{name: change(getattr(message, name)) for name, change in changes.items()}
    ).encode()
