"""What only the owner of the embedded chain can do, and no RPC node offers: fund, make tokens, let time pass.

Under ``/control/``, apart from JSON-RPC, and like it on loopback only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec

from warifu.chains.solana.address import parse_address
from warifu.chains.solana_embedded.chain import FINAL_AFTER, MAX_BLOCKHASH_AGE, EmbeddedChain
from warifu.chains.solana_embedded.faucet import Faucet

PREFIX = "/control/"
Amount = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Airdrop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Give ``lamports`` to ``address``."""

    address: str
    lamports: Amount


class Mint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Mint ``amount`` to the associated token account of ``address``: of ``mint``, or of a new one."""

    address: str
    amount: Amount
    mint: str | None = None
    decimals: Annotated[int, msgspec.Meta(ge=0, le=18)] = 6
    token_2022: bool = False


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Let ``slots`` slots pass."""

    slots: int = 1


class Control:
    """The control requests over one chain. Raises ``msgspec.MsgspecError`` and ``InputRefused`` for bad ones."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain
        self._faucet = Faucet(chain)
        self._handlers: dict[str, Callable[[bytes], object]] = {
            "airdrop": self._airdrop,
            "mint": self._mint,
            "advance": self._advance,
            "expire": self._expire,
        }

    def answer(self, path: str, body: bytes) -> object | None:
        """The answer to one request, for JSON; None where there is no such path."""
        handler = self._handlers.get(path.removeprefix(PREFIX))
        if handler is None:
            return None
        with self._chain.lock:
            return handler(body)

    def _airdrop(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Airdrop)
        return {"balance": self._faucet.airdrop(parse_address(wanted.address), wanted.lamports)}

    def _mint(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Mint)
        mint = parse_address(wanted.mint) if wanted.mint is not None else None
        if mint is None:
            mint = self._faucet.new_mint(wanted.decimals, token_2022=wanted.token_2022)
        made = self._faucet.mint_to(mint, parse_address(wanted.address), wanted.amount)
        return {"mint": made.mint, "token_account": made.token_account}

    def _advance(self, body: bytes) -> object:
        wanted = msgspec.json.decode(body, type=Advance)
        return {"slot": self._chain.advance(wanted.slots)}

    def _expire(self, _body: bytes) -> object:
        """So many slots that every blockhash known now is too old, and that this is final."""
        return {"slot": self._chain.advance(MAX_BLOCKHASH_AGE + FINAL_AFTER + 2)}
