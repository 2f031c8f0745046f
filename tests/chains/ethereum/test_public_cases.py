"""What others published, read here: hashes and senders agree, and what must be refused is."""

from __future__ import annotations

import pytest
from eth_utils.address import to_checksum_address
from tests.chains.ethereum.public_cases import ACCEPTED, ON_CHAINS, REFUSED

from warifu.chains.ethereum.decode import decode
from warifu.chains.ethereum.transaction import parse_signed
from warifu.errors import WarifuError

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_official_case_has_its_hash_and_sender(name: str):
    data, digest, sender = ACCEPTED[name]
    signed = parse_signed(bytes.fromhex(data))
    assert (signed.hash.hex(), signed.sender.lower()) == (digest, sender)
    assert signed.raw.hex() == data


@pytest.mark.parametrize("name", REFUSED)
def test_an_official_case_that_no_node_takes_is_refused(name: str):
    with pytest.raises(WarifuError):
        _ = parse_signed(bytes.fromhex(REFUSED[name])).sender


@pytest.mark.parametrize("digest", ON_CHAINS)
def test_a_transaction_of_a_public_chain_has_its_hash_and_sender(digest: str):
    data, sender = ON_CHAINS[digest]
    shown = decode(data.encode())
    assert (shown["txid"], shown["sender"].lower()) == ("0x" + digest, "0x" + sender)
    assert parse_signed(bytes.fromhex(data)).raw.hex() == data


def test_a_token_transfer_of_ethereum_is_understood():
    data, _ = ON_CHAINS["b1fac2cb5074a4eda8296faebe3b5a3c10b48947dd9a738b2fdf859be0e1fbaf"]
    (outflow,) = decode(data.encode())["outflows"]
    assert outflow == {
        "kind": "payment",
        "to": to_checksum_address("0xb6ae07829376a5b704bb46a0869f383555097c29"),
        "token": to_checksum_address("0x111111517e4929d3dcbdfa7cce55d30d4b6bc4d6"),
        "amount": 0x34DF6DB862352C72D0,
        "shown": "975330418807754486480 smallest units of a token that is not listed",
    }
