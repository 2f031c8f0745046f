"""Every transaction that names an account or one of its durable nonces, page after page, as the nodes tell it.

Whoever is in a transaction, as a signer or as a recipient, stands in its list of addresses, so what left the account is
among these; what its signers signed is read in the transactions themselves. A node can hide one: ``quorum`` of them are
asked, and what any of them tells is told. A nonce account's list says the same once more: whoever uses its value up
needs the signature of the account. A node that repeats itself, or does not come to an end, has not answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from warifu.chains.accounts import Listing
from warifu.chains.rpc.endpoint import JsonRpcEndpoint, maybe
from warifu.chains.rpc.faults import RpcRefused
from warifu.chains.rpc.http import MAX_DEADLINE
from warifu.chains.rpc.unavailable import unavailable
from warifu.chains.solana.address import format_address, parse_address
from warifu.chains.solana.base58 import decode_base58
from warifu.chains.solana.message import SIGNATURE_BYTES
from warifu.chains.solana_network.building import MAX_NONCES, nonce_address
from warifu.chains.solana_network.nodes import CONFIRMED, SIGNATURES, Nodes
from warifu.chains.solana_network.wire import HEIGHT, SignatureOf
from warifu.errors import ChainUnavailable

MAX_LISTED = 10_000
"""Of one account: more is not gone through, and not passed off as all."""
MAX_PAGES = 40
"""Of one node, for the account and its nonces together; each list ends with an empty one."""
SECONDS = 30.0
"""For one node."""


def listing(nodes: Nodes, address: str, clock: Callable[[], float] = time.monotonic) -> Listing:
    """``ChainUnavailable``: ``answer-form`` where a node repeats itself, ``answer-size`` where it has over
    ``MAX_LISTED`` or does not come to an end, ``time-out``, ``no-history`` where it does not say how far its history
    goes back, and as ``Nodes``."""
    account = parse_address(address)
    places = [account, *(nonce_address(account, index) for index in range(MAX_NONCES))]

    def whole(node: JsonRpcEndpoint) -> tuple[int | None, list[str]]:
        asking = _Asking(node, clock)
        # First: what is forgotten meanwhile would else be passed off as never there.
        since = asking.since()
        return since, asking.lists([format_address(place) for place in places])

    told = nodes.of_quorum(whole)
    found = dict.fromkeys(signature for _, signatures in told for signature in signatures)
    if len(found) > MAX_LISTED:
        raise ChainUnavailable("answer-size", f"the account has over {MAX_LISTED} transactions")
    return Listing(tuple(found), max((since for since, _ in told if since is not None), default=None))


class _Asking:
    """One node's answers to one question for everything."""

    def __init__(self, node: JsonRpcEndpoint, clock: Callable[[], float]) -> None:
        self._node = node
        self._clock = clock
        self._ends = clock() + SECONDS
        self._pages = 0

    def since(self) -> int | None:
        """When the first block was made that it has; None where it has all of them."""
        try:
            slot = self._node.call("getFirstAvailableBlock", [], HEIGHT, deadline=self._left())
            if slot <= 1:  # the genesis block holds no transactions
                return None
            moment = self._node.call("getBlockTime", [slot], maybe(HEIGHT), deadline=self._left())
        except RpcRefused as error:
            raise self._silent(error) from None
        if moment is None:
            raise unavailable(
                "no-history", f"its history begins at slot {slot}, and it does not say when", self._node.name
            )
        return moment

    def lists(self, addresses: Sequence[str]) -> list[str]:
        """The signatures of all of them, newest first within each."""
        found: dict[str, None] = {}
        for address in addresses:
            found |= self._list(address)
        return list(found)

    def _list(self, address: str) -> dict[str, None]:
        found: dict[str, None] = {}
        options: dict[str, object] = {**CONFIRMED, "limit": SIGNATURES}
        while page := self._page(address, options):
            before = len(found)
            found |= dict.fromkeys(self._signature(item) for item in page)
            if len(found) != before + len(page):
                raise self._wrong("its pages repeat each other")
            if len(found) > MAX_LISTED:
                raise unavailable(
                    "answer-size", f"the account has over {MAX_LISTED} transactions", self._node.name
                )
            options["before"] = page[-1].signature
        return found

    def _page(self, address: str, options: dict[str, object]) -> list[SignatureOf]:
        self._pages += 1
        if self._pages > MAX_PAGES:
            raise unavailable(
                "answer-size", f"its list does not end after {MAX_PAGES} pages", self._node.name
            )
        params = [address, options]
        try:
            page = self._node.call(
                "getSignaturesForAddress", params, list[SignatureOf], deadline=self._left()
            )
        except RpcRefused as error:
            raise self._silent(error) from None
        if len(page) > SIGNATURES:
            raise self._wrong("a page is longer than was asked for")
        return page

    def _signature(self, item: SignatureOf) -> str:
        if len(decode_base58(item.signature) or b"") != SIGNATURE_BYTES:
            raise self._wrong("a signature that is none")
        return item.signature

    def _left(self) -> float:
        left = self._ends - self._clock()
        if left <= 0:
            raise unavailable("time-out", f"its list takes more than {SECONDS:.0f} seconds", self._node.name)
        return min(left, MAX_DEADLINE)

    def _wrong(self, why: str) -> ChainUnavailable:
        return unavailable("answer-form", why, self._node.name)

    def _silent(self, error: RpcRefused) -> ChainUnavailable:
        return unavailable("no-history", f"it cannot say ({error.message})", self._node.name)
