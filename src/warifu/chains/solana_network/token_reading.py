"""Mints, checked: their decimals from the chain against the shipped list, and whether they can be paid from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warifu.chains.accounts import Token
from warifu.chains.solana.address import format_address, parse_address
from warifu.chains.solana.tokens import KNOWN_TOKENS, KnownToken
from warifu.chains.solana_network.layouts import Mint, read_mint
from warifu.chains.solana_network.nodes import MAX_ACCOUNTS, Nodes
from warifu.errors import ChainUnavailable, InputRefused

MAX_TOKENS = 64


class Mints:
    """Over the nodes of one cluster. ``listed`` holds for mainnet; other clusters have other mints."""

    def __init__(self, nodes: Nodes, listed: Mapping[str, KnownToken] = KNOWN_TOKENS) -> None:
        self._nodes = nodes
        self._listed = listed

    def read(self, texts: Sequence[str]) -> list[tuple[bytes, Mint]]:
        """Each mint in its order. ``InputRefused`` (``token``) for what is none; ``ChainUnavailable``
        (``token-mismatch``) where the chain contradicts the list, which only a lie or a wrong cluster explains."""
        if len(texts) > min(MAX_TOKENS, MAX_ACCOUNTS):
            raise InputRefused("token", f"at most {MAX_TOKENS} tokens at once")
        addresses = [parse_address(text) for text in texts]
        found: list[tuple[bytes, Mint]] = []
        for address, account in zip(
            addresses, self._nodes.accounts(addresses) if addresses else (), strict=True
        ):
            mint = read_mint(account)
            if mint is None:
                raise InputRefused("token", f"{format_address(address)} is no mint of this cluster")
            listed = self._listed.get(format_address(address))
            if listed is not None and listed.decimals != mint.decimals:
                raise ChainUnavailable(
                    "token-mismatch",
                    f"the nodes say that {listed.symbol} has {mint.decimals} decimals instead of {listed.decimals}",
                    remedy="Look at the endpoints and their cluster.",
                )
            found.append((address, mint))
        return found

    def token(self, address: bytes, mint: Mint) -> Token:
        """As it is shown: by its symbol where it is known, else by the mint itself."""
        text = format_address(address)
        listed = self._listed.get(text)
        return Token(text, listed.symbol if listed is not None else text, mint.decimals)
