"""What is on the disk: readable with the right key only, whole or refused, and never in the clear."""

import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from nacl.utils import random

from warifu.chains.bitcoin_network import changes
from warifu.errors import InputRefused, ServiceRefused, StoreDamaged
from warifu.protocol.api import SCOPES, ErrorBody
from warifu.service.store import transfers as store
from warifu.service.store.api_keys import create_api_key, delete_api_key, find_api_key, list_api_keys
from warifu.service.store.database import DATABASE_FILE, Database, create_database, open_database
from warifu.service.store.devices import add_device, device_named, list_devices, remove_device, saw_device
from warifu.service.store.drafts import store_draft
from warifu.service.store.schema import meta
from warifu.service.store.slots import taken_slots
from warifu.service.store.wallets import WalletChanges, change_labels, read_labels

pytestmark = [pytest.mark.unit, pytest.mark.slow]

SECRETS = (b"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", b"rent for november", b"4815162342")


@pytest.fixture
def key() -> bytes:
    return random(32)


@pytest.fixture
def database(tmp_path: Path, key: bytes):
    made = create_database(tmp_path / "service", key)
    yield made
    made.close()


def new_transfer(**fields: object) -> store.NewTransferRow:
    values: dict[str, object] = {
        "id": "aa" * 16,
        "wallet": "savings",
        "chain": "bitcoin",
        "body": b"b" * 32,
        "request": b"request",
        "txid": "11" * 32,
        "transaction": b"t" * 32,
        "unsigned": b"psbt",
        "sends": True,
        "slot": None,
        "expires": 2_000_000_000,
        "authorization": b"authorization",
        "envelopes": (b"envelope",),
        "participants": (b"p" * 32,),
        "replaces": None,
    }
    return store.NewTransferRow(**{**values, **fields})  # type: ignore[arg-type]


# --- the file ----------------------------------------------------------------------------------------------------


def test_opens_again_with_its_key(tmp_path: Path, key: bytes, database: Database):
    add_device(database, "attic", b"i" * 32)
    database.close()
    again = open_database(tmp_path / "service", key)
    assert [device.name for device in list_devices(again)] == ["attic"]
    again.close()


def test_is_private_to_its_user(tmp_path: Path, database: Database):
    assert (tmp_path / "service").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "service" / DATABASE_FILE).stat().st_mode & 0o777 == 0o600


def flip(at: int):
    def damage(data: bytes) -> bytes:
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:100],
        lambda data: data[:-1],
        lambda data: data[:-4096],
        lambda data: data[: len(data) // 2],
        lambda data: data[4096:] + data[:4096],
        flip(0),
        flip(5_000),
        lambda data: flip(len(data) - 1)(data),
        lambda data: os.urandom(len(data)),
    ],
    ids=["empty", "header", "last-byte", "last-page", "half", "rotated", "salt", "page", "end", "noise"],
)
def test_a_damaged_file_is_refused_and_not_touched(tmp_path: Path, key: bytes, database: Database, damage):
    database.close()
    path = tmp_path / "service" / DATABASE_FILE
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(StoreDamaged) as refused:
        open_database(tmp_path / "service", key)
    assert refused.value.reason in ("locked", "damaged")
    assert path.read_bytes() == damaged


def test_another_key_does_not_open_it(tmp_path: Path, database: Database):
    database.close()
    with pytest.raises(StoreDamaged) as refused:
        open_database(tmp_path / "service", random(32))
    assert refused.value.reason == "locked"


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(tmp_path: Path, length: int):
    with pytest.raises(StoreDamaged):
        create_database(tmp_path / "service", bytes(length))


def test_a_missing_file_is_not_made_anew(tmp_path: Path, key: bytes):
    with pytest.raises(StoreDamaged) as refused:
        open_database(tmp_path / "service", key)
    assert refused.value.reason == "missing"
    assert not (tmp_path / "service").exists()


def test_an_existing_one_is_not_overwritten(tmp_path: Path, key: bytes, database: Database):
    database.close()
    before = (tmp_path / "service" / DATABASE_FILE).read_bytes()
    with pytest.raises(StoreDamaged) as refused:
        create_database(tmp_path / "service", random(32))
    assert refused.value.reason == "exists"
    assert (tmp_path / "service" / DATABASE_FILE).read_bytes() == before


def test_two_services_in_one_directory_are_refused(tmp_path: Path, key: bytes, database: Database):
    with pytest.raises(StoreDamaged) as refused:
        open_database(tmp_path / "service", key)
    assert refused.value.reason == "in-use"


def test_another_schema_is_refused(tmp_path: Path, key: bytes, database: Database):
    with database.writing() as connection:
        connection.execute(meta.update().where(meta.c.name == "schema").values(value=b"2"))
    database.close()
    with pytest.raises(StoreDamaged) as refused:
        open_database(tmp_path / "service", key)
    assert refused.value.reason == "version"


def test_nothing_is_on_the_disk_in_the_clear(tmp_path: Path, database: Database):
    """Also while it is open: the write-ahead log is there, and nothing was checkpointed."""
    store_draft(database, "savings", "bitcoin", "11" * 32, SECRETS[0])
    change_labels(database, "savings", {("addr", SECRETS[0].decode()): SECRETS[1].decode()}, 10)
    store.add_transfer(database, new_transfer(unsigned=SECRETS[2] * 1000))
    with database.reading() as connection:  # a sort that needs a temporary file
        connection.exec_driver_sql("SELECT unsigned FROM transfers ORDER BY unsigned").fetchall()
    files = [path for path in (tmp_path / "service").iterdir() if path.is_file()]
    assert any(path.name.endswith("-wal") and path.stat().st_size for path in files)
    everything = b"".join(path.read_bytes() for path in files)
    for secret in (*SECRETS, b"CREATE TABLE", b"savings", b"11" * 32):
        assert secret not in everything
    database.close()
    everything = b"".join(path.read_bytes() for path in (tmp_path / "service").iterdir())
    for secret in (*SECRETS, b"SQLite format", b"CREATE TABLE", b"savings"):
        assert secret not in everything


def test_a_database_that_does_not_work_says_so_without_the_statement(database: Database):
    with pytest.raises(StoreDamaged) as refused, database.writing() as connection:
        connection.execute(sa.text("INSERT INTO nowhere VALUES (:secret)"), {"secret": SECRETS[1].decode()})
    assert SECRETS[1].decode() not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_failed_transaction_leaves_nothing(database: Database):
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        connection.execute(meta.insert().values(name="half", value=b""))
        raise ZeroDivisionError
    with database.reading() as connection:
        assert connection.execute(sa.select(meta).where(meta.c.name == "half")).first() is None


def test_a_full_disk_says_so_and_keeps_what_is_there(database: Database):
    add_device(database, "attic", b"i" * 32)
    with pytest.raises(StoreDamaged) as refused, database.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # this connection's idea of a full disk
        connection.execute(meta.insert().values(name="big", value=bytes(1_000_000)))
    assert refused.value.reason == "write" and "full" in refused.value.message
    database.engine.dispose()
    assert [device.name for device in list_devices(database)] == ["attic"]
    add_device(database, "cellar", b"j" * 32)


# --- API keys ----------------------------------------------------------------------------------------------------


def test_a_key_is_found_with_its_scopes(database: Database):
    made = create_api_key(database, "phone", ["transfer", "read"])
    found = find_api_key(database, made.key)
    assert found is not None
    assert (found.name, found.scopes) == ("phone", ("read", "transfer"))


def test_the_key_itself_is_not_kept(tmp_path: Path, database: Database):
    made = create_api_key(database, "phone", SCOPES)
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM api_keys").fetchall()
    assert made.key not in str(rows) and made.key[7:] not in str(rows)
    assert made.key not in repr(made)


@pytest.mark.parametrize(
    "change", [lambda k: k[:-1], lambda k: k + "A", lambda k: k[7:], lambda k: "", lambda k: "x" * 50]
)
def test_no_other_text_is_a_key(database: Database, change):
    made = create_api_key(database, "phone", SCOPES)
    assert find_api_key(database, change(made.key)) is None


def test_two_keys_of_one_name_are_refused(database: Database):
    create_api_key(database, "phone", SCOPES)
    with pytest.raises(ServiceRefused) as refused:
        create_api_key(database, "phone", ["read"])
    assert refused.value.reason == "name-taken"


def test_a_deleted_key_is_none(database: Database):
    create_api_key(database, "owner", SCOPES)
    made = create_api_key(database, "phone", ["read"])
    delete_api_key(database, "phone")
    assert find_api_key(database, made.key) is None
    assert [key.name for key in list_api_keys(database)] == ["owner"]


def test_the_last_key_that_administers_stays(database: Database):
    create_api_key(database, "owner", SCOPES)
    create_api_key(database, "phone", ["read"])
    with pytest.raises(ServiceRefused) as refused:
        delete_api_key(database, "owner")
    assert refused.value.reason == "last-key"
    create_api_key(database, "other", ["admin"])
    delete_api_key(database, "owner")


# --- devices -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "identity"), [("attic", b"j" * 32), ("cellar", b"i" * 32)])
def test_neither_a_name_nor_an_identity_is_enrolled_twice(database: Database, name: str, identity: bytes):
    add_device(database, "attic", b"i" * 32)
    with pytest.raises(ServiceRefused) as refused:
        add_device(database, name, identity)
    assert refused.value.reason == "name-taken"
    assert len(list_devices(database)) == 1


def test_a_device_is_seen_and_removed(database: Database):
    add_device(database, "attic", b"i" * 32)
    assert device_named(database, "attic").last_seen is None
    saw_device(database, b"i" * 32)
    assert device_named(database, "attic").last_seen is not None
    assert remove_device(database, "attic").identity == b"i" * 32
    with pytest.raises(ServiceRefused):
        device_named(database, "attic")


# --- transfers ---------------------------------------------------------------------------------------------------


def test_the_same_request_is_one_transfer(database: Database):
    assert store.add_transfer(database, new_transfer())
    assert not store.add_transfer(database, new_transfer())
    assert len(store.list_transfers(database)) == 1


def test_another_request_under_the_same_id_is_refused(database: Database):
    store.add_transfer(database, new_transfer())
    with pytest.raises(ServiceRefused) as refused:
        store.add_transfer(database, new_transfer(body=b"c" * 32))
    assert refused.value.reason == "request-id-used"


def test_events_are_numbered_without_gaps_and_not_repeated(database: Database):
    store.add_transfer(database, new_transfer())
    for _ in range(3):
        store.note_transfer(database, "aa" * 16, 2, "sent to the devices", once="once")
        store.note_transfer(database, "aa" * 16, 3, "again")
    events = store.show_transfer(database, "aa" * 16, 0).events
    assert [event.number for event in events] == list(range(1, 6))
    assert [event.text for event in store.show_transfer(database, "aa" * 16, 3).events] == ["again", "again"]


def test_signing_begins_once_for_each_attempt(database: Database):
    store.add_transfer(database, new_transfer())
    assert store.begin_signing(database, "aa" * 16, 1)
    assert not store.begin_signing(database, "aa" * 16, 1)
    assert not store.begin_signing(database, "aa" * 16, 2)


def test_the_first_signed_transaction_stays(database: Database):
    """Two different ones for one request cannot be, but if they were, the second would be thrown away."""
    store.add_transfer(database, new_transfer())
    store.begin_signing(database, "aa" * 16, 1)
    store.store_signed(database, "aa" * 16, b"first", b"psbt", "11" * 32)
    store.store_signed(database, "aa" * 16, b"second", b"psbt", "22" * 32)
    found = store.read_transfer(database, "aa" * 16)
    assert (found.raw, found.state, found.envelopes) == (b"first", "signed", ())


def refuse(database: Database) -> None:
    refusal = ErrorBody(code="passphrase.wrong", message="wrong")
    store.mark(database, "aa" * 16, ("authorized",), "refused", 3, "no", refusal=refusal, settled=True)


def test_a_refused_transfer_can_be_authorized_again(database: Database):
    store.add_transfer(database, new_transfer())
    refuse(database)
    assert store.authorize_again(database, "aa" * 16, b"request", b"new", (b"e2",), (b"q" * 32,)) == 2
    found = store.read_transfer(database, "aa" * 16)
    assert (found.state, found.attempt, found.refusal, found.settled) == ("authorized", 2, None, False)
    # Asked again in the same words, it is the same attempt.
    assert store.authorize_again(database, "aa" * 16, b"request", b"new", (b"e2",), (b"q" * 32,)) == 2


def test_only_the_same_request_can_be_authorized_again(database: Database):
    store.add_transfer(database, new_transfer())
    refuse(database)
    with pytest.raises(ServiceRefused) as refused:
        store.authorize_again(database, "aa" * 16, b"another", b"new", (b"e2",), (b"q" * 32,))
    assert refused.value.reason == "other-request"


def test_what_is_signed_is_not_authorized_again(database: Database):
    store.add_transfer(database, new_transfer())
    store.store_signed(database, "aa" * 16, b"raw", b"psbt", "11" * 32)
    with pytest.raises(ServiceRefused) as refused:
        store.authorize_again(database, "aa" * 16, b"request", b"new", (b"e2",), (b"q" * 32,))
    assert refused.value.reason == "not-waiting"


def test_a_state_is_left_only_from_where_it_is_expected(database: Database):
    store.add_transfer(database, new_transfer())
    assert not store.mark(database, "aa" * 16, ("signed",), "broadcast", 6, "sent")
    assert store.read_transfer(database, "aa" * 16).state == "authorized"


# --- account nonces ----------------------------------------------------------------------------------------------

EVM = "eip155:1"


def account_transfer(number: int, slot: int, **fields: object) -> store.NewTransferRow:
    values = {
        "id": f"{number:032x}",
        "body": b"%d" % number,
        "chain": EVM,
        "slot": slot,
        "txid": "",
        **fields,
    }
    return new_transfer(**values)


def test_a_slot_is_held_by_one_transfer(database: Database):
    store.add_transfer(database, account_transfer(1, 7))
    with pytest.raises(ServiceRefused) as refused:
        store.add_transfer(database, account_transfer(2, 7))
    assert refused.value.reason == "slot-taken"
    assert len(store.list_transfers(database)) == 1
    assert taken_slots(database, "savings", EVM) == {7}


@pytest.mark.parametrize("other", [{"wallet": "other"}, {"chain": "eip155:10"}, {"slot": 8}])
def test_another_account_or_slot_is_free(database: Database, other: dict[str, object]):
    store.add_transfer(database, account_transfer(1, 7))
    assert store.add_transfer(database, account_transfer(2, **{"slot": 7, **other}))  # type: ignore[arg-type]


def test_whoever_replaces_the_holder_shares_its_slot_and_nobody_else(database: Database):
    store.add_transfer(database, account_transfer(1, 7))
    store.add_transfer(database, account_transfer(2, 7, replaces=f"{1:032x}"))
    store.add_transfer(database, account_transfer(3, 7, replaces=f"{2:032x}"))
    for stranger in (None, f"{9:032x}"):
        with pytest.raises(ServiceRefused):
            store.add_transfer(database, account_transfer(4, 7, replaces=stranger))


def test_a_draft_hands_its_slot_to_the_transfer_that_it_becomes(database: Database):
    """Where the bytes do not tell: Solana's durable nonces have numbers only here."""
    store_draft(database, "savings", "solana", (b"t" * 32).hex(), b"unsigned", slot=3)
    assert taken_slots(database, "savings", "solana") == {3}
    store.add_transfer(database, new_transfer(chain="solana"))
    assert store.read_transfer(database, "aa" * 16).slot == 3
    assert taken_slots(database, "savings", "solana") == {3}
    store.mark(database, "aa" * 16, ("authorized",), "refused", 3, "no", settled=True)
    assert taken_slots(database, "savings", "solana") == frozenset()


def test_what_failed_in_a_block_can_still_be_turned_around(database: Database):
    store.add_transfer(database, account_transfer(1, 7))
    name = f"{1:032x}"
    store.store_signed(database, name, b"raw", None, "0x11")
    store.mark(database, name, ("signed",), "broadcast", 6, "sent")
    refusal = ErrorBody(code="broadcast.execution-failed", message="failed")
    store.mark_failed(database, name, refusal, height=5, confirmations=1, settled=False, fee=10**20)
    failed = store.read_transfer(database, name)
    assert (failed.state, failed.height, failed.fee, failed.settled) == ("rejected", 5, 10**20, False)
    store.mark_depth(database, name, None, 0, settled=False, text="a reorganisation")
    waiting = store.read_transfer(database, name)
    assert (waiting.state, waiting.refusal, waiting.height) == ("broadcast", None, None)


def test_a_message_is_done_once_it_is_signed(database: Database):
    store.add_transfer(database, new_transfer(chain=EVM, sends=False, txid=""))
    store.store_signed(database, "aa" * 16, b"signature", None, "")
    found = store.read_transfer(database, "aa" * 16)
    assert (found.state, found.settled) == ("signed", True)
    assert store.unsent_transfers(database) == ()


# --- wallets -----------------------------------------------------------------------------------------------------


def test_change_sets_come_back_in_order(database: Database):
    one = WalletChanges(database, "one", changes.merge_stored)
    other = WalletChanges(database, "other", changes.merge_stored)
    for number in range(5):
        one.append(b"entry %d" % number)
    other.append(b"not this")
    assert one.load() == [b"entry %d" % number for number in range(5)]


def test_many_change_sets_become_one(database: Database):
    entry = changes.encode_changes(changes.Changes(network="regtest", checkpoints=((1, bytes(32)),)))
    wallet = WalletChanges(database, "one", changes.merge_stored)
    for _ in range(100):
        wallet.append(entry)
    assert wallet.load() == [entry] == wallet.load()
    wallet.append(entry)
    assert wallet.load() == [entry, entry]


def test_labels_are_replaced_and_removed(database: Database):
    change_labels(database, "savings", {("tx", "11"): "rent", ("tx", "22"): "food"}, 10)
    change_labels(database, "savings", {("tx", "11"): "", ("tx", "22"): "bread"}, 10)
    assert read_labels(database, "savings") == {("tx", "22"): "bread"}
    assert read_labels(database, "other") == {}


def test_too_many_labels_change_nothing(database: Database):
    with pytest.raises(ServiceRefused):
        change_labels(database, "savings", {("tx", str(number)): "x" for number in range(11)}, 10)
    assert read_labels(database, "savings") == {}


@pytest.mark.parametrize("slot", [2**63, 2**64 - 1, -1])
def test_an_account_nonce_that_the_database_cannot_keep_is_refused(database: Database, slot: int):
    with pytest.raises(InputRefused) as refused:
        store.add_transfer(database, new_transfer(chain="eip155:1", slot=slot))
    assert refused.value.code == "input.slot"
    assert store.list_transfers(database) == ()


def test_the_largest_account_nonce_that_the_database_can_keep(database: Database):
    store.add_transfer(database, new_transfer(chain="eip155:1", slot=2**63 - 1))
    assert taken_slots(database, "savings", "eip155:1") == {2**63 - 1}
