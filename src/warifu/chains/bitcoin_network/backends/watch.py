"""What of a chain concerns a wallet: its scripts, a margin beyond the last one used, and its outputs."""

from __future__ import annotations

import re

import bdkpython as bdk

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin_network.wallet import LOOKAHEAD, DescriptorWallet, bdk_transaction, outpoint_of

_P2TR = re.compile(rb"\x51\x20(?=(.{32}))", re.DOTALL)


class Watch:
    """Recognises transactions of one wallet in raw bytes. It learns from what it recognises."""

    def __init__(self, wallet: DescriptorWallet) -> None:
        self._wallet = wallet
        self._paths: dict[bytes, KeyPath] = {}
        self._reach = dict.fromkeys(Branch, 0)
        for branch in Branch:
            self._extend(branch, wallet.next_index(branch))
        self._owned = wallet.owned_outpoints()
        self._origins = {outpoint.txid for outpoint in self._owned}

    @property
    def reach(self) -> dict[Branch, int]:
        """How many scripts of each branch are watched; it grows in steps, so that caches live long."""
        return dict(self._reach)

    def _extend(self, branch: Branch, used: int) -> None:
        wanted = (used // LOOKAHEAD + 2) * LOOKAHEAD
        if wanted > self._reach[branch]:
            self._paths |= self._wallet.scripts(branch, self._reach[branch], wanted)
            self._reach[branch] = wanted

    def _mark_used(self, path: KeyPath) -> None:
        """The wallet itself looks less far ahead: it has to be told before it is shown the transaction."""
        if path.index >= self._wallet.next_index(path.branch):
            self._wallet.reveal_to(path)
        self._extend(path.branch, path.index + 1)

    def may_touch(self, raw: bytes) -> bool:
        """Quick, over a transaction or a whole block: False only where nothing in it concerns the wallet."""
        if any(b"\x51\x20" + found[1] in self._paths for found in _P2TR.finditer(raw)):
            return True
        return any(txid in raw for txid in self._origins)

    def touched_by(self, raw: bytes) -> bytes | None:
        """The id of a transaction that pays or spends the wallet's outputs, else None.

        Its outputs are watched from now on. Raises ``InputRefused`` where the bytes are no transaction.
        """
        if not self.may_touch(raw):
            return None
        transaction = bdk_transaction(raw)
        spends = any(outpoint_of(item.previous_output) in self._owned for item in transaction.input())
        pays = self._note_outputs(transaction)
        return bytes(transaction.compute_txid().serialize()) if pays or spends else None

    def _note_outputs(self, transaction: bdk.Transaction) -> bool:
        txid = transaction.compute_txid()
        found = False
        for vout, output in enumerate(transaction.output()):
            path = self._paths.get(bytes(output.script_pubkey.to_bytes()))
            if path is not None:
                found = True
                outpoint = outpoint_of(bdk.OutPoint(txid=txid, vout=vout))
                self._owned.add(outpoint)
                self._origins.add(outpoint.txid)
                self._mark_used(path)
        return found
