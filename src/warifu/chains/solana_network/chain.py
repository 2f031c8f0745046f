"""One cluster of Solana as the custody service uses it: ``warifu.chains.accounts.AccountChain`` over JSON-RPC."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from warifu.chains.accounts import (
    AccountDraft,
    AccountStatus,
    Holding,
    Listing,
    Payment,
    Sent,
    SignedTransaction,
)
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.solana.address import associated_token_address, parse_address
from warifu.chains.solana.reading import CHAIN
from warifu.chains.solana.tokens import KNOWN_TOKENS
from warifu.chains.solana_network import sending
from warifu.chains.solana_network.clusters import Cluster
from warifu.chains.solana_network.drafting import Drafter
from warifu.chains.solana_network.following import FINAL, Following
from warifu.chains.solana_network.layouts import read_token_account
from warifu.chains.solana_network.listing import listing
from warifu.chains.solana_network.nodes import Nodes
from warifu.chains.solana_network.nonces import Nonces
from warifu.chains.solana_network.priority import PriorityBounds
from warifu.chains.solana_network.token_reading import Mints

DEFAULT_QUORUM = 2


class SolanaChain:
    """``cluster`` through ``endpoints``, of which ``quorum`` must agree on what decides money.

    ``genesis``: for a local cluster, the genesis hash that it had when it was met first (``.genesis`` then).
    A draft's ``slot`` is the number of the durable nonce account that it holds (None without one), so ``taken`` are the
    numbers that *unfinished* transfers hold: a finished one has set its nonce account free.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        cluster: Cluster = Cluster.MAINNET,
        *,
        genesis: str | None = None,
        quorum: int = DEFAULT_QUORUM,
        bounds: PriorityBounds | None = None,
        met: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``met`` is told the genesis hash of a local cluster that was not known, once."""
        self.cluster = cluster
        self._endpoints = endpoints
        self._nodes = Nodes(endpoints, cluster, genesis, quorum, met)
        self._mints = Mints(self._nodes, KNOWN_TOKENS if cluster is Cluster.MAINNET else {})
        self._drafter = Drafter(self._nodes, self._mints, Nonces(self._nodes), bounds or PriorityBounds())
        self._following = Following(self._nodes)

    @property
    def chain(self) -> str:
        """``solana``, whichever cluster: nothing that is signed names one."""
        return CHAIN

    @property
    def confirmations(self) -> int:
        """32: the block is final."""
        return FINAL

    @property
    def genesis(self) -> str | None:
        """The cluster's genesis hash; None for a local one before it was met."""
        return self._nodes.genesis

    def check(self) -> None:
        """Return only if no node is on another cluster. ``ChainUnavailable`` (``wrong-network``)."""
        self._nodes.check()

    def height(self) -> int:
        """The newest slot that enough nodes have confirmed; ``AccountStatus.height`` is a slot, too."""
        return self._nodes.slot()

    def holdings(self, address: str, tokens: Sequence[str]) -> tuple[Holding, ...]:
        """SOL, then ``tokens`` (mints) in their order, as far as they are in the associated token accounts."""
        owner = parse_address(address)
        mints = self._mints.read(tokens)
        places = [associated_token_address(owner, mint_address, mint.program) for mint_address, mint in mints]
        account, *found = self._nodes.accounts([owner, *places])
        held = [Holding(None, account.lamports if account is not None else 0)]
        for (mint_address, mint), info in zip(mints, found, strict=True):
            state = read_token_account(info)
            own = state is not None and (state.owner, state.mint) == (owner, mint_address)
            amount = state.amount if state is not None and own else 0
            held.append(Holding(self._mints.token(mint_address, mint), amount))
        return tuple(held)

    def executed(self, address: str) -> None:  # noqa: ARG002  # the protocol's signature
        """Solana does not count an account's transactions."""
        return

    def listing(self, address: str) -> Listing:
        """Every transaction in blocks that names the account or one of its durable nonces. ``ChainUnavailable`` where
        enough nodes do not tell all of them."""
        return listing(self._nodes, address)

    def transaction(self, txid: str) -> bytes | None:
        """A signed transaction in a block, as the first node gives it that has it; None where none does."""
        return self._nodes.raw(txid)

    def draft(self, sender: str, payment: Payment, taken: Collection[int]) -> AccountDraft:
        """Pay SOL or a token. ``InputRefused``: ``address``, ``amount``, ``amount-range``, ``token``,
        ``insufficient-funds``, ``draft`` (its execution would fail, with the reason)."""
        return self._drafter.draft(sender, payment, taken)

    def prepare(self, sender: str, taken: Collection[int]) -> AccountDraft:
        """Make another account for durable nonces. ``InputRefused`` (``nothing-to-prepare``)."""
        return self._drafter.prepare(sender, taken)

    def replace(self, sender: str, unsigned: bytes, *, cancel: bool) -> AccountDraft:
        """Only what carries a proven durable nonce. ``InputRefused`` (``not-replaceable``, ``fee-bound``)."""
        return self._drafter.replace(sender, unsigned, cancel=cancel)

    def assemble(self, unsigned: bytes, signatures: Sequence[bytes], sender: str) -> SignedTransaction:
        """Put the one signature (64 bytes) in place. ``TransactionRefused`` (``signature``)."""
        return sending.assemble(unsigned, signatures, sender)

    def broadcast(self, raw: bytes) -> tuple[Sent, str]:
        """Send to every node; twice is once. ``BroadcastRejected`` (``expired``, ``insufficient-funds``,
        ``execution``, ``signature``, ``refused``)."""
        return sending.broadcast(self._nodes, raw)

    def status(self, sender: str, raw: bytes) -> AccountStatus:
        """Where this signed transaction is. ``EXPIRED`` and ``REPLACED`` are said only where they are certain."""
        return self._following.status(sender, raw)

    def close(self) -> None:
        """Let go of the connections."""
        self._endpoints.close()
