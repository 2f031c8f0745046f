"""The Blockbook add-on (``bb_*``): what concerns an address, which Bitcoin's own RPC does not know.

Answers are parsed strictly, and a transaction is only taken if its bytes have the id that was asked for. That nothing
was left out, and in which block something is, remains the provider's word (``bitcoin.py`` compares the blocks with the
node's). Each question costs 20 credits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec

from warifu.chains.bitcoin.transaction import OutPoint, display_hash, parse_hash, parse_transaction
from warifu.chains.bitcoin_network.wallet import ChainTip
from warifu.chains.rpc.endpoint import JsonRpcEndpoint, Params
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.errors import ChainUnavailable, InputRefused
from warifu.units import Satoshi, satoshi

PAGE = 1000
MAX_TRANSACTIONS = 20_000
"""Of one address: more is no wallet's address, or a server that never ends."""
MAX_COINS = 10_000
MAX_HEIGHT = 2**31
_METHOD_NOT_FOUND = -32601

T = TypeVar("T")


class _Address(msgspec.Struct, rename="camel"):
    address: str
    balance: str
    unconfirmed_balance: str
    txs: int
    page: int = 1
    total_pages: int = 1
    txids: list[str] = []


class _Transaction(msgspec.Struct, rename="camel"):
    txid: str
    hex: str
    block_hash: str = ""
    block_height: int = -1
    block_time: int = 0


class _Coin(msgspec.Struct, rename="camel"):
    txid: str
    vout: int
    value: str
    confirmations: int = 0
    height: int = 0


@dataclass(frozen=True)
class FoundTransaction:
    """``raw`` has the id ``txid``; ``block`` is None while it is unconfirmed, ``time`` that of the block."""

    txid: bytes
    raw: bytes
    block: ChainTip | None
    time: int


@dataclass(frozen=True)
class AddressCoin:
    """An unspent output as the server says; ``height`` is None while it is unconfirmed."""

    outpoint: OutPoint
    amount: Satoshi
    height: int | None


class Blockbook:
    """The add-on of one endpoint. Every method raises ``ChainUnavailable``; ``add-on`` where it is not enabled."""

    def __init__(self, endpoint: JsonRpcEndpoint) -> None:
        self._endpoint = endpoint

    def txids(self, address: str) -> list[bytes]:
        """The ids of all transactions that touch ``address``, unconfirmed ones among them."""
        found: dict[bytes, None] = {}
        page = total = 1
        while page <= total:
            part = self._address(address, page)
            total = part.total_pages
            if part.txs > MAX_TRANSACTIONS or total > MAX_TRANSACTIONS or len(part.txids) > PAGE:
                raise unavailable(
                    "answer-size", f"an address with over {MAX_TRANSACTIONS} transactions", self.name
                )
            if page < total and not part.txids:
                raise self._wrong("an empty page before the last")
            found |= dict.fromkeys(self._hash(txid) for txid in part.txids)
            if len(found) > MAX_TRANSACTIONS:
                raise unavailable(
                    "answer-size", f"an address with over {MAX_TRANSACTIONS} transactions", self.name
                )
            page += 1
        return list(found)

    def balance(self, address: str) -> tuple[Satoshi, int]:
        """What ``address`` has in blocks, and by how much (perhaps negative) the mempool would change that."""
        found = self._ask("bb_getAddress", [address, {"details": "basic"}], _Address)
        self._is_about(found, address)
        sign = -1 if found.unconfirmed_balance.startswith("-") else 1
        return self._amount(found.balance), sign * self._amount(found.unconfirmed_balance.removeprefix("-"))

    def transaction(self, txid: bytes) -> FoundTransaction:
        """One transaction, checked to be of this id."""
        found = self._ask("bb_getTx", [display_hash(txid)], _Transaction)
        try:
            raw = bytes.fromhex(found.hex)
            if parse_transaction(raw).txid != txid or found.txid != display_hash(txid):
                raise self._wrong("it shows another transaction than the one asked for")
        except (ValueError, InputRefused):
            raise self._wrong("a transaction that is none") from None
        if found.block_height <= 0:
            return FoundTransaction(txid, raw, None, 0)
        if found.block_height >= MAX_HEIGHT or not 0 <= found.block_time < 2**32:
            raise self._wrong("a block that is none")
        return FoundTransaction(
            txid, raw, ChainTip(found.block_height, self._hash(found.block_hash)), found.block_time
        )

    def coins(self, address: str, *, confirmed: bool = False) -> tuple[AddressCoin, ...]:
        """Unspent outputs of ``address``; only those in blocks where ``confirmed``."""
        found = self._ask("bb_getUTXOs", [address, {"confirmed": confirmed}], list[_Coin])
        if len(found) > MAX_COINS:
            raise unavailable("answer-size", f"an address with over {MAX_COINS} coins", self.name)
        coins = tuple(self._coin(coin) for coin in found)
        if len({coin.outpoint for coin in coins}) != len(coins):
            raise self._wrong("a coin that is there twice")
        return coins

    def block_hash(self, height: int) -> bytes:
        """The hash of the block at ``height``, as the index has it; it may lag behind the node."""
        found = self._ask("bb_getBlockHash", [str(height)], dict[str, str])
        return self._hash(found.get("blockHash", ""))

    @property
    def name(self) -> str:
        """For people and for ``blame``."""
        return self._endpoint.name

    def _address(self, address: str, page: int) -> _Address:
        options = {"page": page, "size": PAGE, "details": "txids"}
        found = self._ask("bb_getAddress", [address, options], _Address)
        self._is_about(found, address)
        if found.page != page and found.total_pages > 1:  # Blockbook gives the last page for one beyond it
            raise self._wrong("another page than the one asked for")
        return found

    def _is_about(self, found: _Address, address: str) -> None:
        if found.address != address:
            raise self._wrong("it tells about another address than the one asked for")

    def _coin(self, coin: _Coin) -> AddressCoin:
        if not 0 <= coin.vout < 2**32 or not 0 <= coin.height < MAX_HEIGHT:
            raise self._wrong("a coin that is none")
        height = coin.height if coin.confirmations > 0 and coin.height > 0 else None
        return AddressCoin(OutPoint(self._hash(coin.txid), coin.vout), self._amount(coin.value), height)

    def _ask(self, method: str, params: Params, kind: type[T]) -> T:
        failure: ChainUnavailable
        try:
            return self._endpoint.call(method, params, kind)
        except RpcRefused as error:
            if error.code == _METHOD_NOT_FOUND:
                failure = unavailable(
                    "add-on",
                    "the Blockbook add-on is not enabled on this endpoint",
                    self.name,
                    remedy="Enable it in QuickNode's dashboard, or use another kind of backend.",
                )
            else:
                failure = self._wrong(f"it answers with an error: {error.message}")
        raise failure

    def _hash(self, text: str) -> bytes:
        try:
            return parse_hash(text)
        except InputRefused:
            raise self._wrong("a hash that is none") from None

    def _amount(self, text: str) -> Satoshi:
        try:
            if text.isascii() and text.isdecimal() and len(text) < 20:
                return satoshi(int(text))
        except InputRefused:
            pass
        raise self._wrong("an amount that is none")

    def _wrong(self, message: str) -> ChainUnavailable:
        return unavailable("answer-form", message, self.name)
