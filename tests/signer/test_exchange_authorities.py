"""Whom a device takes for an exchange: all of the program's authorities, or those alone that an account's owner names.

The authorities are made here and stand for the program's; TLS, the signers and the account are the product's.
"""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from tests.support.exchange_accounts import EXCHANGE_KEY, HMAC_SECRET, add, frames, request_for
from tests.support.exchange_days import order
from tests.support.exchange_world import World
from tests.support.https_exchange import Authority

from warifu.cli.exchanges.authorities import program_authorities, read_pinned, require_one_kind
from warifu.cli.exchanges.keys import NewAccount, from_triplet
from warifu.errors import InputRefused
from warifu.exchanges.registry import EXCHANGES
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_answers import AccountKept
from warifu.protocol.exchange_requests import AccountTerms
from warifu.signer.egress.trust import narrowed
from warifu.signer.exchanges.loading import Loaded, load

pytestmark = pytest.mark.unit
EXCHANGE = EXCHANGES["coinbase-exchange"]


def digest(pem: str) -> bytes:
    return sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()


@pytest.fixture
def other(tmp_path: Path) -> str:
    """An authority that the program believes, and that vouches for nobody here."""
    place = tmp_path / "other"
    place.mkdir()
    return Authority(place).pem


@pytest.fixture
def world(tmp_path: Path, other: str) -> Iterator[World]:
    made = World(tmp_path)
    for device in made.home.devices.values():
        device.loaded = Loaded(other + made.authorities)
        device.restart()
    made.stand_in.hmac_secret, made.stand_in.passphrase = HMAC_SECRET, "open sesame"
    yield made
    made.close()


def believing(world: World, *only: str) -> NewAccount:
    secret = base64.b64encode(HMAC_SECRET).decode()
    pinned = tuple(sorted(map(digest, only)))
    return from_triplet(EXCHANGE_KEY, secret, "open sesame", world.home["device0"].identity, only=pinned)


def outcome(world: World) -> tuple[str, str]:
    told = world.told(EXCHANGE.place(order("coinbase-exchange")), ["device0"])
    return told.outcome, told.reason


@pytest.mark.parametrize("both", [False, True])
def test_the_authority_that_is_named_is_believed(world: World, other: str, both: bool):
    named = (world.authorities, other) if both else (world.authorities,)
    add(world.home, believing(world, *named), "main", "coinbase-exchange")
    assert outcome(world) == ("done", "")


def test_any_other_of_the_programs_authorities_is_not_believed_then_and_nothing_is_sent(
    world: World, other: str
):
    """It is believed where nobody is named: an authority that errs, or is made to, vouches for whom it likes."""
    add(world.home, believing(world), "all", "coinbase-exchange")
    add(world.home, believing(world, other), "main", "coinbase-exchange")
    assert outcome(world) == ("try-again", "certificate")
    assert world.stand_in.orders == []
    world.home["device0"].restart()
    assert outcome(world) == ("try-again", "certificate")


def test_an_account_for_an_authority_that_the_program_does_not_have_is_not_kept(
    world: World, tmp_path: Path, other: str
):
    place = tmp_path / "strange"
    place.mkdir()
    new = believing(world, other, Authority(place).pem)
    request = request_for(world.home, new, "main", "coinbase-exchange")
    frame = frames(world.home, request, new.parts)["device0"]
    with pytest.raises(InputRefused) as refused:
        world.home["device0"].call(frame, AccountKept)
    assert refused.value.reason == "exchange-roots"
    assert world.home["device0"].status().accounts == ()


def test_a_release_that_lost_the_named_authority_asks_nobody_in_its_place(world: World, other: str):
    add(world.home, believing(world, world.authorities), "main", "coinbase-exchange")
    device = world.home["device0"]
    device.loaded = Loaded(other)
    device.restart()
    codes = world.refused(EXCHANGE.place(order("coinbase-exchange")), ["device0"])
    assert codes == {"device0": "input.exchange-roots"}


def test_an_account_of_before_says_nothing_of_authorities_and_is_read(world: World):
    add(world.home, believing(world), "main", "coinbase-exchange")
    store = world.home["device0"].device.store
    [(kept,)] = store.execute("SELECT kept FROM exchange_accounts")
    fields = msgspec.msgpack.decode(kept)
    at = next(index for index, field in enumerate(fields) if isinstance(field, list) and len(field) == 5)
    assert fields[at].pop() == []
    with store.transaction():
        store.execute("UPDATE exchange_accounts SET kept = ?", (msgspec.msgpack.encode(fields),))
    world.home["device0"].restart()
    assert outcome(world) == ("done", "")


# --- what an owner names ----------------------------------------------------------------------------------------------


def test_the_programs_authorities_are_those_that_a_signer_loads():
    loaded = load().authorities
    for each in program_authorities():
        assert digest(narrowed(loaded, (each.digest,))) == each.digest
    assert len(program_authorities()) == loaded.count("BEGIN CERTIFICATE") > 100


def test_a_digest_is_taken_as_people_copy_it_and_one_of_nobody_is_refused():
    first, second = sorted(each.digest for each in program_authorities()[:2])
    written = ":".join(first.hex().upper()[at : at + 2] for at in range(0, 64, 2))
    assert read_pinned([second.hex(), written, second.hex()]) == (first, second)
    assert read_pinned([]) == ()
    for wrong in ("", "00" * 32, first.hex()[:-1], first.hex() + "0", "é" * 64):
        with pytest.raises(InputRefused, match="none of the certificate authorities"):
            read_pinned([wrong])
    with pytest.raises(InputRefused):
        require_one_kind("PEM", (first,))
    require_one_kind("PEM", ())
    require_one_kind("", (first,))


def test_terms_name_each_authority_once_in_order_and_none_beside_a_simulations():
    one, two = bytes([1]) * 32, bytes([2]) * 32
    for wrong in (("", (two, one)), ("", (one, one)), ("PEM", (one,))):
        with pytest.raises(ValueError, match="only"):
            AccountTerms("key", b"", (), *wrong)
    assert encode(AccountTerms("key", b"", (), "", (one, two)))
