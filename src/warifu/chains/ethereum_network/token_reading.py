"""What a token is called and how many decimals it has: read from the chain, checked against what is known of it."""

from __future__ import annotations

from collections.abc import Mapping

from warifu.chains.accounts import Token
from warifu.chains.ethereum.address import format_address
from warifu.chains.ethereum_network import contracts
from warifu.chains.ethereum_network.nodes import Call, Nodes
from warifu.chains.ethereum_network.registry import TokenRegistry, changed
from warifu.chains.rpc.faults import RpcRefused
from warifu.errors import InputRefused


class TokenReader:
    """Tokens of the chain of ``nodes``; ``shipped`` are the common ones, by their address (EIP-55)."""

    def __init__(self, nodes: Nodes, registry: TokenRegistry, shipped: Mapping[str, Token]) -> None:
        self._nodes = nodes
        self._registry = registry
        self._chain = nodes.network.chain
        self._shipped = shipped

    def token(self, contract: bytes, height: int) -> Token:
        """The token at ``contract``; the first time it is read from the chain, by agreement.

        Raises ``InputRefused``: ``token`` where there is none, ``token-changed`` where it differs from what is known,
        ``token-lookalike`` where it bears the symbol of another token that is known, as thieves' tokens do.
        """
        known = self._registry.get(self._chain, contract)
        if known is None:
            known = self._read(contract, height)
            self._registry.remember(self._chain, known)
        return known

    def _read(self, contract: bytes, height: int) -> Token:
        address = format_address(contract)
        decimals = contracts.read_decimals(self._ask(contract, contracts.decimals(), height))
        shipped = self._shipped.get(address)
        if shipped is not None:
            # Its symbol is a name, which issuers do change; the address says which token it is.
            if decimals != shipped.decimals:
                raise changed(Token(address, shipped.symbol, decimals), shipped)
            return shipped
        found = Token(
            address, contracts.read_symbol(self._ask(contract, contracts.symbol(), height)), decimals
        )
        self._refuse_lookalike(found)
        return found

    def balance(self, contract: bytes, account: bytes, height: int) -> int:
        """What ``account`` has of the token at ``contract``, in its smallest unit. ``InputRefused`` (``token``)."""
        return contracts.read_amount(self._ask(contract, contracts.balance_of(account), height))

    def _refuse_lookalike(self, found: Token) -> None:
        for token in (*self._shipped.values(), *self._registry.of(self._chain)):
            if token.symbol.casefold() == found.symbol.casefold():
                raise InputRefused(
                    "token-lookalike",
                    f"{found.address} calls itself {found.symbol}, as {token.address} does, which is known",
                    remedy="If you are sure of this contract, enter it in the token registry under a name of your own.",
                )

    def _ask(self, contract: bytes, data: bytes, height: int) -> bytes:
        try:
            return self._nodes.call(Call(contract, data), height)
        except RpcRefused:
            raise InputRefused(
                "token", f"the contract at {format_address(contract)} is no token that could be read"
            ) from None
