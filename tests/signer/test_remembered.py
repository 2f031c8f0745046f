"""What is remembered of the store is what the store says, whatever was written, undone and written again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.simulator import Household

from warifu.errors import StoreDamaged
from warifu.protocol.attesting import SignedHead
from warifu.protocol.events.device import Frozen
from warifu.protocol.journal import DEVICE
from warifu.protocol.request import UnfreezeRequest
from warifu.signer.device import Device
from warifu.signer.journal import Journal
from warifu.signer.peers import Known, Peers
from warifu.signer.remembered import Remembered
from warifu.signer.rules import RulesInForce, Waiting
from warifu.signer.store import Store
from warifu.tee.unsafe_software import UnsafeSoftware

pytestmark = pytest.mark.unit

PEER = bytes(32)


class Undone(Exception):
    """The test's own: it undoes a transaction."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path, UnsafeSoftware(bytes(32)))
    yield opened
    opened.close()


def asked(store: Store, log: list[str]) -> Remembered[str, bytes | None]:
    def read(name: str) -> bytes | None:
        log.append(name)
        return store.get(name)

    return Remembered(store, read, most=2)


def test_the_store_is_asked_once_until_it_is_told_that_something_was_written(store):
    log: list[str] = []
    remembered = asked(store, log)
    assert remembered.get("a") is None and remembered.get("a") is None
    with store.transaction():
        store.put("a", b"1")
        remembered.forget("a")
        assert remembered.get("a") == b"1"
    assert remembered.get("a") == b"1"
    assert log == ["a", "a"]


def test_what_was_read_in_a_transaction_that_is_undone_is_forgotten(store):
    remembered = asked(store, [])
    with pytest.raises(Undone), store.transaction():
        store.put("a", b"1")
        remembered.forget("a")
        assert remembered.get("a") == b"1"
        raise Undone
    assert remembered.get("a") is None


def test_what_was_said_to_be_written_goes_with_what_was_written(store):
    remembered = asked(store, [])
    with pytest.raises(Undone), store.transaction():
        store.put("a", b"1")
        remembered.written("a", b"1")
        raise Undone
    assert remembered.get("a") is None


def test_what_is_written_after_an_undone_transaction_is_remembered_alone(store):
    """``written`` comes first after it: what was remembered from before must not come back with it."""
    remembered = asked(store, [])
    with pytest.raises(Undone), store.transaction():
        store.put("b", b"1")
        remembered.forget("b")
        assert remembered.get("b") == b"1"
        raise Undone
    with store.transaction():
        store.put("a", b"2")
        remembered.written("a", b"2")
    assert (remembered.get("a"), remembered.get("b")) == (b"2", None)


def test_only_so_much_is_kept(store):
    log: list[str] = []
    remembered = asked(store, log)
    for name in ("a", "b", "c", "a"):
        remembered.get(name)
    assert log == ["a", "b", "c", "a"]


def test_a_failed_commit_is_an_undone_transaction(store, monkeypatch):
    remembered = asked(store, [])
    with monkeypatch.context() as patch:
        patch.setattr(store, "_commit", lambda: store._connection.execute("no such statement"))
        with pytest.raises(StoreDamaged), store.transaction():
            store.put("a", b"1")
            remembered.written("a", b"1")
    store._broken = False  # the file itself is sound
    assert remembered.get("a") is None


# --- the parts that remember ----------------------------------------------------------------------------------------


def waiting(wallet: bytes, effect: int) -> Waiting:
    request = UnfreezeRequest(bytes(16), wallet, 1, 2)
    return Waiting(request, effect.to_bytes(32, "big"), 1, effect)


def changes(device: Device, wallet: bytes) -> dict[str, Callable[[int], None]]:
    """Everything that a part which remembers writes; each takes a number of the test's."""
    rules = device.rules

    def wait(number: int) -> None:
        for each in rules.waiting(wallet):
            rules.drop(each)
        rules.wait(waiting(wallet, number))

    def drop(_number: int) -> None:
        for each in rules.waiting(wallet):
            rules.drop(each)

    def meet(number: int) -> None:
        head = SignedHead(number + 1, bytes(32), bytes(64))
        device.peers.take_back(PEER, head)

    return {
        "freeze": lambda number: rules.freeze(wallet, f"reason {number}"),
        "thaw": lambda _number: rules.thaw(wallet),
        "change": lambda number: rules.put(
            wallet, msgspec.structs.replace(rules.of(wallet), revision=1000 + number), number
        ),
        "wait": wait,
        "drop": drop,
        "meet": meet,
        "append": lambda number: device.journal.append(Frozen(f"{number}"), number, DEVICE),
    }


def says(rules: RulesInForce, journal: Journal, peers: Peers, wallet: bytes) -> tuple[object, ...]:
    """All that may be remembered."""
    known: Known | None = peers.known(PEER)
    return (
        rules.frozen(wallet),
        rules.hash(wallet),
        rules.of(wallet),
        [rules.due(now) for now in range(0, 12, 3)],
        journal.head,
        known,
    )


@contextmanager
def undone_or_not(store: Store, undone: bool) -> Iterator[None]:
    try:
        with store.transaction():
            yield
            if undone:
                raise Undone
    except Undone:
        pass


steps = st.lists(
    st.tuples(
        st.lists(
            st.tuples(
                st.sampled_from(("freeze", "thaw", "change", "wait", "drop", "meet", "append")),
                st.integers(0, 10),
            ),
            max_size=3,
        ),
        st.booleans(),
    ),
    max_size=6,
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(steps)
def test_a_part_that_remembers_says_what_a_new_one_reads(transactions):
    with tempfile.TemporaryDirectory() as place:
        home = Household(Path(place), 1)
        wallet = home.make_wallet(1).wallet_id
        device = home["device0"].device
        possible = changes(device, wallet)
        for written, undone in transactions:
            with undone_or_not(device.store, undone):
                for name, number in written:
                    possible[name](number)
                    fresh = RulesInForce(device.store, device.wallets)
                    journal, peers = Journal(device.store, device.identity), Peers(device.store)
                    expected = says(fresh, journal, peers, wallet)
                    assert says(device.rules, device.journal, device.peers, wallet) == expected
            fresh = RulesInForce(device.store, device.wallets)
            journal, peers = Journal(device.store, device.identity), Peers(device.store)
            expected = says(fresh, journal, peers, wallet)
            assert says(device.rules, device.journal, device.peers, wallet) == expected
        home.close()
