"""A real node as the chain that a scene plays on: mining, paying in, looking, going away and coming back."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.bitcoind import Bitcoind, running_bitcoind
from tests.support.single_key import SingleKey

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.transaction import display_hash
from warifu.chains.bitcoin_network.backends.core_rpc import CoreRpc
from warifu.chains.bitcoin_network.drafts import Recipient, draft_payment
from warifu.chains.bitcoin_network.fees import FeeRate
from warifu.units import satoshi

_OPTIONS = ("-blockfilterindex=1", "-peerblockfilters=1")
_LOOKED_BACK = 20


class NodeChain:
    """Coins come from a miner whose wallet stands beside the node, as the node itself has none."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._stack = ExitStack()
        self.node: Bitcoind = self._stack.enter_context(running_bitcoind(directory, *_OPTIONS))
        self._miner = SingleKey("the miner beside the real node")
        self._wallet = self._miner.wallet()
        self._mined = 0
        self.node.mine(1, self._wallet.next_receive_address().address)
        self.mine(100)

    @property
    def backend(self) -> tuple[str, ...]:
        return ("--backend", f"core={self.node.url}", "--cookie", str(self.node.cookie))

    def mine(self, blocks: int = 1) -> str:
        """To another address each time, so that a block after a reorganisation is another block."""
        self._mined += 1
        return self.node.mine(blocks, self._miner.keys.address(KeyPath(Branch.CHANGE, 10_000 + self._mined)))[
            -1
        ]

    def fund(self, address: str, amount: int) -> str:
        core = CoreRpc(self.node.url, cookie=self.node.cookie)
        try:
            core.sync(self._wallet)
            draft = draft_payment(self._wallet, [Recipient(address, satoshi(amount))], FeeRate.per_vb(3))
            core.broadcast(self._miner.sign(draft.psbt))
        finally:
            core.close()
        self.mine()
        return display_hash(draft.txid)

    def status(self, txid: str) -> tuple[bool, str]:
        """Read from the latest blocks: the node has no transaction index."""
        height = self.node.rpc.call("getblockcount", kind=int)
        for at in range(height, max(0, height - _LOOKED_BACK), -1):
            block = self.node.rpc.call("getblockhash", at, kind=str)
            if txid in self.node.rpc.call("getblock", block, 1, kind=dict)["tx"]:
                return True, block
        return False, ""

    def mempool(self) -> set[str]:
        return set(self.node.rpc.call("getrawmempool", kind=list[str]))

    def take_out(self, block: str) -> None:
        """Let the node believe that ``block``, and what stands on it, is not valid: a reorganisation."""
        self.node.rpc.call("invalidateblock", block, kind=object)

    def go_away(self) -> None:
        self._stack.close()

    def come_back(self, *options: str) -> None:
        """The same node at the same place, with a new cookie."""
        port = urlsplit(self.node.url).port
        assert port is not None
        ports = (port, self.node.p2p_port)
        self.node = self._stack.enter_context(
            running_bitcoind(self._directory, *_OPTIONS, *options, ports=ports)
        )

    def close(self) -> None:
        self._stack.close()
