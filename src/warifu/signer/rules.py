"""Which rules are in force for each wallet of this device: those that it was made with, until an owner changed them."""

from __future__ import annotations

from collections import OrderedDict

from warifu.protocol.encoding import decode
from warifu.protocol.rules import MAX_RULES_BYTES, Rules, rules_hash
from warifu.signer.store import Store
from warifu.signer.wallets import Wallets

_REMEMBERED = 16
"""Rules that are kept decoded: an allowlist of a thousand addresses is read once and not for each transfer."""


class RulesInForce:
    """The table of rules."""

    def __init__(self, store: Store, wallets: Wallets) -> None:
        self._store = store
        self._wallets = wallets
        self._decoded: OrderedDict[bytes, Rules] = OrderedDict()

    def of(self, wallet: bytes) -> Rules:
        """Those of the wallet with this id, which is in the table of wallets."""
        rows = self._store.execute("SELECT hash FROM rules WHERE wallet = ?", (wallet,))
        if rows:
            return self._changed(wallet, bytes(rows[0][0]))
        known = self._wallets.get(wallet)
        assert known is not None, "whoever asks has found the wallet"
        return known.rules

    def hash(self, wallet: bytes) -> bytes:
        """``rules_hash`` of those in force."""
        rows = self._store.execute("SELECT hash FROM rules WHERE wallet = ?", (wallet,))
        return bytes(rows[0][0]) if rows else rules_hash(self.of(wallet))

    def _changed(self, wallet: bytes, named: bytes) -> Rules:
        """By their hash, so that what is remembered can never be another revision than what is on the disk."""
        rules = self._decoded.get(named)
        if rules is None:
            rows = self._store.execute("SELECT rules FROM rules WHERE wallet = ?", (wallet,))
            rules = self._decoded[named] = decode(Rules, bytes(rows[0][0]), MAX_RULES_BYTES)
            if len(self._decoded) > _REMEMBERED:
                self._decoded.popitem(last=False)
        return rules
