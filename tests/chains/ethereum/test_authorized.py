"""What the owner authorized against what was read, on any chain of accounts: every difference has its own reason."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chains.ethereum.samples import FRIEND, SENDER, THIEF, TOKEN

from warifu.chains.authorized import check_authorized
from warifu.chains.reading import COIN, Kind, Outflow, Reading, Scheme, ToSign
from warifu.errors import TransactionRefused

pytestmark = pytest.mark.unit

NAME, OTHER_NAME = b"\x01" * 32, b"\x02" * 32
OTHER_TOKEN = "0xdAC17F958D2ee523a2206206994597C13D831ec7"


def pay(amount: int, to: str = FRIEND, token: str = COIN, kind: Kind = Kind.PAYMENT) -> Outflow:
    return Outflow(kind, token, amount, to)


def reading(*outflows: Outflow, fee: int = 100, chain: str = "eip155:1", name: bytes = NAME) -> Reading:
    return Reading(chain, Scheme.ECDSA, name, outflows, fee, (ToSign(name, (0, 0)),), ())


def check(found: Reading, wanted: Sequence[Outflow], ceiling: int = 100) -> None:
    check_authorized(found, chain="eip155:1", outflows=wanted, fee_ceiling=ceiling, name=NAME)


HONEST: dict[str, Sequence[Outflow]] = {
    "one payment": [pay(5)],
    "a token": [pay(5, token=TOKEN)],
    "two, the same": [pay(5), pay(5)],
    "an approval and a payment": [pay(5), pay(6, kind=Kind.APPROVAL, token=TOKEN)],
    "a cancellation": [],
}


@pytest.mark.parametrize("outflows", HONEST.values(), ids=HONEST.keys())
def test_exactly_what_was_authorized_passes(outflows: Sequence[Outflow]):
    check(reading(*outflows), outflows)
    check(reading(*reversed(outflows)), outflows)
    check(reading(*outflows, fee=99), outflows)


DIFFERENT = {
    "another chain": (reading(pay(5), chain="eip155:10"), [pay(5)], "wrong-chain"),
    "a fee over the ceiling": (reading(pay(5), fee=101), [pay(5)], "fee-over-ceiling"),
    "a thief instead of the friend": (reading(pay(5, THIEF)), [pay(5)], "swapped-recipient"),
    "a thief instead of one of two": (reading(pay(5), pay(6, THIEF)), [pay(5), pay(6)], "swapped-recipient"),
    "less": (reading(pay(4)), [pay(5)], "wrong-amount"),
    "more": (reading(pay(6)), [pay(5)], "wrong-amount"),
    "another token": (reading(pay(5, token=OTHER_TOKEN)), [pay(5, token=TOKEN)], "wrong-token"),
    "the coin instead of a token": (reading(pay(5)), [pay(5, token=TOKEN)], "wrong-token"),
    "an approval instead of a payment": (
        reading(pay(5, token=TOKEN, kind=Kind.APPROVAL)),
        [pay(5, token=TOKEN)],
        "wrong-kind",
    ),
    "a payment and a thief's": (reading(pay(5), pay(1, THIEF)), [pay(5)], "extra-outflow"),
    "the payment twice": (reading(pay(5), pay(5)), [pay(5)], "extra-outflow"),
    "a payment where nothing was to be paid": (reading(pay(5)), [], "extra-outflow"),
    "one of two": (reading(pay(5)), [pay(5), pay(5)], "missing-outflow"),
    "nothing": (reading(), [pay(5)], "missing-outflow"),
    "the same in another transaction": (reading(pay(5), name=OTHER_NAME), [pay(5)], "other-transaction"),
}


@pytest.mark.parametrize(("found", "wanted", "reason"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_each_difference_has_its_reason(found: Reading, wanted: Sequence[Outflow], reason: str):
    with pytest.raises(TransactionRefused) as refused:
        check(found, wanted)
    assert refused.value.code == f"transaction.{reason}"


def test_the_words_say_what_happens_instead_of_what():
    with pytest.raises(
        TransactionRefused, match=f"payment of 5 of the coin to {THIEF} instead of .* to {FRIEND}"
    ):
        check(reading(pay(5, THIEF)), [pay(5)])
    with pytest.raises(TransactionRefused, match="a signed message for nobody in particular"):
        check(reading(pay(0, "", kind=Kind.MESSAGE)), [])
    with pytest.raises(TransactionRefused, match=f"a call of {TOKEN}"):
        check(reading(pay(0, TOKEN, kind=Kind.CALL)), [])


flows = st.builds(
    Outflow,
    st.sampled_from(Kind),
    st.sampled_from((COIN, TOKEN, OTHER_TOKEN)),
    st.integers(0, 3),
    st.sampled_from((FRIEND, THIEF, SENDER)),
)


@given(st.lists(flows, max_size=4), st.lists(flows, max_size=4))
def test_it_passes_if_and_only_if_the_outflows_are_the_same(found: list[Outflow], wanted: list[Outflow]):
    key = str
    if sorted(found, key=key) == sorted(wanted, key=key):
        check(reading(*found), wanted)
    else:
        with pytest.raises(TransactionRefused):
            check(reading(*found), wanted)
