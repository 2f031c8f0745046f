"""The exchange's own Bitcoin wallet on a local chain: one key for each address, all from one seed.

It sees the chain through Esplora's interface, as the wallet does, and signs Taproot key-path spends that the chain's
engine judges. It is careless where a real exchange is not: its seed lies in a file. Its coins are worth nothing.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import coincurve
import httpx
import msgspec

from warifu.chains.bitcoin.address import address_for, p2tr_script, script_for
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.sighash import KeyPathSighash
from warifu.chains.bitcoin.transaction import (
    OutPoint,
    Transaction,
    TxInput,
    TxOutput,
    display_hash,
    parse_hash,
)
from warifu.errors import InputRefused
from warifu.sandbox.amounts import EXACT
from warifu.sandbox.custody import Incoming, Sending
from warifu.threshold.taproot import taproot_tweak
from warifu.units import Satoshi, satoshi

SATOSHI_PER_VBYTE = 2
DUST = 546
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_SECONDS = 10
_PAGE = 25


class Coin(msgspec.Struct, frozen=True):
    """An output that the wallet can spend: it belongs to the key of this number."""

    txid: str
    vout: int
    amount: int
    index: int


class Purse(msgspec.Struct):
    """All that is to be remembered: which coins there were, and which of them were spent."""

    coins: list[Coin] = []
    spent: set[str] = set()
    """``txid:vout``."""


class BitcoinChain:
    """One regtest chain, at the address of its Esplora interface."""

    asset, network, symbol, places = "BTC", "bitcoin", "BTC", 8
    fee, least = Decimal("0.0001"), Decimal("0.0005")

    def __init__(self, url: str, seed: bytes, purse: Purse) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=_SECONDS, trust_env=False)
        self._seed, self._purse = seed, purse
        self._addresses: dict[str, int] = {}

    def close(self) -> None:
        self._http.close()

    # --- keys -----------------------------------------------------------------------------------------------------

    def address(self, index: int) -> str:
        address = address_for(self._script(index), Network.REGTEST)
        assert address is not None, "a Taproot script has an address"
        self._addresses[address] = index
        return address

    def is_address(self, text: str) -> bool:
        try:
            script_for(text, Network.REGTEST)
        except InputRefused:
            return False
        return True

    def _internal(self, index: int) -> coincurve.PrivateKey:
        digest = hashlib.sha256(b"key %d of " % index + self._seed).digest()
        return coincurve.PrivateKey.from_int(int.from_bytes(digest, "big") % (_ORDER - 1) + 1)

    def _script(self, index: int) -> bytes:
        _, output = taproot_tweak(self._internal(index).public_key.format())
        return p2tr_script(output)

    def _spending(self, index: int) -> coincurve.PrivateKey:
        internal = self._internal(index)
        tweak, _ = taproot_tweak(internal.public_key.format())
        secret = internal.to_int()
        if internal.public_key.format()[0] == 3:  # BIP-341 takes the point with the even y
            secret = _ORDER - secret
        return coincurve.PrivateKey.from_int((secret + int.from_bytes(tweak, "big")) % _ORDER)

    # --- seeing ---------------------------------------------------------------------------------------------------

    def mark(self) -> str:
        return self._get("/blocks/tip/hash").text + self._get("/mempool/txids").text

    def received(self, address: str) -> list[Incoming]:
        """Coins that are seen here can be spent from then on."""
        tip = int(self._get("/blocks/tip/height").text)
        found = []
        for transaction in self._history(address):
            status = transaction["status"]
            depth = tip - int(status["block_height"]) + 1 if status["confirmed"] else 0
            for vout, output in enumerate(transaction["vout"]):
                if output.get("scriptpubkey_address") == address:
                    value = int(output["value"])
                    found.append(Incoming(transaction["txid"], vout, Decimal(value).scaleb(-8), depth))
                    if depth:
                        self._keep(Coin(transaction["txid"], vout, value, self._addresses[address]))
        return found

    def _history(self, address: str) -> list[dict[str, Any]]:
        script = hashlib.sha256(script_for(address, Network.REGTEST)).hexdigest()
        found: list[dict[str, Any]] = self._get(f"/scripthash/{script}/txs").json()
        page = [one for one in found if one["status"]["confirmed"]]
        while len(page) == _PAGE:
            page = self._get(f"/scripthash/{script}/txs/chain/{page[-1]['txid']}").json()
            found += page
        return found

    def confirmations(self, txid: str) -> int | None:
        answer = self._http.get(f"/tx/{txid}/status")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        status = answer.raise_for_status().json()
        if not status["confirmed"]:
            return 0
        return int(self._get("/blocks/tip/height").text) - int(status["block_height"]) + 1

    # --- spending -------------------------------------------------------------------------------------------------

    def sign(self, address: str, amount: Decimal) -> Sending | None:
        wanted = int(EXACT.scaleb(amount, 8))
        target = TxOutput(satoshi(wanted), script_for(address, Network.REGTEST))
        chosen: list[Coin] = []
        for coin in sorted(self._spendable(), key=lambda one: -one.amount):
            chosen.append(coin)
            signed = self._signed(chosen, target)
            if signed is not None:
                return signed
        return None

    def send(self, raw: str) -> str:
        answer = self._http.post("/tx", content=raw)
        return "" if answer.status_code == httpx.codes.OK else answer.text[:200]

    def used(self, sending: Sending) -> None:
        self._purse.spent |= set(sending.spent)
        if sending.change:
            self._keep(Coin(sending.txid, 1, sending.change, 0))

    def _spendable(self) -> list[Coin]:
        return [one for one in self._purse.coins if f"{one.txid}:{one.vout}" not in self._purse.spent]

    def _keep(self, coin: Coin) -> None:
        if coin not in self._purse.coins:
            self._purse.coins.append(coin)

    def _signed(self, coins: list[Coin], target: TxOutput) -> Sending | None:
        """With what is left going back to the first key; None where these coins do not reach."""
        total = sum(coin.amount for coin in coins)
        change = TxOutput(Satoshi(0), self._script(0))
        fee = SATOSHI_PER_VBYTE * self._transaction(coins, (target, change)).vsize
        left = total - target.amount - fee
        if left < 0 or fee + DUST > EXACT.scaleb(self.fee, 8):
            return None
        outputs = (target, TxOutput(satoshi(left), change.script)) if left >= DUST else (target,)
        transaction = self._transaction(coins, outputs)
        txid = display_hash(transaction.txid)
        paid = total - sum(output.amount for output in outputs)
        return Sending(
            txid,
            transaction.serialize().hex(),
            Decimal(paid).scaleb(-8),
            tuple(f"{coin.txid}:{coin.vout}" for coin in coins),
            left if len(outputs) == 2 else 0,
        )

    def _transaction(self, coins: list[Coin], outputs: tuple[TxOutput, ...]) -> Transaction:
        inputs = [TxInput(OutPoint(parse_hash(coin.txid), coin.vout)) for coin in coins]
        spent = [TxOutput(satoshi(coin.amount), self._script(coin.index)) for coin in coins]
        sighash = KeyPathSighash(Transaction(2, tuple(inputs), outputs), spent)
        signed = [
            TxInput(
                one.outpoint,
                b"",
                one.sequence,
                (self._spending(coin.index).sign_schnorr(sighash.digest(at)),),
            )
            for at, (one, coin) in enumerate(zip(inputs, coins, strict=True))
        ]
        return Transaction(2, tuple(signed), outputs)

    # --- the chain's own control door -----------------------------------------------------------------------------

    def fund(self, address: str, amount: Decimal, blocks: int) -> None:
        """New coins from the local chain's faucet, and blocks on top."""
        body = {"address": address, "amount": int(EXACT.scaleb(amount, 8)), "blocks": blocks}
        self._http.post("/control/fund", json=body).raise_for_status()

    def mine(self, blocks: int) -> None:
        self._http.post("/control/mine", json={"blocks": blocks}).raise_for_status()

    def _get(self, path: str) -> httpx.Response:
        return self._http.get(path).raise_for_status()
