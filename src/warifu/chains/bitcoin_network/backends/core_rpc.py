"""Bitcoin Core or Knots over JSON-RPC: one's own node, which learns nothing that it keeps.

Works with any node, pruned to the wallet's birthday or not. A block filter index (``-blockfilterindex``) makes the
first synchronisation quick, a transaction index (``-txindex``) lets ``status`` find every transaction; needed is none.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec

from warifu.chains.bitcoin.transaction import (
    Transaction,
    display_hash,
    parse_hash,
    parse_transaction,
)
from warifu.chains.bitcoin_network.backends.base import (
    IN_MEMPOOL,
    UNKNOWN,
    Broadcast,
    BroadcastOutcome,
    Height,
    Place,
    TxStatus,
    confirmed,
)
from warifu.chains.bitcoin_network.backends.core_scan import CoreScan
from warifu.chains.bitcoin_network.backends.json_rpc import JsonRpc
from warifu.chains.bitcoin_network.backends.rejection import is_already_known, rejection
from warifu.chains.bitcoin_network.fees import FeeEstimates, estimates_from
from warifu.chains.bitcoin_network.wallet import ChainTip, DescriptorWallet
from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import InputRefused, WarifuError

FEE_TARGETS = (2, 3, 6, 12, 25, 144, 504, 1008)
OUTPUTS_LOOKED_AT = 4
_NO_SUCH_TRANSACTION = -5


class _Verdict(msgspec.Struct, rename="kebab"):
    txid: str
    wtxid: str
    allowed: bool = False
    reject_reason: str = ""


class _Fee(msgspec.Struct):
    feerate: Decimal | None = None


class _Found(msgspec.Struct):
    blockhash: str | None = None


class _Output(msgspec.Struct):
    bestblock: str
    confirmations: Height


class _Header(msgspec.Struct):
    height: Height
    confirmations: int


class _Chain(msgspec.Struct):
    blocks: Height
    bestblockhash: str


class CoreRpc:
    """One node at ``url``, by its cookie file or by user and password."""

    def __init__(
        self,
        url: str,
        name: str = "bitcoin-core",
        *,
        cookie: Path | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        self._use(JsonRpc(url, name, cookie=cookie, login=login))

    @classmethod
    def over(cls, endpoint: JsonRpcEndpoint) -> CoreRpc:
        """A node behind a provider's endpoint (``Dialect.BITCOIN``)."""
        node = cls.__new__(cls)
        node._use(JsonRpc.over(endpoint))
        return node

    def _use(self, rpc: JsonRpc) -> None:
        self._rpc = rpc
        self._scan = CoreScan(rpc)

    @property
    def name(self) -> str:
        """What the configuration calls it."""
        return self._rpc.name

    def block_hash(self, height: int) -> bytes:
        """The hash of the block at ``height``."""
        try:
            return parse_hash(self._rpc.call("getblockhash", height, kind=str))
        except (RpcRefused, InputRefused) as error:
            raise self._unusable(error) from None

    def tip(self) -> ChainTip:
        """The best block."""
        try:
            chain = self._rpc.call("getblockchaininfo", kind=_Chain)
            return ChainTip(chain.blocks, parse_hash(chain.bestblockhash))
        except (RpcRefused, InputRefused) as error:
            raise self._unusable(error) from None

    def sync(self, wallet: DescriptorWallet) -> None:
        """Blocks since the last time, then the mempool."""
        try:
            self._scan.sync(wallet)
        except (RpcRefused, InputRefused) as error:
            raise self._unusable(error) from None

    def fee_rates(self) -> FeeEstimates:
        """The node's estimates; empty while it has seen too little."""
        answers = self._rpc.batch("estimatesmartfee", [[target] for target in FEE_TARGETS], kind=_Fee)
        rates = {
            target: answer.feerate * 100_000  # BTC per 1000 vbytes to satoshi per vbyte
            for target, answer in zip(FEE_TARGETS, answers, strict=True)
            if isinstance(answer, _Fee) and answer.feerate is not None
        }
        return estimates_from(rates)

    def broadcast(self, raw: bytes) -> BroadcastOutcome:
        """Ask first what the node thinks of exactly these bytes, then send them.

        ``sendrawtransaction`` alone reports success for a transaction that the node has under the same id, whatever
        signatures ours carries.
        """
        transaction = parse_transaction(raw)
        try:
            verdict = self._verdict(transaction, raw)
            if verdict.allowed:
                return self._send(transaction, raw)
        except RpcRefused as error:
            raise self._unusable(error) from None
        if is_already_known(verdict.reject_reason):
            return BroadcastOutcome(transaction.txid, Broadcast.ALREADY_KNOWN, self.name)
        refused = rejection(verdict.reject_reason, self.name)
        if refused.reason == "spent-coins" and self.status(transaction.txid).place is Place.CONFIRMED:
            # Mined, and what it paid is spent: the node without an index sees only that its coins are gone.
            return BroadcastOutcome(transaction.txid, Broadcast.ALREADY_KNOWN, self.name)
        raise refused

    def _verdict(self, transaction: Transaction, raw: bytes) -> _Verdict:
        verdicts = self._rpc.call("testmempoolaccept", [raw.hex()], kind=list[_Verdict])
        if len(verdicts) != 1 or verdicts[0].wtxid != display_hash(transaction.wtxid):
            raise unavailable("answer-form", "it judged another transaction than the one sent", self.name)
        return verdicts[0]

    def _send(self, transaction: Transaction, raw: bytes) -> BroadcastOutcome:
        outcome = Broadcast.ACCEPTED
        try:
            self._rpc.call("sendrawtransaction", raw.hex(), kind=str)
        except RpcRefused as error:
            if not is_already_known(str(error)):
                raise self._refused(error) from None
            outcome = Broadcast.ALREADY_KNOWN
        return BroadcastOutcome(transaction.txid, outcome, self.name)

    def _refused(self, error: RpcRefused) -> WarifuError:
        return rejection(str(error), self.name)

    def status(self, txid: bytes) -> TxStatus:
        """Where the transaction is. Without a transaction index a confirmed one is found by its unspent outputs."""
        shown = display_hash(txid)
        try:
            found = self._rpc.call("getrawtransaction", shown, 1, kind=_Found)
        except RpcRefused as error:
            if error.code != _NO_SUCH_TRANSACTION:
                raise self._unusable(error) from None
            return self._by_outputs(shown)
        if found.blockhash is None:
            return IN_MEMPOOL
        return self._in_block(found.blockhash)

    def _in_block(self, block_hash: str) -> TxStatus:
        try:
            header = self._rpc.call("getblockheader", block_hash, kind=_Header)
            return confirmed(header.height, block_hash) if header.confirmations > 0 else UNKNOWN
        except (RpcRefused, InputRefused) as error:
            raise self._unusable(error) from None

    def _by_outputs(self, shown: str) -> TxStatus:
        questions = [[shown, vout, False] for vout in range(OUTPUTS_LOOKED_AT)]
        for output in self._rpc.calls("gettxout", questions, kind=_Output):
            if output is not None:
                best = self._rpc.call("getblockheader", output.bestblock, kind=_Header)
                height = best.height - output.confirmations + 1
                return TxStatus(Place.CONFIRMED, ChainTip(height, self.block_hash(height)))
        return UNKNOWN

    def _unusable(self, error: Exception) -> WarifuError:
        return unavailable("answer-form", f"it answers with an error: {str(error)[:200]}", self.name)

    def close(self) -> None:
        """Close the connections."""
        self._rpc.close()
