"""The service wants 32 bytes signed. There is no such door: every frame, every kind of request and every message
between signers, with a digest in each field that takes one, ends in a refusal, in silence, or in an answer in which
nothing is a signature over it."""

from __future__ import annotations

import hashlib
import typing
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from nacl.utils import random
from tests.support.accounts import LOCAL
from tests.support.attacker import PAIR, Attacker, account, shares_that_leave
from tests.support.simulator import FRIEND, Household, Spend, bitcoin_policy

from warifu.chains.bitcoin.payment import read_payment
from warifu.protocol.attesting import HostClaims, Reference
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_requests import VisitAsset, VisitRequest
from warifu.protocol.frames import OpenSession, ToSigner
from warifu.protocol.framing import Origin
from warifu.protocol.operator import ToSignerFromOperator
from warifu.protocol.policy import Policy
from warifu.protocol.request import HandOutRequest, Outflow, Request, TransferRequest
from warifu.signer.sessions.ceremony import Ceremony
from warifu.signer.sessions.messages import SessionMessage
from warifu.threshold.bip340 import verify as verify_bip340

pytestmark = [pytest.mark.unit, pytest.mark.slow]

FRAMES = typing.get_args(ToSigner)
OPERATORS = typing.get_args(ToSignerFromOperator)
REQUESTS = typing.get_args(Request)
MESSAGES = typing.get_args(SessionMessage)


def carrying(kind: Any, digest: bytes) -> Any:
    """A message of ``kind`` with ``digest`` in every field of bytes that can hold it, else repeated or cut to fit."""
    return msgspec.convert(_filled(inspect.type_info(kind), digest), kind, strict=True)


def _filled(info: Any, digest: bytes) -> Any:
    if isinstance(info, inspect.BytesType):
        least, most = info.min_length or 0, info.max_length if info.max_length is not None else 1024
        return (digest * (least // 32 + 1))[: max(least, min(32, most))]
    if isinstance(info, inspect.StrType):
        return _text(info)
    if isinstance(info, inspect.IntType):
        return max(
            info.ge if info.ge is not None else 0, (info.gt or -1) + 1, 1 if (info.le or 1) >= 1 else 0
        )
    if isinstance(info, inspect.LiteralType):
        return info.values[0]
    if isinstance(info, inspect.VarTupleType):
        return tuple(_filled(info.item_type, digest) for _ in range(info.min_length or 1))
    if isinstance(info, inspect.TupleType):
        return tuple(_filled(each, digest) for each in info.item_types)
    if isinstance(info, inspect.BoolType):
        return True
    if isinstance(info, inspect.NoneType):
        return None
    if isinstance(info, inspect.UnionType):
        return _filled(next(each for each in info.types if not isinstance(each, inspect.NoneType)), digest)
    if isinstance(info, inspect.Metadata):
        return _filled(info.type, digest)
    assert isinstance(info, inspect.StructType), info
    if info.cls in READY:
        return READY[info.cls](digest)
    values = [_filled(each.type, digest) for each in info.fields]
    return info.cls(*values)


def _text(info: inspect.StrType) -> str:
    for attempt in ("1", "a", "bitcoin", FRIEND, "https://wallet.example", "a" * (info.min_length or 1)):
        try:
            msgspec.convert(attempt, typing.Annotated[str, msgspec.Meta(pattern=info.pattern)])
            return attempt
        except (msgspec.ValidationError, TypeError):
            continue
    raise AssertionError(info)


READY: dict[type, Callable[[bytes], Any]] = {
    HostClaims: lambda _digest: HostClaims(1, 2, ()),
    Reference: lambda digest: Reference("tpm", 1, digest, digest, (("pcr0", digest),)),
    HandOutRequest: lambda digest: HandOutRequest(
        digest[:16], digest, digest, (bytes([digest[0] ^ 1]) + digest[1:],), 1, 1, 2
    ),
    Policy: lambda _digest: bitcoin_policy(),
    VisitRequest: lambda digest: VisitRequest(
        digest[:16], digest, "a", carrying(VisitAsset, digest), "1", "1", (), 2**33, 1, 3, 100
    ),
}
"""What its own rules keep from being filled field by field."""


def strings_of(answer: Any) -> Iterator[bytes]:
    """Every 64 bytes that stand anywhere in an answer."""
    data = encode(answer)
    yield from (data[at : at + 64] for at in range(max(0, len(data) - 63)))


def holds_a_signature(home: Household, answers: list[Any], digest: bytes) -> bool:
    """Whether any device's or wallet's key made anything in ``answers`` over the bare digest."""
    assert home.birth is not None
    taproot = [home.birth.key("bip340").threshold_public[1:]]
    ed25519 = [home[name].identity for name in home.names] + [home.birth.key("ed25519").threshold_public]
    for found in {found for answer in answers for found in strings_of(answer)}:
        if any(verify_bip340(key, digest, found) for key in taproot):
            return True
        for key in ed25519:
            try:
                VerifyKey(key).verify(digest, found)
            except (BadSignatureError, ValueError):
                continue
            return True
    return False


def digest_of_a_theft(home: Household) -> bytes:
    """What would move the money: the sighash of a payment that nobody asked for."""
    theft = home.pay(99_000_000)
    assert home.keys is not None
    return read_payment(theft.unsigned, home.keys, 20).inputs[0].sighash


@pytest.fixture
def wanted(wide_home: Household) -> bytes:
    return digest_of_a_theft(wide_home)


@pytest.mark.parametrize("kind", FRAMES, ids=lambda kind: kind.__struct_config__.tag)
def test_no_frame_of_the_service_has_a_digest_signed(wide_home: Household, wanted, kind):
    frame = carrying(kind, wanted)
    with shares_that_leave() as shares:
        answers = wide_home["device0"].send(frame)
    assert not shares
    assert not holds_a_signature(wide_home, answers, wanted)
    assert "started" not in wide_home["device0"].kinds()


@pytest.mark.parametrize("kind", OPERATORS, ids=lambda kind: kind.__struct_config__.tag)
def test_nor_does_one_of_the_operator_or_of_a_service_that_speaks_as_one(fresh_wide_home: Household, kind):
    wanted = digest_of_a_theft(fresh_wide_home)
    frame = encode(carrying(kind, wanted))
    device = fresh_wide_home["device0"]
    assert device.signer.receive(Origin.SERVICE, frame) == []
    with shares_that_leave() as shares:
        answers = device.signer.receive(Origin.OPERATOR, frame)
    assert not shares
    assert not holds_a_signature(fresh_wide_home, [data for _, data in answers], wanted)


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__struct_config__.tag)
def test_nor_does_any_kind_of_request_that_the_owner_was_made_to_authorize(
    wide_home: Household, wide_attacker: Attacker, wanted, kind
):
    """The owner's signature under it is genuine: nothing but the signers' judgement is left."""
    request = of_this_wallet(wide_home, carrying_request(kind, wanted))
    openings = wide_home.openings(request, PAIR, wanted)
    wide_attacker.refused({"input", "authorization", "transaction"}, wide_home.run, openings)


def carrying_request(kind: Any, digest: bytes) -> Any:
    if kind is TransferRequest:
        return TransferRequest(random(16), digest, "bitcoin", (), "0", digest, None, 1, 2)
    return carrying(kind, digest)


def of_this_wallet(home: Household, request: Any) -> Any:
    assert home.birth is not None
    fields = {"request_id": random(16), "created": home.clock(), "expires": home.clock() + 600}
    if hasattr(request, "wallet_id"):
        fields["wallet_id"] = home.birth.wallet_id
    if isinstance(request, TransferRequest):
        fields |= {"outflows": (Outflow("payment", "", "1", FRIEND),), "fee_ceiling": "100000"}
    return msgspec.structs.replace(request, **fields)


@pytest.mark.parametrize("chain", ["bitcoin", LOCAL, "solana"])
@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 64, 65])
def test_a_digest_is_no_transaction_and_no_message_on_any_chain(
    wide_home: Household, wide_attacker: Attacker, wanted, chain, length
):
    assert wide_home.birth is not None
    to = FRIEND if chain == "bitcoin" else account(wide_home, chain)
    bare = (wanted * 3)[:length]
    for name in (wanted, hashlib.sha256(bare).digest()):
        request = TransferRequest(
            random(16), wide_home.birth.wallet_id, chain, (Outflow("payment", "", "1", to),), "1000000", name, None,
            wide_home.clock(), wide_home.clock() + 600,
        )  # fmt: skip
        wide_attacker.refused({"input", "transaction"}, wide_home.sign, Spend(request, bare), PAIR)


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__struct_config__.tag)
def test_nor_does_a_corrupted_signer_get_it_by_any_message_inside_the_channel(
    fresh_wide_home: Household, kind
):
    """It says this instead of its first message after the Hello; the honest signer names it, and signs nothing."""
    wanted = digest_of_a_theft(fresh_wide_home)
    payment = fresh_wide_home.pay()
    openings = fresh_wide_home.openings(payment.request, PAIR, payment.unsigned)
    message = carrying(kind, wanted)

    def take_over() -> None:
        ceremony: Any = fresh_wide_home["device1"].signer._ceremonies._running[openings["device1"].session]
        ceremony._say = lambda peer, _message: Ceremony._say(ceremony, peer, message)

    with shares_that_leave() as shares:
        outcome = fresh_wide_home.run(openings, opened=take_over)
    assert "device0" not in shares
    assert outcome.failed["device0"].family in ("peer", "session", "policy", "store")
    assert "device0" not in outcome.finished


def test_the_service_cannot_open_a_session_for_a_digest_without_a_request(wide_home, wide_attacker, wanted):
    payment = wide_home.pay()
    openings = wide_home.openings(payment.request, PAIR, payment.unsigned)
    bare = msgspec.structs.replace(openings["device0"].authorization, request=wanted)
    wide_attacker.refused(
        "input.malformed",
        lambda: wide_attacker.send(
            "device0", msgspec.structs.replace(openings["device0"], authorization=bare)
        ),
    )
    assert isinstance(openings["device0"], OpenSession)
