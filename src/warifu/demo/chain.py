"""The demo's hand on a regtest chain: blocks and coins on demand, on loopback, worth nothing."""

from __future__ import annotations

from typing import Protocol

import httpx


class Chain(Protocol):
    """A chain that somebody can mine on, and how the service is told to look at it."""

    @property
    def backend(self) -> tuple[str, ...]:
        """The options of ``warifu init`` that name it."""
        ...

    def mine(self, blocks: int = 1) -> str:
        """Mine blocks; the hash of the last one."""
        ...

    def fund(self, address: str, amount: int) -> str:
        """Pay ``amount`` satoshi to ``address`` and mine a block on top; the txid."""
        ...

    def status(self, txid: str) -> tuple[bool, str]:
        """(confirmed, block hash or empty) of a transaction, as the chain itself tells."""
        ...

    def close(self) -> None:
        """Close connections."""
        ...


class EmbeddedChain:
    """The control API of an embedded chain that runs in a process of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=20, trust_env=False)

    @property
    def backend(self) -> tuple[str, ...]:
        """Its Esplora interface."""
        return ("--backend", f"esplora={self.url}")

    def mine(self, blocks: int = 1) -> str:
        """Mine blocks; the hash of the last one."""
        answer = self._post("mine", {"blocks": blocks})
        return str(answer["blocks"][-1])

    def fund(self, address: str, amount: int) -> str:
        """Pay ``amount`` satoshi to ``address`` and mine a block on top; the txid."""
        return str(self._post("fund", {"address": address, "amount": amount})["txid"])

    def status(self, txid: str) -> tuple[bool, str]:
        """(confirmed, block hash or empty) of a transaction, as the chain's own Esplora interface tells."""
        answer = self._http.get(f"/tx/{txid}/status").raise_for_status().json()
        return bool(answer["confirmed"]), str(answer.get("block_hash") or "")

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _post(self, what: str, body: dict[str, object]) -> dict[str, list[str]]:
        response = self._http.post(f"/control/{what}", json=body)
        found: dict[str, list[str]] = response.raise_for_status().json()
        return found
