"""Notes between devices: what one of them counts the others count as well, by any road, and nobody invents a spend."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.founding import founded
from tests.support.simulator import BTC, Household, SimulatedDevice, Spend, bitcoin_policy, signed

from warifu.errors import WarifuError
from warifu.protocol.authorization import authorize
from warifu.protocol.credential import approver
from warifu.protocol.encoding import encode
from warifu.protocol.frames import AskNotes, NotesAnswer, TakeNotes
from warifu.protocol.frames import Spent as SpentToday
from warifu.protocol.identity import IdentityKey
from warifu.protocol.notes import (
    MAX_NOTE_BYTES,
    MAX_NOTED_UNSIGNED,
    MAX_NOTES,
    MAX_NOTES_BYTES,
    Note,
    Place,
    Spent,
    Vetoed,
    write_note,
)
from warifu.protocol.policy import DAY
from warifu.signer.notes import FOR_EVER

pytestmark = [pytest.mark.unit, pytest.mark.slow]

LIMIT = 150_000
AWAKE, OTHERS = ["device0", "device1"], ["device1", "device2"]


@pytest.fixture
def home(tmp_path: Path):
    household = founded(tmp_path, 2, bitcoin_policy(per_day=LIMIT))
    yield household
    household.close()


def notes_of(device: SimulatedDevice, home: Household, after: Place | None = None) -> NotesAnswer:
    assert home.birth is not None
    return device.call(AskNotes(5, home.birth.wallet_id, after), NotesAnswer)


def bring(home: Household, notes: tuple[Note, ...], name: str) -> None:
    assert home.birth is not None
    (answer,) = home[name].send(TakeNotes(6, home.birth.wallet_id, notes))
    if hasattr(answer, "refusal"):
        from warifu.protocol.frames import error_of

        raise error_of(answer.refusal)


def counted(home: Household, name: str) -> int:
    """What the device counts of the coin in 24 hours."""
    return sum(int(item.amount) for item in home[name].status().wallets[0].spent_today)


def noted_spend(home: Household, spend: Spend, maker: str, key: IdentityKey | None = None) -> Note:
    """As a hostile device makes it: of what the owner authorized, signed or not."""
    assert home.birth is not None
    authorization = authorize(approver(key or home.owner), spend.request, encode(spend.request), ())
    return write_note(
        home[maker].device.identity, home.birth.wallet_id, 9, Spent(authorization, spend.unsigned)
    )


# --- they arrive -----------------------------------------------------------------------------------------------------


def test_a_device_that_took_no_part_counts_what_it_is_told_in_the_next_session(home):
    """Limits over all quorums: 100,000 by the first two, and the third lets no more than the rest of it pass."""
    first = home.pay(99_000, first_coin=1)
    assert signed(first, home.sign(first, AWAKE))
    outcome = home.sign(home.pay(50_000, first_coin=2), OTHERS)
    assert outcome.codes["device1"] == "policy.window-limit"
    assert home.sign(home.pay(40_000, first_coin=3), ["device0", "device2"]).finished
    assert counted(home, "device2") >= 141_000


def test_even_where_its_only_peer_is_hostile_what_it_was_told_before_counts(home):
    """device2 heard of it through the service while it took part in nothing."""
    assert home.sign(home.pay(99_000, first_coin=1), AWAKE).finished
    bring(home, notes_of(home["device0"], home).notes, "device2")
    assert counted(home, "device2") >= 100_000
    assert home["device2"].kinds()[-1] == "noted"
    assert home.sign(home.pay(60_000, first_coin=2), OTHERS).codes["device2"] == "policy.window-limit"


def test_what_is_told_in_a_session_is_judged_before_anything_is_signed_in_it(tmp_path):
    """Two pairs spent apart. One of each meet: alone each would let it pass, together they know better."""
    home = Household(tmp_path, 4)
    home.make_wallet(2, bitcoin_policy(per_day=LIMIT))
    assert home.sign(home.pay(60_000, first_coin=1), ["device0", "device1"]).finished
    assert home.sign(home.pay(60_000, first_coin=2), ["device2", "device3"]).finished
    spend = home.pay(60_000, first_coin=3)
    assert all(home[name].decide(spend.request, spend.unsigned).allowed for name in home.names)
    outcome = home.sign(spend, ["device0", "device2"])
    assert outcome.code == "policy.window-limit"
    assert all(home[name].kinds().count("started") == 1 for name in home.names)
    home.close()


def test_a_note_counts_for_participants_what_was_signed_and_for_others_what_was_authorized(home):
    spend = home.pay(60_000, fee=1_000, first_coin=1)
    assert home.sign(spend, AWAKE).finished
    bring(home, notes_of(home["device0"], home).notes, "device2")
    assert counted(home, "device0") == 61_000
    assert counted(home, "device2") == 60_000 + int(spend.request.fee_ceiling)


def test_it_counts_until_its_request_expired_and_the_window_passed(home):
    spend = home.pay(99_000, first_coin=1)
    assert home.sign(spend, AWAKE).finished
    bring(home, notes_of(home["device0"], home).notes, "device2")
    home.clock.time = spend.request.expires + DAY - 1
    assert counted(home, "device2") and not counted(home, "device0")
    home.clock.pass_(1)
    assert not counted(home, "device2")


def test_what_one_learnt_it_tells_on(home):
    """From device0 to device1 to device2, without device0."""
    assert home.sign(home.pay(60_000, first_coin=1), ["device0", "device2"]).finished
    bring(home, notes_of(home["device0"], home).notes, "device1")
    (note,) = notes_of(home["device1"], home).notes
    assert note.identity == home["device0"].identity
    note.check()


def test_each_spend_is_told_and_counted_once_whoever_tells_it(home):
    assert home.sign(home.pay(60_000, first_coin=1), AWAKE).finished
    for name in AWAKE:
        bring(home, notes_of(home[name], home).notes, "device2")
        bring(home, notes_of(home[name], home).notes, "device2")
    assert len(notes_of(home["device2"], home).notes) == 1
    assert counted(home, "device2") == counted(home, "device2") <= 62_000
    assert home["device2"].kinds().count("noted") == 1


def test_a_fee_bump_by_other_devices_counts_once(home):
    """device2 never saw the original's session, and is told of it with the transaction's bytes."""
    original = home.pay(99_000, first_coin=1)
    assert signed(original, home.sign(original, AWAKE))
    bump = home.pay(99_000, fee=3_000, first_coin=1, replaces=original.request.request_id)
    assert signed(bump, home.sign(bump, OTHERS))
    most = 99_000 + max(3_000, int(original.request.fee_ceiling))
    assert counted(home, "device1") == 102_000
    assert counted(home, "device2") == most


@pytest.mark.parametrize("without_bytes", [False, True])
def test_what_only_calls_itself_a_replacement_of_what_was_noted_never_counts_less(home, without_bytes):
    """Another coin: both can happen. With the original's bytes it is refused, without them it counts beside it."""
    original = home.pay(70_000, first_coin=1)
    assert home.sign(original, AWAKE).finished
    (note,) = notes_of(home["device0"], home).notes
    if without_bytes:  # a hostile device leaves them out
        assert isinstance(note.body, Spent)
        body = msgspec.structs.replace(note.body, unsigned=b"")
        note = write_note(home["device0"].device.identity, note.wallet_id, 1, body)
    bring(home, (note,), "device2")
    other = home.pay(70_000, fee=3_000, first_coin=7, replaces=original.request.request_id)
    decision = home["device2"].decide(other.request, other.unsigned)
    refused = decision.refusal.reason if decision.refusal is not None else ""
    assert refused == ("" if without_bytes else "not-a-replacement")
    if without_bytes:
        home.clock.pass_(1)
        assert counted(home, "device2") == 70_000 + int(original.request.fee_ceiling)


def test_bytes_that_are_not_the_named_transaction_recognise_nothing(home):
    original, lie = home.pay(60_000, first_coin=1), home.pay(60_000, first_coin=7)
    note = noted_spend(home, original, "device0")
    assert isinstance(note.body, Spent)
    body = msgspec.structs.replace(note.body, unsigned=lie.unsigned)
    bring(home, (write_note(home["device0"].device.identity, note.wallet_id, 1, body),), "device2")
    bump = home.pay(60_000, fee=3_000, first_coin=7, replaces=original.request.request_id)
    home.sign(bump, OTHERS)
    assert counted(home, "device2") == 60_000 + int(original.request.fee_ceiling) + 63_000


# --- nothing is invented ---------------------------------------------------------------------------------------------


def refused(home: Household, note: Note) -> str:
    with pytest.raises(WarifuError) as error:
        bring(home, (note,), "device2")
    assert counted(home, "device2") == 0
    return error.value.code


def test_a_spend_that_no_owner_authorized_does_not_count(home):
    note = noted_spend(home, home.pay(99_000), "device1", key=IdentityKey.generate())
    bring(home, (note,), "device2")
    assert counted(home, "device2") == 0
    assert not notes_of(home["device2"], home).notes


@pytest.mark.parametrize("field", ["outflows", "fee_ceiling", "expires"])
def test_a_spend_is_not_made_larger_or_later_than_authorized(home, field):
    spend = home.pay(60_000)
    note = noted_spend(home, spend, "device1")
    changed: dict[str, Any] = {
        "outflows": (msgspec.structs.replace(spend.request.outflows[0], amount="99000"),),
        "fee_ceiling": "90000",
        "expires": spend.request.expires + 1,
    }
    assert isinstance(note.body, Spent)
    request = msgspec.structs.replace(spend.request, **{field: changed[field]})
    authorization = msgspec.structs.replace(note.body.authorization, request=encode(request))
    forged = write_note(
        home["device1"].device.identity, note.wallet_id, 9, Spent(authorization, spend.unsigned)
    )
    assert refused(home, forged) == "authorization.signature"


def test_a_note_in_anothers_name_is_refused(home):
    note = noted_spend(home, home.pay(), "device1")
    stolen = msgspec.structs.replace(note, identity=home["device0"].identity)
    assert refused(home, stolen) == "authorization.signature"


def test_a_note_of_a_stranger_is_left_aside(home):
    assert home.birth is not None
    authorization = authorize(approver(home.owner), (spend := home.pay()).request, encode(spend.request), ())
    note = write_note(IdentityKey.generate(), home.birth.wallet_id, 1, Spent(authorization, spend.unsigned))
    bring(home, (note,), "device2")
    assert counted(home, "device2") == 0


def test_another_wallets_spend_is_no_note_of_this_wallet(home):
    home_wallet = home.birth
    home.make_wallet(2)
    foreign = noted_spend(home, home.pay(), "device1")
    home.birth = home_wallet
    assert refused(home, foreign) == "input.note"
    assert home_wallet is not None
    moved = write_note(home["device1"].device.identity, home_wallet.wallet_id, 1, foreign.body)
    assert refused(home, moved) == "input.note"


def test_a_device_that_tells_what_nobody_said_is_named_and_nothing_is_signed(home):
    note = noted_spend(home, home.pay(99_000), "device0")
    lie = msgspec.structs.replace(note, sequence=8)
    with home["device1"].device.store.transaction():
        home["device1"].device.notes.keep(lie, FOR_EVER)
    failed = home.sign(home.pay(first_coin=5), AWAKE).failed["device0"]
    assert (failed.code, failed.blame) == ("peer.note", "device1")


def test_what_this_device_counts_already_is_left_aside_whatever_else_is_told_of_it(home):
    """Nothing of such a note is taken in, so nobody verifies its signatures once more; nothing is believed either."""
    assert home.birth is not None
    first = home.pay(99_000, first_coin=1)
    assert home.sign(first, AWAKE).finished
    before = notes_of(home["device0"], home).notes
    forged = noted_spend(home, first, "device1", key=IdentityKey.generate())
    liar = home["device1"].device
    with liar.store.transaction():
        liar.store.execute("DELETE FROM notes")
        liar.notes.keep(msgspec.structs.replace(forged, sequence=8), FOR_EVER)
    assert home.sign(home.pay(1_000, first_coin=5), AWAKE).finished
    assert counted(home, "device0") == 102_000
    assert notes_of(home["device0"], home).notes[: len(before)] == before
    assert "noted" not in home["device0"].kinds()


def test_what_was_authorized_and_never_signed_counts_where_a_hostile_device_says_so(home):
    """Said in docs/limits.md: it costs the owner a part of his limits, as far as he authorized, and nobody anything
    else."""
    bring(home, (noted_spend(home, home.pay(99_000), "device1"),), "device2")
    assert counted(home, "device2") >= 99_000


# --- nothing is lost -------------------------------------------------------------------------------------------------


def filled(home: Household, name: str, count: int) -> None:
    """Notes of another kind, which take room: vetoes of what nobody asked for."""
    assert home.birth is not None
    device = home[name].device
    with device.store.transaction():
        for _ in range(count):
            device.notes.write(home.birth.wallet_id, Vetoed(random(32)))


def test_what_does_not_fit_comes_the_next_time_and_nothing_is_left_out(home):
    filled(home, "device0", MAX_NOTES + 5)
    assert home.sign(home.pay(60_000, first_coin=1), ["device0", "device1"]).finished  # the last of its notes
    for coin in range(2, 5):
        home.sign(home.pay(1_000, first_coin=coin), ["device0", "device2"])
    assert counted(home, "device2") >= 61_000


def test_what_was_not_acknowledged_is_told_again(home):
    """The session breaks off before device2 shows anything: device0 has told, and cannot know whether it was heard."""
    assert home.sign(home.pay(60_000, first_coin=1), AWAKE).finished
    spend = home.pay(1_000, first_coin=2)
    home.run(home.openings(spend.request, ["device0", "device2"], spend.unsigned), lambda *_: [])
    assert counted(home, "device2") == 0
    assert home.sign(home.pay(1_000, first_coin=3), ["device0", "device2"]).finished
    assert counted(home, "device2") >= 61_000


def test_what_was_acknowledged_is_not_told_again(home):
    for coin in range(1, 4):
        assert home.sign(home.pay(1_000, first_coin=coin), AWAKE).finished
    assert home.birth is not None
    told = home["device0"].device.notes.told(home.birth.wallet_id, home["device1"].identity)
    assert (
        len(told.notes) == 2
    )  # of three: the last, and the one whose acknowledgement comes with the next session


def test_a_device_that_is_put_back_is_told_again_what_it_forgot(home):
    """A copy made in the middle of a session is seen by nobody (``test_peers``): at least it hears of the spend."""
    copies: list[Path] = []

    def copy(sender: bytes, receiver: bytes, frame: Any) -> list[tuple[bytes, Any]]:
        if receiver == home["device1"].identity and not copies and home["device1"].kinds()[-1] == "met":
            copies.append(Path(shutil.copytree(home["device1"].directory, home.root / "copy")))
        return [(receiver, frame)]

    assert home.sign(home.pay(99_000, first_coin=1), AWAKE, copy).finished
    home["device1"].crash()
    shutil.rmtree(home["device1"].directory)
    shutil.copytree(copies[0], home["device1"].directory)
    home["device1"].start()
    assert counted(home, "device1") == 0
    outcome = home.sign(home.pay(10_000, first_coin=2), AWAKE)
    assert outcome.finished
    assert counted(home, "device1") >= 110_000


def test_the_service_cannot_make_a_device_believe_that_it_was_told(home):
    """It brings nothing and says nothing that moves a place: the next session tells all."""
    assert home.sign(home.pay(60_000, first_coin=1), AWAKE).finished
    bring(home, (), "device2")
    assert home.sign(home.pay(1_000, first_coin=2), ["device1", "device2"]).finished
    assert counted(home, "device2") >= 61_000


def test_the_service_reads_on_from_where_it_was(home):
    filled(home, "device0", MAX_NOTES + 5)
    first = notes_of(home["device0"], home)
    second = notes_of(home["device0"], home, first.upto)
    assert (len(first.notes), len(second.notes)) == (MAX_NOTES, 5)
    assert notes_of(home["device0"], home, second.upto) == NotesAnswer(second.upto, ())
    other_log = Place(bytes(16), second.upto.position)
    assert notes_of(home["device0"], home, other_log) == first


def test_what_counts_nowhere_any_more_is_forgotten(home):
    assert home.sign(home.pay(60_000, first_coin=1), AWAKE).finished
    home.clock.pass_(40 * DAY)
    assert home.sign(home.pay(60_000, first_coin=2), AWAKE).finished
    assert len(notes_of(home["device0"], home).notes) == 1


def test_what_could_not_be_told_is_not_signed(home):
    """A request at the edge of all its lengths; nothing was tried or counted."""
    outflow = home.pay().request.outflows[0]
    long = msgspec.structs.replace(outflow, to="x" * 100, amount=str(10**50), token="y" * 64)
    most = msgspec.structs.replace(home.pay().request, outflows=(long,) * 100)
    authorization = authorize(approver(home.owner), most, encode(most), ())
    body = Spent(authorization, bytes(MAX_NOTED_UNSIGNED))
    assert (
        len(encode(body)) < MAX_NOTE_BYTES == MAX_NOTES_BYTES
    )  # one owner's word over the longest request fits


def test_the_longest_thing_that_is_shown_fits_into_a_record():
    from warifu.protocol.attesting import MAX_ATTESTATION_BYTES
    from warifu.protocol.channel import MAX_RECORD_BYTES
    from warifu.protocol.frames import MAX_CERTIFICATE_BYTES

    assert MAX_ATTESTATION_BYTES + MAX_NOTES_BYTES + MAX_CERTIFICATE_BYTES + 2048 <= MAX_RECORD_BYTES


def test_the_spent_amounts_of_a_device_are_what_it_says(home):
    assert home.sign(home.pay(60_000, first_coin=1), AWAKE).finished
    assert home["device0"].status().wallets[0].spent_today == (SpentToday("bitcoin", "", "61000"),)
    assert BTC > LIMIT
