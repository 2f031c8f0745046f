"""Transactions: hashes and bytes as eth-account makes them, and no second way to write one."""

from __future__ import annotations

import pytest
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.chains.ethereum.samples import (
    CHAIN,
    ETHER,
    FRIEND,
    GWEI,
    KEY,
    SENDER,
    THIEF,
    for_eth_account,
    legacy,
    raw,
    signed_by_eth_account,
    transaction,
    transactions,
)

from warifu.chains.ethereum.reading import read
from warifu.chains.ethereum.rlp import MAX_BYTES, decode, encode, integer
from warifu.chains.ethereum.signature import HALF_ORDER
from warifu.chains.ethereum.transaction import (
    AccessEntry,
    Delegation,
    SignedTransaction,
    Transaction,
    TxType,
    is_signed,
    parse_signed,
    parse_unsigned,
)
from warifu.errors import InputRefused, TransactionRefused, WarifuError
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit


def test_the_example_of_eip_155():
    example = legacy(nonce=9, to=bytes.fromhex("35" * 20))
    unsigned = "ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080"
    assert example.serialize().hex() == unsigned
    assert example.name.hex() == "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53"
    signature = bytes.fromhex(
        "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
        "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
        "00"
    )
    assert (
        example.with_signature(signature, SENDER).raw.hex()
        == "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a7640000"
        "8025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb7"
        "03304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    )


@pytest.mark.slow
@given(transactions())
def test_a_signed_transaction_is_the_one_of_eth_account(sample: Transaction):
    theirs = signed_by_eth_account(sample)
    read_back = parse_signed(bytes(theirs.raw_transaction))
    assert read_back.transaction == sample
    assert read_back.raw == theirs.raw_transaction
    assert read_back.txid == "0x" + bytes(theirs.hash).hex()
    assert read_back.sender == SENDER == Account.recover_transaction(read_back.raw)
    assert is_signed(read_back.raw)


@given(transactions())
def test_the_signing_hash_is_the_one_of_eth_account_and_names_what_is_read_back(sample: Transaction):
    if sample.type is not TxType.LEGACY:
        assert sample.name == TypedTransaction.from_dict(for_eth_account(sample)).hash()
    assert sample.name == keccak(sample.serialize())
    assert parse_unsigned(sample.serialize()) == sample
    assert not is_signed(sample.serialize())


@given(transactions())
def test_a_signature_is_put_in_place_with_and_without_recovery_id(sample: Transaction):
    signature = parse_signed(bytes(signed_by_eth_account(sample).raw_transaction)).signature
    for given_signature in (signature.compact, signature.compact + bytes([signature.y_parity])):
        assert sample.with_signature(given_signature, SENDER).sender == SENDER


def test_a_signature_of_another_account_or_of_another_transaction_is_refused():
    signed = parse_signed(bytes(signed_by_eth_account(transaction()).raw_transaction))
    signature = signed.signature.compact + bytes([signed.signature.y_parity])
    wrong_parity = signed.signature.compact + bytes([1 - signed.signature.y_parity])
    for sample, made, sender in (
        (transaction(), signature, THIEF),
        (transaction(nonce=8), signature, SENDER),
        (transaction(), wrong_parity, SENDER),
        (transaction(nonce=8), signature[:64], SENDER),
    ):
        with pytest.raises(TransactionRefused) as refused:
            sample.with_signature(made, sender)
        assert refused.value.code == "transaction.signature"


def test_the_high_twin_of_a_signature_is_refused():
    signed = parse_signed(bytes(signed_by_eth_account(transaction()).raw_transaction))
    r, s, parity = signed.signature.r, signed.signature.s, signed.signature.y_parity
    twin = r.to_bytes(32, "big") + (SECP256K1.order - s).to_bytes(32, "big")
    for made in (twin + bytes([1 - parity]), twin):
        with pytest.raises(TransactionRefused) as refused:
            transaction().with_signature(made, SENDER)
        assert refused.value.code == "transaction.high-s"
    items = decode(signed.raw[1:])
    assert isinstance(items, tuple)
    with pytest.raises(TransactionRefused) as refused:
        parse_signed(
            b"\x02" + encode((*items[:-3], integer(1 - parity), items[-2], integer(SECP256K1.order - s)))
        )
    assert refused.value.code == "transaction.high-s"


@pytest.mark.parametrize("recovery_id", (2, 3, 27, 28, 255))
def test_other_recovery_ids_are_refused(recovery_id: int):
    compact = parse_signed(bytes(signed_by_eth_account(transaction()).raw_transaction)).signature.compact
    with pytest.raises(InputRefused) as refused:
        transaction().with_signature(compact + bytes([recovery_id]), SENDER)
    assert refused.value.code == "input.signature-form"


@pytest.mark.parametrize("length", (0, 1, 63, 66, 130))
def test_a_signature_of_another_length_is_refused(length: int):
    with pytest.raises(InputRefused):
        transaction().with_signature(b"\x01" * length, SENDER)


@pytest.mark.parametrize(
    ("r", "s"), ((0, 1), (1, 0), (SECP256K1.order, 1), (1, SECP256K1.order), (2**256 - 1, HALF_ORDER))
)
def test_r_and_s_are_above_zero_and_below_the_order(r: int, s: int):
    with pytest.raises(InputRefused):
        transaction().with_signature(r.to_bytes(32, "big") + s.to_bytes(32, "big") + b"\x00", SENDER)


def test_a_signature_that_is_nobodys_has_no_sender():
    # No point of the curve has this x coordinate.
    x = next(x for x in range(1, 99) if not has_point(x))
    signed = parse_signed(bytes(signed_by_eth_account(transaction()).raw_transaction))
    items = decode(signed.raw[1:])
    assert isinstance(items, tuple)
    with pytest.raises(TransactionRefused) as refused:
        _ = parse_signed(b"\x02" + encode((*items[:-2], integer(x), items[-1]))).sender
    assert refused.value.code == "transaction.signature"


def has_point(x: int) -> bool:
    prime = 2**256 - 2**32 - 977
    return pow(x**3 + 7, (prime - 1) // 2, prime) == 1


OUT_OF_RANGE = {
    "nonce 2^64 - 1": {"nonce": 2**64 - 1},
    "negative nonce": {"nonce": -1},
    "gas limit 2^64": {"gas_limit": 2**64},
    "value 2^256": {"value": 2**256},
    "negative value": {"value": -1},
    "fee 2^256": {"max_fee": 2**256, "gas_limit": 0},
    "fee and value that no account has": {"value": 2**256 - 1},
    "priority over the fee": {"max_priority_fee": 31 * GWEI},
    "no chain": {"chain_id": 0},
    "no chain in a typed transaction": {"chain_id": None},
    "chain above 2^63": {"chain_id": 2**63 + 1},
    "a short recipient": {"to": b"\x01" * 19},
    "two gas prices": {"type": TxType.LEGACY},
    "two gas prices, EIP-2930": {"type": TxType.ACCESS_LIST},
    "an access list in a legacy transaction": {
        "type": TxType.LEGACY,
        "max_priority_fee": 30 * GWEI,
        "access_list": (AccessEntry(b"\x01" * 20, ()),),
    },
    "blobs in an ordinary transaction": {"blob_hashes": (b"\x01" * 32,)},
    "a blob fee in an ordinary transaction": {"max_blob_fee": 1},
    "delegations in an ordinary transaction": {"delegations": (Delegation(1, b"\x01" * 20, 0, 0, 1, 1),)},
}


@pytest.mark.parametrize("change", OUT_OF_RANGE.values(), ids=OUT_OF_RANGE.keys())
def test_numbers_out_of_range_are_refused(change: dict[str, int]):
    with pytest.raises(InputRefused) as refused:
        transaction(**change)
    assert refused.value.code == "input.transaction-form"


def test_an_account_could_have_all_there_can_be():
    everything = transaction(gas_limit=0, value=2**256 - 1)
    assert parse_unsigned(everything.serialize()) == everything
    assert parse_unsigned(transaction(gas_limit=0, max_fee=2**256 - 1, value=0).serialize()).fee == 0


def items_of(sample: Transaction) -> list[object]:
    items = decode(sample.serialize()[1:])
    assert isinstance(items, tuple)
    return list(items)


ZOO = {
    "a leading zero in the chain id": lambda items: [*items[:0], b"\x00\x01", *items[1:]],
    "zero written as a byte": lambda items: [*items[:6], b"\x00", *items[7:]],
    "a list for the nonce": lambda items: [*items[:1], (), *items[2:]],
    "a list for the data": lambda items: [*items[:7], (), *items[8:]],
    "a string for the access list": lambda items: [*items[:8], b""],
    "a recipient of 19 bytes": lambda items: [*items[:5], b"\x11" * 19, *items[6:]],
    "a recipient of 32 bytes": lambda items: [*items[:5], bytes(12) + b"\x11" * 20, *items[6:]],
    "a nonce of 9 bytes": lambda items: [*items[:1], b"\x01" + bytes(8), *items[2:]],
    "a value of 33 bytes": lambda items: [*items[:6], b"\x01" + bytes(32), *items[7:]],
    "one field less": lambda items: items[:-1],
    "one field more": lambda items: [*items, b""],
    "a storage key of 31 bytes": lambda items: [*items[:8], ((b"\x11" * 20, (b'"' * 31,)),)],
    "an access entry without keys": lambda items: [*items[:8], ((b"\x11" * 20,),)],
    "an access entry of an odd address": lambda items: [*items[:8], ((b"\x11" * 21, ()),)],
}


@pytest.mark.parametrize("change", ZOO.values(), ids=ZOO.keys())
def test_odd_fields_are_refused(change):
    with pytest.raises(InputRefused):
        parse_unsigned(b"\x02" + encode(tuple(change(items_of(transaction())))))


@pytest.mark.parametrize(
    "data",
    (
        b"",
        b"\x00",
        b"\x02",
        b"\x05" + transaction().serialize()[1:],
        b"\x7e" + transaction().serialize()[1:],
        b"\x00" + transaction().serialize()[1:],
        b"\x02" + encode(b""),
        transaction().serialize() + b"\x00",
        b"\x02" + transaction().serialize(),
        transaction().serialize()[1:],
        b"\x02" + encode((b"x" * MAX_BYTES,)),
    ),
)
def test_what_is_no_unsigned_transaction_is_refused(data: bytes):
    with pytest.raises(InputRefused):
        parse_unsigned(data)


def test_a_legacy_transaction_ends_with_its_chain_and_two_zeros():
    items = decode(legacy().serialize())
    assert isinstance(items, tuple)
    for tail in (
        (b"\x01", b"", b"\x01"),
        (b"\x01", b"\x00", b""),
        (b"", b"", b""),
        (b"\x01", b""),
        (b"\x01", (), b""),
    ):
        with pytest.raises(InputRefused):
            parse_unsigned(encode((*items[:6], *tail)))


@pytest.mark.parametrize("v", (0, 1, 26, 29, 34, 35, 36, 2**66))
def test_v_of_no_chain_is_refused(v: int):
    items = decode(bytes(signed_by_eth_account(legacy()).raw_transaction))
    assert isinstance(items, tuple)
    with pytest.raises(InputRefused):
        parse_signed(encode((*items[:6], integer(v), *items[7:])))


@pytest.mark.parametrize("y_parity", (2, 27, 28, 37))
def test_the_parity_of_a_typed_transaction_is_a_bit(y_parity: int):
    items = decode(bytes(signed_by_eth_account(transaction()).raw_transaction)[1:])
    assert isinstance(items, tuple)
    with pytest.raises(InputRefused):
        parse_signed(b"\x02" + encode((*items[:-3], integer(y_parity), *items[-2:])))


def test_a_transaction_from_before_eip_155_is_read_but_names_no_chain():
    theirs = Account.from_key(KEY).sign_transaction(
        {"nonce": 0, "gasPrice": 1, "gas": 21_000, "to": FRIEND, "value": 1, "data": b""}
    )
    signed = parse_signed(bytes(theirs.raw_transaction))
    assert signed.transaction.chain_id is None
    assert signed.sender == SENDER
    assert signed.raw == theirs.raw_transaction
    assert parse_unsigned(signed.transaction.serialize()) == signed.transaction


def test_delegations_are_read_as_eth_account_writes_them():
    account = Account.from_key(KEY)
    order = account.sign_authorization({"chainId": 1, "address": raw(THIEF), "nonce": 8})
    fields = for_eth_account(transaction(type=TxType.SET_CODE)) | {"authorizationList": [order]}
    signed = parse_signed(bytes(account.sign_transaction(fields).raw_transaction))
    (delegation,) = signed.transaction.delegations
    assert (delegation.chain_id, delegation.address, delegation.nonce) == (1, raw(THIEF), 8)
    assert signed.sender == SENDER
    assert parse_unsigned(signed.transaction.serialize()) == signed.transaction


def test_blobs_are_read_as_eth_account_writes_them():
    fields = for_eth_account(transaction(type=TxType.BLOB)) | {
        "maxFeePerBlobGas": 3 * GWEI,
        "blobVersionedHashes": ["0x01" + "ab" * 31],
    }
    theirs = TypedTransaction.from_dict(fields)
    sample = transaction(
        type=TxType.BLOB, max_blob_fee=3 * GWEI, blob_hashes=(bytes.fromhex("01" + "ab" * 31),)
    )
    assert sample.name == theirs.hash()
    assert parse_unsigned(sample.serialize()) == sample
    assert sample.fee == 21_000 * 30 * GWEI + 3 * GWEI * 2**17


@pytest.mark.parametrize("kind", (TxType.BLOB, TxType.SET_CODE))
def test_transactions_with_blobs_or_delegations_create_no_contract(kind: TxType):
    with pytest.raises(InputRefused):
        parse_unsigned(transaction(type=kind, to=None).serialize())


RICH = transaction(
    data=b"\x01\x02\x03\x04" + bytes(range(40)),
    access_list=(AccessEntry(raw(THIEF), (b"\x07" * 32,)),),
)
SAMPLES = (
    RICH,
    legacy(data=b"\xff"),
    transaction(type=TxType.ACCESS_LIST, max_priority_fee=30 * GWEI),
    transaction(type=TxType.SET_CODE, delegations=(Delegation(1, raw(THIEF), 8, 1, 2**255 - 1, 2**254 + 3),)),
    transaction(type=TxType.BLOB, max_blob_fee=1, blob_hashes=(b"\x01" * 32,)),
)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.type.name)
def test_each_flipped_bit_is_refused_or_is_another_transaction(sample: Transaction):
    data = sample.serialize()
    for place in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        try:
            found = parse_unsigned(bytes(flipped))
        except InputRefused:
            continue
        assert found.name != sample.name
        assert found.serialize() == flipped


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.type.name)
def test_each_truncation_and_each_trailing_byte_is_refused(sample: Transaction):
    data = sample.serialize()
    for end in range(len(data)):
        with pytest.raises(InputRefused):
            parse_unsigned(data[:end])
    for byte in range(256):
        with pytest.raises(InputRefused):
            parse_unsigned(data + bytes([byte]))


def test_each_flipped_bit_of_a_signed_transaction_is_refused_or_has_another_id_or_signer():
    data = bytes(signed_by_eth_account(RICH).raw_transaction)
    for place in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        try:
            found = parse_signed(bytes(flipped))
        except (InputRefused, TransactionRefused):
            continue
        assert found.raw == flipped
        assert found.txid != parse_signed(data).txid


@settings(max_examples=400)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.tuples(st.sampled_from((b"\x01", b"\x02", b"\x03", b"\x04", b"")), st.binary(max_size=200)).map(
            b"".join
        ),
        st.tuples(st.integers(0, 200), st.binary(min_size=1, max_size=3)).map(
            lambda edit: RICH.serialize()[: edit[0]] + edit[1] + RICH.serialize()[edit[0] + len(edit[1]) :]
        ),
    )
)
def test_whatever_comes_is_read_in_one_way_or_refused(data: bytes):
    for parse in (parse_unsigned, parse_signed):
        try:
            found = parse(data)
        except WarifuError:
            continue
        assert (found.raw if isinstance(found, SignedTransaction) else found.serialize()) == data


def test_a_signer_reads_what_this_module_writes():
    understood = read(transaction().serialize(), SENDER, CHAIN)
    assert understood.reading.name == transaction().name
    assert understood.reading.outflows[0].amount == ETHER
