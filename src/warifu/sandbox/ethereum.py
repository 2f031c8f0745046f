"""The exchange's own accounts on a local Ethereum chain: ether alone, one key for each address, all from one seed.

It reads blocks over JSON-RPC, as a node's customer does. Signed by eth-account, which Warifu's signers do not use.
Deposits stay where they came to, and a withdrawal leaves from the richest address. It pays accounts without code.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import httpx
import msgspec
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import is_checksum_address, is_hex_address, to_checksum_address

from warifu.sandbox.amounts import EXACT
from warifu.sandbox.custody import Incoming, Sending

GAS = 21_000
WEI_PLACES = 18
_SECONDS = 10


class _Block(msgspec.Struct, frozen=True):
    hash: str
    paid: tuple[tuple[str, str, int], ...]
    """Transaction, receiver, wei."""


class EthereumChain:
    """One chain, at the address of its JSON-RPC door."""

    asset, network, symbol, places = "ETH", "ethereum", "ETH", 8
    fee, least = Decimal("0.001"), Decimal("0.002")

    def __init__(self, url: str, seed: bytes) -> None:
        self._http = httpx.Client(base_url=url, timeout=_SECONDS, trust_env=False)
        self._seed = seed
        self._blocks: list[_Block] = []
        self._indices: dict[str, int] = {}

    def close(self) -> None:
        self._http.close()

    # --- keys -----------------------------------------------------------------------------------------------------

    def address(self, index: int) -> str:
        address: str = self._key(index).address
        self._indices[address] = index
        return address

    def is_address(self, text: str) -> bool:
        """With a right checksum or none, and without code: a contract's takes more gas than is spent here."""
        formed = is_checksum_address(text) or (is_hex_address(text) and text == text.lower())
        return formed and self._ask("eth_getCode", text, "latest") == "0x"

    def _key(self, index: int) -> LocalAccount:
        key: LocalAccount = Account.from_key(
            hashlib.sha256(b"ethereum key %d of " % index + self._seed).digest()
        )
        return key

    # --- seeing ---------------------------------------------------------------------------------------------------

    def mark(self) -> str:
        """The newest block. The chain is followed to it, backwards where it was reorganised."""
        tip = self._height()
        while self._blocks and not self._is_there(len(self._blocks) - 1, tip):
            self._blocks.pop()
        for number in range(len(self._blocks), tip + 1):
            self._blocks.append(self._block(number))
        return self._blocks[-1].hash

    def _is_there(self, number: int, tip: int) -> bool:
        return (
            number <= tip
            and self._ask("eth_getBlockByNumber", hex(number), False)["hash"] == self._blocks[number].hash
        )

    def _block(self, number: int) -> _Block:
        found = self._ask("eth_getBlockByNumber", hex(number), True)
        paid = [
            (str(one["hash"]), str(one["to"]).lower(), int(one["value"], 16))
            for one in found["transactions"]
            if one["to"] is not None
        ]
        return _Block(found["hash"], tuple(paid))

    def received(self, address: str) -> list[Incoming]:
        return [
            Incoming(txid, 0, Decimal(wei).scaleb(-WEI_PLACES, EXACT), len(self._blocks) - number)
            for number, block in enumerate(self._blocks)
            for txid, to, wei in block.paid
            if to == address.lower() and wei
        ]

    def confirmations(self, txid: str) -> int | None:
        receipt = self._ask("eth_getTransactionReceipt", txid)
        if receipt is not None:
            return self._height() - int(receipt["blockNumber"], 16) + 1
        return None if self._ask("eth_getTransactionByHash", txid) is None else 0

    def _height(self) -> int:
        return int(self._ask("eth_blockNumber"), 16)

    # --- spending -------------------------------------------------------------------------------------------------

    def sign(self, address: str, amount: Decimal) -> Sending | None:
        wei, price = int(amount.scaleb(WEI_PLACES, EXACT)), 2 * int(self._ask("eth_gasPrice"), 16)
        payer = max(self._indices, key=lambda one: int(self._ask("eth_getBalance", one, "latest"), 16))
        fee = Decimal(GAS * price).scaleb(-WEI_PLACES, EXACT)
        if int(self._ask("eth_getBalance", payer, "latest"), 16) < wei + GAS * price or fee > self.fee:
            return None
        signed = self._key(self._indices[payer]).sign_transaction(
            {
                "type": 2,
                "chainId": int(self._ask("eth_chainId"), 16),
                "nonce": int(self._ask("eth_getTransactionCount", payer, "pending"), 16),
                "to": to_checksum_address(address),
                "value": wei,
                "gas": GAS,
                # The same number twice: what is paid is exactly that, whatever the block's own price is.
                "maxFeePerGas": price,
                "maxPriorityFeePerGas": price,
            }
        )
        return Sending(signed.hash.to_0x_hex(), signed.raw_transaction.to_0x_hex(), fee)

    def send(self, raw: str) -> str:
        answer = self._post("eth_sendRawTransaction", raw)
        return str(answer["error"]["message"])[:200] if "error" in answer else ""

    def used(self, sending: Sending) -> None:
        """Accounts know by themselves what left them."""

    # --- the chain's own control door -----------------------------------------------------------------------------

    def fund(self, address: str, amount: Decimal, blocks: int) -> None:
        """From the local chain's faucet, and blocks on top."""
        body = {"address": address, "amount": str(int(amount.scaleb(WEI_PLACES, EXACT)))}
        self._http.post("/control/fund", json=body).raise_for_status()
        if blocks > 1:
            self._http.post("/control/mine", json={"blocks": blocks - 1}).raise_for_status()

    def _ask(self, method: str, *params: object) -> Any:  # noqa: ANN401  # JSON
        answer = self._post(method, *params)
        if "error" in answer:
            raise httpx.RequestError(f"{method}: {answer['error']}")
        return answer["result"]

    def _post(self, method: str, *params: object) -> dict[str, Any]:
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        found: dict[str, Any] = self._http.post("/", json=question).raise_for_status().json()
        return found
