"""A household's accounts at exchanges, added in one line each by the owner's own code."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from nacl.utils import random
from tests.support.simulator import GENEROUS, Household, Outcome, Tamper, honest

from warifu.cli.exchanges.keys import (
    NewAccount,
    agreed_key,
    for_born_key,
    from_cdp_file,
    from_triplet,
    new_key_request,
    require_kept,
)
from warifu.protocol.encoding import decode
from warifu.protocol.exchange_answers import AccountKept, KeyBorn
from warifu.protocol.exchange_requests import AccountRequest, ExchangeKeyRequest, RemoveAccountRequest
from warifu.protocol.frames import Instruct, Instructed, KeepAccount, OpenExchangeKey
from warifu.protocol.policy import ExchangeLimits, ExchangeRules, Policy, Window

EXCHANGE_KEY = "0123456789abcdef" * 2
CDP_NAME = "organizations/00000000/apiKeys/11111111"
BINANCE_KEY = "Aa1" * 21 + "B"
HMAC_SECRET = bytes(range(64))


def rules_for(exchange: str, endpoints: Sequence[str] = (), pairs: Sequence[str] = ()) -> ExchangeRules:
    limits = ExchangeLimits("BTC", 8, "100000000", (Window(24, "1000000000"),))
    return ExchangeRules(exchange, tuple(sorted(endpoints)), tuple(sorted(pairs)), (limits,))


def policy_for(*rules: ExchangeRules, **fields: object) -> Policy:
    """The generous one with rules for exchanges."""
    ordered = tuple(sorted(rules, key=lambda each: each.exchange))
    return msgspec.structs.replace(GENEROUS, exchanges=ordered, **fields)


EVERY_EXCHANGE = policy_for(*map(rules_for, ("binance", "coinbase", "coinbase-exchange")))
NAMES = ("device0", "device1", "device2")
_names = (f"account{number}" for number in itertools.count())


def three_devices(place: Path) -> Iterator[Household]:
    """For the tests of a module: a wallet that two of three devices sign for, at every exchange."""
    household = Household(place, 3)
    household.make_wallet(2, EVERY_EXCHANGE)
    yield household
    household.close()


def new_name() -> str:
    """That no account had."""
    return next(_names)


def unused_name(home: Household) -> Iterator[str]:
    """For one test: a name that no account had, at a later moment."""
    home.clock.pass_(300)
    yield new_name()
    for device in NAMES:  # so that no test fills the wallet for the others
        for kept in home[device].status().accounts:
            home.clock.pass_(1)
            remove(home, [device], kept.account)


def identities(household: Household) -> tuple[bytes, ...]:
    assert household.wallet_request is not None
    return tuple(sorted(device.identity for device in household.wallet_request.devices))


def triplet(household: Household, holder: str = "device0", authorities: str = "") -> NewAccount:
    """For Coinbase's Exchange API."""
    secret = base64.b64encode(HMAC_SECRET).decode()
    return from_triplet(EXCHANGE_KEY, secret, "open sesame", household[holder].identity, authorities)


def es256(household: Household, holder: str = "device0", authorities: str = "") -> NewAccount:
    """For Coinbase: a CDP key that is whole."""
    key = ec.generate_private_key(ec.SECP256R1())
    return cdp(household, key, holder, authorities)


def split_key(household: Household, seed: bytes = bytes(range(32)), authorities: str = "") -> NewAccount:
    """For Coinbase: a CDP key that is split among all devices."""
    return cdp(household, ed25519.Ed25519PrivateKey.from_private_bytes(seed), "device0", authorities)


def cdp(
    household: Household,
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    holder: str,
    authorities: str,
) -> NewAccount:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    text = msgspec.json.encode({"name": CDP_NAME, "privateKey": pem}).decode()
    assert household.wallet_request is not None
    threshold = household.wallet_request.threshold
    return from_cdp_file(text, household[holder].identity, identities(household), threshold, authorities)


def request_for(
    household: Household, new: NewAccount, name: str, exchange: str, **fields: object
) -> AccountRequest:
    assert household.birth is not None
    now = household.clock()
    request = new.request(household.birth.wallet_id, name, exchange, now, now + 600)
    return msgspec.structs.replace(request, **fields)


def frames(
    household: Household, request: AccountRequest, parts: Mapping[bytes, bytearray]
) -> dict[str, KeepAccount]:
    """What the service sends to each holder, with these contents in the parcels."""
    contents = {household.name_of(identity): part for identity, part in parts.items()}
    authorization, parcels = household.authorized_parcels(request, contents)
    return {name: KeepAccount(31, authorization, parcel) for name, parcel in parcels.items()}


def add(household: Household, new: NewAccount, name: str, exchange: str) -> AccountRequest:
    """Have every holder keep its part."""
    request = request_for(household, new, name, exchange)
    for holder, frame in frames(household, request, new.parts).items():
        kept = household[holder].call(frame, AccountKept)
        require_kept(kept, request, household[holder].identity)
    return request


def add_triplet(household: Household, name: str = "main", authorities: str = "") -> AccountRequest:
    """An account at coinbase-exchange, whole in device0."""
    return add(household, triplet(household, authorities=authorities), name, "coinbase-exchange")


def add_split(household: Household, name: str = "main", authorities: str = "") -> AccountRequest:
    """An account at coinbase, whose Ed25519 key is split among all devices."""
    return add(household, split_key(household, authorities=authorities), name, "coinbase")


def add_born(household: Household, name: str = "main", authorities: str = "") -> AccountRequest:
    """An account at binance, whose key all devices generate."""
    public = born_key(household, key_request(household, name))
    return add(household, born(household, public, authorities), name, "binance")


def born(household: Household, public: bytes, authorities: str = "") -> NewAccount:
    return for_born_key(BINANCE_KEY, public, identities(household), authorities)


def key_request(household: Household, name: str = "main", exchange: str = "binance") -> ExchangeKeyRequest:
    assert household.birth is not None
    now = household.clock()
    return new_key_request(household.birth.wallet_id, name, exchange, now, now + 600)


def generate(
    household: Household,
    request: ExchangeKeyRequest,
    tamper: Tamper = honest,
    opened: Callable[[], object] = lambda: None,
) -> Outcome:
    """The key generation; ``opened`` is called when every device has its opening and nothing was relayed yet."""
    authorization = household.authorized_alone(request)
    frame = OpenExchangeKey(random(16), authorization, identities(household))
    openings = {household.name_of(each): frame for each in identities(household)}
    return household.run(openings, tamper, opened)


def born_key(household: Household, request: ExchangeKeyRequest) -> bytes:
    """The public key that all devices agree on."""
    outcome = generate(household, request)
    assert not outcome.failed, outcome.codes
    told = [decode(KeyBorn, result, 2**16) for result in outcome.finished.values()]
    assert household.wallet_request is not None
    names = {device.identity: device.name for device in household.wallet_request.devices}
    return agreed_key(told, request, names, household.wallet_request.threshold)


def removal_of(household: Household, name: str, **fields: object) -> RemoveAccountRequest:
    assert household.birth is not None
    now = household.clock()
    request = RemoveAccountRequest(random(16), household.birth.wallet_id, name, now, now + 600)
    return msgspec.structs.replace(request, **fields)


def remove(household: Household, names: Sequence[str], name: str = "main", **fields: object) -> Instruct:
    """Removed from the named devices; the frame with which."""
    frame = removal_frame(household, removal_of(household, name, **fields))
    for each in names:
        assert household[each].call(frame, Instructed).state == "done"
    return frame


def removal_frame(household: Household, request: RemoveAccountRequest) -> Instruct:
    """As the service hands it to each device."""
    return Instruct(32, household.authorized_alone(request), None)
