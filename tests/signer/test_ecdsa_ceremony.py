"""Signing by threshold ECDSA among devices: what is durable when, who is named and banned, and who is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.support.dealer import deal
from tests.support.ecdsa_devices import DIGEST, EcdsaDevice, EcdsaHousehold, Run
from tests.support.ecdsa_signing import openssl_verify

from warifu.errors import PolicyDenied, SessionAborted
from warifu.signer.pool import missing
from warifu.signer.sessions import ecdsa as module
from warifu.signer.sessions.ecdsa import ToSign
from warifu.signer.sessions.messages import EcdsaCommitments, EcdsaProducts, EcdsaShares, Held
from warifu.threshold.derivation import derive

pytestmark = [pytest.mark.unit, pytest.mark.slow]

VICTIM, CHEAT = 0, 1
OTHER_DIGEST = bytes(32)


@pytest.fixture
def household(tmp_path):
    household = EcdsaHousehold(tmp_path, 2, 3)
    household.deal(2)
    yield household
    household.close()


@pytest.fixture
def victim(household):
    return household.devices[VICTIM]


@pytest.fixture
def cheat(household):
    return household.devices[CHEAT]


def verified(
    household: EcdsaHousehold, run: Run, to_sign: Sequence[ToSign], keys: Sequence[bytes] = ()
) -> None:
    """Everybody finished, with the same signatures, and OpenSSL accepts each."""
    assert not run.failed, run.failed
    results = {signatures for device in household.devices for signatures in device.signatures}
    assert len(results) == 1
    assert len(set(run.finished.values())) == 1
    for item, signature, key in zip(
        to_sign, results.pop(), keys or [household.dealt.key.threshold_pubkey] * len(to_sign), strict=True
    ):
        openssl_verify(key, item.message, signature)
        assert signature.recovery_id in (0, 1)


@pytest.mark.parametrize("numbers", [(0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_every_quorum_signs(household, numbers):
    run = household.signing(numbers).to_the_end()
    verified(household, run, [ToSign(DIGEST, ())])
    assert set(run.finished) == {f"device{number}" for number in numbers}


def test_derived_keys_sign_side_by_side(household):
    derived = derive(household.dealt.key.threshold_pubkey, bytes(32), (44, 60, 0, 0, 0))
    to_sign = [ToSign(DIGEST, derived.tweaks), ToSign(OTHER_DIGEST, ())]
    run = household.signing((0, 1), to_sign).to_the_end()
    verified(household, run, to_sign, [derived.public_key, household.dealt.key.threshold_pubkey])


def test_each_signature_uses_one_correlation_with_each_peer(household, victim, cheat):
    before = victim.rows(cheat)
    household.signing((0, 1)).to_the_end()
    assert victim.rows(cheat) == cheat.rows(victim) < before
    assert len(victim.rows(cheat)) == 1
    assert len(victim.rows(household.devices[2])) == 2


@pytest.mark.parametrize(
    ("kind", "started"),
    [(EcdsaCommitments, 0), (EcdsaProducts, 0), (EcdsaShares, 1)],
    ids=lambda value: value,
)
def test_what_is_used_up_is_gone_before_anything_computed_from_it_exists_and_started_before_the_share_does(
    household, victim, cheat, kind, started
):
    held = victim.rows(cheat)
    run = household.signing((0, 1))
    seen = []

    def look(message):
        seen.append((victim.started, len(victim.rows(cheat))))
        return message

    run.lies(victim.name, kind, look).to_the_end()
    assert seen == [(started, len(held) - 1)]
    assert run.finished


@pytest.mark.parametrize("kind", [EcdsaCommitments, EcdsaProducts, EcdsaShares])
def test_after_a_crash_at_any_step_what_was_used_stays_used(household, victim, cheat, kind):
    held = victim.rows(cheat)
    run = household.signing((0, 1))
    run.to_the_end(until=lambda: any(isinstance(message, kind) for _, message in run.said))
    for device in (victim, cheat):
        device.crash()
    assert min(len(victim.rows(cheat)), len(cheat.rows(victim))) == len(held) - 1
    assert victim.bans() == cheat.bans() == {}
    verified(household, household.signing((0, 1)).to_the_end(), [ToSign(DIGEST, ())])


def test_a_refusal_at_the_last_moment_uses_nothing_up(household, victim, cheat):
    held = victim.rows(cheat)
    run = household.signing((0, 1))

    def denied(_take: Callable[[], None]) -> None:
        raise PolicyDenied("limit", "another session ran meanwhile")

    ceremony = run.ceremonies[victim.name]
    ceremony._task = replace(ceremony._task, use_up=denied)
    run.to_the_end()
    assert run.failed[victim.name].code == "policy.limit"
    assert victim.rows(cheat) == held
    assert victim.started == 0
    assert not victim.signatures
    assert not cheat.signatures


def test_a_refusal_before_the_share_leaves_keeps_the_share(household, victim, cheat):
    """Another session counted while this one's first messages were under way."""
    run = household.signing((0, 1))

    def denied(_used: bytes) -> None:
        raise PolicyDenied("limit", "another session ran meanwhile")

    ceremony = run.ceremonies[victim.name]
    ceremony._task = replace(ceremony._task, started=denied)
    run.to_the_end()
    assert run.failed[victim.name].code == "policy.limit"
    assert victim.name not in {name for name, message in run.said if isinstance(message, EcdsaShares)}
    assert not victim.signatures
    assert not cheat.signatures
    assert victim.bans() == cheat.bans() == {}


def test_without_a_correlation_nothing_is_opened(household, victim, cheat):
    victim.pool.pool.forget(victim.pool.wallet, cheat.public, victim.rows(cheat))
    run = household.signing((0, 1))
    assert run.failed[victim.name].code == "session.correlations-missing"
    assert victim.started == 0


def test_without_a_correlation_in_common_nothing_is_used(household, victim, cheat):
    """The peer lost its pool: both clear what is left, and the service has new ones made."""
    run = household.signing((0, 1))
    run.lies(cheat.name, Held, lambda _: Held(())).to_the_end()
    assert {error.code for error in run.failed.values()} == {"session.correlations-missing"}
    assert victim.started == 0
    assert not victim.rows(cheat)
    assert victim.bans() == cheat.bans() == {}


def test_a_correlation_that_another_session_took_meanwhile_ends_this_one_and_bans_nobody(
    household, victim, cheat
):
    run = household.signing((0, 1))
    run.to_the_end(until=lambda: any(isinstance(message, Held) for _, message in run.said))
    for name in victim.pool.held(cheat.public):
        with victim.store.transaction():
            victim.pool.take(cheat.public, name)
    while run._queue:
        run.deliver(*run._queue.popleft())
    assert run.failed[victim.name].code == "session.correlations-missing"
    assert victim.started == 0
    assert victim.bans() == cheat.bans() == {}


def test_two_sessions_side_by_side_sign_both(household, victim, cheat):
    household.deal(8)
    first, second = household.signing((0, 1)), household.signing((0, 1), [ToSign(OTHER_DIGEST, ())])
    for run in (first, second):
        run.to_the_end(until=lambda run=run: any(isinstance(message, Held) for _, message in run.said))
    for run in (first, second):
        while run._queue:
            run.deliver(*run._queue.popleft())
    missed = {error.code for run in (first, second) for error in run.failed.values()}
    assert missed <= {"session.correlations-missing"}  # both wanted the same one: one chance in ten
    assert first.finished or second.finished
    assert victim.bans() == cheat.bans() == {}


# Cheats: named, banned, and nothing is signed


def bent(at: int) -> Callable[[Any], Any]:
    def lie(message: Any) -> Any:
        body = message.bodies[0]
        place = at % len(body)
        return type(message)(
            (body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :], *message.bodies[1:])
        )

    return lie


def nothing_signed(device: EcdsaDevice) -> None:
    assert not device.signatures


@pytest.mark.parametrize(
    ("kind", "at", "what"),
    [
        (EcdsaCommitments, 0, "OT extension message"),
        (EcdsaCommitments, 40, "OT extension message"),
        (EcdsaCommitments, -1, "OT extension message"),
        (EcdsaProducts, 31, "multiplication message"),
        (EcdsaProducts, -1, "nonce commitment"),
        (EcdsaShares, 31, "signature share"),
        (EcdsaShares, -1, "signature share"),
    ],
)
def test_a_cheat_is_named_and_banned_and_nothing_is_signed(household, victim, cheat, kind, at, what):
    run = household.signing((0, 1)).lies(cheat.name, kind, bent(at)).to_the_end()
    assert (run.failed[victim.name].code, run.failed[victim.name].blame) == ("peer.ecdsa", cheat.name)
    nothing_signed(victim)
    for _ in range(2):
        assert victim.bans() == {cheat.public: what}
        assert not victim.rows(cheat)
        assert household.signing((0, 1)).failed[victim.name].code == "peer.banned"
        victim.crash()
    assert cheat.bans() == {}
    verified_with_the_third(household)


def verified_with_the_third(household: EcdsaHousehold) -> None:
    for device in household.devices:
        device.signatures.clear()
    verified(household, household.signing((VICTIM, 2)).to_the_end(), [ToSign(DIGEST, ())])


def test_among_three_the_one_that_cheated_one_peer_is_banned_by_that_one_alone(household, victim, cheat):
    other = household.devices[2]
    run = household.signing((0, 1, 2))
    ceremony = run.ceremonies[cheat.name]
    say = ceremony._say

    def to_the_victim_only(peer, message):
        if peer == victim.public and isinstance(message, EcdsaProducts):
            message = bent(31)(message)
        return say(peer, message)

    ceremony._say = to_the_victim_only
    run.to_the_end()
    assert victim.bans() == {cheat.public: "multiplication message"}
    assert other.bans() == cheat.bans() == {}
    for device in household.devices:
        nothing_signed(device)


def test_among_three_a_wrong_share_shows_no_culprit_and_bans_nobody(household, victim, cheat):
    run = household.signing((0, 1, 2)).lies(cheat.name, EcdsaShares, bent(31)).to_the_end()
    assert run.failed[victim.name].code == "peer.ecdsa"
    assert run.failed[victim.name].blame is None
    assert victim.bans() == household.devices[2].bans() == {}
    nothing_signed(victim)


@pytest.mark.parametrize("bodies", [(), (b"",), (b"", b"")])
def test_other_numbers_or_lengths_of_parts_are_refused(household, victim, cheat, bodies):
    run = household.signing((0, 1))
    run.lies(cheat.name, EcdsaCommitments, lambda _: EcdsaCommitments(bodies)).to_the_end()
    assert run.failed[victim.name].blame == cheat.name
    nothing_signed(victim)


# Quarrels and losses: nobody is banned


@pytest.mark.parametrize("kind", [Held, EcdsaCommitments, EcdsaProducts, EcdsaShares])
def test_a_time_out_at_any_step_bans_nobody(household, victim, cheat, kind):
    run = household.signing((0, 1))
    run.to_the_end(until=lambda: any(isinstance(message, kind) for _, message in run.said))
    run.time_out()
    assert {error.code for error in run.failed.values()} == {"session.timeout"}
    assert victim.bans() == cheat.bans() == {}
    assert not victim.signatures
    verified(household, household.signing((0, 1)).to_the_end(), [ToSign(DIGEST, ())])


@pytest.mark.parametrize(
    "own", [ToSign(OTHER_DIGEST, ()), ToSign(DIGEST, (bytes(31) + b"\1",))], ids=["message", "path"]
)
def test_a_service_that_gives_two_devices_two_things_to_sign_makes_them_part_without_a_ban(
    household, victim, cheat, own
):
    """Each would take the other for a cheat, if they came to the mathematics."""
    run = household.signing((0, 1), own={CHEAT: [own]}).to_the_end()
    assert {error.code for error in run.failed.values()} == {"peer.transaction-differs"}
    assert victim.started == cheat.started == 0
    assert victim.bans() == cheat.bans() == {}
    assert len(victim.rows(cheat)) == 2


def test_devices_of_two_versions_part_without_a_ban(household, victim, cheat, monkeypatch):
    run = household.signing((0, 1))
    ceremony = run.ceremonies[cheat.name]
    honest = ceremony._opening

    def opening() -> Any:
        with monkeypatch.context() as patched:
            patched.setattr(module, "PROTOCOL", b"another version")
            return honest()

    ceremony._opening = opening
    run.to_the_end()
    assert {error.code for error in run.failed.values()} == {"peer.transaction-differs"}
    assert victim.bans() == cheat.bans() == {}


def test_an_altered_record_bans_nobody(household, victim, cheat):
    run = household.signing((0, 1))
    run.to_the_end(until=lambda: any(isinstance(message, EcdsaProducts) for _, message in run.said))
    sender, receiver, body = run._queue.popleft()
    run.deliver(sender, receiver, body[:-20] + bytes([body[-20] ^ 1]) + body[-19:])
    assert all(error.blame is None for error in run.failed.values())
    assert victim.bans() == cheat.bans() == {}


def test_messages_out_of_turn_are_refused(household, victim, cheat):
    run = household.signing((0, 1)).lies(cheat.name, EcdsaCommitments, lambda _: EcdsaShares((bytes(128),)))
    run.to_the_end()
    assert run.failed[victim.name].code == "peer.out-of-turn"
    nothing_signed(victim)


def test_a_share_that_is_not_this_devices_is_refused(household, victim):
    run = household.signing((0, 1))
    run.ceremonies[victim.name]._share = deal(2, 3).shares[0]
    run.to_the_end()
    assert run.failed[victim.name].code == "session.correlations-missing"  # they do not open with it
    nothing_signed(victim)


def test_closing_wipes_shares_and_sessions(household, victim):
    run = household.signing((0, 1))
    run.to_the_end(until=lambda: any(isinstance(message, EcdsaProducts) for _, message in run.said))
    ceremonies = list(run.ceremonies.values())
    run.time_out()
    for ceremony in ceremonies:
        assert ceremony._share.wiped
        assert all(signing._presigning._share.wiped for signing in ceremony._signing)


def test_what_was_not_done_is_said_truly(household, victim):
    run = household.signing((0, 1))
    ceremony = run.ceremonies[victim.name]
    assert "Nothing was signed" in ceremony.not_done
    run.to_the_end(until=lambda: any(isinstance(message, EcdsaShares) for _, message in run.said))
    said = {name for name, message in run.said if isinstance(message, EcdsaShares)}
    for name in said:
        assert "others may have one" in run.ceremonies[name].not_done


def test_missing_correlations_are_said_in_words():
    error = missing()
    assert isinstance(error, SessionAborted)
    assert error.retry_after == 1
