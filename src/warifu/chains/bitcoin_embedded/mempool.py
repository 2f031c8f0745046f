"""The mempool of the embedded chain. Its rules are ours, modelled on Bitcoin Core's: a simulation of policy.

Script verification is Core's engine. Left out against a real node: package relay and limits, relative lock times
(refused), ephemeral dust, expiry, and everything that has to do with a full mempool. Refusals use Core's words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warifu.chains.bitcoin.address import dust_limit
from warifu.chains.bitcoin.transaction import OutPoint, Transaction, TxOutput
from warifu.chains.bitcoin_embedded.block import COINBASE_MATURITY, NO_OUTPOINT
from warifu.chains.bitcoin_embedded.index import ChainIndex, output_of, script_hash
from warifu.chains.bitcoin_embedded.kernel import scripts_hold

MAX_WEIGHT = 400_000
MIN_RELAY_PER_KVB = 1000
MAX_REPLACED = 100
_FINAL = 0xFFFFFFFF
_NO_RELATIVE_LOCK = 1 << 31
_TIME_LOCKS_FROM = 500_000_000


class Refused(Exception):
    """A transaction does not enter the mempool; the message is Bitcoin Core's code and words for the same case."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class Entry:
    """A transaction in the mempool, with its fee in satoshi."""

    transaction: Transaction
    fee: int


class Mempool:
    """Unconfirmed transactions, each one valid on top of the chain and of those before it."""

    def __init__(self, index: ChainIndex) -> None:
        self._index = index
        self._entries: dict[bytes, Entry] = {}
        self._spenders: dict[OutPoint, bytes] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """Every entry, parents before children."""
        return iter(list(self._entries.values()))

    def get(self, txid: bytes) -> Entry | None:
        """The entry with this id."""
        return self._entries.get(txid)

    def spender(self, outpoint: OutPoint) -> bytes | None:
        """The id of the entry that spends ``outpoint``."""
        return self._spenders.get(outpoint)

    def output(self, outpoint: OutPoint) -> TxOutput | None:
        """The output, confirmed or not, spent or not."""
        found = self._entries.get(outpoint.txid)
        return output_of(found.transaction, outpoint) if found else self._index.output(outpoint)

    def history(self, hashed_script: bytes) -> list[bytes]:
        """Ids of the entries that touch a script."""
        return [txid for txid, entry in self._entries.items() if hashed_script in self._touched(entry)]

    def _touched(self, entry: Entry) -> set[bytes]:
        spent = (self.output(item.outpoint) for item in entry.transaction.inputs)
        outputs = (*entry.transaction.outputs, *(coin for coin in spent if coin is not None))
        return {script_hash(output.script) for output in outputs}

    def accept(self, transaction: Transaction) -> None:
        """Take in a transaction, in place of those it replaces; ``Refused`` with Core's reason.

        A transaction whose id is here already is left as it is, without a look at its witness: as in Core's
        ``sendrawtransaction``, which is why a wallet has to look first.
        """
        if transaction.txid in self._entries:
            return
        if self._index.transaction(transaction.txid) is not None:
            raise Refused(-27, "Transaction outputs already in utxo set")
        self._check_form(transaction)
        spent = self._spent_outputs(transaction)
        fee = self._check_amounts(transaction, spent)
        replaced = self._check_replacement(transaction, fee)
        if not scripts_hold(transaction, spent):
            raise Refused(-26, "mempool-script-verify-flag-failed")
        for txid in replaced:
            self._remove(txid)
        self._add(Entry(transaction, fee))

    def _check_form(self, transaction: Transaction) -> None:
        if any(item.outpoint == NO_OUTPOINT for item in transaction.inputs):
            raise Refused(-26, "coinbase")
        if len({item.outpoint for item in transaction.inputs}) != len(transaction.inputs):
            raise Refused(-26, "bad-txns-inputs-duplicate")
        if transaction.weight > MAX_WEIGHT:
            raise Refused(-26, "tx-size")
        if transaction.version not in (1, 2):
            raise Refused(-26, "version")
        sequences = [item.sequence for item in transaction.inputs]
        locked = transaction.locktime >= len(self._index.blocks) or transaction.locktime >= _TIME_LOCKS_FROM
        if locked and any(sequence != _FINAL for sequence in sequences):
            raise Refused(-26, "non-final")
        if transaction.version == 2 and not all(sequence & _NO_RELATIVE_LOCK for sequence in sequences):
            raise Refused(-26, "non-BIP68-final")
        for output in transaction.outputs:
            if output.script[:1] != b"\x6a" and output.amount < dust_limit(output.script):
                raise Refused(-26, "dust")

    def _spent_outputs(self, transaction: Transaction) -> list[TxOutput]:
        spent = []
        for item in transaction.inputs:
            coin = self.output(item.outpoint)
            if coin is None or self._index.spender(item.outpoint) is not None:
                raise Refused(-25, "bad-txns-inputs-missingorspent")
            origin = self._index.transaction(item.outpoint.txid)
            if origin and origin.is_coinbase and len(self._index.blocks) - origin.height < COINBASE_MATURITY:
                raise Refused(-26, "bad-txns-premature-spend-of-coinbase")
            spent.append(coin)
        return spent

    def _check_amounts(self, transaction: Transaction, spent: list[TxOutput]) -> int:
        fee = sum(coin.amount for coin in spent) - sum(output.amount for output in transaction.outputs)
        if fee < 0:
            raise Refused(-26, "bad-txns-in-belowout")
        if fee * 1000 < MIN_RELAY_PER_KVB * transaction.vsize:
            raise Refused(
                -26, f"min relay fee not met, {fee} < {-(-MIN_RELAY_PER_KVB * transaction.vsize // 1000)}"
            )
        return fee

    def _check_replacement(self, transaction: Transaction, fee: int) -> list[bytes]:
        """The entries that ``transaction`` would replace (full RBF), children first; ``Refused`` where it may not."""
        direct = {
            self._spenders[item.outpoint] for item in transaction.inputs if item.outpoint in self._spenders
        }
        replaced = [txid for txid in reversed(self._entries) if txid in self._with_descendants(direct)]
        if len(replaced) > MAX_REPLACED:
            raise Refused(-26, "too many potential replacements")
        if any(item.outpoint.txid in replaced for item in transaction.inputs):
            raise Refused(-26, "bad-txns-spends-conflicting-tx")
        for txid in direct:
            old = self._entries[txid]
            if fee * old.transaction.vsize <= old.fee * transaction.vsize:
                raise Refused(-26, "insufficient fee, rejecting replacement; new feerate is not higher")
        old_fees = sum(self._entries[txid].fee for txid in replaced)
        relay = -(-MIN_RELAY_PER_KVB * transaction.vsize // 1000)
        if replaced and fee < old_fees + relay:
            raise Refused(-26, f"insufficient fee, rejecting replacement; {fee} < {old_fees} + {relay}")
        return replaced

    def _with_descendants(self, txids: set[bytes]) -> set[bytes]:
        found = set(txids)
        for txid, entry in self._entries.items():  # parents come before children
            if any(item.outpoint.txid in found for item in entry.transaction.inputs):
                found.add(txid)
        return found

    def _add(self, entry: Entry) -> None:
        self._entries[entry.transaction.txid] = entry
        for item in entry.transaction.inputs:
            self._spenders[item.outpoint] = entry.transaction.txid

    def _remove(self, txid: bytes) -> None:
        entry = self._entries.pop(txid)
        for item in entry.transaction.inputs:
            self._spenders.pop(item.outpoint, None)

    def revise(self, returned: list[Transaction]) -> None:
        """After the chain changed: judge everything again, ``returned`` (of disconnected blocks) first."""
        waiting = [*returned, *(entry.transaction for entry in self)]
        self._entries.clear()
        self._spenders.clear()
        for transaction in waiting:
            try:
                self.accept(transaction)
            except Refused:
                continue
