"""Another engine agrees: py-evm takes our transactions under our ids, and a contract takes a permit by our digest."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_keys.datatypes import PrivateKey
from eth_typing import Address
from eth_utils.crypto import keccak
from tests.chains.ethereum.samples import ETHER, FRIEND, GWEI, KEY, SENDER, THIEF, raw, transaction
from tests.chains.ethereum.typed_samples import PERMIT, as_json, changed

from warifu.chains.ethereum.abi import FUNCTIONS
from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum.reading import read
from warifu.chains.ethereum.transaction import AccessEntry, SignedTransaction, Transaction, TxType
from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.machine import CHAIN_ID, Call
from warifu.chains.reading import Kind, Outflow

pytestmark = pytest.mark.real

CHAIN = f"eip155:{CHAIN_ID}"


@pytest.fixture
def chain() -> EmbeddedEthereum:
    made = EmbeddedEthereum()
    made.fund(raw(SENDER), 100 * ETHER)
    return made


def signed(sample: Transaction) -> SignedTransaction:
    signature = PrivateKey(KEY).sign_msg_hash(sample.name)
    return sample.with_signature(signature.to_bytes(), SENDER)


def execute(chain: EmbeddedEthereum, sample: Transaction) -> bool:
    """Whether it succeeded, in a block of its own."""
    ready = signed(sample)
    assert chain.mempool.add(ready.raw) == ready.hash
    chain.mine()
    found = chain.machine.find(ready.hash)
    assert found is not None
    assert format_address(found.transaction.sender) == ready.sender == SENDER
    return found.receipt.state_root == b"\x01"


def balance(chain: EmbeddedEthereum, address: str) -> int:
    return chain.machine.state(chain.machine.head.block_number).get_balance(Address(raw(address)))


def test_each_type_that_is_signed_is_executed(chain: EmbeddedEthereum):
    price = {"max_fee": 30 * GWEI, "max_priority_fee": 30 * GWEI, "chain_id": CHAIN_ID}
    access = (AccessEntry(raw(THIEF), (b"\x01" * 32,)),)
    for nonce, sample in enumerate(
        (
            transaction(type=TxType.LEGACY, nonce=0, **price),
            transaction(type=TxType.ACCESS_LIST, nonce=1, access_list=access, gas_limit=40_000, **price),
            transaction(nonce=2, access_list=access, gas_limit=40_000, chain_id=CHAIN_ID),
        ),
        start=1,
    ):
        spent = balance(chain, SENDER)
        reading = read(sample.serialize(), SENDER, CHAIN).reading
        assert execute(chain, sample)
        assert balance(chain, FRIEND) == nonce * ETHER
        assert 0 < spent - balance(chain, SENDER) - ETHER <= reading.fee


def test_a_contract_takes_a_permit_by_the_digest_that_a_signer_computes(chain: EmbeddedEthereum):
    token = chain.deploy_token("Dollar", "USD", 6)
    request = changed(PERMIT, "domain/name", "Dollar")
    request = changed(request, "domain/version", "1")
    request = changed(request, "domain/chainId", CHAIN_ID)
    request = changed(request, "domain/verifyingContract", format_address(token))
    reading = read(as_json(request), SENDER, CHAIN).reading
    assert reading.outflows == (Outflow(Kind.APPROVAL, format_address(token), 5_000_000, FRIEND),)

    signature = PrivateKey(KEY).sign_msg_hash(reading.name)
    permit = next(
        function
        for function in FUNCTIONS.values()
        if function.name == "permit" and "amount" in function.names
    )
    vrs = (27 + signature.v, signature.r.to_bytes(32, "big"), signature.s.to_bytes(32, "big"))
    data = permit.selector + encode(permit.types, (SENDER, FRIEND, 5_000_000, 1_900_000_000, *vrs))
    assert allowance(chain, token) == 0
    bring = transaction(chain_id=CHAIN_ID, nonce=0, to=token, value=0, data=data, gas_limit=200_000)
    assert read(bring.serialize(), SENDER, CHAIN).reading.outflows == reading.outflows
    assert execute(chain, bring)
    assert allowance(chain, token) == 5_000_000


def allowance(chain: EmbeddedEthereum, token: bytes) -> int:
    data = keccak(text="allowance(address,address)")[:4] + encode(["address", "address"], [SENDER, FRIEND])
    answer = chain.machine.call(Call(raw(SENDER), token, 0, data, 100_000), chain.machine.head.block_number)
    return int.from_bytes(answer, "big")
