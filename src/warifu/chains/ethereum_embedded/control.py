"""What only the owner of the embedded chain can do, and no Ethereum node offers: mine, fund, tokens, reorganise.

Under ``/control/``, apart from the JSON-RPC path, and like it on loopback only. Amounts are decimal text, as wei
do not fit into JSON's numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.rpc import InvalidArgument, read_data
from warifu.chains.ethereum_embedded.shapes import data
from warifu.errors import InputRefused, WarifuError

PREFIX = "/control/"
_AMOUNT = re.compile(r"[0-9]{1,78}", re.ASCII)


class Mine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Mine ``blocks`` of what waits."""

    blocks: int = 1


class Fund(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Pay ``amount`` wei to ``address``, in a block of its own."""

    address: str
    amount: str


class Deploy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Deploy an ERC-20."""

    name: str
    symbol: str
    decimals: int


class Tokens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``amount`` of ``token`` to ``address``: new ones, or the faucet's."""

    token: str
    address: str
    amount: str


class Reorganise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Replace the last ``depth`` blocks by one more."""

    depth: int


class Drop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Forget a waiting transaction."""

    hash: str


class Control:
    """The control requests over one chain."""

    def __init__(self, chain: EmbeddedEthereum) -> None:
        self._chain = chain
        self._handlers: dict[str, Callable[[bytes], object]] = {
            "mine": self._mine,
            "fund": self._fund,
            "deploy-token": self._deploy,
            "mint": self._mint,
            "transfer": self._transfer,
            "reorganise": self._reorganise,
            "drop": self._drop,
        }

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to one request."""
        handler = self._handlers.get(path.removeprefix(PREFIX))
        if handler is None:
            return 404, b"no such path"
        try:
            return 200, msgspec.json.encode(handler(body))
        except msgspec.MsgspecError as error:
            return 400, str(error).encode()
        except WarifuError as refused:
            return 400, refused.message.encode()

    def _mine(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Mine)
        return {"blocks": [data(value) for value in self._chain.mine(wanted.blocks)]}

    def _fund(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Fund)
        return {"txid": data(self._chain.fund(_address(wanted.address), _amount(wanted.amount)))}

    def _deploy(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Deploy)
        return {"token": data(self._chain.deploy_token(wanted.name, wanted.symbol, wanted.decimals))}

    def _mint(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Tokens)
        minted = self._chain.mint(_address(wanted.token), _address(wanted.address), _amount(wanted.amount))
        return {"txid": data(minted)}

    def _transfer(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Tokens)
        sent = self._chain.transfer(_address(wanted.token), _address(wanted.address), _amount(wanted.amount))
        return {"txid": data(sent)}

    def _reorganise(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Reorganise)
        return {"blocks": [data(value) for value in self._chain.reorganise(wanted.depth)]}

    def _drop(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Drop)
        return {"dropped": self._chain.mempool.drop(_bytes(wanted.hash, 32))}


def _address(text: str) -> bytes:
    return _bytes(text, 20)


def _bytes(text: str, length: int) -> bytes:
    try:
        return read_data(text, length)
    except InvalidArgument:
        raise InputRefused("hex", f"{text[:80]!r} is not 0x and {2 * length} hex digits") from None


def _amount(text: str) -> int:
    if not _AMOUNT.fullmatch(text) or int(text) >= 1 << 256:
        raise InputRefused("amount", f"{text[:90]!r} is not an amount in the smallest unit")
    return int(text)
