"""A correlation exists once, in memory or on the disk; and a copy that comes back hides its values anew."""

from __future__ import annotations

import copy
import os
import pickle

import numpy as np
import pytest
from tests.support.dealer import Dealt, deal
from tests.support.ecdsa_signing import EcdsaCeremony
from tests.support.transfers import dealt_correlations

from warifu.threshold.ecdsa import correlation as module
from warifu.threshold.ecdsa.correlation import STORED_BYTES, Correlation
from warifu.threshold.ecdsa.messages import Commitment, Product
from warifu.threshold.ecdsa.seen import Seen
from warifu.threshold.ecdsa.session import SigningSession
from warifu.threshold.ecdsa.vole import XI
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

Q = SECP256K1.order
DEALT = deal(2, 3)
KEY = DEALT.key
BODY_AT = STORED_BYTES - 6192 - 16


def stored() -> bytes:
    return dealt_correlations(KEY, (0, 1))[0][1].store()


def restored(encoded: bytes, key=KEY, my_id=0, peer=1, share=DEALT.shares[0]) -> Correlation:
    return Correlation.restore(encoded, key, my_id, peer, share)


def test_what_is_stored_comes_back_whole():
    correlation = dealt_correlations(KEY, (0, 1))[0][1]
    name, (material,) = correlation.id, correlation._material
    before = [part.copy() for part in (material.delta, material.chosen, material.keys)]
    seed = material.seed.clone()
    again = restored(correlation.store())
    assert again.id == name
    after = again.take()
    for one, other in zip(before, (after.delta, after.chosen, after.keys), strict=True):
        assert np.array_equal(one, other)
    assert after.seed == seed


def test_it_is_small():
    assert len(stored()) == STORED_BYTES == 6306


def test_it_is_either_in_memory_or_on_the_disk():
    correlation = dealt_correlations(KEY, (0, 1))[0][1]
    (material,) = correlation._material
    correlation.store()
    assert correlation.used
    assert material.seed.wiped
    assert not (material.delta.any() or material.chosen.any() or material.keys.any())
    for again in (correlation.store, correlation.take):
        with pytest.raises(AlreadyUsed):
            again()


@pytest.mark.parametrize("at", [0, 1, 33, 65, 66, BODY_AT, BODY_AT + 16, BODY_AT + 3000, STORED_BYTES - 1])
def test_an_altered_one_is_refused(at):
    """Used as it is, it would make an honest peer look like a cheat."""
    encoded = bytearray(stored())
    encoded[at] ^= 1
    with pytest.raises(InvalidInput):
        restored(bytes(encoded))


@pytest.mark.parametrize("share", [DEALT.shares[1], DEALT.secret, deal(2, 3).shares[0]])
def test_it_opens_with_this_signers_share_alone(share):
    """Disk and platform key are not enough: the owner's passphrase unlocks the share, and the share this."""
    with pytest.raises(InvalidInput):
        restored(stored(), share=share)


def test_what_is_stored_shows_nothing_of_it():
    correlation = dealt_correlations(KEY, (0, 1))[0][1]
    (material,) = correlation._material
    secrets = [row.tobytes() for row in (*material.chosen, *material.keys.reshape(-1, 16))]
    seed = material.seed.expose()
    encoded = correlation.store()
    assert seed not in encoded
    assert not any(secret in encoded for secret in secrets)


def test_two_sealings_of_one_correlation_have_nothing_in_common():
    first = stored()
    second = restored(first).store()
    assert first[:65] == second[:65]
    assert first[65:98] != second[65:98]
    assert first[98:130] != second[98:130]


@pytest.mark.parametrize("bend", [lambda m: b"", lambda m: m[:-1], lambda m: m + b"\0", lambda m: m + m])
def test_other_lengths_are_refused(bend):
    with pytest.raises(InvalidInput):
        restored(bend(stored()))


def test_another_version_is_refused(monkeypatch):
    monkeypatch.setattr(module, "_VERSION", b"\x02")
    encoded = stored()
    monkeypatch.undo()
    with pytest.raises(InvalidInput, match="version"):
        restored(encoded)


@pytest.mark.parametrize(
    ("key", "my_id", "peer"),
    [(KEY, 1, 0), (KEY, 0, 2), (KEY, 2, 1), (deal(2, 3).key, 0, 1), (KEY, 0, 0), (KEY, 0, 3), (KEY, -1, 1)],
)
def test_another_key_or_pair_is_refused(key, my_id, peer):
    with pytest.raises(InvalidInput):
        restored(stored(), key, my_id, peer)


@pytest.mark.parametrize("spread", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_correlation_does_not_spread(spread):
    correlation = restored(stored())
    with pytest.raises(TypeError):
        spread(correlation)
    assert "unused" in repr(correlation)


def test_an_abandoned_one_is_wiped_by_collection():
    correlation = restored(stored())
    (material,) = correlation._material
    del correlation
    assert not (material.delta.any() or material.chosen.any() or material.keys.any())
    assert material.seed.wiped


# A snapshot of the pool comes back


class Restored:
    """Signer 0 is set back to an old disk; the hostile signer 1 kept everything and replays what it likes."""

    def __init__(self) -> None:
        self.dealt: Dealt = deal(2, 2)
        correlations = dealt_correlations(self.dealt.key, (0, 1))
        self.snapshot = correlations[0][1].store()
        self.kept = correlations[1][0].store()
        self.session_id = os.urandom(16)

    def victim(self) -> SigningSession:
        """A session on the snapshot, with the old session identifier and no memory of it."""
        correlation = Correlation.restore(self.snapshot, self.dealt.key, 0, 1, self.dealt.shares[0])
        return SigningSession.prepare(
            self.dealt.key, self.dealt.shares[0], 0, (0, 1), (), self.session_id, {1: correlation}, Seen()
        )

    def cheat(self) -> dict[int, bytes]:
        correlation = Correlation.restore(self.kept, self.dealt.key, 1, 0, self.dealt.shares[1])
        session = SigningSession.prepare(
            self.dealt.key, self.dealt.shares[1], 1, (0, 1), (), self.session_id, {0: correlation}, Seen()
        )
        return session.commit()


def scalars(encoded: bytes) -> list[int]:
    return [int.from_bytes(encoded[at : at + 32], "big") for at in range(0, 32 * XI, 32)]


def test_a_restored_correlation_never_hides_two_values_behind_one_mask():
    """The very same messages are played to it twice. With masks that come back, each row of the corrections would move
    by r - r', the same at every row; the two nonces' difference and one signature give the key."""
    world = Restored()
    replayed = world.cheat()[0]
    runs = []
    for _ in range(2):
        victim = world.victim()
        victim.commit()
        product = Product.parse(0, victim.multiply({1: replayed})[1])
        runs.append(product.multiplication)
    for column in range(3):
        first, second = (scalars(run[32 * XI * column :]) for run in runs)
        moved = {(b - a) % Q for a, b in zip(first, second, strict=True)}
        assert len(moved) == XI


def test_a_restored_correlation_never_hides_two_choices_behind_one_pad():
    """Equal pads would show the sum of two runs' choices, the same in every column."""
    world = Restored()
    corrections = []
    for _ in range(2):
        message = Commitment.parse(0, world.victim().commit()[1])
        corrections.append(np.frombuffer(message.transfers[: 128 * 68], np.uint8).reshape(128, 68))
    difference = corrections[0] ^ corrections[1]
    assert len({column.tobytes() for column in difference}) == 128


def test_a_restored_correlation_shows_another_part_of_the_key():
    world = Restored()
    replayed = world.cheat()[0]
    parts = set()
    for _ in range(2):
        victim = world.victim()
        victim.commit()
        parts.add(Product.parse(0, victim.multiply({1: replayed})[1]).public_share)
    assert len(parts) == 2


def test_what_was_sent_under_the_lost_run_is_blamed_under_the_restored_one():
    """A product that was made for the lost run does not fit: nothing is signed, and its sender is named."""
    world = Restored()
    correlation = Correlation.restore(world.kept, world.dealt.key, 1, 0, world.dealt.shares[1])
    cheat = SigningSession.prepare(
        world.dealt.key, world.dealt.shares[1], 1, (0, 1), (), world.session_id, {0: correlation}, Seen()
    )
    from_cheat = cheat.commit()[0]
    lost = world.victim()
    product = cheat.multiply({0: lost.commit()[1]})[0]
    victim = world.victim()
    victim.commit()
    victim.multiply({1: from_cheat})
    with pytest.raises(InvalidContribution) as error:
        victim.finish({1: product})
    assert error.value.index == 1
    with pytest.raises(AlreadyUsed):
        victim.sign(bytes(32), ())


def test_a_correlation_signs_under_one_derivation_and_session_only():
    """Each side believes in another path: nothing comes of it, and the correlation is gone on both sides."""
    correlations = dealt_correlations(KEY, (0, 1))
    ceremony = EcdsaCeremony(DEALT, (0, 1), own_tweaks={1: (bytes(31) + b"\1",)}, correlations=correlations)
    with pytest.raises(InvalidContribution):
        ceremony.sessions[0].multiply(ceremony.inbox(0))
    assert correlations[0][1].used
    assert correlations[1][0].used


def test_secrets_are_wiped_with_the_material():
    material = restored(stored()).take()
    seed: Secret = material.seed
    material.wipe()
    assert seed.wiped
    assert not (material.delta.any() or material.keys.any() or material.chosen.any())
