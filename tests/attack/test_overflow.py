"""Numbers that wrap around, are too large, negative, written otherwise, or in another unit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.accounts import (
    ETHER,
    GWEI,
    LOCAL,
    SHOP,
    TOKEN,
    ether_payment,
    ethereum_rules,
    sol_payment,
    token_call,
)
from tests.support.attacker import Attacker, account, ether, of_account, with_outputs
from tests.support.simulator import BTC, FRIEND, FRIEND_SCRIPT, Household, Spend, bitcoin_policy

from warifu.chains.bitcoin.psbt import parse_psbt
from warifu.chains.bitcoin.transaction import TxOutput
from warifu.chains.ethereum import rlp
from warifu.protocol.encoding import encode
from warifu.protocol.frames import OpenCorrelating
from warifu.protocol.request import Outflow, TransferRequest
from warifu.units import Satoshi

pytestmark = [pytest.mark.unit, pytest.mark.slow]

SUPPLY = 21_000_000 * BTC


def in_bytes(payment: Spend, *values: int) -> bytes:
    """The payment with other 64-bit values in its two outputs, written past every check of ours."""
    data = with_outputs(payment, lambda outputs: outputs)
    for old, new in zip((60_000, 99_939_000), values, strict=True):
        assert data.count(old.to_bytes(8, "little")) == 1
        data = data.replace(old.to_bytes(8, "little"), (new % 2**64).to_bytes(8, "little"))
    return data


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize(
    "value",
    [-1, -60_000, 2**63, 2**63 - 1, 2**64 - 1, SUPPLY + 1],
    ids=["-1", "-60000", "2^63", "2^63-1", "2^64-1", "21M"],
)
def test_an_output_of_more_bitcoin_than_there_can_be_or_of_less_than_none(
    home: Household, attacker: Attacker, index, value
):
    payment = home.pay()
    lie = in_bytes(payment, *((value, 99_939_000) if index == 0 else (60_000, value)))
    attacker.refused("input.amount-range", lambda: attacker.show(payment, [lie]))


@pytest.mark.parametrize("values", [(2**63, 2**63 + 60_000), (SUPPLY, SUPPLY), (2**64 - 1, 60_001)])
def test_outputs_whose_sum_wraps_around(home: Household, attacker: Attacker, values):
    """The bug of 2010 (CVE-2010-5139): outputs that together are little, modulo 2^64."""
    payment = home.pay()
    attacker.refused("input.amount-range", lambda: attacker.show(payment, [in_bytes(payment, *values)]))


@pytest.mark.parametrize(
    "amount",
    [
        "-1",
        "+1",
        "01",
        "1.0",
        "1e5",
        "0x10",
        " 1",
        "1 ",
        "１",
        "1_000",
        "",
        "9" * 79,
        str(2**256),
        "inf",
        "60000\n",
    ],
)
def test_an_amount_that_is_not_a_plain_whole_number_is_no_request(
    home: Household, attacker: Attacker, amount
):
    payment = home.pay()
    fields: dict[str, Any] = msgspec.structs.asdict(payment.request)
    for field in ("amount", "fee_ceiling"):
        request = _unchecked(fields, field, amount)
        authorization, envelopes = home.authorized(payment.request, ("device0", "device1"))
        forged = msgspec.structs.replace(authorization, request=request)
        attacker.refused(
            {
                "input.malformed",
                "authorization.signature",
            },  # a fee ceiling may be any number, but not unsigned
            home.run,
            home.openings_of(forged, envelopes, payment.unsigned),
        )


def _unchecked(fields: dict[str, Any], field: str, amount: str) -> bytes:
    """A request's encoding with an amount that its type would not take."""
    made = TransferRequest(**fields)
    if field == "fee_ceiling":
        return encode(msgspec.structs.replace(made, fee_ceiling=amount))
    return encode(made).replace(encode("60000"), encode(amount))


@pytest.mark.parametrize(
    ("field", "value"), [("created", -1), ("expires", 2**40), ("expires", 2**63), ("created", 2**64 - 1)]
)
def test_moments_beyond_every_calendar(home: Household, attacker: Attacker, field, value):
    payment = home.pay(**{field: value})
    openings = home.openings(payment.request, ("device0", "device1"), payment.unsigned)
    attacker.refused("input.malformed", lambda: home.run(openings))


def raw_ether(value: int, max_fee: int, gas: int = 21_000) -> bytes:
    """An EIP-1559 payload with numbers that our own builder does not take."""
    numbers = [rlp.integer(number) for number in (31337, 0, 10**9, max_fee, gas)]
    return b"\x02" + rlp.encode((*numbers, bytes.fromhex(SHOP[2:]), rlp.integer(value), b"", ()))


@pytest.mark.parametrize(
    ("value", "max_fee"),
    [(2**256 - 1, 10**10), (2**255, 2**255), (1, 2**256 - 1), (2**256, 10**10), (0, 2**256)],
)
def test_an_account_that_would_pay_more_than_there_is(
    wide_home: Household, wide_attacker: Attacker, value, max_fee
):
    """Amount and fee together are beyond 2^256, or each is: numbers do not wrap here."""
    agreed = of_account(wide_home, LOCAL, ether_payment(1), fee_ceiling=str(10**60))
    lie = raw_ether(value, max_fee)
    wide_attacker.refused(
        {"input.transaction-form", "input.rlp-form"}, lambda: wide_attacker.show(agreed, [lie])
    )


def test_an_owner_who_agrees_to_it_is_stopped_by_the_limit(wide_home: Household, wide_attacker: Attacker):
    for unsigned in (
        ether_payment(2**256 - 1 - ETHER),
        ether_payment(0, to=TOKEN, data=token_call("a9059cbb", SHOP, 2**256 - 1)),
        ether_payment(0, to=TOKEN, data=token_call("095ea7b3", SHOP, 2**256 - 1)),
    ):
        agreed = of_account(wide_home, LOCAL, unsigned)
        wide_attacker.refused("policy.per-transaction-limit", wide_home.sign, agreed)


@pytest.mark.parametrize("max_fee", [2**200, 2**240])
def test_gas_times_price_does_not_wrap(wide_home: Household, wide_attacker: Attacker, max_fee):
    agreed = ether(wide_home, 1, max_fee=max_fee)
    wide_attacker.refused("policy.per-transaction-limit", lambda: wide_home.sign(agreed))


@pytest.mark.parametrize("lamports", [2**64 - 1, 2**63, 2**64 - 5000])
def test_lamports_do_not_wrap(wide_home: Household, wide_attacker: Attacker, lamports):
    """Amount and fee together are beyond 2^64."""
    agreed = of_account(wide_home, "solana", sol_payment(account(wide_home, "solana"), lamports))
    wide_attacker.refused("policy.per-transaction-limit", lambda: wide_home.sign(agreed))


@pytest.mark.parametrize(
    ("authorized", "built"),
    [
        (1, 10**9),  # one gwei for one wei
        (ETHER // GWEI, ETHER),  # the number of gwei, taken as wei
        (ETHER, ETHER // GWEI),
        (1, ETHER),
    ],
)
def test_a_number_of_another_unit_is_another_amount(
    wide_home: Household, wide_attacker: Attacker, authorized, built
):
    wanted = of_account(wide_home, LOCAL, ether_payment(authorized))
    wide_attacker.refused(
        "transaction.wrong-amount", lambda: wide_attacker.show(wanted, [ether_payment(built)])
    )


def test_a_tokens_six_decimals_are_not_ethers_eighteen(wide_home: Household, wide_attacker: Attacker):
    """100 USDC are within the limit; 100 of its units times 10^12 are not, whoever thinks in ether."""
    data = token_call("a9059cbb", SHOP, 100 * 10**18)
    agreed = of_account(wide_home, LOCAL, ether_payment(0, to=TOKEN, data=data))
    wide_attacker.refused("policy.per-transaction-limit", lambda: wide_home.sign(agreed))


def test_many_outflows_are_added_up_without_an_end(tmp_path: Path):
    """Each within the limit of one transaction, together not."""
    household = Household(tmp_path, 2)
    household.make_wallet(2, bitcoin_policy(per_transaction=1_000_000))
    attacker, payment = Attacker(household), household.pay()
    shares = [TxOutput(Satoshi(20_000), FRIEND_SCRIPT) for _ in range(60)]

    def shredded(outputs: list[TxOutput]) -> list[TxOutput]:
        return [*shares, TxOutput(Satoshi(outputs[1].amount - 60 * 20_000 + 60_000), outputs[1].script)]

    unsigned = with_outputs(payment, shredded)
    request = msgspec.structs.replace(
        payment.request,
        outflows=tuple(Outflow("payment", "", "20000", FRIEND) for _ in shares),
        transaction=parse_psbt(unsigned).transaction.txid,
    )
    attacker.refused(
        "policy.per-transaction-limit",
        lambda: household.sign(replace(payment, request=request, unsigned=unsigned)),
    )
    household.close()


@pytest.mark.parametrize("count", [0, 17, -1, 2**32, 2**64 - 1])
def test_a_count_of_preparations_that_is_none(wide_home: Household, wide_attacker: Attacker, count):
    assert wide_home.birth is not None
    participants = tuple(sorted(wide_home[name].identity for name in wide_home.names))
    frame = OpenCorrelating(bytes(16), wide_home.birth.wallet_id, participants, count)
    wide_attacker.ignored("device0", lambda: wide_attacker.send("device0", frame))


def test_a_policy_with_more_than_there_can_be_makes_no_wallet(tmp_path: Path):
    for amount in (2**256, 10**77):
        with pytest.raises(ValueError, match="more"):
            ethereum_rules(fee_ceiling=str(amount) + "0" * 2)
