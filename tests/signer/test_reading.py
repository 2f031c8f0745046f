"""The signer's eyes on every chain: whatever bytes come in place of what was authorized, refused in our own words.

An exception of another kind would end every session of the device; one that is no ``Exception`` at all (a panic in a
native library) would end the signer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import coincurve
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.hash import Hash
from tests.chains.ethereum import samples as evm
from tests.chains.ethereum.typed_samples import MAIL, PERMIT, as_json
from tests.chains.solana import messages as solana
from tests.support.simulator import spend

from warifu.chains.bitcoin.descriptor import Branch, KeyPath, WalletKeys
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.payment import read_payment
from warifu.chains.bitcoin.reading import reading_of
from warifu.chains.bitcoin.transaction import TxOutput
from warifu.chains.ethereum.personal import personal_message
from warifu.chains.ethereum.reading import read as read_ethereum
from warifu.chains.ethereum.transaction import AccessEntry
from warifu.chains.reading import Reading
from warifu.chains.solana.durable import nonce_value
from warifu.chains.solana.reading import read as read_solana
from warifu.errors import WarifuError
from warifu.protocol.request import Outflow, TransferRequest
from warifu.signer.reading import read
from warifu.signer.wallets import Wallet
from warifu.units import Satoshi

pytestmark = [pytest.mark.unit, pytest.mark.slow]

KEYS = WalletKeys(coincurve.PrivateKey(b"\x21" * 32).public_key.format(), bytes(32), Network.REGTEST)
OTHERS = WalletKeys(coincurve.PrivateKey(b"\x22" * 32).public_key.format(), bytes(32), Network.REGTEST)
WALLET = cast(
    "Wallet",
    SimpleNamespace(
        bitcoin=KEYS,
        ethereum=evm.SENDER,
        solana=solana.WALLET,
        request=SimpleNamespace(network="regtest"),
    ),
)
WINDOW = 20
PROOF = hashlib.sha256(b"the block in which the nonce was made").digest()


@dataclass(frozen=True)
class Case:
    """What a device is shown, and a request for exactly this."""

    unsigned: bytes
    request: TransferRequest


def case(unsigned: bytes, reading: Reading) -> Case:
    outflows = tuple(
        Outflow(cast("Any", each.kind.value), each.token, str(each.amount), each.to)
        for each in reading.outflows
    )
    request = TransferRequest(
        bytes(16), bytes(32), reading.chain, outflows, str(reading.fee), reading.name, None, 1, 2
    )
    return Case(unsigned, request)


def on_bitcoin() -> Case:
    coins = [(KeyPath(Branch.RECEIVE, 0), 60_000), (KeyPath(Branch.RECEIVE, 3), 60_000)]
    outputs = [
        TxOutput(Satoshi(70_000), OTHERS.script(KeyPath(Branch.RECEIVE, 0))),
        TxOutput(Satoshi(49_000), KEYS.script(KeyPath(Branch.CHANGE, 0))),
    ]
    unsigned = spend(KEYS, coins, outputs).serialize()
    return case(unsigned, reading_of(read_payment(unsigned, KEYS, WINDOW)))


def on_ethereum(unsigned: bytes) -> Case:
    return case(unsigned, read_ethereum(unsigned, evm.SENDER, evm.CHAIN).reading)


def on_solana(*instructions: Any, proof: bytes = b"", **fields: Any) -> Case:
    unsigned = solana.message(*instructions, **fields) + proof
    return case(unsigned, read_solana(unsigned, solana.WALLET).reading)


ENTRY = AccessEntry(b"\x11" * 20, (b"\x22" * 32,))
CASES = (
    on_bitcoin(),
    on_ethereum(evm.transaction(access_list=(ENTRY,)).serialize()),
    on_ethereum(evm.legacy().serialize()),
    on_ethereum(evm.call("transfer(address,uint256)", evm.FRIEND, 5).serialize()),
    on_ethereum(as_json(PERMIT)),
    on_ethereum(as_json(MAIL)),
    on_ethereum(personal_message("I own this account")),
    on_solana(solana.compute_limit(20_000), solana.compute_price(7), solana.pay(), solana.memo(b"thanks")),
    on_solana(solana.create_account(), solana.pay_token(), version=0),
    on_solana(*solana.make_nonce()),
    on_solana(
        solana.advance(),
        solana.pay(),
        blockhash=Hash.from_bytes(nonce_value(PROOF)),
        proof=PROOF,
    ),
)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_what_was_authorized_is_read(number: int) -> None:
    shown = CASES[number]
    assert read(WALLET, shown.request, shown.unsigned, WINDOW).reading.name == shown.request.transaction


@st.composite
def altered(draw: st.DrawFn) -> tuple[Case, bytes]:
    """One to three changes: bytes put, cut, doubled, exchanged, or taken from another chain's transaction."""
    shown = draw(st.sampled_from(CASES))
    data = shown.unsigned
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 40)))
        foreign = draw(st.sampled_from(CASES)).unsigned
        put = draw(
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from([b"\x00", b"\x7f", b"\x80", b"\xb8", b"\xc0", b"\xf8", b"\xfd", b"\xff" * 8]),
                st.sampled_from([b'"', b"{", b"[[", b"\\ud800", b"1e9", b"-0", b"\xed\xa0\x80"]),
                st.just(data[at:end] * 2),
                st.integers(0, len(foreign)).map(lambda start, foreign=foreign: foreign[start:]),  # type: ignore[misc]
            )
        )
        data = data[:at] + put + data[end:]
    return shown, data


@settings(max_examples=400, deadline=None)
@given(altered())
def test_what_was_altered_is_refused_or_is_the_same_transaction(found: tuple[Case, bytes]) -> None:
    shown, data = found
    try:
        seen = read(WALLET, shown.request, data, WINDOW)
    except WarifuError as error:
        assert error.message.encode()  # as the answer to the service is written: no half of a surrogate pair
        return
    assert seen.reading.name == shown.request.transaction
    assert sum(each.amount for each in seen.reading.outflows) == sum(
        int(each.amount) for each in shown.request.outflows
    )


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CASES), st.binary(max_size=300))
def test_anything_at_all_is_refused(shown: Case, data: bytes) -> None:
    with pytest.raises(WarifuError):
        read(WALLET, shown.request, data, WINDOW)
