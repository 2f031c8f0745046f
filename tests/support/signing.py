"""A signing ceremony with all its signers in one process, so that a test is about what goes wrong in it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tests.support.dealer import Dealt

from warifu.threshold.frost.aggregation import VerifiedSignature
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.scheme import Scheme
from warifu.threshold.frost.session import SigningSession


class Ceremony:
    """Every participant has started; ``pubnonces`` is what each of them sent. Tamper, then sign and aggregate."""

    def __init__(
        self,
        dealt: Dealt,
        participants: Sequence[int],
        message: bytes,
        tweaks: Sequence[tuple[bytes, bool]] = (),
        scheme: Scheme = BIP340,
    ) -> None:
        self.sessions: dict[int, SigningSession] = {}
        self.pubnonces: dict[int, bytes] = {}
        for who in participants:
            session, pubnonce = SigningSession.start(
                dealt.key,
                dealt.shares[who],
                who,
                participants,
                message,
                tweaks,
                os.urandom(16),
                scheme=scheme,
            )
            self.sessions[who] = session
            self.pubnonces[who] = pubnonce

    def sign(self) -> dict[int, bytes]:
        """Everybody's share, for the public nonces as they are now."""
        return {who: session.sign(self.pubnonces) for who, session in self.sessions.items()}

    def finish(self) -> VerifiedSignature:
        """The signature, after checking that every signer comes to the same one."""
        partials = self.sign()
        signatures = {session.aggregate(partials) for session in self.sessions.values()}
        assert len(signatures) == 1
        return signatures.pop()
