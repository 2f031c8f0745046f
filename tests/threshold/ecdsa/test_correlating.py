"""Two signers make correlations: the same on both sides, each fresh; bent messages are blamed on their sender."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest
from tests.support.dealer import deal
from tests.support.ecdsa_signing import correlate

from warifu.threshold import libsecp256k1 as lib
from warifu.threshold.ecdsa import base_ot
from warifu.threshold.ecdsa.base_ot import COUNT, POINT_BYTES
from warifu.threshold.ecdsa.correlating import HELLO_BYTES, MAX_BATCH, Correlating, Phase, extend_bytes
from warifu.threshold.ecdsa.correlation import Correlation
from warifu.threshold.ecdsa.ot_extension import CHECK
from warifu.threshold.ecdsa.seen import Seen
from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = [pytest.mark.unit, pytest.mark.slow]

DEALT = deal(2, 3)
KEY = DEALT.key
VICTIM, CHEAT = 0, 2
PAIRS_AT, SEED_COMMITMENT_AT = POINT_BYTES, HELLO_BYTES - 32
COUNT_OF_BATCH = 2
COLUMN_BYTES = (COUNT * COUNT_OF_BATCH + CHECK) // 8
CHECKS_AT = COUNT * COLUMN_BYTES


def start(who: int, peer: int, session_id: bytes, key=KEY, count=COUNT_OF_BATCH) -> tuple[Correlating, bytes]:
    return Correlating.start(key, who, peer, count, session_id, Seen())


class Batch:
    """Both have started; the cheat's messages pass through the test's hands."""

    def __init__(self) -> None:
        session_id = os.urandom(16)
        self.victim, self.hello_of_victim = start(VICTIM, CHEAT, session_id)
        self.cheat, self.hello_of_cheat = start(CHEAT, VICTIM, session_id)

    def extend(self, bend: Callable[[bytes], bytes] = bytes) -> tuple[bytes, bytes]:
        """(from the victim, from the cheat)"""
        return self.victim.extend(bend(self.hello_of_cheat)), self.cheat.extend(self.hello_of_victim)


def secrets_gone(correlating: Correlating) -> bool:
    extended = correlating._extended
    return (
        correlating._seed.wiped
        and correlating._base_sender._secret.wiped
        and all(secret.wiped for secret in correlating._base_receiver._secrets)
        and not correlating._base_receiver.choices.any()
        and not correlating._deltas.any()
        and (extended is None or not (extended[1]._rows or extended[2]._state))
    )


def blamed(correlating: Correlating, step: str, message: bytes, who=CHEAT) -> str:
    """The step fails, names ``who``, and leaves nothing with which anything could be signed."""
    with pytest.raises(InvalidContribution) as error:
        getattr(correlating, step)(message)
    assert error.value.index == who
    assert correlating.phase is Phase.CLOSED
    assert secrets_gone(correlating)
    with pytest.raises(AlreadyUsed):
        correlating.finish(message)
    return error.value.what


def flipped(at: int, bit: int = 0) -> Callable[[bytes], bytes]:
    return lambda m: m[:at] + bytes([m[at] ^ 1 << bit]) + m[at + 1 :]


def put(at: int, part: bytes) -> Callable[[bytes], bytes]:
    return lambda m: m[:at] + part + m[at + len(part) :]


@pytest.mark.parametrize("count", [1, 3, MAX_BATCH])
def test_both_hold_the_two_halves_of_each_correlation(count):
    mine, theirs = correlate(KEY, 0, 1, count)
    assert len(mine) == len(theirs) == count
    for one, other in zip(mine, theirs, strict=True):
        assert one.id == other.id
        a, b = one.take(), other.take()
        for chooser, giver in ((a, b), (b, a)):
            assert np.array_equal(giver.keys[chooser.delta, np.arange(COUNT)], chooser.chosen)
            unchosen = giver.keys[1 - chooser.delta, np.arange(COUNT)]
            assert not (unchosen == chooser.chosen).all(axis=1).any()
        assert a.seed == b.seed


def test_the_correlations_of_a_batch_have_nothing_in_common():
    mine, _ = correlate(KEY, 0, 1, MAX_BATCH)
    materials = [correlation.take() for correlation in mine]
    assert len({correlation.id for correlation in mine}) == MAX_BATCH
    assert len({material.delta.tobytes() for material in materials}) == MAX_BATCH
    assert len({material.seed.expose() for material in materials}) == MAX_BATCH
    keys = [row.tobytes() for material in materials for row in material.keys.reshape(-1, 16)]
    assert len(set(keys)) == MAX_BATCH * 2 * COUNT


def test_two_batches_of_one_session_identifier_have_nothing_in_common():
    """Both sides were wound back: an identifier names what was drawn, not what was agreed."""
    batches: list[Correlation] = []
    for _ in range(2):
        victim, hello_of_victim = start(VICTIM, CHEAT, b"\1" * 16)
        cheat, hello_of_cheat = start(CHEAT, VICTIM, b"\1" * 16)
        victim.extend(hello_of_cheat)
        batches += victim.finish(cheat.extend(hello_of_victim))
    assert len({correlation.id for correlation in batches}) == 2 * COUNT_OF_BATCH
    assert len({correlation.take().seed.expose() for correlation in batches}) == 2 * COUNT_OF_BATCH


def test_two_messages_each_way():
    batch = Batch()
    assert len(batch.hello_of_victim) == HELLO_BYTES == 8513
    assert {len(message) for message in batch.extend()} == {extend_bytes(COUNT_OF_BATCH)}
    assert extend_bytes(MAX_BATCH) == 36912


def test_nothing_secret_is_left_behind():
    batch = Batch()
    _, from_cheat = batch.extend()
    correlations = batch.victim.finish(from_cheat)
    assert batch.victim.phase is Phase.FINISHED
    assert secrets_gone(batch.victim)
    assert all(correlation._material[0].delta.any() for correlation in correlations)


# Who, what, when


@pytest.mark.parametrize("changes", [{"my_id": 3}, {"peer": 3}, {"my_id": -1}, {"peer": -1}, {"peer": 0}])
def test_only_two_different_participants_of_the_key_correlate(changes):
    given = {"my_id": 0, "peer": 1} | changes
    with pytest.raises(InvalidInput):
        start(given["my_id"], given["peer"], b"\1" * 16)


@pytest.mark.parametrize("count", [0, -1, MAX_BATCH + 1])
def test_a_batch_is_bounded(count):
    with pytest.raises(InvalidInput):
        start(0, 1, b"\1" * 16, count=count)


@pytest.mark.parametrize(("t", "n"), [(1, 2), (2, 17)])
def test_keys_that_threshold_ecdsa_does_not_serve_are_refused(t, n):
    with pytest.raises(InvalidInput):
        start(0, 1, b"\1" * 16, key=deal(t, n).key)


@pytest.mark.parametrize("session_id", [b"", bytes(16), b"\1" * 15, b"\1" * 65])
def test_short_long_and_all_zero_session_identifiers_are_refused(session_id):
    with pytest.raises(InvalidInput):
        start(0, 1, session_id)


def test_a_session_identifier_is_used_once():
    seen = Seen()
    Correlating.start(KEY, 0, 1, 1, b"\1" * 16, seen)
    with pytest.raises(AlreadyUsed):
        Correlating.start(KEY, 0, 1, 1, b"\1" * 16, seen)


def test_steps_are_taken_once_and_in_order():
    batch = Batch()
    with pytest.raises(AlreadyUsed):
        batch.victim.finish(b"")
    assert batch.victim.phase is Phase.STARTED
    _, from_cheat = batch.extend()
    with pytest.raises(AlreadyUsed):
        batch.victim.extend(batch.hello_of_cheat)
    batch.victim.finish(from_cheat)
    with pytest.raises(AlreadyUsed):
        batch.victim.finish(from_cheat)


@pytest.mark.parametrize("after", ["start", "extend"])
def test_a_time_out_wipes_everything_and_blames_nobody(after):
    batch = Batch()
    if after == "extend":
        batch.extend()
    with batch.victim as correlating:
        pass
    assert correlating.phase is Phase.CLOSED
    assert secrets_gone(correlating)
    assert "closed" in repr(correlating)


# Bent messages: each is blamed on its sender


@pytest.mark.parametrize(
    "point",
    [bytes(POINT_BYTES), b"\x02" + bytes(32), b"\x02" + b"\xff" * 32, b"\x05" + b"\x01" * 32],
    ids=["identity", "off the curve", "not below the field", "no prefix"],
)
@pytest.mark.parametrize("at", [0, PAIRS_AT, SEED_COMMITMENT_AT - POINT_BYTES])
def test_what_is_no_point_is_blamed_on_its_sender(at, point):
    batch = Batch()
    assert blamed(batch.victim, "extend", put(at, point)(batch.hello_of_cheat)) == "base OT message"


@pytest.mark.parametrize("length", [0, HELLO_BYTES - 1, HELLO_BYTES + 1, 2 * HELLO_BYTES])
def test_a_hello_of_another_length_is_blamed_on_its_sender(length):
    batch = Batch()
    message = (batch.hello_of_cheat * 2)[:length]
    assert blamed(batch.victim, "extend", message) == "hello"


@pytest.mark.parametrize("more", [-1, 1, -(10**6)], ids=["truncated", "trailing", "empty"])
def test_an_extension_of_another_length_is_blamed_on_its_sender(more):
    batch = Batch()
    _, from_cheat = batch.extend()
    message = (from_cheat + b"\0")[: max(0, len(from_cheat) + more)]
    assert blamed(batch.victim, "finish", message) == "OT extension message"


@pytest.mark.parametrize("part", ["all", "point", "pairs"])
def test_a_reflected_hello_is_blamed_on_its_sender(part):
    batch = Batch()
    mine, theirs = batch.hello_of_victim, batch.hello_of_cheat
    bent = {
        "all": mine,
        "point": mine[:PAIRS_AT] + theirs[PAIRS_AT:],
        "pairs": theirs[:PAIRS_AT] + mine[PAIRS_AT:],
    }
    assert blamed(batch.victim, "extend", bent[part]) == "base OT message"


def test_a_pair_that_is_copied_to_another_batch_index_is_blamed_on_its_sender():
    batch = Batch()
    pair = batch.hello_of_cheat[PAIRS_AT : PAIRS_AT + 2 * POINT_BYTES]
    bent = put(PAIRS_AT + 2 * POINT_BYTES, pair)(batch.hello_of_cheat)
    assert blamed(batch.victim, "extend", bent) == "base OT message"


def another_point() -> bytes:
    return SECP256K1.base_mul(SECP256K1.random_secret()).encoded


def test_another_point_of_the_base_sender_is_blamed_on_it():
    """The victim's keys are not those of the cheat, whose extension then cannot pass."""
    batch = Batch()
    _, from_cheat = batch.extend(put(0, another_point()))
    assert blamed(batch.victim, "finish", from_cheat) == "OT extension message"


@pytest.mark.parametrize("index", [0, 1, 2 * 127])
def test_another_point_of_the_base_receiver_makes_its_own_check_fail(index):
    """The cheat has spoilt what it alone reads: it cannot go on, and has nothing to show for it."""
    batch = Batch()
    from_victim, _ = batch.extend(put(PAIRS_AT + index * POINT_BYTES, another_point()))
    assert blamed(batch.cheat, "finish", from_victim, who=VICTIM) == "OT extension message"


@pytest.mark.parametrize(
    "at",
    [0, CHECKS_AT - 1, CHECKS_AT, CHECKS_AT + 15, CHECKS_AT + 16, CHECKS_AT + 16 + 2047],
    ids=["first row", "last row", "first choice", "last choice", "first check", "last check"],
)
def test_a_flipped_bit_of_the_extension_is_blamed_on_its_sender(at):
    batch = Batch()
    _, from_cheat = batch.extend()
    assert blamed(batch.victim, "finish", flipped(at)(from_cheat)) == "OT extension message"


def test_a_reflected_extension_is_blamed_on_its_sender():
    batch = Batch()
    from_victim, from_cheat = batch.extend()
    reflected = from_victim[:-32] + from_cheat[-32:]
    assert blamed(batch.victim, "finish", reflected) == "OT extension message"


def test_an_extension_of_another_session_is_blamed_on_its_sender():
    batch, other = Batch(), Batch()
    batch.extend()
    _, from_cheat = other.extend()
    blamed(batch.victim, "finish", from_cheat)


@pytest.mark.parametrize("where", ["commitment", "opening"])
def test_another_seed_than_the_committed_one_is_blamed_on_its_sender(where):
    batch = Batch()
    bend = flipped(SEED_COMMITMENT_AT) if where == "commitment" else bytes
    _, from_cheat = batch.extend(bend)
    if where == "opening":
        from_cheat = flipped(len(from_cheat) - 1)(from_cheat)
    assert blamed(batch.victim, "finish", from_cheat) == "zero-sharing seed"


def test_a_copied_seed_commitment_cannot_be_opened():
    """Whoever sends back what it got would make the pair's seed a value of one signer's alone."""
    batch = Batch()
    from_victim, from_cheat = batch.extend(
        put(SEED_COMMITMENT_AT, batch.hello_of_victim[SEED_COMMITMENT_AT:])
    )
    assert blamed(batch.victim, "finish", from_cheat[:-32] + from_victim[-32:]) == "zero-sharing seed"


@pytest.mark.parametrize("what", ["session", "key", "count", "sender", "receiver"])
def test_signers_that_disagree_on_what_they_make_come_to_nothing(what):
    session_id = b"\1" * 16
    victim, hello_of_victim = start(VICTIM, CHEAT, session_id)
    cheat, hello_of_cheat = {
        "session": lambda: start(CHEAT, VICTIM, b"\2" * 16),
        "key": lambda: start(CHEAT, VICTIM, session_id, key=deal(2, 3).key),
        "count": lambda: start(CHEAT, VICTIM, session_id, count=3),
        "sender": lambda: start(1, VICTIM, session_id),
        "receiver": lambda: start(CHEAT, 1, session_id),
    }[what]()
    victim.extend(hello_of_cheat)
    blamed(victim, "finish", cheat.extend(hello_of_victim))


def test_a_correlation_that_one_side_never_finished_is_used_by_nobody():
    """The other side knows identifiers that this one does not: there is nothing to agree on."""
    batch = Batch()
    _, from_cheat = batch.extend()
    finished = batch.victim.finish(from_cheat)
    batch.cheat.close()
    assert all(isinstance(correlation, Correlation) for correlation in finished)
    assert secrets_gone(batch.cheat)


def test_a_point_that_cancels_the_mask_is_blamed_on_its_sender():
    batch = Batch()
    link = batch.victim._base_sender._link
    second = batch.hello_of_cheat[PAIRS_AT + POINT_BYTES :][:POINT_BYTES]
    mask = base_ot._mask_point(base_ot._mask_name(link), 0, b"\x00", second)
    cancelling = lib.point_serialize(lib.point_negate(mask))
    bent = put(PAIRS_AT, cancelling)(batch.hello_of_cheat)
    assert blamed(batch.victim, "extend", bent) == "base OT message"
