"""One Ed25519 signing session between our signers and noble's, who wrote RFC 9591 down for themselves."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import pytest
from tests.interop.noble import Noble, Refused
from tests.interop.verifiers import openssl_ed25519
from tests.support.dkg import generate

from warifu.threshold.dkg.result import DkgResult
from warifu.threshold.dkg.suite_ed25519 import ED25519_DKG
from warifu.threshold.errors import InvalidContribution
from warifu.threshold.frost.rfc9591 import FROST_ED25519
from warifu.threshold.frost.session import SigningSession

pytestmark = pytest.mark.real

NOBLES = 2
"""The one participant that noble plays; ours are the others. Its identifier in RFC 9591 is one more."""


@dataclass
class Mixed:
    """Participants 0 .. n-2 are ours, the last is noble's: all hold shares of one key that our DKG made."""

    noble: Noble
    results: list[DkgResult]
    message: bytes

    def __post_init__(self) -> None:
        key, ids = self.results[0].key, [result.index for result in self.results]
        recovery_data = self.results[0].recovery_data
        self.sessions: dict[int, SigningSession] = {}
        self.nonces: dict[int, bytes] = {}
        for who in ids:
            if who != NOBLES:
                self.sessions[who], self.nonces[who] = SigningSession.start(
                    key, self.results[who].share, who, ids, self.message, (), b"mixed", scheme=FROST_ED25519
                )
        self.share = self.results[NOBLES].share.expose()
        self.nonces[NOBLES] = bytes.fromhex(self.noble.ask("commit", who=NOBLES + 1, share=self.share))
        self.public = {
            "t": key.t,
            "n": key.n,
            "commitments": [recovery_data[4 + 32 * k : 36 + 32 * k] for k in range(key.t)],
            "pubshares": {who + 1: pubshare for who, pubshare in enumerate(key.pubshares)},
        }

    def ask(self, op: str, **request: Any) -> Any:
        nonces = {who + 1: nonce for who, nonce in self.nonces.items()}
        return self.noble.ask(op, key=self.public, commitments=nonces, message=self.message, **request)

    def partials(self) -> dict[int, bytes]:
        partials = {who: session.sign(self.nonces) for who, session in self.sessions.items()}
        partials[NOBLES] = bytes.fromhex(self.ask("sign", who=NOBLES + 1, share=self.share))
        return partials


@pytest.mark.parametrize(("t", "length"), [(2, 0), (2, 32), (3, 1232)])
def test_either_side_aggregates_the_same_signature(noble: Noble, t: int, length: int) -> None:
    _, results = generate(t, 3, ED25519_DKG)
    mixed = Mixed(noble, results, os.urandom(length))
    partials = mixed.partials()
    signatures = {bytes(session.aggregate(partials)) for session in mixed.sessions.values()}
    signatures.add(
        bytes.fromhex(mixed.ask("aggregate", partials={who + 1: part for who, part in partials.items()}))
    )
    (signature,) = signatures
    assert openssl_ed25519(results[0].threshold_pubkey, mixed.message, signature)


def test_each_side_checks_the_others_shares(noble: Noble) -> None:
    _, results = generate(2, 3, ED25519_DKG)
    mixed = Mixed(noble, results, b"a message")
    partials = mixed.partials()
    for who, partial in partials.items():
        assert mixed.ask("verifyShare", who=who + 1, partial=partial)
        assert not mixed.ask("verifyShare", who=who + 1, partial=partials[(who + 1) % 3])
    wrong = {**partials, NOBLES: partials[0]}
    with pytest.raises(InvalidContribution) as caught:
        mixed.sessions[0].aggregate(wrong)
    assert (caught.value.index, caught.value.what) == (NOBLES, "psig")
    with pytest.raises(Refused):
        mixed.ask("aggregate", partials={who + 1: part for who, part in wrong.items()})
