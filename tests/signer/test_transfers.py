"""A transfer's way through the signers: the honest runs, and every door at which a dishonest one is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from nacl.utils import random
from tests.support.founding import founded
from tests.support.simulator import (
    BTC,
    COIN,
    FRIEND_SCRIPT,
    PASSPHRASE,
    START,
    THIEF,
    THIEF_SCRIPT,
    Household,
    Spend,
    replaced_output,
    signed,
)

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.psbt import parse_psbt
from warifu.chains.bitcoin.transaction import TxOutput
from warifu.protocol.authorization import authorize
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.encoding import encode
from warifu.protocol.envelope import EnvelopeSecret
from warifu.protocol.frames import Finished, OpenSession, SessionFailed, Spent, error_of
from warifu.protocol.identity import IdentityKey
from warifu.protocol.request import Outflow
from warifu.units import Satoshi

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@pytest.fixture
def home(tmp_path: Path):
    household = founded(tmp_path, 2)
    yield household
    household.close()


# --- the honest road -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("t", "n", "who"), [(1, 1, [0]), (2, 3, [0, 2]), (2, 3, [0, 1, 2]), (3, 5, [4, 1, 2])]
)
def test_any_quorum_signs_every_input_of_the_transaction_that_the_owner_named(tmp_path, t, n, who):
    household = Household(tmp_path, n)
    household.make_wallet(t)
    coins = [(COIN, 70_000), (KeyPath(Branch.CHANGE, 7), 40_000), (KeyPath(Branch.RECEIVE, 900), 1_000)]
    payment = household.pay(coins=coins)
    outcome = household.sign(payment, [f"device{number}" for number in who])
    assert len(outcome.finished) == len(who)
    transaction = signed(payment, outcome)  # verifies each signature under its coin's key (BIP-340, BIP-341)
    assert transaction.txid == payment.request.transaction
    household.close()


def test_each_device_writes_down_what_it_did(home):
    home.sign(home.pay(), ["device0", "device1"])
    for name in ("device0", "device1"):
        assert home[name].kinds()[-2:] == ["started", "finished"]
    assert "started" not in home["device2"].kinds()


def test_the_same_wallet_signs_again_after_all_devices_restarted(home):
    for device in home.devices.values():
        device.restart()
    payment = home.pay()
    assert signed(payment, home.sign(payment))


def test_a_finished_request_is_answered_from_memory_without_passphrase_or_peers(home):
    payment = home.pay()
    outcome = home.sign(payment)
    home["device0"].restart()
    openings = home.openings(
        payment.request, ["device0", "device1"], payment.unsigned, "not even the passphrase"
    )
    (answer,) = home["device0"].send(openings["device0"])
    assert isinstance(answer, Finished)
    assert answer.result == outcome.finished["device0"]
    assert home["device0"].status().wallets[0].tries_left == 5
    assert home["device0"].kinds().count("started") == 1


def test_what_came_of_a_request_can_be_asked_for_ever_after(home):
    payment = home.pay()
    assert home["device0"].result(payment.digest).state == "unknown"
    outcome = home.sign(payment)
    home["device0"].restart()
    answer = home["device0"].result(payment.digest)
    assert answer.state == "finished"
    assert answer.result == outcome.finished["device0"]


def test_a_started_request_is_signed_again_with_fresh_nonces_and_counts_once(home):
    payment = home.pay()
    taken = []

    def lose_partials(sender, receiver, frame):
        taken.append(frame)
        return [(receiver, frame)] if len(taken) <= 4 else []  # 2 Hellos, 2 nonces, and then silence

    assert not home.sign(payment, tamper=lose_partials).finished
    assert home["device0"].result(payment.digest).state == "started"
    home.clock.pass_(200)
    home["device0"].tick()
    home["device1"].tick()
    assert signed(payment, home.sign(payment, ["device0", "device2"]))
    assert home["device0"].status().wallets[0].spent_today == (Spent("bitcoin", "", "61000"),)
    commitments = [
        event.commitments
        for _, event in home["device0"].device.journal.entries()
        if event.__struct_config__.tag == "started"
    ]
    assert len(set(commitments)) == 2


def test_two_sessions_for_one_request_at_the_same_time_sign_one_transaction_and_count_once(home):
    payment = home.pay()
    first = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    second = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    inner = []
    outer = home.run(first, opened=lambda: inner.append(home.run(second)))
    assert signed(payment, outer).txid == signed(payment, inner[0]).txid == payment.request.transaction
    assert home["device0"].status().wallets[0].spent_today == (Spent("bitcoin", "", "61000"),)


def test_a_request_that_expires_while_its_session_runs_is_not_signed(home):
    payment = home.pay(expires=START + 60)
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    outcome = home.run(openings, opened=lambda: home.clock.pass_(61))
    assert outcome.code == "authorization.expired"
    assert home["device0"].result(payment.digest).state == "unknown"


def test_a_session_is_over_after_two_minutes_even_if_nobody_looked_at_the_clock(home):
    payment = home.pay()
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    outcome = home.run(openings, opened=lambda: home.clock.pass_(120))
    assert outcome.code == "session.timeout"


# --- what the service may try ----------------------------------------------------------------------------------------


def swapped(home: Household, payment: Spend) -> Spend:
    return replaced_output(payment, 0, TxOutput(Satoshi(60_000), THIEF_SCRIPT))


def shaved(home: Household, payment: Spend) -> Spend:
    return replaced_output(payment, 0, TxOutput(Satoshi(59_999), FRIEND_SCRIPT))


def foreign_change(home: Household, payment: Spend) -> Spend:
    return replaced_output(payment, 1, TxOutput(Satoshi(99_939_000), THIEF_SCRIPT))


def greedy_fee(home: Household, payment: Spend) -> Spend:
    change = parse_psbt(payment.unsigned).transaction.outputs[1]
    return replaced_output(payment, 1, TxOutput(Satoshi(change.amount - 1), change.script))


def other_coin(home: Household, payment: Spend) -> Spend:
    return Spend(payment.request, home.pay(first_coin=9).unsigned)


def foreign_input(home: Household, payment: Spend) -> Spend:
    psbt = parse_psbt(payment.unsigned)
    coin = TxOutput(Satoshi(100_000_000), b"\x51\x20" + bytes(31) + b"\x01")
    alien = replace(psbt.inputs[0], witness_utxo=coin, spent=coin, tap_internal_key=b"", tap_origins=())
    return Spend(payment.request, replace(psbt, inputs=(alien,)).serialize())


def beyond_window(home: Household, payment: Spend) -> Spend:
    far = KeyPath(Branch.RECEIVE, 5_000_000)
    return Spend(payment.request, home.pay(coins=((far, 100_000_000),)).unsigned)


def truncated(home: Household, payment: Spend) -> Spend:
    return Spend(payment.request, payment.unsigned[:-3])


def nothing(home: Household, payment: Spend) -> Spend:
    return Spend(payment.request, b"")


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (swapped, "transaction.swapped-output"),
        (shaved, "transaction.fee-over-ceiling"),
        (foreign_change, "transaction.extra-output"),
        (greedy_fee, "transaction.fee-over-ceiling"),
        (other_coin, "transaction.other-transaction"),
        (foreign_input, "transaction.foreign-input"),
        (beyond_window, "transaction.foreign-input"),
        (truncated, "input.psbt-form"),
        (nothing, "input.psbt-form"),
    ],
)
def test_another_transaction_than_the_owner_named_is_refused_before_the_passphrase_is_touched(
    home, attack, code
):
    payment = home.pay()
    outcome = home.sign(attack(home, payment))
    assert outcome.code == code
    assert home["device0"].device.tries.state(payment.request.wallet_id).wrong == 0
    assert home["device0"].device.envelope_keys._pending  # not even its envelope was opened
    assert home["device0"].result(payment.digest).state == "unknown"
    assert signed(payment, home.sign(payment))  # and the honest one still goes through


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"created": START - 700, "expires": START - 1}, "authorization.expired"),
        ({"created": START + 301, "expires": START + 400}, "authorization.not-yet"),
        ({"expires": START + 25 * 3600}, "authorization.lifetime"),
        ({"chain": "eip155:1"}, "input.no-key"),
        ({"wallet_id": bytes(32)}, "input.unknown-wallet"),
        ({"fee_ceiling": "999"}, "transaction.fee-over-ceiling"),
        ({"outflows": (Outflow("payment", "", "60000", THIEF),)}, "transaction.swapped-output"),
        ({"transaction": bytes(32)}, "transaction.other-transaction"),
    ],
)
def test_a_request_that_does_not_hold_together_is_refused(home, fields, code):
    assert home.sign(home.pay(**fields)).code == code


def test_the_owners_clock_may_be_five_minutes_ahead(home):
    payment = home.pay(created=START + 299, expires=START + 900)
    assert signed(payment, home.sign(payment))


def test_a_credential_that_is_not_the_wallets_is_refused(home):
    payment = home.pay()
    stranger = IdentityKey.generate()
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned, key=stranger)
    assert home.run(openings).code == "authorization.unknown-credential"


def test_a_stranger_who_signs_in_the_owners_name_is_refused(home):
    payment = home.pay()
    authorization, envelopes = home.authorized(
        payment.request, ["device0", "device1"], key=IdentityKey.generate()
    )
    forged = msgspec.structs.replace(
        authorization,
        approvals=(
            msgspec.structs.replace(authorization.approvals[0], credential=DeviceKey(home.owner.public)),
        ),
    )
    assert home.run(home.openings_of(forged, envelopes, payment.unsigned)).code == "authorization.signature"


def test_an_authorization_for_one_request_serves_no_other(home):
    small, large = home.pay(10_000), home.pay(BTC // 2)
    authorization, envelopes = home.authorized(small.request, ["device0", "device1"])
    moved = msgspec.structs.replace(authorization, request=encode(large.request))
    assert home.run(home.openings_of(moved, envelopes, large.unsigned)).code == "authorization.signature"


def test_an_envelope_of_the_services_own_making_is_refused_and_burns_no_try(home):
    payment = home.pay()
    authorization, _ = home.authorized(payment.request, ["device0", "device1"])
    _, own = home.authorized(payment.request, ["device0", "device1"], "the service guesses")
    outcome = home.run(home.openings_of(authorization, own, payment.unsigned))
    assert outcome.code == "authorization.other-envelope"
    assert home["device0"].status().wallets[0].tries_left == 5


def test_the_envelope_of_another_device_is_refused(home):
    payment = home.pay()
    authorization, envelopes = home.authorized(payment.request, ["device0", "device1"])
    exchanged = {"device0": envelopes["device1"], "device1": envelopes["device0"]}
    assert (
        home.run(home.openings_of(authorization, exchanged, payment.unsigned)).code
        == "authorization.other-device"
    )


def test_an_envelope_opens_once(home):
    payment = home.pay()
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    home["device0"].send(openings["device0"])
    again = msgspec.structs.replace(openings["device0"], session=random(16))
    (answer,) = home["device0"].send(again)
    assert isinstance(answer, SessionFailed)
    assert error_of(answer.refusal).code == "passphrase.envelope-used"


def test_an_envelope_from_before_a_restart_opens_nothing_and_burns_no_try(home):
    payment = home.pay()
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    home["device0"].restart()
    (answer,) = home["device0"].send(openings["device0"])
    assert error_of(answer.refusal).code == "passphrase.envelope-used"
    assert home["device0"].status().wallets[0].tries_left == 5


def test_an_envelope_expires(home):
    payment = home.pay(expires=START + 3000)
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    home.clock.pass_(901)
    assert home.run(openings).code == "passphrase.envelope-used"


def test_an_envelope_sealed_for_another_request_does_not_open(home):
    payment, other = home.pay(), home.pay(1_234)
    envelopes = {name: home.envelope(home[name], other.digest, PASSPHRASE) for name in ("device0", "device1")}
    authorization = authorize(
        approver(home.owner), payment.request, encode(payment.request), list(envelopes.values())
    )
    assert (
        home.run(home.openings_of(authorization, envelopes, payment.unsigned)).code == "passphrase.envelope"
    )
    assert home["device0"].status().wallets[0].tries_left == 5


def test_only_so_many_envelope_keys_wait_at_a_time(home):
    payment = home.pay()
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    for _ in range(8):
        home.envelope(home["device0"], random(32), "x")
    assert len(home["device0"].device.envelope_keys._pending) == 8
    assert home.run(openings).codes["device0"] == "passphrase.envelope-used"


def test_a_request_id_never_serves_two_requests(home):
    payment = home.pay()
    assert signed(payment, home.sign(payment))
    other = home.pay(70_000, first_coin=5, request_id=payment.request.request_id)
    assert home.sign(other).code == "authorization.replayed"
    for device in home.devices.values():
        device.restart()
    assert home.sign(other).codes["device0"] == "authorization.replayed"


def test_of_two_requests_with_one_id_that_run_side_by_side_one_wins(home):
    first = home.pay()
    second = home.pay(70_000, first_coin=5, request_id=first.request.request_id)
    openings = home.openings(first.request, ["device0", "device1"], first.unsigned)
    overtaking = []
    outcome = home.run(openings, opened=lambda: overtaking.append(home.sign(second)))
    assert signed(second, overtaking[0])
    assert (
        outcome.code == "authorization.replayed"
    )  # judged again before the partial signatures, not only at first


@pytest.mark.parametrize(
    ("participants", "code"),
    [
        (["device0"], "input.too-few-participants"),
        (["device0", "stranger"], "input.participants"),
        (["device1", "device2"], "input.participants"),
        (["device0", "device0", "device1"], "input.participants"),
    ],
)
def test_the_participants_are_enough_distinct_devices_of_the_wallet_with_this_one(home, participants, code):
    payment = home.pay()
    authorization, envelopes = home.authorized(payment.request, ["device0"])
    identities = [random(32) if name == "stranger" else home[name].identity for name in participants]
    opening = OpenSession(
        random(16), authorization, envelopes["device0"], tuple(sorted(identities)), payment.unsigned
    )
    (answer,) = home["device0"].send(opening)
    assert error_of(answer.refusal).code == code


def test_participants_out_of_order_are_refused(home):
    payment = home.pay()
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    backwards = msgspec.structs.replace(
        openings["device0"], participants=tuple(reversed(openings["device0"].participants))
    )
    (answer,) = home["device0"].send(backwards)
    assert error_of(answer.refusal).code == "input.participants"


def test_a_session_identifier_serves_one_session(home):
    payment = home.pay()
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    home.run(openings)
    (answer,) = home["device0"].send(openings["device0"])
    assert error_of(answer.refusal).code == "input.session-reused"


def test_at_most_eight_sessions_at_a_time_and_they_end_by_themselves(home):
    for number in range(9):
        payment = home.pay(first_coin=number)
        (answer,) = home["device0"].send(
            home.openings(payment.request, ["device0", "device1"], payment.unsigned)["device0"]
        )
        assert isinstance(answer, SessionFailed) == (number == 8)
    assert error_of(answer.refusal).code == "session.busy"
    home.clock.pass_(120)
    ended = home["device0"].tick()
    assert len(ended) == 8
    assert {error_of(frame.refusal).code for frame in ended} == {"session.timeout"}
    assert {error_of(frame.refusal).blame for frame in ended} == {"device1"}


# --- the dry run -----------------------------------------------------------------------------------------------------


def test_a_dry_run_explains_and_changes_nothing(home):
    payment = home.pay()
    before = home["device0"].status()
    decision = home["device0"].decide(payment.request, payment.unsigned)
    assert decision.allowed and decision.refusal is None
    assert [rule.split("(")[1].split(")")[0] for rule in decision.rules] == [
        "per-transaction-limit",
        "window-limit",
        "fee-ceiling",
        "destination",
        "approvals",
    ]
    assert home["device0"].status() == before


def test_a_dry_run_says_why_not(home):
    payment = home.pay()
    decision = home["device0"].decide(payment.request, swapped(home, payment).unsigned)
    assert not decision.allowed
    assert error_of(decision.refusal).code == "transaction.swapped-output"


def test_an_envelope_with_an_empty_passphrase_is_refused(home, monkeypatch):
    payment = home.pay()
    monkeypatch.setattr(EnvelopeSecret, "open", lambda *_: bytearray())
    assert home.sign(payment).code == "passphrase.empty"
