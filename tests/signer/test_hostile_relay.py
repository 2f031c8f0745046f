"""A service that drops, replays, reorders, alters and crosses what it relays, and a signer that cheats.

What they get: no signature, an error that names the culprit where that can be known, and never an innocent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.founding import founded
from tests.support.simulator import Household, Outcome, Spend, honest, signed

from warifu.chains.bitcoin.psbt import parse_psbt
from warifu.protocol.channel import Hello, HelloStatement, Record
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import CloseSession, Relay
from warifu.signer.sessions.messages import Nonces, Partials
from warifu.units import Satoshi

pytestmark = [pytest.mark.unit, pytest.mark.slow]
WHO = ["device0", "device1"]


@pytest.fixture
def home(tmp_path: Path):
    household = founded(tmp_path, 2)
    yield household
    household.close()


# --- the relay -------------------------------------------------------------------------------------------------------


def nth(number: int, do: Callable[[bytes, bytes, Relay], list[tuple[bytes, Relay]]]):
    """Do something to the relay's n-th message (from 0) and be honest with all others."""
    count = iter(range(1000))
    return lambda sender, receiver, frame: (do if next(count) == number else honest)(sender, receiver, frame)


def drop(_sender: bytes, _receiver: bytes, _frame: Relay) -> list[tuple[bytes, Relay]]:
    return []


def twice(_sender: bytes, receiver: bytes, frame: Relay) -> list[tuple[bytes, Relay]]:
    return [(receiver, frame), (receiver, frame)]


def flip_last_bit(_sender: bytes, receiver: bytes, frame: Relay) -> list[tuple[bytes, Relay]]:
    body = frame.body[:-1] + bytes([frame.body[-1] ^ 1])
    return [(receiver, Relay(frame.session, frame.peer, body))]


def cut(_sender: bytes, receiver: bytes, frame: Relay) -> list[tuple[bytes, Relay]]:
    return [(receiver, Relay(frame.session, frame.peer, frame.body[:-1]))]


def send_back(sender: bytes, receiver: bytes, frame: Relay) -> list[tuple[bytes, Relay]]:
    return [(sender, Relay(frame.session, receiver, frame.body))]


def garbage(_sender: bytes, receiver: bytes, frame: Relay) -> list[tuple[bytes, Relay]]:
    return [(receiver, Relay(frame.session, frame.peer, random(40)))]


def in_a_strangers_name(_sender: bytes, receiver: bytes, frame: Relay) -> list[tuple[bytes, Relay]]:
    return [(receiver, Relay(frame.session, random(32), frame.body))]


@pytest.mark.parametrize("attack", [drop, twice, flip_last_bit, cut, send_back, garbage, in_a_strangers_name])
@pytest.mark.parametrize("number", range(6))  # two Hellos, two nonces, two partial signatures
def test_whatever_the_relay_does_to_a_message_nobody_innocent_is_blamed(home, attack, number):
    payment = home.pay()
    outcome = home.sign(payment, WHO, nth(number, attack))
    for name in WHO:
        error = outcome.failed.get(name)
        if error is not None:
            assert error.blame is None, (error.code, error.blame)
            assert error.family == "peer", error.code
    if outcome.finished:
        assert signed(payment, outcome)
    # Whatever it was, the owner's next try goes through.
    home.clock.pass_(121)
    for device in home.devices.values():
        device.tick()
    assert signed(payment, home.sign(payment, WHO))


def test_a_signature_that_the_relay_kept_back_can_be_asked_for(home):
    payment = home.pay()
    outcome = home.sign(payment, WHO, nth(7, drop))
    assert len(outcome.finished) == 1
    (name,) = outcome.finished
    assert home[name].result(payment.digest).state == "finished"


def test_messages_of_one_session_do_nothing_in_another(home):
    first, second = home.pay(first_coin=1), home.pay(first_coin=2)
    recorded: list[tuple[bytes, Relay]] = []

    def record(sender, receiver, frame):
        recorded.append((receiver, frame))
        return [(receiver, frame)]

    home.sign(first, WHO, record)
    openings = home.openings(second.request, WHO, second.unsigned)
    session = openings["device0"].session

    def cross(sender, receiver, frame):
        old = next(other for to, other in recorded if to == receiver)
        return [(receiver, Relay(session, old.peer, old.body))]

    outcome = home.run(openings, cross)
    assert outcome.code == "peer.hello"
    assert all(error.blame is None for error in outcome.failed.values())


def test_records_before_the_last_hello_wait_but_not_without_end(home):
    payment = home.pay()
    outcome = home.sign(payment, ["device0", "device1", "device2"], reorder_hellos(home))
    assert signed(payment, outcome)


def reorder_hellos(home: Household):
    """device2's Hello to device0 comes after device1's nonces to device0."""
    held: list[tuple[bytes, Relay]] = []

    def tamper(sender, receiver, frame):
        is_hello = b"hello" in frame.body[:16]
        if is_hello and sender == home["device2"].identity and receiver == home["device0"].identity:
            held.append((receiver, frame))
            return []
        if (
            not is_hello
            and sender == home["device1"].identity
            and receiver == home["device0"].identity
            and held
        ):
            return [(receiver, frame), held.pop()]
        return [(receiver, frame)]

    return tamper


def test_a_flood_of_early_records_ends_the_session(home):
    payment = home.pay()
    openings = home.openings(payment.request, WHO, payment.unsigned)
    home["device0"].send(openings["device0"])
    record = encode(Record(bytes(24), bytes(64)))
    peer = home["device1"].identity
    answers = [home["device0"].send(Relay(openings["device0"].session, peer, record)) for _ in range(6)]
    assert answers[:5] == [[], [], [], [], []]
    assert answers[5][0].refusal.reason == "record-early"


def test_a_service_that_lies_about_amounts_to_one_signer_frames_nobody(home):
    """The txid does not fix the inputs' amounts; the signature does. Without a comparison the honest share of the
    signer that was lied to would look forged."""
    payment = home.pay(fee=2_000)
    psbt = parse_psbt(payment.unsigned)
    spent = psbt.inputs[0].spent
    assert spent is not None
    coin = replace(spent, amount=Satoshi(spent.amount - 500))
    lie = replace(psbt, inputs=(replace(psbt.inputs[0], witness_utxo=coin, spent=coin),)).serialize()
    openings = home.openings(payment.request, WHO, payment.unsigned)
    openings["device1"] = msgspec.structs.replace(openings["device1"], unsigned=lie)
    outcome = home.run(openings)
    assert outcome.code == "peer.transaction-differs"
    assert all(error.blame is None for error in outcome.failed.values())
    assert home["device0"].result(payment.digest).state == "unknown"


def test_a_closed_session_is_closed(home):
    payment = home.pay()
    openings = home.openings(payment.request, WHO, payment.unsigned)
    (hello,) = home["device0"].send(openings["device0"])
    home["device1"].send(openings["device1"])
    home["device1"].send(CloseSession(openings["device1"].session, "no reason"))
    assert home["device1"].send(Relay(hello.session, home["device0"].identity, hello.body)) == []


def test_after_a_restart_nothing_of_an_old_session_is_left_to_misuse(home):
    """The nonces were in memory. What the service recorded of the session leads nowhere any more."""
    payment = home.pay()
    sent: list[tuple[bytes, Relay]] = []

    def record(sender, receiver, frame):
        sent.append((receiver, frame))
        return [(receiver, frame)]

    home.sign(payment, WHO, record)
    home["device0"].restart()
    for receiver, frame in sent:
        if receiver == home["device0"].identity:
            assert home["device0"].send(frame) == []


def test_a_session_that_is_left_alone_names_who_was_silent(home):
    payment = home.pay()
    three = ["device0", "device1", "device2"]
    openings = home.openings(payment.request, three, payment.unsigned)
    for name in ("device0", "device1"):
        home[name].send(openings[name])
    home.clock.pass_(119)
    assert home["device0"].tick() == []
    home.clock.pass_(1)
    (failed,) = home["device0"].tick()
    assert failed.refusal.reason == "timeout"
    assert "device1" in failed.refusal.message and "device2" in failed.refusal.message


# --- a hostile signer ------------------------------------------------------------------------------------------------


def with_cheat(
    home: Household, payment: Spend, cheat: str, change: Callable[[Any], Any], who: list[str] = WHO
) -> Outcome:
    """Sign with ``cheat`` sending ``change(message)`` in place of each of its messages."""
    openings = home.openings(payment.request, who, payment.unsigned)

    def take_over():
        ceremony: Any = home[cheat].signer._ceremonies._running[openings[cheat].session]
        honest_say = ceremony._say_to_all
        ceremony._say_to_all = lambda message: honest_say(change(message))

    return home.run(openings, opened=take_over)


def bad_partial(message: Any) -> Any:
    return Partials((random(31).rjust(32, b"\0"),)) if isinstance(message, Partials) else message


def zero_partial(message: Any) -> Any:
    return Partials((bytes(32),)) if isinstance(message, Partials) else message


def too_many_partials(message: Any) -> Any:
    return Partials(message.partial * 2) if isinstance(message, Partials) else message


def no_point(message: Any) -> Any:
    return (
        Nonces((b"\x02" + b"\xff" * 32 + message.public[0][33:],)) if isinstance(message, Nonces) else message
    )


def too_many_nonces(message: Any) -> Any:
    return Nonces(message.public * 2) if isinstance(message, Nonces) else message


def nonces_again(message: Any) -> Any:
    return Nonces((b"\2" * 66,)) if isinstance(message, Partials) else message


def partials_at_once(message: Any) -> Any:
    return Partials((bytes(32),)) if isinstance(message, Nonces) else message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (bad_partial, "peer.signature-share"),
        (zero_partial, "peer.signature-share"),
        (too_many_partials, "peer.malformed"),
        (no_point, "peer.public-nonce"),
        (too_many_nonces, "peer.malformed"),
        (nonces_again, "peer.out-of-turn"),
        (partials_at_once, "peer.out-of-turn"),
    ],
)
def test_a_signer_that_cheats_is_named(home, change, code):
    payment = home.pay()
    outcome = with_cheat(home, payment, "device1", change)
    assert outcome.failed["device0"].code == code
    assert outcome.failed["device0"].blame == "device1"
    assert signed(payment, home.sign(payment, ["device0", "device2"]))


def test_the_error_does_not_claim_that_nothing_was_signed_once_a_part_of_a_signature_has_left(home):
    early = with_cheat(home, home.pay(), "device1", no_point).failed["device0"]
    late = with_cheat(home, home.pay(first_coin=2), "device1", bad_partial).failed["device0"]
    assert "Nothing was signed" in early.not_done
    assert "Nothing was signed" not in late.not_done


def test_of_three_signers_the_one_that_cheats_is_named_by_both_others(home):
    payment = home.pay()
    outcome = with_cheat(home, payment, "device1", bad_partial, ["device0", "device1", "device2"])
    assert {outcome.failed[name].blame for name in ("device0", "device2")} == {"device1"}


def hello_of(home: Household, name: str, change: dict[str, object], key: Any = None):
    """Tamper: ``name``'s Hello is replaced by another that it signed itself."""

    def tamper(sender, receiver, frame):
        if sender == home[name].identity and b"hello" in frame.body[:16]:
            hello = decode(Hello, frame.body, 2**18)
            statement = encode(
                msgspec.structs.replace(decode(HelloStatement, hello.statement, 2**16), **change)
            )
            signature = home[name].device.identity.sign("hello", statement)
            return [(receiver, Relay(frame.session, frame.peer, encode(Hello(statement, signature))))]
        return [(receiver, frame)]

    return tamper


@pytest.mark.parametrize(
    ("change", "code", "blame"),
    [
        ({"rules_hash": bytes(32)}, "peer.policy-differs", "device1"),
        ({"kx_public": bytes(32)}, "peer.hello", "device1"),
        ({"kx_public": b"\x09" + bytes(31)}, "peer.record", None),
        ({"payload": b""}, "peer.transaction-differs", None),
        ({"session": bytes(16)}, "peer.hello", None),
        ({"purpose": bytes(32)}, "peer.hello", None),
    ],
)
def test_a_hello_that_does_not_fit_is_refused(home, change, code, blame):
    outcome = home.sign(home.pay(), WHO, hello_of(home, "device1", change))
    assert outcome.failed["device0"].code == code
    assert outcome.failed["device0"].blame == blame


def test_two_different_hellos_of_one_signer_name_it(home):
    payment = home.pay()
    openings = home.openings(payment.request, WHO, payment.unsigned)
    home["device0"].send(openings["device0"])
    peer = home["device1"]
    hellos = []
    for _ in range(2):
        (frame,) = peer.send(openings["device1"])
        hellos.append(Relay(frame.session, peer.identity, frame.body))
        peer.restart()
        openings["device1"] = msgspec.structs.replace(
            home.openings(payment.request, WHO, payment.unsigned)["device1"], session=frame.session
        )
    assert len(home["device0"].send(hellos[0])) == 2  # what it runs on, and its nonces
    (failed,) = home["device0"].send(hellos[1])
    assert (failed.refusal.reason, failed.refusal.blame) == ("hello-twice", "device1")
