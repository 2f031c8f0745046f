"""A signature can spend: permits count like the transactions that they stand for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.chains.ethereum.samples import CHAIN, FRIEND, SENDER, THIEF, TOKEN
from tests.chains.ethereum.typed_samples import (
    DAI_PERMIT,
    NFT_PERMIT,
    OTHER_TOKEN,
    PERMIT,
    PERMIT_BATCH,
    PERMIT_BATCH_TRANSFER,
    PERMIT_BATCH_WITNESS,
    PERMIT_SINGLE,
    PERMIT_TRANSFER,
    PERMIT_WITNESS,
    TRANSFER,
    as_json,
    changed,
    typed,
)

from warifu.chains.ethereum.reading import read
from warifu.chains.reading import Kind, Outflow
from warifu.errors import TransactionRefused

pytestmark = pytest.mark.unit

UNLIMITED = 2**256 - 1
ZERO = "0x" + "00" * 20


def approves(amount: int, token: str = TOKEN) -> Outflow:
    return Outflow(Kind.APPROVAL, token, amount, FRIEND)


COUNTED = {
    "ERC-2612": (PERMIT, (approves(5_000_000),)),
    "ERC-2612, unlimited": (changed(PERMIT, "message/value", str(UNLIMITED)), (approves(UNLIMITED),)),
    "DAI": (DAI_PERMIT, (approves(UNLIMITED),)),
    "DAI, taken back": (changed(DAI_PERMIT, "message/allowed", False), (approves(0),)),
    "an NFT": (NFT_PERMIT, (approves(1),)),
    "ERC-3009": (TRANSFER, (Outflow(Kind.PAYMENT, TOKEN, 5_000_000, FRIEND),)),
    "Permit2, one allowance": (PERMIT_SINGLE, (approves(5),)),
    "Permit2, allowances": (PERMIT_BATCH, (approves(5), approves(6, OTHER_TOKEN))),
    "Permit2, one transfer": (PERMIT_TRANSFER, (approves(5),)),
    "Permit2, transfers": (PERMIT_BATCH_TRANSFER, (approves(5), approves(6, OTHER_TOKEN))),
    "Permit2, one transfer with a witness": (PERMIT_WITNESS, (approves(5),)),
    "Permit2, transfers with a witness": (PERMIT_BATCH_WITNESS, (approves(5), approves(6, OTHER_TOKEN))),
}


@pytest.mark.parametrize(("request_", "expected"), COUNTED.values(), ids=COUNTED.keys())
def test_a_permit_counts_as_spending(request_: dict[str, Any], expected: tuple[Outflow, ...]):
    assert read(as_json(request_), SENDER, CHAIN).reading.outflows == expected


def refusal(request: dict[str, Any]) -> str:
    with pytest.raises(TransactionRefused) as refused:
        read(as_json(request), SENDER, CHAIN)
    return refused.value.code.removeprefix("transaction.")


REFUSED = {
    "of another account": (changed(PERMIT, "message/owner", THIEF), "foreign-approval"),
    "of another account's DAI": (changed(DAI_PERMIT, "message/holder", THIEF), "foreign-approval"),
    "of another account's dollars": (changed(TRANSFER, "message/from", THIEF), "foreign-transfer"),
    "for itself": (changed(PERMIT, "message/spender", SENDER), "self-approval"),
    "for nobody": (changed(PERMIT_SINGLE, "message/spender", ZERO), "reserved-address"),
    "for the token's contract": (changed(PERMIT, "message/spender", TOKEN), "to-token-contract"),
    "to nobody": (changed(TRANSFER, "message/to", ZERO), "reserved-address"),
    "of nothing": (changed(TRANSFER, "message/value", 0), "empty-transfer"),
    "of no token": (changed(PERMIT_TRANSFER, "message/permitted/token", ZERO), "reserved-address"),
    "of an empty batch": (changed(PERMIT_BATCH, "message/details", []), "unknown-permit"),
    "of a batch that nobody can look through": (
        changed(PERMIT_BATCH_TRANSFER, "message/permitted", [{"token": TOKEN, "amount": "1"}] * 65),
        "unknown-permit",
    ),
    "on another chain": (changed(PERMIT, "domain/chainId", 10), "wrong-chain"),
}


@pytest.mark.parametrize(("request_", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_no_policy_can_allow_is_refused(request_: dict[str, Any], reason: str):
    assert refusal(request_) == reason


PERMIT_MEMBERS = "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline"
MESSAGE = PERMIT["message"]
WITNESS_TYPES = PERMIT_WITNESS["types"]
LOOK_ALIKES = {
    "a witness with other permissions": changed(
        changed(PERMIT_WITNESS, "types/TokenPermissions", [{"name": "amount", "type": "uint256"}]),
        "message/permitted",
        {"amount": "5"},
    ),
    "a witness with permissions in another order": changed(
        PERMIT_WITNESS, "types/TokenPermissions", WITNESS_TYPES["TokenPermissions"][::-1]
    ),
    "another order": typed(
        "Permit",
        {"Permit": "address spender,address owner,uint256 value,uint256 nonce,uint256 deadline"},
        MESSAGE,
    ),
    "a smaller number": typed(
        "Permit", {"Permit": PERMIT_MEMBERS.replace("uint256 value", "uint96 value")}, MESSAGE
    ),
    "a member more": typed("Permit", {"Permit": PERMIT_MEMBERS + ",bool all"}, MESSAGE | {"all": True}),
    "another name": typed("Allow", {"Allow": PERMIT_MEMBERS}, MESSAGE),
    "an operator": typed("Allow", {"Allow": "address operator,bool yes"}, {"operator": FRIEND, "yes": True}),
    "capitals": typed("PERMIT", {"PERMIT": "address who"}, {"who": FRIEND}),
    "a permit within": typed(
        "Order",
        {"Order": "Permit permit", "Permit": PERMIT_MEMBERS},
        {"permit": MESSAGE},
    ),
    "an authorization of another form": typed(
        "CancelWithAuthorization", {"CancelWithAuthorization": "address to"}, {"to": FRIEND}
    ),
}


@pytest.mark.parametrize("request_", LOOK_ALIKES.values(), ids=LOOK_ALIKES.keys())
def test_what_is_like_a_permit_and_none_that_is_known_is_refused(request_: dict[str, Any]):
    assert refusal(request_) == "unknown-permit"


def test_a_permit_names_the_contract_that_would_take_it():
    assert (
        refusal(typed("Permit", {"Permit": PERMIT_MEMBERS}, MESSAGE, verifyingContract=None)) == "no-contract"
    )


def test_a_permit_for_another_permit2_counts_all_the_same():
    request = changed(PERMIT_SINGLE, "domain/verifyingContract", THIEF)
    assert read(as_json(request), SENDER, CHAIN).reading.outflows == (approves(5),)


def test_a_transaction_in_the_form_of_typed_data_is_refused():
    zksync = typed(
        "Transaction",
        {"Transaction": "uint256 txType,uint256 from,uint256 to,uint256 value"},
        {"txType": 113, "from": "1", "to": "2", "value": "3"},
        name="zkSync",
        verifyingContract=None,
    )
    assert refusal(zksync) == "typed-transaction"


_FORWARDED = {"to": FRIEND, "value": "5", "nonce": "0"}
CALLS = {
    "to be forwarded (EIP-2771)": typed(
        "ForwardRequest",
        {"ForwardRequest": "address from,address to,uint256 value,uint256 gas,uint256 nonce,bytes data"},
        _FORWARDED | {"from": SENDER, "gas": "21000", "data": "0xa9059cbb"},
        verifyingContract=None,
    ),
    "within another struct": typed(
        "Batch",
        {"Batch": "Call[2] calls", "Call": "address to,uint256 value,uint256 nonce,bytes data"},
        {"calls": [_FORWARDED | {"data": "0x"}] * 2},
        verifyingContract=None,
    ),
    "of several pieces": typed(
        "Calls", {"Calls": "address[] to,bytes[] calls"}, {"to": [], "calls": []}, verifyingContract=None
    ),
    "with data of another type": typed(
        "Call",
        {"Call": "address to,uint256 value,uint256 nonce,bytes32 data"},
        _FORWARDED | {"data": "0x" + "11" * 32},
        verifyingContract=None,
    ),
}


@pytest.mark.parametrize("request_", CALLS.values(), ids=CALLS.keys())
def test_a_call_is_no_message_to_a_name(request_: dict[str, Any]):
    """The policy's list of contracts guards calls; a domain that leaves its contract out would pass by it."""
    assert refusal(request_) == "typed-transaction"
    to_a_contract = typed(
        request_["primaryType"],
        {
            name: ",".join(f"{member['type']} {member['name']}" for member in members)
            for name, members in request_["types"].items()
            if name != "EIP712Domain"
        },
        request_["message"],
    )
    (outflow,) = read(as_json(to_a_contract), SENDER, CHAIN).reading.outflows
    assert outflow == Outflow(Kind.MESSAGE, "", 0, TOKEN)


def test_words_and_numbers_to_a_name_stay_a_message():
    log_in = typed(
        "Login",
        {"Login": "address account,uint256 value,string words,bytes32 nonce"},
        {"account": SENDER, "value": "1", "words": "I am here", "nonce": "0x" + "11" * 32},
        name="example.org",
        verifyingContract=None,
    )
    assert read(as_json(log_in), SENDER, CHAIN).reading.outflows == (
        Outflow(Kind.MESSAGE, "", 0, "example.org"),
    )


def test_a_batch_as_long_as_a_person_looks_through_counts_whole():
    request = changed(PERMIT_BATCH_TRANSFER, "message/permitted", [{"token": TOKEN, "amount": "1"}] * 64)
    assert read(as_json(request), SENDER, CHAIN).reading.outflows == (approves(1),) * 64
