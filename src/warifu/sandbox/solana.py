"""The exchange's own accounts on a local Solana chain: SOL alone, one key for each address, all from one seed.

Deposits stay where they came to, and a withdrawal leaves from the richest address. A confirmation is a slot on top.
"""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal
from typing import Any

import httpx
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import Message
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction

from warifu.sandbox.amounts import EXACT
from warifu.sandbox.custody import Incoming, Sending

LAMPORT_PLACES = 9
FEE_LAMPORTS = 5_000
KEPT_LAMPORTS = 1_000_000
"""What stays at an address that pays: an account with less than its rent cannot be."""
_SECONDS = 10
_PAGE = 1000
_CONFIRMED = {"commitment": "confirmed"}


class SolanaChain:
    """One chain, at the address of its JSON-RPC door."""

    asset, network, symbol, places = "SOL", "solana", "SOL", 9
    fee, least = Decimal("0.001"), Decimal("0.01")

    def __init__(self, url: str, seed: bytes) -> None:
        self._http = httpx.Client(base_url=url, timeout=_SECONDS, trust_env=False)
        self._seed = seed
        self._indices: dict[str, int] = {}
        self._slot = -1
        self._came: dict[tuple[str, str], int] = {}
        """Lamports that a transaction brought to an address; negative for what it took."""

    def close(self) -> None:
        self._http.close()

    # --- keys -----------------------------------------------------------------------------------------------------

    def address(self, index: int) -> str:
        address = str(self._key(index).pubkey())
        self._indices[address] = index
        return address

    def is_address(self, text: str) -> bool:
        """Of an account that somebody has the key of."""
        try:
            return Pubkey.from_string(text).is_on_curve()
        except ValueError:
            return False

    def _key(self, index: int) -> Keypair:
        return Keypair.from_seed(hashlib.sha256(b"solana key %d of " % index + self._seed).digest())

    # --- seeing ---------------------------------------------------------------------------------------------------

    def mark(self) -> str:
        self._slot = int(self._ask("getSlot", _CONFIRMED))
        return str(self._slot)

    def received(self, address: str) -> list[Incoming]:
        found = []
        for one in self._history(address):
            lamports = self._brought(one["signature"], address)
            if one["err"] is None and lamports > 0:
                amount = Decimal(lamports).scaleb(-LAMPORT_PLACES, EXACT)
                found.append(Incoming(one["signature"], 0, amount, self._slot - int(one["slot"]) + 1))
        return found

    def _history(self, address: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("getSignaturesForAddress", address, _CONFIRMED)
        page = found
        while len(page) == _PAGE:
            page = self._ask(
                "getSignaturesForAddress", address, {**_CONFIRMED, "before": page[-1]["signature"]}
            )
            found = found + page
        return found

    def _brought(self, signature: str, address: str) -> int:
        if (signature, address) not in self._came:
            told = self._ask("getTransaction", signature, {**_CONFIRMED, "encoding": "base64"})
            message = Transaction.from_bytes(base64.b64decode(told["transaction"][0])).message
            place = [str(key) for key in message.account_keys].index(address)
            meta = told["meta"]
            self._came[signature, address] = int(meta["postBalances"][place]) - int(
                meta["preBalances"][place]
            )
        return self._came[signature, address]

    def confirmations(self, txid: str) -> int | None:
        [status] = self._ask("getSignatureStatuses", [txid])["value"]
        return None if status is None else int(self._ask("getSlot", _CONFIRMED)) - int(status["slot"]) + 1

    # --- spending -------------------------------------------------------------------------------------------------

    def sign(self, address: str, amount: Decimal) -> Sending | None:
        lamports = int(amount.scaleb(LAMPORT_PLACES, EXACT))
        payer = max(self._indices, key=self._balance)
        if self._balance(payer) < lamports + FEE_LAMPORTS + KEPT_LAMPORTS:
            return None
        signed = self._transferred(self._key(self._indices[payer]), address, lamports)
        fee = Decimal(FEE_LAMPORTS).scaleb(-LAMPORT_PLACES, EXACT)
        return Sending(str(signed.signatures[0]), base64.b64encode(bytes(signed)).decode("ascii"), fee)

    def send(self, raw: str) -> str:
        answer = self._post("sendTransaction", raw, {"encoding": "base64"})
        return str(answer["error"]["message"])[:200] if "error" in answer else ""

    def used(self, sending: Sending) -> None:
        """Accounts know by themselves what left them."""

    def _transferred(self, payer: Keypair, address: str, lamports: int) -> Transaction:
        blockhash = Hash.from_string(self._ask("getLatestBlockhash", _CONFIRMED)["value"]["blockhash"])
        paying = transfer(
            TransferParams(
                from_pubkey=payer.pubkey(), to_pubkey=Pubkey.from_string(address), lamports=lamports
            )
        )
        message = Message.new_with_blockhash([paying], payer.pubkey(), blockhash)
        return Transaction([payer], message, blockhash)

    def _balance(self, address: str) -> int:
        return int(self._ask("getBalance", address, _CONFIRMED)["value"])

    # --- the chain's own control door -----------------------------------------------------------------------------

    def fund(self, address: str, amount: Decimal, blocks: int) -> None:
        """From the local chain's faucet, and slots on top. By way of a purse, because a gift is no transaction."""
        purse, lamports = self._key(0), int(amount.scaleb(LAMPORT_PLACES, EXACT))
        gift = {"address": str(purse.pubkey()), "lamports": lamports + FEE_LAMPORTS}
        self._http.post("/control/airdrop", json=gift).raise_for_status()
        refused = self.send(
            base64.b64encode(bytes(self._transferred(purse, address, lamports))).decode("ascii")
        )
        if refused:
            raise httpx.RequestError(refused)
        self._http.post("/control/advance", json={"slots": blocks}).raise_for_status()

    def _ask(self, method: str, *params: object) -> Any:  # noqa: ANN401  # JSON
        answer = self._post(method, *params)
        if "error" in answer:
            raise httpx.RequestError(f"{method}: {answer['error']}")
        return answer["result"]

    def _post(self, method: str, *params: object) -> dict[str, Any]:
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        found: dict[str, Any] = self._http.post("/", json=question).raise_for_status().json()
        return found
