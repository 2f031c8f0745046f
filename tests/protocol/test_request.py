"""What an owner can ask for, and what no reader of a request lets in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from warifu.chains.ethereum.networks import NETWORKS
from warifu.errors import InputRefused
from warifu.protocol.chains import (
    ALIASES,
    chain_named,
    coin_symbol,
    coin_units,
    evm_chain_id,
    family_of,
    scheme_of,
    spoken,
)
from warifu.protocol.credential import DeviceKey
from warifu.protocol.encoding import encode
from warifu.protocol.identity import DeviceRef
from warifu.protocol.policy import POLICY_VERSION, Policy
from warifu.protocol.request import (
    Outflow,
    Stretching,
    TransferRequest,
    WalletRequest,
    decode_request,
)
from warifu.units import format_quantity, parse_quantity

pytestmark = pytest.mark.unit

TRANSFER = TransferRequest(
    bytes(16),
    bytes(32),
    "eip155:1",
    (Outflow("payment", "", "1", "0x" + "1" * 40),),
    "1",
    bytes(32),
    None,
    1,
    2,
)
WALLET = WalletRequest(
    bytes(16),
    "regtest",
    ("bip340", "ecdsa", "ed25519"),
    2,
    (DeviceRef("a", bytes(32)), DeviceRef("b", bytes(32))),
    (DeviceKey(bytes(32)),),
    Policy(POLICY_VERSION, 5, ()),
    Stretching(64, 3),
    1,
    2,
)


def raw(request: Any, **fields: Any) -> bytes:
    """The encoding of a request with fields that its own type would not take."""
    values = {name: getattr(request, name) for name in request.__struct_fields__} | fields
    tag = request.__struct_config__.tag
    return encode([tag, *(msgspec.to_builtins(value, builtin_types=(bytes,)) for value in values.values())])


def test_a_request_has_one_encoding() -> None:
    for request in (TRANSFER, WALLET):
        assert decode_request(encode(request)) == request
        assert raw(request) == encode(request)


@pytest.mark.parametrize(
    "bad",
    [
        raw(WALLET, threshold=1),  # threshold ECDSA takes two
        raw(WALLET, schemes=("ed25519", "bip340")),
        raw(WALLET, schemes=("bip340", "bip340")),
        raw(WALLET, schemes=()),
        raw(WALLET, schemes=("rsa",)),
        raw(TRANSFER, chain="eip155:0"),
        raw(TRANSFER, chain="eip155:01"),
        raw(TRANSFER, chain="eip155:1\n"),
        raw(TRANSFER, chain="dogecoin"),
        raw(TRANSFER, fee_ceiling="01"),
        raw(TRANSFER, fee_ceiling="-1"),
        raw(TRANSFER, fee_ceiling="1.0"),
        raw(TRANSFER, fee_ceiling=1),
        raw(TRANSFER, outflows=(("payment", "", str(2**256), "0x" + "1" * 40),)),
        raw(TRANSFER, outflows=(("gift", "", "1", "0x" + "1" * 40),)),
        raw(TRANSFER, transaction=bytes(31)),
    ],
)
def test_what_makes_no_sense_is_refused_at_the_door(bad: bytes) -> None:
    with pytest.raises(InputRefused):
        decode_request(bad)


def test_chains_have_one_name_and_people_may_use_another() -> None:
    assert chain_named("base") == "eip155:8453" == chain_named("eip155:8453")
    assert spoken("eip155:8453") == "base" and spoken("eip155:31337") == "eip155:31337"
    for alias, chain in ALIASES.items():
        assert chain_named(alias) == chain and family_of(chain) == "eip155" and scheme_of(chain) == "ecdsa"
        assert NETWORKS[evm_chain_id(chain)].symbol == coin_symbol(chain)
    assert (scheme_of("bitcoin"), scheme_of("solana")) == ("bip340", "ed25519")
    for nonsense in ("", "Ethereum", "eip155:", "eip155:1x", "eip155:" + "9" * 40):
        with pytest.raises(InputRefused):
            chain_named(nonsense)


def test_each_chain_has_the_units_of_its_own_coin() -> None:
    assert (coin_symbol("eip155:137"), coin_symbol("eip155:1"), coin_symbol("solana")) == (
        "POL",
        "ETH",
        "SOL",
    )
    with pytest.raises(InputRefused):
        parse_quantity("1 ETH", coin_units("eip155:137"))


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.5 ETH", 15 * 10**17), ("3 gwei", 3 * 10**9), ("0.000000001 gwei", 1), ("7 wei", 7)],
)
def test_amounts_are_exact(text: str, value: int) -> None:
    assert parse_quantity(text, coin_units("eip155:1")) == value


@pytest.mark.parametrize(
    "text", ["1", "1.5", "ETH", "1 BTC", "-1 ETH", "1e3 ETH", "0.5 wei", ".5 ETH", "1 ETH ETH", "١ ETH"]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InputRefused):
        parse_quantity(text, coin_units("eip155:1"))


def test_amounts_are_shown_without_rounding() -> None:
    assert format_quantity(15 * 10**17, 18, "ETH") == "1.5 ETH"
    assert format_quantity(1, 18, "ETH") == "0.000000000000000001 ETH"
    assert format_quantity(10**18, 18, "ETH") == "1 ETH"
    assert format_quantity(0, 6, "USDC") == "0 USDC"
