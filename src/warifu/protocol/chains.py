"""How a chain is called in requests, policies and the API: ``bitcoin``, ``solana``, ``eip155:N`` (CAIP-2's EVM form).

Bitcoin's network is the wallet's own and fixed with it. On Solana nothing that is signed names a cluster but the recent
blockhash. People may say ``ethereum`` or ``base`` where they write policies and commands.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from warifu.errors import InputRefused

Chain = Annotated[str, msgspec.Meta(max_length=32, pattern=r"^(bitcoin|solana|eip155:[1-9][0-9]{0,17})\Z")]
Family = Literal["bitcoin", "eip155", "solana"]
Scheme = Literal["bip340", "ecdsa", "ed25519"]
SCHEMES: tuple[Scheme, ...] = ("bip340", "ecdsa", "ed25519")
BITCOIN, SOLANA = "bitcoin", "solana"

ALIASES = {
    "ethereum": "eip155:1",
    "optimism": "eip155:10",
    "polygon": "eip155:137",
    "base": "eip155:8453",
    "arbitrum": "eip155:42161",
    "sepolia": "eip155:11155111",
}
_SCHEME_OF: dict[Family, Scheme] = {"bitcoin": "bip340", "eip155": "ecdsa", "solana": "ed25519"}
_UNITS: dict[Family, dict[str, int]] = {
    "bitcoin": {"btc": 8, "sat": 0, "sats": 0, "satoshi": 0},
    "eip155": {"gwei": 9, "wei": 0},
    "solana": {"sol": 9, "lamport": 0, "lamports": 0},
}
_COINS = {BITCOIN: "BTC", SOLANA: "SOL", "eip155:137": "POL"}
_DECIMALS: dict[Family, int] = {"bitcoin": 8, "eip155": 18, "solana": 9}


def chain_named(text: str) -> str:
    """``text`` as a ``Chain``, from its own form or an alias. ``InputRefused`` (``unknown-chain``)."""
    try:
        return msgspec.convert(ALIASES.get(text, text), Chain)
    except msgspec.ValidationError:
        raise InputRefused(
            "unknown-chain",
            f"{text[:40]!r} is no chain that Warifu knows",
            remedy=f"Say bitcoin, solana, eip155:CHAIN-ID, or one of: {', '.join(ALIASES)}.",
        ) from None


def spoken(chain: str) -> str:
    """The chain as people call it."""
    return next((alias for alias, name in ALIASES.items() if name == chain), chain)


def family_of(chain: str) -> Family:
    """Which kind of chain it is."""
    family = chain.partition(":")[0]
    assert family in _SCHEME_OF, "a Chain"
    return family


def scheme_of(chain: str) -> Scheme:
    """The signature scheme of a wallet's key there."""
    return _SCHEME_OF[family_of(chain)]


def evm_chain_id(chain: str) -> int:
    """N of ``eip155:N``."""
    assert family_of(chain) == "eip155", chain
    return int(chain.partition(":")[2])


def coin_symbol(chain: str) -> str:
    """What people call the chain's own coin. ETH where nothing else is known of an EVM chain."""
    return _COINS.get(chain, "ETH")


def coin_decimals(chain: str) -> int:
    """Digits between the coin and its smallest unit."""
    return _DECIMALS[family_of(chain)]


def coin_units(chain: str) -> dict[str, int]:
    """The units of the chain's own coin, in lower case, each with its decimals."""
    return {coin_symbol(chain).lower(): coin_decimals(chain), **_UNITS[family_of(chain)]}
