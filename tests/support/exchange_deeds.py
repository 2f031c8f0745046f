"""What a signer does with an exchange once it is shut in: runs inside the isolated process, over its one descriptor.

The test holds the other end, carries the bytes to a TLS server, and reads there what came of it.
"""

from __future__ import annotations

import json
import socket
from typing import Any

from tests.support.exchange_days import order, withdrawal

from warifu.exchanges.binance.credentials import BinanceKey
from warifu.exchanges.coinbase.adapters import CoinbaseExchange
from warifu.exchanges.coinbase.credentials import CdpKey, ExchangeKey
from warifu.exchanges.http import HttpAnswer, HttpRequest
from warifu.exchanges.market import Pair
from warifu.exchanges.registry import EXCHANGES
from warifu.exchanges.signing import Credential, Stamp
from warifu.signer.egress.client import HttpsClient
from warifu.signer.egress.keys import HmacKey
from warifu.signer.egress.trust import client_context
from warifu.threshold.wiping import Secret

STAMP = Stamp(1_700_000_000_123, bytes(range(32)))


def credential(name: str) -> Credential:
    if name.startswith("coinbase-exchange"):
        return ExchangeKey("0123456789abcdef" * 2, Secret(b"open sesame"))
    return (
        CdpKey("organizations/one/apiKeys/two", "EdDSA")
        if name == "coinbase"
        else BinanceKey("Aa1" * 21 + "B")
    )


def understood() -> dict[str, Any]:
    """Every exchange's order and withdrawal: made, read back from its bytes, and made ready to be signed."""
    found = {}
    for name, exchange in EXCHANGES.items():
        for call in (exchange.place(order(name)), exchange.withdraw(withdrawal(name))):
            meaning = exchange.understand(call.unsigned, (Pair("BTC", "USD"), Pair("BTC", "USDT"))).meaning
            assert credential(name).prepare(call.unsigned, STAMP).message
            found[f"{name} {call.unsigned.path}"] = sorted(meaning.gives)
    return found


def ask(connection: socket.socket, host: str, authorities: str, report: dict[str, Any]) -> None:
    """Two requests over a TLS of this process's own: one signed with an HMAC, and one that tells what else happened."""
    exchange = CoinbaseExchange(host)
    client = HttpsClient(host, client_context(authorities))
    balances = exchange.balances()
    with Secret(bytes(range(64))) as secret:
        signed = credential("coinbase-exchange").prepare(balances.unsigned, STAMP).signed(HmacKey(secret))
    answer = _carried(connection, client, signed)
    report["balances"] = [balance.asset for balance in balances.read(answer).items]
    report["understood"] = understood()
    body = json.dumps(report).encode()
    _carried(connection, client, HttpRequest("POST", host, "/report", (), body))


def _carried(connection: socket.socket, client: HttpsClient, request: HttpRequest) -> HttpAnswer:
    client.ask(request)
    while True:
        connection.sendall(client.outgoing())
        answer = client.receive(connection.recv(65536))
        if answer is not None:
            return answer
