"""A wallet whose one private key is known, standing in for a threshold key, and PSBTs that spend its coins.

Derivation and tweaking of the *private* key happen here with coincurve alone, so that a signature which verifies
says that the code under test derived the same keys from the public side.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace

import coincurve

from warifu.chains.bitcoin.descriptor import Branch, KeyPath, WalletKeys
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.psbt import KeyOrigin, Psbt, PsbtInput, PsbtOutput
from warifu.chains.bitcoin.sighash import KeyPathSighash
from warifu.chains.bitcoin.transaction import OutPoint, Transaction, TxInput, TxOutput
from warifu.units import Satoshi

SECRET = b"\x07" * 32
CHAIN_CODE = b"\x09" * 32
KEYS = WalletKeys(coincurve.PrivateKey(SECRET).public_key.format(), CHAIN_CODE, Network.REGTEST)
STRANGER = WalletKeys(coincurve.PrivateKey(b"\x0b" * 32).public_key.format(), bytes(32), Network.REGTEST)
MASTER_FINGERPRINT = bytes.fromhex("a3c6b1ee")
WINDOW = 30

COIN = KeyPath(Branch.RECEIVE, 3)
CHANGE = KeyPath(Branch.CHANGE, 2)
FRIEND = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
FRIEND_SCRIPT = bytes.fromhex("0014751e76e8199196d454941c45d1b3a323f1433bd6")
THIEF = STRANGER.address(KeyPath(Branch.RECEIVE, 0))
THIEF_SCRIPT = STRANGER.script(KeyPath(Branch.RECEIVE, 0))


def outpoint(number: int) -> OutPoint:
    """A made-up outpoint, different for each number."""
    return OutPoint(hashlib.sha256(b"coin %d" % number).digest(), number)


def pay(script: bytes, amount: int) -> TxOutput:
    return TxOutput(Satoshi(amount), script)


def change(amount: int, path: KeyPath = CHANGE) -> TxOutput:
    return pay(KEYS.script(path), amount)


def spend(
    coins: Sequence[tuple[KeyPath, int]],
    outputs: Sequence[TxOutput],
    *,
    hints: bool = True,
    version: int = 2,
    locktime: int = 0,
    sequence: int = 0xFFFFFFFD,
) -> Psbt:
    """A PSBT as BDK makes it: spends ``coins`` of the wallet (path, satoshi) to ``outputs``."""
    transaction = Transaction(
        version,
        tuple(TxInput(outpoint(number), sequence=sequence) for number in range(len(coins))),
        tuple(outputs),
        locktime,
    )
    inputs = []
    for path, amount in coins:
        utxo = pay(KEYS.script(path), amount)
        key = KEYS.key(path).internal_key
        origins = (KeyOrigin(key, MASTER_FINGERPRINT, (path.branch, path.index)),)
        inputs.append(
            PsbtInput(
                witness_utxo=utxo,
                spent=utxo,
                tap_internal_key=key if hints else b"",
                tap_origins=origins if hints else (),
            )
        )
    return Psbt(transaction, tuple(inputs), tuple(PsbtOutput() for _ in outputs))


def ordinary() -> Psbt:
    """100,000 sat in; 60,000 to a friend, 39,000 of change, 1,000 of fee."""
    return spend([(COIN, 100_000)], [pay(FRIEND_SCRIPT, 60_000), change(39_000)])


def with_input(psbt: Psbt, index: int, **fields: object) -> Psbt:
    """``psbt`` with some fields of one input replaced."""
    inputs = list(psbt.inputs)
    inputs[index] = replace(inputs[index], **fields)  # type: ignore[arg-type]  # the tests name real fields
    return replace(psbt, inputs=tuple(inputs))


def with_transaction(psbt: Psbt, **fields: object) -> Psbt:
    """``psbt`` with some fields of its unsigned transaction replaced."""
    return replace(psbt, transaction=replace(psbt.transaction, **fields))  # type: ignore[arg-type]  # as above


def sign(psbt: Psbt, paths: Sequence[KeyPath]) -> list[bytes]:
    """One BIP-340 signature per input, by the wallet's private keys at ``paths``."""
    spent = psbt.spent()
    assert spent is not None
    sighashes = KeyPathSighash(psbt.transaction, spent)
    return [
        _private_key(path).sign_schnorr(sighashes.digest(index), bytes(32))
        for index, path in enumerate(paths)
    ]


def _private_key(path: KeyPath) -> coincurve.PrivateKey:
    key, chain_code = coincurve.PrivateKey(SECRET), CHAIN_CODE
    for step in (path.branch, path.index):
        digest = hmac.digest(chain_code, key.public_key.format() + step.to_bytes(4, "big"), hashlib.sha512)
        key, chain_code = key.add(digest[:32]), digest[32:]
    if key.public_key.format()[0] == 3:  # BIP-341 tweaks the key whose y is even
        order = int.from_bytes(coincurve.utils.GROUP_ORDER, "big")
        key = coincurve.PrivateKey((order - key.to_int()).to_bytes(32, "big"))
    tag = hashlib.sha256(b"TapTweak").digest()
    return key.add(hashlib.sha256(tag + tag + key.public_key.format()[1:]).digest())
