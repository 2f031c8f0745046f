"""One EVM chain as the custody service uses it: ``warifu.chains.accounts.AccountChain`` over JSON-RPC."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from warifu.chains.accounts import (
    AccountDraft,
    AccountStatus,
    Holding,
    Payment,
    Sent,
    SignedTransaction,
    Token,
)
from warifu.chains.ethereum.address import parse_address
from warifu.chains.ethereum.networks import EvmNetwork
from warifu.chains.ethereum.tokens import TOKENS
from warifu.chains.ethereum.transaction import parse_unsigned
from warifu.chains.ethereum_network import finding, following, sending
from warifu.chains.ethereum_network.drafting import Drafter
from warifu.chains.ethereum_network.fees import FeeBounds
from warifu.chains.ethereum_network.nodes import Nodes
from warifu.chains.ethereum_network.profiles import fee_bounds
from warifu.chains.ethereum_network.registry import TokenRegistry
from warifu.chains.ethereum_network.token_reading import TokenReader
from warifu.chains.rpc.endpoints import Endpoints
from warifu.errors import InputRefused, TransactionRefused

DEFAULT_QUORUM = 2
MAX_TOKENS = 64


class EvmChain:
    """``network`` through ``endpoints``, of which ``quorum`` must agree on balances, nonces and receipts.

    ``registry`` keeps the tokens that were met; ``shipped`` (by EIP-55 address) and ``bounds`` are those of the known
    chains where nothing else is given.
    """

    def __init__(
        self,
        network: EvmNetwork,
        endpoints: Endpoints,
        registry: TokenRegistry | None = None,
        *,
        quorum: int = DEFAULT_QUORUM,
        bounds: FeeBounds | None = None,
        shipped: Mapping[str, Token] | None = None,
    ) -> None:
        self.network = network
        self._endpoints = endpoints
        listed = TOKENS.get(network.chain_id, {}) if shipped is None else shipped
        self._nodes = Nodes(endpoints, network, quorum)
        self._tokens = TokenReader(self._nodes, registry or TokenRegistry(), listed)
        self._drafter = Drafter(self._nodes, self._tokens, bounds or fee_bounds(network.chain_id))

    @property
    def chain(self) -> str:
        """``eip155:<chain id>``."""
        return self.network.chain

    @property
    def confirmations(self) -> int:
        """How many make a transaction final, here."""
        return self.network.confirmations

    def check(self) -> None:
        """Return only if no node is on another chain. ``ChainUnavailable`` (``wrong-network``)."""
        self._nodes.check()

    def height(self) -> int:
        """The highest block that enough nodes have."""
        return self._nodes.height()

    def token(self, address: str) -> Token:
        """A token, by its contract. ``InputRefused`` (``token``, ``token-changed``, ``token-lookalike``)."""
        return self._tokens.token(parse_address(address), self._nodes.height())

    def holdings(self, address: str, tokens: Sequence[str]) -> tuple[Holding, ...]:
        """The coin first, then ``tokens``: all of one block."""
        if len(tokens) > MAX_TOKENS:
            raise InputRefused("token", f"no more than {MAX_TOKENS} tokens are asked for at once")
        account, contracts = parse_address(address), [parse_address(token) for token in tokens]
        height = self._nodes.height()
        coin = Holding(None, self._nodes.balance(account, height))
        return coin, *(
            Holding(self._tokens.token(contract, height), self._tokens.balance(contract, account, height))
            for contract in contracts
        )

    def executed(self, address: str) -> int:
        """The account's nonce in the highest block that enough nodes have, by their agreement."""
        return self._nodes.executed(parse_address(address), self._nodes.height())

    def with_nonce(self, address: str, nonce: int) -> str | None:
        """The id of the account's executed transaction with ``nonce``; None where no node can tell it."""
        return finding.with_nonce(self._nodes, parse_address(address), nonce)

    def transaction(self, txid: str) -> bytes | None:
        """A signed transaction in a block, put together and checked against its id; None where no node shows it."""
        return finding.raw(self._nodes, txid)

    def draft(self, sender: str, payment: Payment, taken: Collection[int]) -> AccountDraft:
        """A payment in the coin or in an ERC-20 token. ``taken``: nonces that other transfers of ours hold.

        Raises ``InputRefused``: ``address``, ``amount``, ``token``, ``insufficient-funds``, ``would-fail`` (with the
        contract's reason), ``gas``, ``fee-cap``, ``too-many-waiting``, and what signers would refuse
        (``reserved-address``, ``to-token-contract``, ``self-payment``).
        """
        return self._drafter.pay(sender, payment, taken)

    def draft_approval(
        self, sender: str, token: str, spender: str, amount: int, taken: Collection[int]
    ) -> AccountDraft:
        """Let ``spender`` take ``amount`` of the ERC-20 ``token``; 0 takes an approval back. Raises as ``draft``."""
        return self._drafter.approve(sender, token, spender, amount, taken)

    def replace(self, sender: str, unsigned: bytes, *, cancel: bool) -> AccountDraft:
        """The same with fees that nodes accept as a replacement; or an empty payment to ourselves in its place.

        ``unsigned`` is the last that was sent with its nonce. ``InputRefused``: ``not-replaceable``, ``fee-cap``,
        ``insufficient-funds``.
        """
        return self._drafter.replace(sender, unsigned, cancel=cancel)

    def assemble(self, unsigned: bytes, signatures: Sequence[bytes], sender: str) -> SignedTransaction:
        """Put the one signature in place. ``TransactionRefused`` (``signature``, ``high-s``) if it does not fit."""
        if len(signatures) != 1:
            raise TransactionRefused("signature", f"a transaction has one signature, not {len(signatures)}")
        parse_address(sender)
        signed = parse_unsigned(unsigned).with_signature(signatures[0], sender)
        sending.read_own(signed.raw, self.network)
        return SignedTransaction(signed.raw, signed.txid)

    def broadcast(self, raw: bytes) -> tuple[Sent, str]:
        """Send to every node. ``BroadcastRejected`` with a node's reason if none takes it."""
        return sending.broadcast(self._nodes, sending.read_own(raw, self.network))

    def status(self, sender: str, raw: bytes) -> AccountStatus:
        """Where it is, by agreement. ``TransactionRefused`` (``signature``) if it is not ``sender``'s."""
        signed = sending.read_own(raw, self.network)
        if signed.sender != sender:
            raise TransactionRefused("signature", f"the transaction is {signed.sender}'s, not {sender}'s")
        return following.status(self._nodes, signed, sender)

    def close(self) -> None:
        """Close the connections."""
        self._endpoints.close()
