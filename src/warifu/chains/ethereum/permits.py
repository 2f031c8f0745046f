"""Typed data that takes something from an account by a signature alone, recognised by its exact type.

ERC-2612 ``Permit``, DAI's, the permit of NFT contracts (ERC-4494), all of Permit2's, with witness or without, and
ERC-3009 ``TransferWithAuthorization`` (USDC). They count as spending like the transactions that they stand for. What is
named or built like a permit without being one of these is refused: a signature that was not understood may hand over
everything. All other typed data is a message to its verifying contract, whatever that contract makes of it (an order of
an exchange, for example): who lets messages be signed trusts the owner's eyes for it. Without such a contract it is one
to whoever the domain names, unless it is built like a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum.effects import UNLIMITED, Finding, approval, foreign, token_payment
from warifu.chains.ethereum.typed_data import TypedData
from warifu.chains.ethereum.typed_types import element_type
from warifu.chains.ethereum.typed_values import Struct, Value
from warifu.chains.reading import COIN, Kind, Outflow
from warifu.errors import TransactionRefused

MAX_BATCH = 64
_DETAILS = "PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)"
_PERMISSIONS = "TokenPermissions(address token,uint256 amount)"
_PERMISSION_MEMBERS = (("token", "address"), ("amount", "uint256"))
_AUTHORIZATION = "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce"
_SPENDERS = frozenset(("spender", "operator"))

Judge = Callable[[bytes | None, bytes, Struct], Iterator[Finding]]


def findings(data: TypedData, sender: bytes | None) -> Iterator[Finding]:
    """What ``data`` lets others take from ``sender`` (20 bytes; None: not known), and for what it is refused."""
    judge = _judge(data)
    contract = data.verifying_contract
    if judge is not None and contract is not None:
        yield from judge(sender, contract, data.message)
    elif judge is not None:
        yield TransactionRefused("no-contract", f"{data.primary_type} names no contract that would take it")
    elif _like_a_permit(data):
        yield TransactionRefused(
            "unknown-permit",
            f"{data.primary_type} seems to allow somebody something, in a form not known here",
        )
    elif contract is not None:
        yield Outflow(Kind.MESSAGE, COIN, 0, format_address(contract))
    else:
        if not data.domain_name.isprintable() or data.domain_name[:2].lower() == "0x":
            # It stands where a contract's address would, and a policy may name that contract.
            yield TransactionRefused(
                "domain-name", "the domain is called like an address, or cannot be shown"
            )
        if _like_a_transaction(data):
            yield TransactionRefused(
                "typed-transaction", "this is a call or a whole transaction in the form of typed data"
            )
        yield Outflow(Kind.MESSAGE, COIN, 0, data.domain_name)


def _judge(data: TypedData) -> Judge | None:
    encoded = data.schema.encode_type(data.primary_type)
    exact = _KNOWN.get(encoded)
    # The witness's types are sorted among the others, so that these stand anywhere in the text.
    if exact is not None or data.schema.structs.get("TokenPermissions") != _PERMISSION_MEMBERS:
        return exact
    return next((judge for opening, judge in _WITH_WITNESS if encoded.startswith(opening)), None)


def _like_a_permit(data: TypedData) -> bool:
    names = {
        name for struct in data.schema.needed(data.primary_type) for name, _ in data.schema.structs[struct]
    }
    structs = " ".join(data.schema.needed(data.primary_type)).lower()
    return "permit" in structs or "withauthorization" in structs or bool(names & _SPENDERS)


def _like_a_transaction(data: TypedData) -> bool:
    """zkSync's own transactions (EIP-712, type 113), and requests to forward a call (EIP-2771) or to carry out one.

    With a contract in the domain, that contract has to be named in the policy. Without one, a forwarder that leaves it
    out of its domain would get its calls by the word "message": bytes that a person cannot read, or what a call is
    made of.
    """
    if "txType" in data.message:
        return True
    for struct in data.schema.needed(data.primary_type):
        members = data.schema.structs[struct]
        kinds = {element_type(kind) for _, kind in members}
        if "bytes" in kinds or ("address" in kinds and {"value", "data"} <= {name for name, _ in members}):
            return True
    return False


def _permit(sender: bytes | None, token: bytes, message: Struct) -> Iterator[Finding]:
    yield from foreign(_address(message["owner"]), sender, "foreign-approval")
    yield from approval(sender, token, _address(message["spender"]), _number(message["value"]))


def _dai_permit(sender: bytes | None, token: bytes, message: Struct) -> Iterator[Finding]:
    yield from foreign(_address(message["holder"]), sender, "foreign-approval")
    amount = UNLIMITED if message["allowed"] else 0
    yield from approval(sender, token, _address(message["spender"]), amount)


def _nft_permit(sender: bytes | None, token: bytes, message: Struct) -> Iterator[Finding]:
    return approval(sender, token, _address(message["spender"]), 1)


def _transfer(sender: bytes | None, token: bytes, message: Struct) -> Iterator[Finding]:
    yield from foreign(_address(message["from"]), sender, "foreign-transfer")
    yield from token_payment(sender, token, _address(message["to"]), _number(message["value"]))


def _permit2(member: str) -> Judge:
    """For a message whose ``member`` is one permission or a list of them."""

    def judge(sender: bytes | None, _contract: bytes, message: Struct) -> Iterator[Finding]:
        found = message[member]
        permissions = found if isinstance(found, tuple) else (found,)
        if not 0 < len(permissions) <= MAX_BATCH:
            yield TransactionRefused("unknown-permit", f"a permit is for 1 to {MAX_BATCH} tokens")
        for permission in permissions[:MAX_BATCH]:
            assert isinstance(permission, dict), "its type says so"
            token, amount = _address(permission["token"]), _number(permission["amount"])
            yield from approval(sender, token, _address(message["spender"]), amount)

    return judge


def _address(value: Value) -> bytes:
    assert isinstance(value, bytes), "its type says so"
    return value


def _number(value: Value) -> int:
    assert isinstance(value, int), "its type says so"
    return value


_KNOWN: dict[str, Judge] = {
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)": _permit,
    "Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)": _dai_permit,
    "Permit(address spender,uint256 tokenId,uint256 nonce,uint256 deadline)": _nft_permit,
    f"TransferWithAuthorization({_AUTHORIZATION})": _transfer,
    f"ReceiveWithAuthorization({_AUTHORIZATION})": _transfer,
    f"PermitSingle(PermitDetails details,address spender,uint256 sigDeadline){_DETAILS}": _permit2("details"),
    f"PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline){_DETAILS}": _permit2(
        "details"
    ),
    f"PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline){_PERMISSIONS}": (
        _permit2("permitted")
    ),
    "PermitBatchTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline)"
    + _PERMISSIONS: _permit2("permitted"),
}
_WITH_WITNESS: tuple[tuple[str, Judge], ...] = (
    (
        "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,",
        _permit2("permitted"),
    ),
    (
        "PermitBatchWitnessTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline,",
        _permit2("permitted"),
    ),
)
"""What follows is the witness: what the permit is for. It takes nothing beside."""
