"""A device without a sealing key over its whole road: handed out, cut off, and opened again by its keepers.

The platform is a simulation (``tests.support.keyless``); dealing, sessions, stores, boot and keepers are the product's.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.keyless import Home, KeylessDevice
from tests.support.peer_release import FORMAT, SimulatedVerifier, reference
from tests.support.simulator import bitcoin_policy, signed

from warifu.attestation import pinning
from warifu.attestation.registry import VERIFIERS
from warifu.errors import PeerMisbehaved, StoreDamaged
from warifu.protocol.attesting import Reference, reference_digest
from warifu.protocol.credential import DeviceKey
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import (
    ApproveReference,
    AskKeeper,
    CallRefused,
    HandedOut,
    Relay,
    Reply,
    refusal_of,
)
from warifu.protocol.framing import Origin
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.operator import AskStorageKey, FreezeDevice, OperatorRefused, decode_for_operator
from warifu.protocol.release import (
    Ask,
    AskRelease,
    Handing,
    Kept,
    ReleaseKey,
    ReleaseSet,
    Signed,
    seal_piece,
    sign,
)
from warifu.protocol.request import ReferenceRequest, request_digest
from warifu.service.hub.boots import not_there
from warifu.signer import hand_outs
from warifu.signer.booting import OFF_PAUSE, PATIENCE, REFUSED_PAUSE
from warifu.threshold.release import new_secret

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@pytest.fixture(autouse=True)
def simulated_vendor(monkeypatch):
    monkeypatch.setitem(VERIFIERS, FORMAT, SimulatedVerifier())
    monkeypatch.setitem(pinning.PINNED, FORMAT, ("launch",))
    monkeypatch.setattr(hand_outs, "WITHOUT_SEALING_KEY", {FORMAT})


@pytest.fixture
def home(tmp_path: Path):
    made = Home(tmp_path)
    yield made
    made.close()


@pytest.fixture
def handed_out(home: Home) -> Home:
    outcome = home.hand_out()
    assert set(outcome.finished) == {"server", "keeper0", "keeper1"}, outcome.codes
    return home


def opened(home: Home) -> bool:
    return home.server.booting is None


class Withheld:
    """A service that keeps back the messages of one kind, to deliver them when it suits it."""

    def __init__(self, home: Home, sender: str, receiver: str, number: int) -> None:
        """``number``: which message of this sender to this receiver, from 1."""
        self._home = home
        self._way = (home.household[sender].identity, home.household[receiver].identity)
        self._number = number
        self._count = 0
        self.kept_back: list[tuple[bytes, Relay]] = []

    def __call__(self, sender, receiver, frame):
        if (sender, receiver) == self._way:
            self._count += 1
            if self._count >= self._number:
                self.kept_back.append((receiver, frame))
                return []
        return [(receiver, frame)]

    def deliver(self) -> None:
        household, queue = self._home.household, self.kept_back
        while queue:
            receiver, frame = queue.pop(0)
            for said in household[household.name_of(receiver)].send(frame):
                if isinstance(said, Relay):
                    queue.append((said.peer, Relay(said.session, receiver, said.body)))


# --- handing out, and a power cut ------------------------------------------------------------------------------------


def test_after_a_power_cut_the_device_opens_with_its_keepers_and_signs_with_its_share(handed_out):
    home = handed_out
    identity = home.server.identity
    home.power_cut()
    assert not opened(home)
    home.boot()
    assert opened(home) and home.server.identity == identity
    payment = home.household.pay()
    assert signed(payment, home.household.sign(payment, ["server", "keeper0"]))
    home.power_cut()
    home.boot()
    assert opened(home)


def test_the_owner_hears_the_device_s_own_word_that_it_is_done(home):
    openings = home.openings(home.names, 2)
    outcome = home.household.run(openings)
    said = decode(HandedOut, outcome.finished["server"], 1024)
    request = openings["server"].authorization.request
    assert said.request == request_digest(
        msgspec.msgpack.decode(request, type=type(home.request(home.names, 2)))
    )
    verify(home.server.identity, said.signature, "handed-out", said.request, said.set)
    status = home.server.status()
    assert (set(status.held_by), status.not_held) == (
        {home.household[name].identity for name in home.names},
        False,
    )


def test_both_sides_write_it_down(handed_out):
    home = handed_out
    assert home.server.kinds()[-1] == "handed-over"
    home.power_cut()
    home.boot()
    for name in home.names:
        assert home.household[name].kinds()[-1] == "piece-released"
        assert "piece-kept" in home.household[name].kinds()


def test_before_the_hand_out_nothing_outlives_the_device_and_it_says_so(home):
    assert home.server.status().not_held
    home.server.crash()
    with pytest.raises(StoreDamaged) as refusal:
        home.server.start()
    assert refusal.value.code == "store.never-handed-out"
    home.household.devices.pop("server")


def test_the_service_s_own_database_does_not_depend_on_a_device_that_opens_through_the_service(handed_out):
    (answer,) = handed_out.server.operator(AskStorageKey())
    assert isinstance(answer, OperatorRefused) and answer.refusal.reason == "storage-key"


def test_the_disk_alone_shows_no_key(handed_out):
    key = handed_out.server.device.entrusted
    assert key is not None
    assert key._key.expose() not in handed_out.server.disk()
    assert handed_out.server.boot_key.seed() not in handed_out.server.disk()


# --- a keeper that is off --------------------------------------------------------------------------------------------


def test_it_waits_for_a_keeper_that_is_off_says_for_whom_and_opens_when_that_one_comes(handed_out):
    home = handed_out
    home.power_cut()
    home.off = {"keeper1"}
    home.boot()
    assert not opened(home)
    assert home.server.states == {"keeper0": "released", "keeper1": "off service.device-offline"}
    assert home.server.said[-1].needed == 1
    home.wait(OFF_PAUSE - 1)
    home.off.clear()
    home.wait(0)
    assert not opened(home), "it is not its turn yet"
    home.wait(1)
    assert opened(home)


def test_one_of_two_is_enough_where_the_owner_said_so(home):
    assert not home.hand_out(threshold=1).failed
    home.power_cut()
    home.off = {"keeper0"}
    home.boot()
    assert opened(home)


def test_a_connection_that_is_lost_costs_no_piece_that_came_already(handed_out):
    home = handed_out
    home.power_cut()
    home.off = {"keeper1"}
    home.boot()
    home.off = set()
    home.boot()
    assert opened(home)
    assert home.household["keeper0"].kinds().count("piece-released") == 1


def test_on_a_new_connection_it_asks_at_once_what_the_old_one_lost(handed_out):
    home = handed_out
    home.power_cut()
    lost: list[AskKeeper] = []
    home.boot(lambda asked, deliver: lost.append(asked))
    assert len(lost) == 2 and not opened(home)
    late = [home.deliver(asked) for asked in lost]
    again: list[AskKeeper] = []
    home.boot(lambda asked, deliver: again.append(asked))
    assert {asked.keeper for asked in again} == {asked.keeper for asked in lost}
    for answer in late:
        assert home.server.hear(answer) == [], "answers to the old connection's questions come to nothing"
    home.boot()
    assert opened(home)


# --- the wrong boot --------------------------------------------------------------------------------------------------


def test_a_changed_program_waits_until_the_owner_accepted_it(handed_out):
    home = handed_out
    home.power_cut(image="v2")
    home.boot()
    assert not opened(home)
    assert set(home.server.states.values()) == {"refused peer.evidence"}
    for name in home.names:
        approve(home, name, reference("v2"))
    home.wait(REFUSED_PAUSE)
    assert opened(home)


def approve(home: Home, keeper: str, accepted) -> None:
    """``warifu devices accept server``, as far as one device is told."""
    household, now, record = home.household, home.household.clock(), home.server.record
    assert household.birth is not None
    request = ReferenceRequest(
        random(16),
        household.birth.wallet_id,
        record.identity if record is not None else home.server.identity,
        accepted,
        reference_digest(reference()),
        now,
        now + 600,
    )
    authorization, envelopes = household.authorized(request, [keeper])
    (reply,) = household[keeper].send(ApproveReference(9, authorization, envelopes[keeper]))
    assert isinstance(reply, Reply), reply


@pytest.mark.parametrize("machine", [{"chip": "thief's"}, {"debug": True}], ids=["another machine", "debug"])
def test_a_stolen_disk_with_the_unlock_key_opens_on_no_other_machine(handed_out, machine):
    home = handed_out
    home.power_cut(**machine)
    home.boot()
    assert not opened(home)
    assert set(home.server.states.values()) == {"refused peer.evidence"}
    assert "piece-released" not in home.household["keeper0"].kinds()


def test_a_stolen_disk_without_the_unlock_key_asks_nobody(handed_out):
    home = handed_out
    home.server.crash()
    right, home.server.unlock_key = home.server.unlock_key, random(32)
    with pytest.raises(StoreDamaged) as refusal:
        home.server.start()
    assert refusal.value.code == "store.sealed"
    home.server.unlock_key = right
    home.server.start()


def test_a_boot_record_that_was_altered_leads_to_no_other_keepers_and_no_other_key(handed_out):
    home = handed_out
    path = home.server.directory / "boot.record"
    sound = path.read_bytes()
    home.server.crash()
    for index in range(0, len(sound), 7):
        altered = bytearray(sound)
        altered[index] ^= 1
        path.write_bytes(bytes(altered))
        try:
            home.server.start()
            home.server.seconds = 0.0
            home.boot()
        except StoreDamaged as error:
            assert error.code in ("store.boot-record", "store.sealed")
            continue
        if opened(home):  # a name, the identity or the certificate: for people, and for the service
            home.server.crash()
    path.write_bytes(sound)
    home.household.clock.pass_(3601)  # so many boots are let in within an hour and no more
    home.server.start()
    home.boot()
    assert opened(home)


def test_a_frozen_keeper_releases_nothing(handed_out):
    home = handed_out
    home.household["keeper0"].operator(FreezeDevice("something is wrong"))
    home.power_cut()
    home.boot()
    assert home.server.states["keeper0"] == "refused policy.frozen"
    assert not opened(home)


def test_a_boot_obeys_nobody(handed_out):
    home = handed_out
    home.power_cut()
    booting = home.server.booting
    ((origin, data),) = booting.receive(Origin.OPERATOR, encode(AskStorageKey()))
    refused = decode_for_operator(data)
    assert origin is Origin.OPERATOR and isinstance(refused, OperatorRefused)
    assert refused.refusal.reason == "booting"
    for noise in (b"", b"\xc1", random(100), encode(Relay(bytes(16), bytes(32), b""))):
        assert [origin for origin, _ in booting.receive(Origin.SERVICE, noise)] in ([], [Origin.OPERATOR])


def test_of_two_boots_from_copies_of_one_disk_the_one_that_falls_behind_is_refused_by_its_peers(handed_out):
    """A host starts a second machine of the same kind from a copy. Keepers cannot tell them apart; peers remember."""
    home = handed_out
    home.server.crash()
    copy = home.server.directory.with_name("copy")
    shutil.copytree(home.server.directory, copy)
    home.server.start()
    home.boot()
    first = home.server
    twin = KeylessDevice("server", copy, home.household.clock, unlock_key=first.unlock_key)
    home.household.devices["server"] = twin
    home.boot()
    assert opened(home) and twin.identity == first.identity
    home.household.devices["server"] = first
    payment = home.household.pay()
    assert signed(payment, home.household.sign(payment, ["server", "keeper0"]))
    home.household.devices["server"] = twin
    outcome = home.household.sign(home.household.pay(first_coin=2), ["server", "keeper0"])
    assert not outcome.finished
    assert "rolled-back" in {error.reason for error in outcome.failed.values()}
    first.close()


# --- a service that cheats -------------------------------------------------------------------------------------------


def test_a_service_that_answers_nothing_only_delays(handed_out):
    home = handed_out
    home.power_cut()
    home.boot(lambda asked, deliver: None)
    assert not opened(home)
    home.wait(PATIENCE)
    assert set(home.server.states.values()) == {"off service.device-silent"}
    home.wait(OFF_PAUSE)
    assert opened(home)


def test_a_service_that_plays_an_old_release_back_gains_nothing_and_has_nobody_blamed(handed_out):
    home = handed_out
    old: dict[tuple[bytes, type], Reply | CallRefused] = {}

    def listen(asked: AskKeeper, deliver):
        old[asked.keeper, type(asked.question)] = deliver(asked)
        return old[asked.keeper, type(asked.question)]

    def play_back(asked: AskKeeper, deliver):
        deliver(asked)
        return msgspec.structs.replace(old[asked.keeper, type(asked.question)], call=asked.call)

    home.power_cut()
    home.boot(listen)
    assert opened(home)
    home.power_cut()
    home.boot(play_back)
    assert not opened(home)
    assert {state.split()[0] for state in home.server.states.values()} == {"refused"}
    home.wait(REFUSED_PAUSE)
    assert opened(home)


def test_a_service_that_crosses_the_answers_of_two_keepers_has_nobody_blamed(handed_out):
    home = handed_out
    home.power_cut()
    waiting: list[tuple[AskKeeper, Reply | CallRefused]] = []

    def cross(asked: AskKeeper, deliver):
        waiting.append((asked, deliver(asked)))
        if len(waiting) < 2:
            return None
        (one, first), (other, second) = waiting
        home.carry(home.server.hear(msgspec.structs.replace(second, call=one.call)), lambda *_: None)
        return msgspec.structs.replace(first, call=other.call)

    home.boot(cross)
    assert set(home.server.states.values()) == {"refused authorization.signature"}
    home.wait(REFUSED_PAUSE)
    assert opened(home)


def test_a_service_that_puts_its_own_key_into_the_request_gets_no_piece(handed_out):
    home = handed_out
    mine, taken = ReleaseKey(), []

    def swap(asked: AskKeeper, deliver):
        if not isinstance(asked.question, AskRelease):
            return deliver(asked)
        ask = msgspec.msgpack.decode(asked.question.ask.statement, type=Ask)
        changed = msgspec.structs.replace(ask, key=mine.public)
        forged = Signed(encode(changed), asked.question.ask.signature)
        answer = deliver(AskKeeper(asked.call, asked.keeper, AskRelease(asked.question.set, forged)))
        taken.append(answer)
        return answer

    home.power_cut()
    home.boot(swap)
    assert taken and all(isinstance(answer, CallRefused) for answer in taken)
    assert set(home.server.states.values()) == {"refused authorization.signature"}
    assert not opened(home)


def test_a_service_cannot_have_a_keeper_called_a_liar(handed_out):
    home = handed_out
    home.power_cut()
    slander = refusal_of(PeerMisbehaved("release-piece", "a keeper lied", blame="keeper0"))
    home.boot(lambda asked, deliver: CallRefused(asked.call, slander))
    assert {state.split()[0] for state in home.server.states.values()} == {"refused"}
    home.wait(REFUSED_PAUSE)
    assert opened(home)


# --- a keeper that lies ----------------------------------------------------------------------------------------------


def test_a_keeper_that_releases_something_else_is_named_and_asked_no_more(tmp_path):
    home = Home(tmp_path, keepers=3)
    assert not home.hand_out(threshold=2).failed
    home.power_cut()
    asked_of: list[str] = []

    def lie(asked: AskKeeper, deliver):
        name = home.household.name_of(asked.keeper)
        asked_of.append(name)
        answer = deliver(asked)
        if name != "keeper0" or not isinstance(asked.question, AskRelease):
            return answer if name == "keeper0" else CallRefused(asked.call, refusal_of(not_there(name)))
        ask = msgspec.msgpack.decode(asked.question.ask.statement, type=Ask)
        wrong = seal_piece(ask, home.server.boot_key.public, new_secret().expose())
        return Reply(asked.call, encode(sign(home.household["keeper0"].device.identity, wrong)))

    home.boot(lie)
    assert home.server.states["keeper0"] == "lied peer.release-piece"
    seen = next(seen for seen in home.server.said[-1].keepers if seen.name == "keeper0")
    assert seen.refusal is not None and seen.refusal.blame == "keeper0"
    asked_of.clear()
    home.wait(PATIENCE, lie)
    assert asked_of and "keeper0" not in asked_of
    home.wait(REFUSED_PAUSE)
    assert opened(home), "the two honest ones are enough"
    home.close()


# --- who may have it handed out --------------------------------------------------------------------------------------


def test_devices_that_would_all_wait_for_each_other_are_refused(tmp_path):
    home = Home(tmp_path, keepers=1, others=["other"])
    outcome = home.hand_out(["keeper0", "other"], threshold=2)
    assert outcome.failed["server"].code == "input.release-circle"
    assert not outcome.finished
    assert home.server.status().not_held
    assert not home.hand_out(["keeper0", "other"], threshold=1).failed
    home.close()


def test_the_credential_alone_hands_nothing_out(home):
    outcome = home.hand_out(passphrase="a guess")
    assert outcome.failed["server"].code == "passphrase.wrong"
    assert home.server.status().not_held
    stranger = home.hand_out(key=IdentityKey.generate())
    assert {error.code for error in stranger.failed.values()} == {"authorization.unknown-credential"}


def test_one_owner_of_two_hands_nothing_out_and_no_keeper_keeps_for_him(tmp_path):
    """Whoever a device's store is opened by, it trusts: also a dealing device that is taken over, and asks its peers to
    keep on one owner's word, finds none that does."""
    partner = IdentityKey.generate()
    policy = msgspec.structs.replace(bitcoin_policy(), approvals_needed=2)
    home = Home(tmp_path, policy=policy, owners=[DeviceKey(partner.public)])
    alone = home.hand_out(passphrase="a guess at it")
    assert set(alone.codes) == {"server", *home.names}, "each judges for itself"
    assert alone.code == "policy.approvals"
    tries = home.server.status().wallets[0].tries_left
    assert tries == policy.passphrase_tries, "and none of them tried a passphrase"
    twice = home.hand_out(partners=[home.household.owner])
    assert twice.code == "policy.approvals"
    stranger = home.hand_out(partners=[IdentityKey.generate()])
    assert stranger.code == "authorization.unknown-credential"
    assert not home.hand_out(partners=[partner]).failed
    home.close()


def test_an_authorization_works_once(home):
    openings = home.openings(home.names, 2)
    assert not home.household.run(openings).failed
    again = home.openings_of(
        openings["server"].authorization, openings["server"].envelope, ["server", *home.names]
    )
    assert home.household.run(again).failed["server"].code == "passphrase.envelope-used"


def test_the_service_cannot_leave_out_or_add_a_keeper(tmp_path):
    home = Home(tmp_path, keepers=3)
    opening = home.openings(["keeper0", "keeper1"], 2)["server"]
    for names in (["server", "keeper0"], ["server", *home.names], ["server", "keeper0", "keeper2"]):
        outcome = home.household.run(home.openings_of(opening.authorization, opening.envelope, names))
        assert {error.code for error in outcome.failed.values()} == {"input.participants"}
    home.close()


def test_a_device_with_a_sealing_key_has_nothing_to_hand_out(home):
    outcome = home.hand_out(["keeper1"], threshold=1, name="keeper0")
    assert outcome.failed["keeper0"].code == "platform.seals-itself"


@pytest.mark.parametrize("who", ["server", "keeper0"])
def test_a_device_whose_evidence_nobody_can_check_is_handed_out_in_vain_and_told_so(home, who):
    """Its keepers would release nothing to it after a power cut."""
    approve(home, who, Reference(FORMAT, 0, b"", b"", (), unchecked=True))
    outcome = home.hand_out()
    assert outcome.failed[who].code == "policy.release-unchecked"
    assert not outcome.finished and home.server.status().not_held


# --- hostile devices -------------------------------------------------------------------------------------------------


def test_a_device_that_deals_otherwise_than_its_owner_said_is_named(home):
    entrusted: Any = home.server.device.entrusted
    honest = entrusted.deal
    entrusted.deal = lambda _threshold, peers: honest(1, peers)
    outcome = home.hand_out(threshold=2)
    for name in home.names:
        failure = outcome.failed.get(name)
        assert failure is None or (failure.code, failure.blame) == ("peer.release-set", "server")
    assert "peer.release-set" in outcome.codes.values()
    assert home.server.status().not_held


def test_a_keeper_that_says_it_keeps_something_else_is_named(home):
    keeper: Any = home.household["keeper1"].signer._keeper
    keeper.accept = lambda _sender, _handing: Kept(random(32))
    outcome = home.hand_out()
    assert (outcome.failed["server"].code, outcome.failed["server"].blame) == (
        "peer.release-kept",
        "keeper1",
    )
    assert home.server.status().not_held


def test_a_keeper_that_hands_over_what_only_the_device_can_is_named(home):
    openings = home.openings(home.names, 2)
    target = home.household["keeper0"].identity

    def take_over():
        (ceremony,) = home.household["keeper1"].signer._ceremonies._running.values()
        hostile: Any = ceremony
        described = ReleaseSet(random(32), (target,), (random(32),))
        hostile._met = lambda: [hostile._say(target, Handing(described, 1, random(32)))]

    outcome = home.household.run(openings, opened=take_over)
    failure = outcome.failed["keeper0"]
    assert (failure.code, failure.blame) == ("peer.out-of-turn", "keeper1")


def test_a_keeper_whose_session_runs_out_names_the_device_that_was_silent(home):
    home.hand_out(tamper=Withheld(home, "server", "keeper0", 3))
    home.household.clock.pass_(121)
    (failed,) = home.household["keeper0"].tick()
    assert (failed.refusal.reason, failed.refusal.blame) == ("timeout", "server")


def test_no_piece_leaves_before_every_keeper_has_shown_what_it_runs_on(home):
    """keeper1's evidence is kept back."""
    sent = []

    def keep_back(sender, receiver, frame):
        name = home.household.name_of(sender)
        if name == "keeper1" and b"hello" not in frame.body[:16]:
            return []
        sent.append((name, home.household.name_of(receiver)))
        return [(receiver, frame)]

    outcome = home.hand_out(tamper=keep_back)
    assert not outcome.finished
    assert sent.count(("server", "keeper0")) == 2, "a Hello, and what it runs on"
    assert home.server.status().not_held


# --- dealing anew ----------------------------------------------------------------------------------------------------


def test_a_keeper_is_replaced_by_dealing_anew_and_its_piece_is_worth_nothing(tmp_path):
    home = Home(tmp_path, keepers=3)
    assert not home.hand_out(["keeper0", "keeper1"]).failed
    assert not home.hand_out(["keeper0", "keeper2"]).failed
    home.power_cut()
    home.off = {"keeper1"}
    home.boot()
    assert opened(home)
    assert set(home.server.states) == {"keeper0", "keeper2"}
    home.close()


@pytest.mark.parametrize("lost", ["handing", "kept", "in-use"])
def test_a_hand_out_that_breaks_off_leaves_the_device_a_way_to_boot(handed_out, lost):
    """The service loses one kind of message, again and again; whichever set is in use, every keeper has its piece."""
    home = handed_out
    for _ in range(3):
        passed: dict[tuple[bytes, bytes], int] = {}

        def lose(sender, receiver, frame, passed=passed):
            count = passed[sender, receiver] = passed.get((sender, receiver), 0) + 1
            from_server = sender == home.server.identity
            # Hello, what it runs on, the set in use, the handing, the set in use from now on.
            if (lost, from_server, count) in {("handing", True, 4), ("kept", False, 3), ("in-use", True, 5)}:
                return []
            return [(receiver, frame)]

        outcome = home.hand_out(tamper=lose)
        assert ("server" in outcome.finished) is (lost == "in-use")
    home.power_cut()
    home.boot()
    assert opened(home)


@pytest.mark.parametrize(
    ("first", "second_ends"),
    [(("keeper1", "server", 3), False), (("server", "keeper0", 4), True)],
    ids=[
        "the first is put to use after the second was kept",
        "the first is kept after the second was put to use",
    ],
)
def test_two_hand_outs_side_by_side_never_leave_a_set_that_nobody_keeps(handed_out, first, second_ends):
    """The first is held up, so the owner asks again; then the service lets the two go on as it likes."""
    home = handed_out
    one, other = Withheld(home, *first), Withheld(home, "keeper1", "server", 3)
    home.hand_out(tamper=one)
    home.hand_out(tamper=other)
    assert one.kept_back and other.kept_back
    one.deliver()
    if second_ends:
        other.deliver()
    home.power_cut()
    home.boot()
    assert opened(home), home.server.states


def test_a_keeper_that_restarts_still_has_its_piece(handed_out):
    home = handed_out
    for name in home.names:
        home.household[name].restart()
    home.power_cut()
    home.boot()
    assert opened(home)


def test_a_device_named_for_itself_is_no_keeper(home):
    with pytest.raises(ValueError, match="keeper of its own"):
        home.request(["server"], 1)
