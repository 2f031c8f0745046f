"""What only the owner of the embedded chain can do, and no Esplora server offers: mine, fund, reorganise.

Under ``/control/``, apart from Esplora's paths, and like them on loopback only.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from warifu.chains.bitcoin.transaction import display_hash
from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.esplora import Answer, json
from warifu.errors import InputRefused
from warifu.units import satoshi

PREFIX = "/control/"


class Mine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Mine ``blocks``, the rewards to ``address`` or to nobody's faucet."""

    blocks: int = 1
    address: str | None = None


class Fund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pay ``amount`` satoshi to ``address``, and mine ``blocks`` after it."""

    address: str
    amount: int
    blocks: int = 1


class Reorganise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Replace the last ``depth`` blocks by one more."""

    depth: int


class Control:
    """The control requests over one chain."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain
        self._handlers: dict[str, Callable[[bytes], object]] = {
            "mine": self._mine,
            "fund": self._fund,
            "reorganise": self._reorganise,
        }

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """The answer to one request."""
        handler = self._handlers.get(path.removeprefix(PREFIX))
        if handler is None or method != "POST":
            return Answer(b"no such path", 404)
        try:
            return json(handler(body))
        except msgspec.MsgspecError as error:
            return Answer(str(error).encode(), 400)
        except InputRefused as refused:
            return Answer(refused.message.encode(), 400)

    def _mine(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Mine)
        return {"blocks": [display_hash(value) for value in self._chain.mine(wanted.blocks, wanted.address)]}

    def _fund(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Fund)
        txid = self._chain.fund(wanted.address, satoshi(wanted.amount))
        if wanted.blocks:
            self._chain.mine(wanted.blocks)
        return {"txid": display_hash(txid), "height": self._chain.height}

    def _reorganise(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Reorganise)
        return {"blocks": [display_hash(value) for value in self._chain.reorganise(wanted.depth)]}
