"""The common tokens: their addresses and decimals, so that an amount is shown and checked without asking anybody.

A node can lie about a token's decimals, and a token can call itself USDC. What is here was compared in at least two
public lists (``docs/evidence.md``); what could not be compared was left out. A token that is not here is read from the
chain and shown by its address.
"""

from __future__ import annotations

from warifu.chains.accounts import Token

_USDC, _USDT, _DAI, _WETH, _WBTC = ("USDC", 6), ("USDT", 6), ("DAI", 18), ("WETH", 18), ("WBTC", 8)
_CBBTC, _CBETH, _LINK, _EURC = ("cbBTC", 8), ("cbETH", 18), ("LINK", 18), ("EURC", 6)

_LISTED: dict[int, dict[str, tuple[str, int]]] = {
    1: {
        "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48": _USDC,
        "0xdAC17F958D2ee523a2206206994597C13D831ec7": _USDT,
        "0x6B175474E89094C44Da98b954EedeAC495271d0F": _DAI,
        "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2": _WETH,
        "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599": _WBTC,
        "0x514910771AF9Ca656af840dff83E8264EcF986CA": _LINK,
        "0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c": _EURC,
        "0xcbB7C0000aB88B473b1f5aFd9ef808440eed33Bf": _CBBTC,
        "0xBe9895146f7AF43049ca1c1AE358B0541Ea49704": _CBETH,
    },
    10: {
        "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85": _USDC,
        "0x7F5c764cBc14f9669B88837ca1490cCa17c31607": ("USDC.e", 6),
        "0x94b008aA00579c1307B0EF2c499aD98a8ce58e58": _USDT,
        "0x01bFF41798a0BcF287b996046Ca68b395DbC1071": ("USDT0", 6),
        "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1": _DAI,
        "0x4200000000000000000000000000000000000006": _WETH,
        "0x68f180fcCe6836688e9084f035309E29Bf0A2095": _WBTC,
        "0x350a791Bfc2C21F9Ed5d10980Dad2e2638ffa7f6": _LINK,
        "0x4200000000000000000000000000000000000042": ("OP", 18),
    },
    137: {
        "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359": _USDC,
        "0x2791Bca1f2de4661ED88A30C99A7a9449Aa84174": ("USDC.e", 6),
        "0xc2132D05D31c914a87C6611C10748AEb04B58e8F": ("USDT0", 6),
        "0x8f3Cf7ad23Cd3CaDbD9735AFf958023239c6A063": _DAI,
        "0x7ceB23fD6bC0adD59E62ac25578270cFf1b9f619": _WETH,
        "0x1BFD67037B42Cf73acF2047067bd4F2C47D9BfD6": _WBTC,
        "0x53E0bca35eC356BD5ddDFebbD1Fc0fD03FaBad39": _LINK,
        "0x0d500B1d8E8eF31E21C99d1Db9A6444d3ADf1270": ("WPOL", 18),
    },
    8453: {
        "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913": _USDC,
        "0x50c5725949A6F0c72E6C4a641F24049A917DB0Cb": _DAI,
        "0x4200000000000000000000000000000000000006": _WETH,
        "0xcbB7C0000aB88B473b1f5aFd9ef808440eed33Bf": _CBBTC,
        "0x2Ae3F1Ec7F1F5012CFEab0185bfc7aa3cf0DEc22": _CBETH,
        "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42": _EURC,
    },
    42161: {
        "0xaf88d065e77c8cC2239327C5EDb3A432268e5831": _USDC,
        "0xFF970A61A04b1cA14834A43f5dE4533eBDDB5CC8": ("USDC.e", 6),
        "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9": ("USDT0", 6),
        "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1": _DAI,
        "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1": _WETH,
        "0x2f2a2543B76A4166549F7aaB2e75Bef0aefC5B0f": _WBTC,
    },
    11155111: {
        "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238": _USDC,
        "0xfFf9976782d46CC05630D1f6eBAb18b2324d6B14": _WETH,
    },
}

TOKENS: dict[int, dict[str, Token]] = {
    chain_id: {address: Token(address, symbol, decimals) for address, (symbol, decimals) in listed.items()}
    for chain_id, listed in _LISTED.items()
}
"""By chain id, then by address (EIP-55)."""


def known_token(chain_id: int | None, address: str) -> Token | None:
    """The token at ``address`` (EIP-55); None where it is not one of the listed ones."""
    return TOKENS.get(chain_id, {}).get(address) if chain_id is not None else None


def tokens_called(chain_id: int, symbol: str) -> tuple[Token, ...]:
    """The listed tokens of a chain with this symbol, whatever its case."""
    listed = TOKENS.get(chain_id, {}).values()
    return tuple(token for token in listed if token.symbol.lower() == symbol.lower())
