"""Typed data to build tests from: EIP-712's example, the permits that wallets meet, and anything that is valid."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st
from tests.chains.ethereum.samples import FRIEND, SENDER, TOKEN

DOMAIN = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"


def typed(primary: str, types: dict[str, str], message: dict[str, Any], **domain: Any) -> dict[str, Any]:
    """A request; each type is written ``type name,type name``, the domain by its members' values."""
    domain = {"name": "USD Coin", "version": "2", "chainId": 1, "verifyingContract": TOKEN} | domain
    domain = {name: domain[name] for name in DOMAIN if domain.get(name) is not None}
    declared = {name: _members(members) for name, members in types.items()}
    declared["EIP712Domain"] = [{"name": name, "type": DOMAIN[name]} for name in domain]
    return {"types": declared, "primaryType": primary, "domain": domain, "message": message}


def _members(text: str) -> list[dict[str, str]]:
    pairs = (part.split(" ") for part in text.split(",") if part)
    return [{"name": name, "type": kind} for kind, name in pairs]


def as_json(request: dict[str, Any]) -> bytes:
    return json.dumps(request, ensure_ascii=False).encode()


def changed(request: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """A copy with one member, named by its path, set or (``...``) taken away."""
    altered = copy.deepcopy(request)
    *parents, last = place.split("/")
    at = altered
    for parent in parents:
        at = at[parent]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return altered


MAIL = typed(
    "Mail",
    {"Person": "string name,address wallet", "Mail": "Person from,Person to,string contents"},
    {
        "from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
        "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
        "contents": "Hello, Bob!",
    },
    name="Ether Mail",
    version="1",
    verifyingContract="0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
)
"""The example of EIP-712."""

_PERMIT = "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"
PERMIT = typed(
    "Permit",
    {"Permit": _PERMIT},
    {"owner": SENDER, "spender": FRIEND, "value": "5000000", "nonce": 0, "deadline": 1_900_000_000},
)
DAI_PERMIT = typed(
    "Permit",
    {"Permit": "address holder,address spender,uint256 nonce,uint256 expiry,bool allowed"},
    {"holder": SENDER, "spender": FRIEND, "nonce": 0, "expiry": 0, "allowed": True},
)
NFT_PERMIT = typed(
    "Permit",
    {"Permit": "address spender,uint256 tokenId,uint256 nonce,uint256 deadline"},
    {"spender": FRIEND, "tokenId": "77", "nonce": 0, "deadline": 1_900_000_000},
)
TRANSFER = typed(
    "TransferWithAuthorization",
    {
        "TransferWithAuthorization": "address from,address to,uint256 value,uint256 validAfter,"
        "uint256 validBefore,bytes32 nonce"
    },
    {
        "from": SENDER,
        "to": FRIEND,
        "value": "5000000",
        "validAfter": 0,
        "validBefore": 1_900_000_000,
        "nonce": "0x" + "11" * 32,
    },
)

_DETAILS = {"PermitDetails": "address token,uint160 amount,uint48 expiration,uint48 nonce"}
_PERMISSIONS = {"TokenPermissions": "address token,uint256 amount"}
OTHER_TOKEN = "0xdAC17F958D2ee523a2206206994597C13D831ec7"


def _details(token: str, amount: int) -> dict[str, Any]:
    return {"token": token, "amount": str(amount), "expiration": 1_900_000_000, "nonce": 0}


def _permit2(primary: str, members: str, message: dict[str, Any], **types: str) -> dict[str, Any]:
    inner = _DETAILS if "PermitDetails" in members else _PERMISSIONS
    return typed(
        primary,
        {primary: members} | inner | types,
        message | {"spender": FRIEND},
        name="Permit2",
        version=None,
        verifyingContract=PERMIT2,
    )


PERMIT_SINGLE = _permit2(
    "PermitSingle",
    "PermitDetails details,address spender,uint256 sigDeadline",
    {"details": _details(TOKEN, 5), "sigDeadline": 1_900_000_000},
)
PERMIT_BATCH = _permit2(
    "PermitBatch",
    "PermitDetails[] details,address spender,uint256 sigDeadline",
    {"details": [_details(TOKEN, 5), _details(OTHER_TOKEN, 6)], "sigDeadline": 1_900_000_000},
)
_ONE = {"permitted": {"token": TOKEN, "amount": "5"}, "nonce": 0, "deadline": 1_900_000_000}
_TWO = _ONE | {"permitted": [{"token": TOKEN, "amount": "5"}, {"token": OTHER_TOKEN, "amount": "6"}]}
PERMIT_TRANSFER = _permit2(
    "PermitTransferFrom", "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline", _ONE
)
PERMIT_BATCH_TRANSFER = _permit2(
    "PermitBatchTransferFrom",
    "TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline",
    _TWO,
)
PERMIT_WITNESS = _permit2(
    "PermitWitnessTransferFrom",
    "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Order witness",
    _ONE | {"witness": {"reactor": OTHER_TOKEN, "least": "7"}},
    Order="address reactor,uint256 least",
)
PERMIT_BATCH_WITNESS = _permit2(
    "PermitBatchWitnessTransferFrom",
    "TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline,Order witness",
    _TWO | {"witness": {"reactor": OTHER_TOKEN, "least": "7"}},
    Order="address reactor,uint256 least",
)


_ATOMS = st.sampled_from(
    (
        "address",
        "bool",
        "string",
        "bytes",
        "bytes1",
        "bytes4",
        "bytes20",
        "bytes32",
        "uint8",
        "uint48",
        "uint160",
        "uint256",
        "int8",
        "int128",
        "int256",
    )
)
_SUFFIXES = st.sampled_from(("", "", "", "[]", "[2]", "[1][]", "[][2]"))


@st.composite
def requests(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Any valid request, and its message with Python's own numbers and bytes, as eth-account takes it."""
    count = draw(st.integers(1, 4))
    names = draw(
        st.lists(
            st.from_regex(r"[A-Z][A-Za-z0-9]{0,6}", fullmatch=True),
            min_size=count,
            max_size=count,
            unique=True,
        )
    )
    types: dict[str, str] = {}
    for index, name in enumerate(names):
        kinds = [draw(_ATOMS) + draw(_SUFFIXES) for _ in range(draw(st.integers(0 if index else 1, 3)))]
        if index + 1 < count:
            kinds.append(names[index + 1] + draw(_SUFFIXES))  # so that every type is used
            kinds += [draw(st.sampled_from(names[index + 1 :])) for _ in range(draw(st.integers(0, 1)))]
        types[name] = ",".join(f"{kind} m{place}" for place, kind in enumerate(kinds))
    shown, native = draw(_struct(types, names[0]))
    domain = {
        "chainId": draw(st.integers(1, 2**53 - 1)),
        "salt": draw(st.sampled_from((None, "0x" + "5a" * 32))),
    }
    request = typed(names[0], types, shown, version=draw(st.sampled_from((None, "1"))), **domain)
    return request, changed(request, "message", native)


@st.composite
def _struct(draw: st.DrawFn, types: dict[str, str], name: str) -> tuple[Any, Any]:
    shown, native = {}, {}
    for member in _members(types[name]):
        shown[member["name"]], native[member["name"]] = draw(_value(types, member["type"]))
    return shown, native


@st.composite
def _value(draw: st.DrawFn, types: dict[str, str], kind: str) -> tuple[Any, Any]:
    if kind.endswith("]"):
        element, _, length = kind[:-1].rpartition("[")
        size = int(length) if length else draw(st.integers(0, 2))
        pairs = [draw(_value(types, element)) for _ in range(size)]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if kind in types:
        return draw(_struct(types, kind))
    if kind == "bool":
        truth = draw(st.booleans())
        return truth, truth
    if kind == "string":
        text = draw(st.text(max_size=20))
        return text, text
    if kind == "address":
        address = "0x" + draw(st.binary(min_size=20, max_size=20)).hex()
        return address, address
    if kind.startswith("bytes"):
        size = int(kind[5:]) if kind[5:] else draw(st.integers(0, 40))
        content = draw(st.binary(min_size=size, max_size=size))
        return "0x" + content.hex(), content
    bits = int(kind.lstrip("uint"))
    low, high = (0, 2**bits - 1) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    number = draw(st.one_of(st.sampled_from((low, high, 0)), st.integers(low, high)))
    forms = [str(number)] + ([number] if abs(number) < 2**53 else []) + ([hex(number)] if number >= 0 else [])
    return draw(st.sampled_from(forms)), number
