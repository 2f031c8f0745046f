"""What is unsigned on chains of accounts, and which account a wallet has there."""

import coincurve
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import TransferParams
from solders.system_program import transfer as system_transfer
from tests.support.accounts import sol_payment
from tests.support.whole_key import WholeKey

from warifu.chains.ethereum.personal import personal_message
from warifu.chains.ethereum.transaction import Transaction, TxType
from warifu.errors import InputRefused, TransactionRefused
from warifu.protocol.frames import KeyBirth, WalletBirth
from warifu.service.roads.forms import (
    account_address,
    is_message,
    message_signature,
    price,
    same_turn,
    understand,
)

pytestmark = pytest.mark.unit

KEY = WholeKey()
NOISE = st.one_of(st.binary(max_size=300), st.binary(max_size=50).map(b"{".__add__))


def birth(*schemes: str) -> WalletBirth:
    public = KEY.births()
    keys = tuple(
        KeyBirth(scheme, *public[scheme], (public[scheme][0],), bytes(32))  # type: ignore[arg-type]
        for scheme in schemes
    )
    return WalletBirth(bytes(32), keys)


def test_the_account_is_the_one_whose_signatures_verify_elsewhere():
    """eth-account knows nothing of us: it recovers the address from a signature, and makes the same one."""
    address = account_address(birth("ecdsa"), "eip155:1")
    assert address == account_address(birth("ecdsa"), "eip155:8453")
    unsigned = personal_message("hello")
    signature = message_signature(unsigned, KEY.sign("eip155:1", unsigned), address)
    assert Account.recover_message(encode_defunct(text="hello"), signature=signature) == address


def test_the_account_on_solana_is_the_key_itself():
    address = account_address(birth("ed25519"), "solana")
    assert bytes(Pubkey.from_string(address)) == bytes(KEY.ed25519.verify_key)


@pytest.mark.parametrize(("chain", "scheme"), [("solana", "ecdsa"), ("eip155:1", "ed25519")])
def test_without_a_key_there_is_no_account(chain: str, scheme: str):
    with pytest.raises(InputRefused) as refused:
        account_address(birth(scheme), chain)
    assert refused.value.reason == "no-key"


def test_another_s_signature_of_a_message_is_refused():
    unsigned = personal_message("hello")
    address = account_address(birth("ecdsa"), "eip155:1")
    with pytest.raises(TransactionRefused):
        message_signature(unsigned, WholeKey(coincurve.PrivateKey()).sign("eip155:1", unsigned), address)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["solana", "eip155:1"]),
    st.one_of(st.binary(max_size=300), st.binary(max_size=50).map(b"{".__add__)),
)
def test_noise_is_refused_in_our_own_words(chain: str, noise: bytes):
    with pytest.raises((InputRefused, TransactionRefused)):
        understand(noise, chain)


def test_a_message_is_known_by_its_first_byte():
    assert is_message(b'{"types": {}}') and is_message(personal_message("hello"))
    assert not is_message(b"") and not is_message(b"\x02\xc0")


def test_a_nonce_account_that_serves_again_is_another_turn():
    sender = str(Pubkey(bytes(KEY.ed25519.verify_key)))
    now, bump = (sol_payment(sender, amount, blockhash=b"\x22" * 32) for amount in (1, 2))
    earlier = sol_payment(sender, 1, blockhash=b"\x11" * 32)
    assert same_turn("solana", now, bump)
    assert not same_turn("solana", now, earlier)
    assert same_turn("eip155:1", b"", b""), "there a nonce is used once"


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_the_price_is_what_a_unit_of_work_costs_at_most(tip: int, base: int):
    unsigned = Transaction(
        TxType.DYNAMIC_FEE, 1, 0, tip, tip + base, 21_000, to=bytes(20), value=1, data=b""
    ).serialize()
    assert price(unsigned, "eip155:1") == tip + base


@given(st.integers(0, 2**63))
def test_on_solana_the_price_is_that_of_a_compute_unit(micro_lamports: int):
    me = Pubkey(bytes(KEY.ed25519.verify_key))
    pay = system_transfer(TransferParams(from_pubkey=me, to_pubkey=me, lamports=1))
    budget = [set_compute_unit_limit(1000), set_compute_unit_price(micro_lamports)]
    for instructions, expected in (([*budget, pay], micro_lamports), ([pay], 0)):
        message = bytes(Message.new_with_blockhash(instructions, me, Hash(bytes(32))))
        assert price(message, "solana") == expected
