"""Tokens that are known by name: a short list, each mint and its decimals found alike in two public sources.

The list gives names and catches a wrong number of decimals. It decides nothing else: what leaves the wallet is named
by its mint in full, so a look-alike is another token, whatever it calls itself.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownToken:
    """A mint of mainnet-beta."""

    symbol: str
    decimals: int


KNOWN_TOKENS = {
    "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v": KnownToken("USDC", 6),
    "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB": KnownToken("USDT", 6),
    "HzwqbKZw8HxMN6bF2yFZNrht3c2iXXzpKcFu7uBEDKtr": KnownToken("EURC", 6),
    "So11111111111111111111111111111111111111112": KnownToken("wSOL", 9),
}
"""By mint. USDC and EURC are Circle's, USDT Tether's, wSOL is SOL wrapped by the Token program itself."""


def symbol_of(mint: str) -> str:
    """The token's symbol where it is known, else the mint itself."""
    known = KNOWN_TOKENS.get(mint)
    return known.symbol if known else mint
