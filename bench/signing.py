"""What the mathematics of one signature costs: all parties' computing, one process, no I/O, no Argon2id."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence

from bench.measure import Row, row, times
from tests.support.dealer import deal

from warifu.threshold import bip340
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.rfc9591 import FROST_ED25519
from warifu.threshold.frost.scheme import Scheme
from warifu.threshold.frost.session import SigningSession
from warifu.threshold.secp256k1 import SECP256K1

Tweaks = Sequence[tuple[bytes, bool]]


def rows(rounds: int) -> Iterator[Row]:
    message = secrets.token_bytes(32)
    single = SECP256K1.random_secret()
    public = SECP256K1.xonly(SECP256K1.base_mul(single))

    def whole_key() -> None:
        signature = bip340.sign(single, message, secrets.token_bytes(32))
        assert bip340.verify(public, message, signature)

    peer = row("libsecp256k1, whole key: sign + verify", times(whole_key, rounds * 10))
    yield peer
    for threshold, count in ((1, 1), (2, 3), (3, 5), (5, 9), (11, 16)):
        yield row(
            f"FROST BIP-340 {threshold}-of-{count}, all signers' computing",
            times(signature_by(threshold, count, tweaks=wallet_tweaks()), rounds),
            peer=peer,
            goal="under 3 ms" if (threshold, count) == (2, 3) else None,
        )
    for threshold, count in ((2, 3), (3, 5)):
        yield row(
            f"FROST Ed25519 {threshold}-of-{count}, all signers' computing",
            times(signature_by(threshold, count, FROST_ED25519), rounds),
            peer=peer,
        )


def wallet_tweaks() -> Tweaks:
    """As many as an address of a wallet has: two steps of BIP-32, and Taproot's."""
    return [
        (secrets.token_bytes(32), False),
        (secrets.token_bytes(32), False),
        (secrets.token_bytes(32), True),
    ]


def signature_by(
    threshold: int, count: int, scheme: Scheme = BIP340, tweaks: Tweaks = ()
) -> Callable[[], int]:
    """One whole signature; every signer aggregates and verifies for itself. Returns the bytes that all of them sent."""
    dealt = deal(threshold, count, scheme.group)
    signers = list(range(threshold))

    def sign() -> int:
        message = secrets.token_bytes(32)
        started = {
            i: SigningSession.start(
                dealt.key,
                dealt.shares[i],
                i,
                signers,
                message,
                tweaks,
                secrets.token_bytes(16),
                scheme=scheme,
            )
            for i in signers
        }
        nonces = {i: nonce for i, (_, nonce) in started.items()}
        partials = {i: session.sign(nonces) for i, (session, _) in started.items()}
        for session, _ in started.values():
            session.aggregate(partials)
        return (threshold - 1) * sum(map(len, [*nonces.values(), *partials.values()]))

    return sign
