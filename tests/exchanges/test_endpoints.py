"""Every endpoint: the request that it makes, byte for byte, and its documented answer, read back field for field."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.exchanges.recorded import binance, coinbase_advanced, tables

from warifu.exchanges.binance import capital, spot
from warifu.exchanges.calls import Endpoint, Ignored
from warifu.exchanges.coinbase import advanced, app, exchange, fiat
from warifu.exchanges.failures import OutcomeUnknown, TryAgain
from warifu.exchanges.http import HttpAnswer

pytestmark = pytest.mark.unit


APIS: dict[str, Any] = {
    "coinbase_exchange": (
        exchange.MODULES,
        exchange.api(),
        tables.COINBASE_EXCHANGE,
    ),
    "coinbase_advanced": (advanced.MODULES, advanced.api(), coinbase_advanced.RECORDED),
    "coinbase_app": ((app, fiat), app.api(), tables.COINBASE_APP),
    "binance": ((spot, capital), spot.api(), binance.RECORDED),
}


def endpoints(modules) -> dict[str, Endpoint[Any, Any]]:
    found = [(name, value) for module in modules for name, value in vars(module).items()]
    return {name: value for name, value in found if isinstance(value, Endpoint)}


ALL = [(api, name) for api, (_, _, table) in APIS.items() for name in table]


@pytest.mark.parametrize("api", APIS)
def test_no_endpoint_is_without_an_example(api):
    modules, _, table = APIS[api]
    assert set(endpoints(modules)) == set(table)


@pytest.mark.parametrize(("api", "name"), ALL)
def test_the_request(api, name):
    modules, client, table = APIS[api]
    ask, line, body, _ = table[name]
    request = client.call(endpoints(modules)[name], ask).unsigned
    assert f"{request.method} {request.target}" == line
    assert (json.loads(request.body) if request.body else None) == (body or ({} if request.body else None))


@pytest.mark.parametrize(("api", "name"), ALL)
def test_the_answer(api, name):
    modules, client, table = APIS[api]
    ask, _, _, answer = table[name]
    read = client.call(endpoints(modules)[name], ask).read(HttpAnswer(200, (), json.dumps(answer).encode()))
    if not isinstance(read, Ignored):
        assert_within(read, answer)


@pytest.mark.parametrize("name", ["MARGIN_PROFILE", "WITHDRAWAL_POWER", "WITHDRAWAL_POWERS"])
def test_where_clients_contradict_each_other_one_and_a_list_are_read(name):
    _, client, table = APIS["coinbase_exchange"]
    ask, _, _, answer = table[name]
    one = answer[0] if isinstance(answer, list) else answer
    call = client.call(endpoints(exchange.MODULES)[name], ask)
    single = call.read(HttpAnswer(200, (), json.dumps(one).encode()))
    assert call.read(HttpAnswer(200, (), json.dumps([one]).encode())) == (single,)
    for wrong in ({"data": one}, {**one, "profile_id": None}):
        with pytest.raises(TryAgain):
            call.read(HttpAnswer(200, (), json.dumps(wrong).encode()))


@pytest.mark.parametrize(("api", "name"), ALL)
def test_a_web_page_in_place_of_the_answer(api, name):
    """A proxy's page with status 200: for what changes something, nobody knows what happened."""
    modules, client, table = APIS[api]
    call = client.call(endpoints(modules)[name], table[name][0])
    if endpoints(modules)[name].answers is Ignored:
        return
    with pytest.raises(OutcomeUnknown if call.effect else TryAgain) as caught:
        call.read(HttpAnswer(200, (), b"<html>welcome</html>"))
    assert caught.value.reason == "answer-form"


def assert_within(read: object, said: Any) -> None:
    """Every value that was read is the one that was said, and nothing that has a type was dropped."""
    match read:
        case msgspec.Struct() if isinstance(said, list):  # an array on the wire
            for name, item in zip(read.__struct_fields__, said, strict=False):
                assert_within(getattr(read, name), item)
        case msgspec.Struct():
            for name, wire in zip(read.__struct_fields__, read.__struct_encode_fields__, strict=True):
                if said.get(wire) not in (None, ""):
                    assert_within(getattr(read, name), said[wire])
        case Decimal():
            assert read == Decimal(str(said))
        case tuple() | list():
            assert len(read) == len(said)
            for one, item in zip(read, said, strict=True):
                assert_within(one, item)
        case dict():
            for key, value in read.items():
                assert_within(value, said[key])
        case _:
            assert read == said
