"""Anvil as the Ethereum chain that a scene plays on: what the embedded one does for the demo, a real node does here."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.anvil import CHAIN_ID, Anvil, running_anvil

from warifu.chains.ethereum.address import format_address
from warifu.demo.account_chains import TOKEN_DECIMALS, TOKEN_SYMBOL, EmbeddedEthereum

BASE_ID = 8453


class AnvilChain(EmbeddedEthereum):
    """The node of a scene. Blocks come when they are mined, and what is in them outlives its process."""

    def __init__(self, directory: Path, chain_id: int = CHAIN_ID) -> None:
        # With what it knew of earlier blocks: nodes are asked for balances and failures at a height.
        self._options = ("--state", str(directory / "anvil.json"), "--preserve-historical-states")
        self._chain_id = chain_id
        self._stack = ExitStack()
        self.node: Anvil = self._stack.enter_context(running_anvil(chain_id, *self._options))
        super().__init__(self.node.url)

    def mine(self, blocks: int = 1) -> None:
        self.node.mine(blocks)

    def fund(self, address: str, wei: int) -> None:
        self.node.fund(address, wei)
        self.node.mine()

    def deploy_token(self) -> str:
        return format_address(
            bytes.fromhex(self.node.deploy_token("Demo Dollar", TOKEN_SYMBOL, TOKEN_DECIMALS)[2:])
        )

    def mint(self, token: str, address: str, amount: int) -> None:
        self.node.mint(token, address, amount)

    def answer_always(self, address: str, number: int) -> None:
        """Put a contract at ``address`` that answers every call with ``number``."""
        code = f"0x7f{number:064x}60005260206000f3"  # PUSH32 number, MSTORE at 0, RETURN 32 bytes
        self.node.rpc("anvil_setCode", address, code)
        self.node.mine()

    def transaction(self, txid: str) -> dict[str, Any] | None:
        """Waiting or in a block, as the node tells it."""
        found: dict[str, Any] | None = self.node.rpc("eth_getTransactionByHash", txid)
        return found

    def receipt(self, txid: str) -> dict[str, Any] | None:
        """Of what was executed."""
        found: dict[str, Any] | None = self.node.rpc("eth_getTransactionReceipt", txid)
        return found

    def executed(self, address: str) -> int:
        """How many transactions of this account are in blocks."""
        return int(self.node.rpc("eth_getTransactionCount", address, "latest"), 16)

    def waiting(self, address: str) -> set[str]:
        """The ids of this account's transactions that wait for a block, or for one before them."""
        content = self.node.rpc("txpool_content")
        return {
            transaction["hash"]
            for pool in ("pending", "queued")
            for sender, by_nonce in content[pool].items()
            if sender.lower() == address.lower()
            for transaction in by_nonce.values()
        }

    def go_away(self) -> None:
        """Its blocks are kept, what waits is not."""
        self._stack.close()

    def come_back(self) -> None:
        """The same chain at the same place."""
        port = urlsplit(self.url).port
        self.node = self._stack.enter_context(running_anvil(self._chain_id, *self._options, port=port))

    def close(self) -> None:
        super().close()
        self._stack.close()
