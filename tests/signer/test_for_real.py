"""Nothing simulated but the network: Argon2id at its floor, and Bitcoin Core's engine as the judge."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.simulator import COIN, Household, signed

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.psbt import parse_psbt
from warifu.signer.vault import argon2id

pytestmark = pytest.mark.real
pbk = pytest.importorskip("pbk")
PrecomputedTransactionData = pytest.importorskip("pbk.script").PrecomputedTransactionData


def test_bitcoin_core_accepts_what_two_of_three_signed_after_a_real_argon2id(tmp_path: Path):
    home = Household(tmp_path, 3, stretch=argon2id)
    home.make_wallet(2)
    coins = ((COIN, 70_000), (KeyPath(Branch.CHANGE, 3), 40_000))
    payment = home.pay(coins=coins)
    assert home.sign(payment, passphrase="not the passphrase").code == "passphrase.wrong"
    transaction = signed(payment, home.sign(payment))
    spent = parse_psbt(payment.unsigned).spent()
    assert spent is not None
    outputs = [pbk.TransactionOutput(pbk.ScriptPubkey(coin.script), coin.amount) for coin in spent]
    final = pbk.Transaction(transaction.serialize())
    precomputed = PrecomputedTransactionData(final, outputs)
    for index, coin in enumerate(spent):
        assert pbk.ScriptPubkey(coin.script).verify(
            coin.amount, final, precomputed, index, pbk.ScriptVerificationFlags.ALL
        )
    home.close()
