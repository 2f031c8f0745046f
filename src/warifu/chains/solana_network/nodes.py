"""Typed questions to the nodes of one cluster: agreement on what decides money, the first answer for the rest."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import TypeVar

from warifu.chains.rpc.endpoint import JsonRpcEndpoint, maybe
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.unavailable import unavailable
from warifu.chains.solana.address import format_address
from warifu.chains.solana_network.clusters import GENESIS, Cluster
from warifu.chains.solana_network.wire import (
    GENESIS_HASH,
    HEIGHT,
    AccountInfo,
    BlockHead,
    Executed,
    ExecutedBytes,
    InContext,
    LatestBlockhash,
    PrioritizationFee,
    SignatureOf,
    SignatureStatus,
    Simulated,
)
from warifu.errors import ChainUnavailable

T = TypeVar("T")
V = TypeVar("V")

CONFIRMED, FINALIZED = {"commitment": "confirmed"}, {"commitment": "finalized"}
BASE64 = {"encoding": "base64"}
MAX_ACCOUNTS = 100
MAX_ANSWER = 4 * 1024 * 1024
_OTHER = "Configure endpoints of the wallet's cluster."
_OTHER_LOCAL = (
    "A local cluster that begins anew is another one. Start it on its old ledger, or give the service a new data "
    "directory."
)
SIGNATURES = 1000
"""The most that ``getSignaturesForAddress`` gives at once."""


class Nodes:
    """The nodes of ``cluster``; ``quorum`` of them must agree on what decides money, of a single one its word counts.

    ``genesis``: the genesis hash of a local cluster, where it was met before. Every method raises
    ``ChainUnavailable`` where no usable answer came.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        cluster: Cluster,
        genesis: str | None,
        quorum: int,
        met: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``met`` is told the genesis hash of a local cluster that was not known, before anything else is asked."""
        self._met = met
        self._meeting = Lock()
        self._endpoints = endpoints
        self._cluster = cluster
        self.quorum = min(quorum, len(endpoints))
        self.genesis = GENESIS.get(cluster, genesis)
        self._probed = False

    def check(self) -> None:
        """Return only if no node is on another cluster. ``ChainUnavailable`` (``wrong-network``)."""
        self._probed = True
        self._endpoints.check(self._probe)

    def _probe(self, endpoint: JsonRpcEndpoint) -> None:
        found = endpoint.call("getGenesisHash", [], GENESIS_HASH)
        with self._meeting:
            if self.genesis is None:
                self._met(found)
                self.genesis = found
        if found != self.genesis:
            raise unavailable(
                "wrong-network",
                f"it is not on {self._cluster.value}: its genesis hash is {found}",
                endpoint.name,
                remedy=_OTHER_LOCAL if self._cluster is Cluster.LOCAL else _OTHER,
            )

    def _all(self) -> Endpoints:
        """The endpoints, each checked before it is asked anything else."""
        if not self._probed:
            self.check()
        return self._endpoints

    # --- what decides money --------------------------------------------------------------------------------------

    def accounts(self, addresses: Sequence[bytes]) -> tuple[AccountInfo | None, ...]:
        """The accounts (32-byte addresses, at most 100) as enough nodes have them; None for what does not exist."""
        params = [[format_address(address) for address in addresses], BASE64 | CONFIRMED]
        kind = InContext[list[AccountInfo | None]]
        try:
            found = self._all().agreed(
                "getMultipleAccounts", params, kind, self.quorum, same=lambda answer: answer.value
            )
        except RpcRefused as error:
            raise _refused(error) from None
        if len(found.value) != len(addresses):
            raise ChainUnavailable("answer-form", "a node gives another number of accounts than it was asked")
        return tuple(found.value)

    def every_status(self, signature: str) -> dict[str, SignatureStatus | None]:
        """What each node that answers knows of a transaction, by its name; None where it knows nothing.

        Every node knows the last minutes; those that keep a history are asked for more where that is not enough.
        """
        kind = InContext[list[SignatureStatus | None]]
        found = self._each("getSignatureStatuses", [[signature]], kind, _only)
        if sum(status is not None for status in found.values()) < self.quorum:
            params = [[signature], {"searchTransactionHistory": True}]
            for name, answer in self._all().every("getSignatureStatuses", params, kind):
                if not isinstance(answer, RpcRefused | ChainUnavailable):
                    found[name] = _only(answer)
        return found

    def agree(self, question: Callable[[JsonRpcEndpoint], bool]) -> bool:
        """Whether ``quorum`` nodes say yes to ``question``, and nobody who is asked says no.

        A node that raises ``ChainUnavailable`` (``no-history``) says neither; if all refuse to say, nothing is certain.
        """
        try:
            return self._all().agreed_on(question, self.quorum)
        except RpcRefused:
            return False
        except ChainUnavailable as error:
            if error.reason in ("disagreement", "quorum", "no-history"):
                return False
            raise

    def of_quorum(self, question: Callable[[JsonRpcEndpoint], T]) -> list[T]:
        """What ``quorum`` nodes say each, alike or not. A node that does not say raises ``ChainUnavailable``."""
        found: list[T] = []
        self._all().agreed_on(lambda node: found.append(question(node)), self.quorum)
        return found

    def slot(self) -> int:
        """The newest slot that ``quorum`` nodes have confirmed."""
        return self._reached_by_quorum("getSlot", CONFIRMED)

    def height(self) -> int:
        """The greatest block height that ``quorum`` nodes have reached, as yet unconfirmed blocks included."""
        return self._reached_by_quorum("getBlockHeight", {"commitment": "processed"})

    def _reached_by_quorum(self, method: str, commitment: Mapping[str, str]) -> int:
        found = sorted(self._each(method, [commitment], HEIGHT, lambda answer: answer).values(), reverse=True)
        if len(found) < self.quorum:
            raise ChainUnavailable(
                "quorum", f"{len(found)} of the {self.quorum} nodes needed gave an answer", retry_after=10
            )
        return found[self.quorum - 1]

    # --- what one node may say -----------------------------------------------------------------------------------

    def latest_blockhash(self) -> str:
        """A blockhash to build on. A lie gives a transaction that is not executed."""
        return self._first("getLatestBlockhash", [CONFIRMED], InContext[LatestBlockhash]).value.blockhash

    def prioritization_fees(self, accounts: Sequence[bytes]) -> list[PrioritizationFee]:
        """What the last slots took from whoever changed these accounts."""
        params = [[format_address(account) for account in accounts]]
        return self._first("getRecentPrioritizationFees", params, list[PrioritizationFee])

    def simulate(self, message: bytes) -> Simulated:
        """What the message, unsigned, would do now."""
        unsigned = base64.b64encode(b"\x01" + bytes(64) + message).decode("ascii")
        params = [unsigned, BASE64 | CONFIRMED | {"sigVerify": False}]
        return self._first("simulateTransaction", params, InContext[Simulated]).value

    def signatures_of(self, address: bytes, limit: int) -> list[SignatureOf]:
        """The newest transactions that name ``address``."""
        params = [format_address(address), CONFIRMED | {"limit": limit}]
        return self._first("getSignaturesForAddress", params, list[SignatureOf])

    def block(self, slot: int) -> BlockHead | None:
        """The block in ``slot``, where there is one."""
        wanted = {"transactionDetails": "none", "rewards": False, "maxSupportedTransactionVersion": 0}
        params = [slot, CONFIRMED | wanted]
        return self._first("getBlock", params, maybe(BlockHead))

    def executed(self, signature: str) -> Executed | None:
        """What a transaction in a block cost."""
        params = [signature, BASE64 | CONFIRMED | {"maxSupportedTransactionVersion": 0}]
        return self._first("getTransaction", params, maybe(Executed))

    def raw(self, signature: str) -> bytes | None:
        """A signed transaction in a block, of the first node that has it and can give it."""

        def ask(node: JsonRpcEndpoint) -> bytes:
            params = [signature, BASE64 | CONFIRMED | {"maxSupportedTransactionVersion": 0}]
            try:
                found = node.call("getTransaction", params, maybe(ExecutedBytes))
                if found is not None:
                    return found.content()
            except (RpcRefused, ValueError):
                pass
            raise unavailable("no-history", "it does not show a transaction that is in a block", node.name)

        try:
            return self._all().ask(ask)
        except ChainUnavailable as error:
            if error.reason == "no-history":
                return None
            raise

    def send(self, raw: bytes) -> list[tuple[str, str | RpcRefused | ChainUnavailable]]:
        """Each node's answer to a signed transaction, all asked at the same time."""
        encoded = base64.b64encode(raw).decode("ascii")
        options = BASE64 | {"skipPreflight": False, "preflightCommitment": "confirmed"}
        return self._all().every("sendTransaction", [encoded, options], str)

    def _first(self, method: str, params: Sequence[object], kind: type[T]) -> T:
        try:
            return self._all().first(method, params, kind)
        except RpcRefused as error:
            raise _refused(error) from None

    def _each(
        self, method: str, params: Sequence[object], kind: type[T], value: Callable[[T], V]
    ) -> dict[str, V]:
        answers = self._all().every(method, params, kind)
        usable = {
            name: value(answer)
            for name, answer in answers
            if not isinstance(answer, RpcRefused | ChainUnavailable)
        }
        if not usable:
            failures = [answer for _, answer in answers if isinstance(answer, ChainUnavailable)]
            if failures:
                raise failures[0]
            raise ChainUnavailable("refused", f"no node answers {method}", retry_after=10)
        return usable


def _refused(error: RpcRefused) -> ChainUnavailable:
    return unavailable("refused", f"it does not say ({error.message})", error.server or "a node")


def status_at(endpoint: JsonRpcEndpoint, signature: str) -> SignatureStatus | None:
    """What one node knows of a transaction. ``RpcRefused`` where it keeps no history: then it knows nothing."""
    params = [[signature], {"searchTransactionHistory": True}]
    return _only(endpoint.call("getSignatureStatuses", params, InContext[list[SignatureStatus | None]]))


def _only(answer: InContext[list[SignatureStatus | None]]) -> SignatureStatus | None:
    if len(answer.value) != 1:
        raise ChainUnavailable("answer-form", "a node gives another number of statuses than it was asked")
    return answer.value[0]
