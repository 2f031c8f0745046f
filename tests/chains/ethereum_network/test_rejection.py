"""The words of each client, and what they mean."""

from __future__ import annotations

import pytest

from warifu.chains.ethereum_network.rejection import Meaning, rejection, understand

pytestmark = pytest.mark.unit

KNOWN = [
    "already known",
    "ALREADY_EXISTS: already known",
    "AlreadyKnown",
    "Known transaction",
    "known transaction: 0xb8e1",
    "INTERNAL_ERROR: existing tx with same hash",
    "transaction already imported",
]
USED = [
    "nonce too low",
    "nonce too low: next nonce 5, tx nonce 4",
    "OldNonce, Current nonce: 5, nonce of rejected tx: 4",
    "Nonce too low",
    "Transaction nonce is too low. Try incrementing the nonce.",
]
REFUSED = [
    ("replacement transaction underpriced", "replacement-fee"),
    ("replacement transaction underpriced: new tx gas fee cap 1 <= 2 queued", "replacement-fee"),
    ("INTERNAL_ERROR: could not replace existing tx", "replacement-fee"),
    ("ReplacementNotAllowed", "replacement-fee"),
    ("insufficient funds for gas * price + value: balance 0, tx cost 1, overshot 1", "insufficient-funds"),
    ("call failed: InsufficientFunds, Account balance: 4, cumulative cost: 2", "insufficient-funds"),
    ("Upfront cost exceeds account balance", "insufficient-funds"),
    ("nonce too high", "nonce-gap"),
    ("NonceGap, Future nonce. Expected nonce: 3", "nonce-gap"),
    ("Transaction nonce is too distant from current sender nonce", "nonce-gap"),
    ("max fee per gas less than block base fee: address 0x01, maxFeePerGas: 1, baseFee: 7", "fee-too-low"),
    ("transaction underpriced: gas tip cap 1, minimum needed 25000000000", "fee-too-low"),
    ("FeeTooLowToCompete", "fee-too-low"),
    ("INTERNAL_ERROR: fee too low", "fee-too-low"),
    ("Gas price below configured minimum gas price", "fee-too-low"),
    ("max priority fee per gas higher than max fee per gas", "fee-form"),
    ("tx fee (1.10 ether) exceeds the configured cap (1.00 ether)", "fee-too-high"),
    ("intrinsic gas too low: gas 20999, minimum needed 21000", "gas-too-low"),
    ("Intrinsic gas exceeds gas limit", "gas-too-low"),
    ("exceeds block gas limit", "gas-too-high"),
    ("transaction gas limit too high (cap: 16777216, tx: 16777217)", "gas-too-high"),
    ("GasLimitExceeded, Gas limit: 30, gas limit of rejected tx: 31", "gas-too-high"),
    ("invalid chain id for signer: have 1 want 31337", "wrong-chain"),
    ("Wrong chainId", "wrong-chain"),
    ("only replay-protected (EIP-155) transactions allowed over RPC", "wrong-chain"),
    ("invalid sender", "signature"),
    ("invalid transaction v, r, s values", "signature"),
    ("FailedToResolveSender", "signature"),
    ("transaction type not supported", "type"),
    ("oversized data: transaction size 200000, limit 131072", "size"),
    ("txpool is full", "busy"),
    ("account limit exceeded", "busy"),
    ("sender not an eoa: address 0x1, codehash: 0x2", "sender"),
    ("rlp: expected input list for types.LegacyTx", "form"),
    ("something nobody ever said", "refused"),
    ("unknown transaction", "refused"),
    ("", "refused"),
]


@pytest.mark.parametrize("words", KNOWN)
def test_it_has_it(words):
    assert understand(words).meaning is Meaning.KNOWN


@pytest.mark.parametrize("words", USED)
def test_its_nonce_is_used(words):
    assert understand(words).meaning is Meaning.NONCE_USED


@pytest.mark.parametrize(("words", "reason"), REFUSED)
def test_it_is_refused(words, reason):
    understood = understand(words)
    assert understood.meaning is Meaning.REFUSED
    assert understood.reason == reason
    assert understood.remedy


def test_the_nodes_own_words_are_shown_cut_and_cleaned():
    error = rejection("txpool is full\x1b[2J" + "x" * 1000, "node-1")
    assert error.code == "broadcast.busy"
    assert error.message.startswith("node-1 refuses the transaction: txpool is full")
    assert error.message.isprintable()
    assert len(error.message) < 400
