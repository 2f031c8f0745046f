"""A signer's own reading of a PSBT: what is spent, what is paid, what comes back, and what would be signed.

Nothing is believed. Which inputs and outputs are the wallet's is derived from its keys; the fee is counted; every
sighash is computed here. Trusted: the wallet's public keys and the window. An amount in the PSBT may be a lie, but
BIP-341 makes each signature commit to all amounts and scripts of the inputs, so a signature over a lie spends nothing.

``faults`` is the one list of rules: ``read_payment`` raises the first fault, ``warifu decode`` shows them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from warifu.chains.bitcoin.address import address_for, dust_limit, is_p2tr
from warifu.chains.bitcoin.descriptor import Branch, KeyPath, WalletKeys
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.psbt import KeyOrigin, Psbt, PsbtInput, PsbtOutput, parse_psbt, unknown_field
from warifu.chains.bitcoin.sighash import KeyPathSighash, SighashType
from warifu.chains.bitcoin.transaction import OutPoint, Transaction, TxInput, TxOutput
from warifu.errors import TransactionRefused
from warifu.units import Satoshi

VERSIONS = (2, 3)
"""2 is what wallets make; 3 differs in relay rules only (BIP-431). 1 is obsolete, others have no meaning."""
SEQUENCES = (0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF)
"""Replaceable (BIP-125), lock time active, final. Anything lower can be a relative time lock (BIP-68)."""
FIRST_LOCK_IN_SECONDS = 500_000_000
"""A lock time below it is a block height, as wallets set against fee sniping; from here on it is a moment."""
MAX_FEE_RATE = 10_000
"""sat/vB, whatever the owner allows: Bitcoin Core itself refuses to send what pays more."""
SIGNATURE_BYTES = 64


@dataclass(frozen=True)
class SpentCoin:
    """One input: what it spends, where that stands in the wallet, and the 32 bytes that would be signed for it."""

    outpoint: OutPoint
    amount: Satoshi
    key: KeyPath
    sighash: bytes


@dataclass(frozen=True)
class PaidOutput:
    """One output; ``key`` says where it stands in the wallet, None for somebody else's."""

    script: bytes
    address: str
    amount: Satoshi
    key: KeyPath | None

    @property
    def is_change(self) -> bool:
        """Whether it comes back to the wallet's change branch."""
        return self.key is not None and self.key.branch is Branch.CHANGE


@dataclass(frozen=True)
class Payment:
    """A transaction that is fully understood. Whether it is the one that the owner wants is ``check_payment``'s."""

    network: Network
    txid: bytes
    """32 bytes in hash order; signing does not change it."""
    version: int
    locktime: int
    inputs: tuple[SpentCoin, ...]
    outputs: tuple[PaidOutput, ...]
    fee: Satoshi
    vsize: int
    """Virtual bytes once each input carries its 64-byte signature."""
    replaceable: bool
    """Whether it signals BIP-125 replacement."""

    @property
    def recipients(self) -> tuple[PaidOutput, ...]:
        """All outputs but change, in the transaction's order."""
        return tuple(output for output in self.outputs if not output.is_change)

    @property
    def change(self) -> tuple[PaidOutput, ...]:
        return tuple(output for output in self.outputs if output.is_change)

    @property
    def fee_rate(self) -> Fraction:
        """Exact satoshi per virtual byte."""
        return Fraction(self.fee, self.vsize)


def read_payment(data: bytes, keys: WalletKeys, window: int) -> Payment:
    """Read a PSBT that spends only coins of ``keys`` within ``window`` indices per branch.

    Raises ``InputRefused`` for malformed bytes and ``TransactionRefused`` for the first fault: ``unknown-field``,
    ``spent-output``, ``version``, ``time-lock``, ``duplicate-input``, ``sighash-type``, ``foreign-input``,
    ``hint``, ``negative-fee``, ``fee-rate``, ``unknown-script``, ``dust``.
    """
    psbt = parse_psbt(data)
    for fault in faults(psbt, keys, window):
        raise fault
    spent = psbt.spent()
    assert spent is not None, "an input without its spent output is a fault"
    sighashes = KeyPathSighash(psbt.transaction, spent)
    transaction = psbt.transaction
    return Payment(
        network=keys.network,
        txid=transaction.txid,
        version=transaction.version,
        locktime=transaction.locktime,
        inputs=tuple(
            SpentCoin(
                transaction.inputs[index].outpoint,
                coin.amount,
                _owned(keys, window, coin, psbt.inputs[index]),
                sighashes.digest(index),
            )
            for index, coin in enumerate(spent)
        ),
        outputs=tuple(
            _paid(keys, window, output, hints)
            for output, hints in zip(transaction.outputs, psbt.outputs, strict=True)
        ),
        fee=Satoshi(transaction_fee(transaction, spent)),
        vsize=signed_vsize(transaction),
        replaceable=is_replaceable(transaction),
    )


def faults(psbt: Psbt, keys: WalletKeys | None, window: int) -> Iterator[TransactionRefused]:
    """Everything for which a signer would refuse ``psbt``; without ``keys`` whatever can be said without them."""
    yield from map(unknown_field, psbt.all_unknown)
    yield from _frame_faults(psbt.transaction)
    for index, item in enumerate(psbt.inputs):
        yield from _input_faults(index, item, keys, window)
    yield from _fee_faults(psbt)
    for index, output in enumerate(psbt.transaction.outputs):
        yield from _output_faults(index, output, psbt.outputs[index], keys, window)


def _frame_faults(transaction: Transaction) -> Iterator[TransactionRefused]:
    if transaction.version not in VERSIONS:
        yield TransactionRefused("version", f"transaction version {transaction.version} is not 2 or 3")
    if transaction.locktime >= FIRST_LOCK_IN_SECONDS:
        yield TransactionRefused("time-lock", "the transaction is locked until a moment in time")
    for index, item in enumerate(transaction.inputs):
        if item.sequence not in SEQUENCES:
            yield TransactionRefused(
                "time-lock", f"input {index} has the sequence {item.sequence:#010x}, which can be a time lock"
            )
    for outpoint, count in Counter(item.outpoint for item in transaction.inputs).items():
        if count > 1:
            yield TransactionRefused("duplicate-input", f"{outpoint} is spent {count} times")


def _input_faults(
    index: int, item: PsbtInput, keys: WalletKeys | None, window: int
) -> Iterator[TransactionRefused]:
    if item.sighash_type not in (None, SighashType.DEFAULT):
        yield TransactionRefused(
            "sighash-type",
            f"input {index} asks for signature type {item.sighash_type:#04x}; only DEFAULT (0x00) is signed",
            remedy="Leave the signature type out of the PSBT: DEFAULT signs the whole transaction.",
        )
    if item.spent is None:
        yield TransactionRefused("spent-output", f"input {index} does not say which output it spends")
    elif keys is None:
        if not is_p2tr(item.spent.script):
            yield TransactionRefused("foreign-input", f"input {index} does not spend a Taproot output")
    else:
        key = keys.find(item.spent.script, window, origin_hint(item))
        if key is None:
            yield TransactionRefused(
                "foreign-input",
                f"input {index} spends a coin that is not among the wallet's first {window} addresses",
            )
        elif _contradicts(item, keys, key):
            yield TransactionRefused("hint", f"input {index} names a key that is not the one of its address")


def _fee_faults(psbt: Psbt) -> Iterator[TransactionRefused]:
    spent = psbt.spent()
    if spent is None:
        return
    fee = transaction_fee(psbt.transaction, spent)
    if fee < 0:
        yield TransactionRefused("negative-fee", "the outputs are worth more than the inputs")
    if fee > MAX_FEE_RATE * signed_vsize(psbt.transaction):
        yield TransactionRefused("fee-rate", f"the fee of {fee} sat is over {MAX_FEE_RATE} sat/vB")


def _output_faults(
    index: int, output: TxOutput, hints: PsbtOutput, keys: WalletKeys | None, window: int
) -> Iterator[TransactionRefused]:
    if address_for(output.script, Network.BITCOIN) is None:
        yield TransactionRefused("unknown-script", f"output {index} pays to a script that has no address")
    elif output.amount < dust_limit(output.script):
        yield TransactionRefused(
            "dust", f"output {index} is worth {output.amount} sat: nodes do not relay it"
        )
    key = keys.find(output.script, window, origin_hint(hints)) if keys is not None else None
    if keys is not None and key is not None and _contradicts(hints, keys, key):
        yield TransactionRefused("hint", f"output {index} names a key that is not the one of its address")


def origin_hint(item: PsbtInput | PsbtOutput) -> KeyPath | None:
    """Where the PSBT says that the key stands: the last two steps of its origin. Only a place to look first."""
    for origin in item.tap_origins:
        path = _path(origin)
        if path is not None:
            return path
    return None


def _path(origin: KeyOrigin) -> KeyPath | None:
    if len(origin.path) < 2 or origin.path[-2] not in tuple(Branch):
        return None
    return KeyPath(Branch(origin.path[-2]), origin.path[-1])


def _contradicts(item: PsbtInput | PsbtOutput, keys: WalletKeys, key: KeyPath) -> bool:
    return bool(item.tap_internal_key) and item.tap_internal_key != keys.key(key).internal_key


def _owned(keys: WalletKeys, window: int, coin: TxOutput, item: PsbtInput) -> KeyPath:
    key = keys.find(coin.script, window, origin_hint(item))
    assert key is not None, "a foreign input is a fault"
    return key


def _paid(keys: WalletKeys, window: int, output: TxOutput, hints: PsbtOutput) -> PaidOutput:
    address = address_for(output.script, keys.network)
    assert address is not None, "a script without address is a fault"
    return PaidOutput(
        output.script, address, output.amount, keys.find(output.script, window, origin_hint(hints))
    )


def transaction_fee(transaction: Transaction, spent: tuple[TxOutput, ...]) -> int:
    """Satoshi that go to the miner; negative where the outputs are worth more than what is spent."""
    return sum(coin.amount for coin in spent) - sum(output.amount for output in transaction.outputs)


def signed_vsize(transaction: Transaction) -> int:
    """Virtual bytes of ``transaction`` once each input carries a key-path signature of 64 bytes."""
    witness = (bytes(SIGNATURE_BYTES),)
    inputs = tuple(TxInput(item.outpoint, b"", item.sequence, witness) for item in transaction.inputs)
    return Transaction(transaction.version, inputs, transaction.outputs, transaction.locktime).vsize


def is_replaceable(transaction: Transaction) -> bool:
    """Whether an input signals BIP-125 replacement."""
    return any(item.sequence < 0xFFFFFFFE for item in transaction.inputs)
