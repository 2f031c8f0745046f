"""What each exchange says on good days and on bad ones, in its own words, for the contract that all adapters keep.

``GOOD[exchange][question]`` is the documented answer; ``BAD[exchange][day]`` is (status, headers, body).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from warifu.exchanges.adapter import OrderState, Withdrawal
from warifu.exchanges.market import Order, Pair

UUID = "1985ca2d-61ef-49f1-bfce-6c39d8462914"
PAIRS = {
    "coinbase": Pair("BTC", "USD"),
    "coinbase-exchange": Pair("BTC", "USD"),
    "binance": Pair("BTC", "USDT"),
}
NETWORKS = {"coinbase": "bitcoin", "coinbase-exchange": "bitcoin", "binance": "BTC"}
WALLETS = {"coinbase": "w-1", "coinbase-exchange": "w-1", "binance": ""}
HOME = "bc1qhomehomehomehomehome"


def order(exchange: str, **other) -> Order:
    given = {"kind": "limit", "size": Decimal("0.5"), "price": Decimal("20000.01")}
    return Order(UUID, PAIRS[exchange], "buy", **{**given, **other})


def state(exchange: str) -> OrderState:
    zero = Decimal(0)
    return OrderState("28", UUID, PAIRS[exchange], "open", zero, zero, None)


def withdrawal(exchange: str, **other) -> Withdrawal:
    given = {"amount": Decimal("0.25"), "wallet": WALLETS[exchange]}
    return Withdrawal(
        client_id=UUID, asset="BTC", network=NETWORKS[exchange], address=HOME, **{**given, **other}
    )


_PRODUCT = {
    "base_increment": "0.00000001",
    "quote_increment": "0.01",
    "status": "online",
}
_TRANSACTION = {
    "id": "w-9",
    "type": "send",
    "status": "completed",
    "amount": {"amount": "-0.25", "currency": "BTC"},
    "idem": UUID,
    "network": {
        "status": "confirmed",
        "hash": "beef",
        "transaction_fee": {"amount": "0.0001", "currency": "BTC"},
    },
}
_SPOT_ORDER = {
    "symbol": "BTCUSDT",
    "orderId": 28,
    "clientOrderId": UUID,
    "side": "BUY",
    "type": "LIMIT",
    "origQty": "0.5",
    "executedQty": "0.1",
    "cummulativeQuoteQty": "2000.001",
    "status": "PARTIALLY_FILLED",
}


def _advanced_best(bid: str | None, ask: str | None) -> object:
    sides = {"bids": bid, "asks": ask}
    book = {name: [{"price": price, "size": "1"}] if price else [] for name, price in sides.items()}
    return {"pricebook": {"product_id": "BTC-USD", **book}}


def _exchange_best(bid: str | None, ask: str | None) -> object:
    moment = {"time": "2026-01-01T00:00:00Z", "price": "20000", "size": "1", "volume": "3"}
    return {**moment, "bid": bid, "ask": ask}


def _binance_best(bid: str | None, ask: str | None) -> object:
    return {"symbol": "BTCUSDT", "bidPrice": bid, "bidQty": "1", "askPrice": ask, "askQty": "1"}


BEST = {"coinbase": _advanced_best, "coinbase-exchange": _exchange_best, "binance": _binance_best}
"""What it answers about its best offers, or with None about an empty side."""

GOOD: dict[str, dict[str, object]] = {
    "coinbase": {
        "time": {"iso": "2026-01-01T00:00:00Z", "epochSeconds": "1767225600", "epochMillis": "1767225600123"},
        "balances": {
            "accounts": [
                {
                    "uuid": "w-1",
                    "currency": "BTC",
                    "available_balance": {"value": "1.5", "currency": "BTC"},
                    "hold": {"value": "0.5", "currency": "BTC"},
                }
            ],
            "has_next": False,
        },
        "market": {
            **_PRODUCT,
            "product_id": "BTC-USD",
            "quote_min_size": "1",
            "quote_max_size": "50000000",
            "base_min_size": "0.00000001",
            "base_max_size": "3400",
        },
        "place": {
            "success": True,
            "success_response": {
                "order_id": "28",
                "product_id": "BTC-USD",
                "side": "BUY",
                "client_order_id": UUID,
            },
        },
        "find_order": {
            "orders": [
                {
                    "order_id": "28",
                    "product_id": "BTC-USD",
                    "side": "BUY",
                    "status": "OPEN",
                    "client_order_id": UUID,
                    "filled_size": "0.1",
                    "filled_value": "2000.001",
                    "total_fees": "1",
                },
                {
                    "order_id": "29",
                    "product_id": "BTC-USD",
                    "side": "BUY",
                    "status": "OPEN",
                    "client_order_id": "x",
                },
            ],
            "has_next": False,
        },
        "cancel": {"results": [{"success": True, "failure_reason": "", "order_id": "28"}]},
        "deposit_address": {"data": {"id": "d", "address": "bc1qdeposit", "network": "bitcoin"}},
        "withdraw": {"data": {**_TRANSACTION, "status": "pending", "network": {"status": "pending"}}},
        "find_withdrawal": {"data": [_TRANSACTION, {**_TRANSACTION, "idem": "another"}]},
    },
    "coinbase-exchange": {
        "time": {"iso": "2026-01-01T00:00:00Z", "epoch": 1767225600.123},
        "balances": [
            {
                "id": "w-1",
                "currency": "BTC",
                "balance": "2",
                "hold": "0.5",
                "available": "1.5",
                "profile_id": "p",
            }
        ],
        "market": {
            **_PRODUCT,
            "id": "BTC-USD",
            "base_currency": "BTC",
            "quote_currency": "USD",
            "min_market_funds": "1",
        },
        "place": {
            "id": "28",
            "product_id": "BTC-USD",
            "side": "buy",
            "type": "limit",
            "status": "pending",
            "size": "0.5",
        },
        "find_order": {
            "id": "28",
            "product_id": "BTC-USD",
            "side": "buy",
            "type": "limit",
            "status": "open",
            "filled_size": "0.1",
            "executed_value": "2000.001",
            "fill_fees": "1",
        },
        "cancel": "28",
        "deposit_address": {"id": "d", "address": "bc1qdeposit", "network": "bitcoin"},
        "withdraw": {"id": "w-9", "amount": "0.25", "currency": "BTC", "fee": "0.0001"},
        "find_withdrawal": [
            {
                "id": "w-9",
                "type": "withdraw",
                "created_at": "t",
                "completed_at": "t",
                "amount": "0.25",
                "user_nonce": "459774579779031677",
                "details": {"crypto_transaction_hash": "beef", "fee": "0.0001"},
            },
            {
                "id": "w-8",
                "type": "withdraw",
                "created_at": "t",
                "amount": "9",
                "user_nonce": None,
                "details": {},
            },
        ],
    },
    "binance": {
        "time": {"serverTime": 1767225600123},
        "balances": {
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "accountType": "SPOT",
            "balances": [{"asset": "BTC", "free": "1.5", "locked": "0.5"}],
        },
        "market": {
            "symbols": [
                {
                    "symbol": "BTCUSDT",
                    "status": "TRADING",
                    "baseAsset": "BTC",
                    "quoteAsset": "USDT",
                    "baseAssetPrecision": 8,
                    "quoteAssetPrecision": 8,
                    "filters": [
                        {
                            "filterType": "PRICE_FILTER",
                            "minPrice": "0.01",
                            "maxPrice": "1000000",
                            "tickSize": "0.01",
                        },
                        {"filterType": "LOT_SIZE", "minQty": "0", "maxQty": "9000", "stepSize": "0.00000001"},
                        {"filterType": "NOTIONAL", "minNotional": "1", "maxNotional": "9000000"},
                    ],
                }
            ]
        },
        "place": {**_SPOT_ORDER, "executedQty": "0", "cummulativeQuoteQty": "0", "status": "NEW"},
        "find_order": _SPOT_ORDER,
        "cancel": {**_SPOT_ORDER, "status": "CANCELED", "origClientOrderId": UUID},
        "deposit_address": {"coin": "BTC", "address": "bc1qdeposit", "tag": "", "url": ""},
        "withdraw": {"id": "w-9"},
        "find_withdrawal": [
            {
                "id": "w-9",
                "amount": "0.25",
                "transactionFee": "0.0001",
                "coin": "BTC",
                "status": 6,
                "address": HOME,
                "applyTime": "t",
                "txId": "beef",
                "withdrawOrderId": UUID,
            }
        ],
    },
}


Day = tuple[int, dict[str, str], object]
"""(status, headers, body)."""


def _spot(code: int, words: str, status: int = 400, **headers) -> Day:
    return status, headers, {"code": code, "msg": words}


def _words(words: str, status: int = 400, **headers) -> Day:
    return status, headers, {"message": words}


def _app(identifier: str, words: str, status: int = 400) -> Day:
    return status, {}, {"errors": [{"id": identifier, "message": words}]}


def _failed(reason: str) -> Day:
    return (
        200,
        {},
        {"success": False, "error_response": {"error": reason, "message": "", "error_details": ""}},
    )


BAD: dict[str, dict[str, Day]] = {
    "coinbase": {
        "not enough funds": _failed("INSUFFICIENT_FUND"),
        "too many decimals": _failed("PREVIEW_INVALID_SIZE_PRECISION"),
        "below the minimum": _failed("PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
        "delisted pair": _failed("INELIGIBLE_PAIR"),
        "maintenance": _failed("ORDER_ENTRY_DISABLED"),
        "rate limit by status": (429, {"retry-after": "3"}, {"error": "resource_exhausted"}),
        "rate limit in the body": (400, {}, {"error": "rate_limit_exceeded", "message": "Too many"}),
        "clock": (401, {}, {"error": "unauthorized", "message": "request timestamp expired"}),
        "key refused": (401, {}, {"error": "unauthorized", "message": "Unauthorized"}),
        "key may not": (403, {}, {"error": "PERMISSION_DENIED", "message": "Missing required scopes"}),
        "wrong network": _app("validation_error", "network is not supported for this asset"),
        "missing memo": _app("validation_error", "destination tag is required"),
        "address not on the list": _app("validation_error", "Address is not in your allowlist"),
        "second factor": _app("two_factor_required", "Two-step verification code required", 402),
        "travel rule": _app("validation_error", "travel rule data is missing"),
        "server fault": (500, {}, {"error": "internal", "message": "oops"}),
        "gateway timeout": (504, {}, None),
    },
    "coinbase-exchange": {
        "not enough funds": _words("Insufficient funds"),
        "too many decimals": _words("size is too accurate. Smallest unit is 0.00000001"),
        "below the minimum": _words("size is too small. Minimum size is 0.001"),
        "delisted pair": _words("Trading pair not available"),
        "maintenance": _words("BTC-USD is under maintenance"),
        "rate limit by status": _words("Public rate limit exceeded", 429, **{"retry-after": "3"}),
        "rate limit in the body": _words("Private rate limit exceeded", 400),
        "clock": _words("request timestamp expired", 400),
        "key refused": _words("invalid signature", 401),
        "key may not": _words("Forbidden", 403),
        "wrong network": _words("unsupported network"),
        "missing memo": _words("destination_tag is required"),
        "address not on the list": _words("address not in your address book"),
        "second factor": _words("2FA required", 401),
        "travel rule": _words("travel rule data is missing"),
        "server fault": _words("Internal server error", 500),
        "gateway timeout": (504, {}, None),
    },
    "binance": {
        "not enough funds": _spot(-2010, "Account has insufficient balance for requested action."),
        "too many decimals": _spot(-1111, "Precision is over the maximum defined for this asset."),
        "below the minimum": _spot(-1013, "Filter failure: NOTIONAL"),
        "delisted pair": _spot(-1121, "Invalid symbol."),
        "maintenance": _spot(-1016, "This service is no longer available."),
        "rate limit by status": _spot(-1003, "Too many requests.", 429, **{"retry-after": "3"}),
        "rate limit in the body": _spot(-1015, "Too many new orders."),
        "clock": _spot(-1021, "Timestamp for this request is outside of the recvWindow."),
        "key refused": _spot(-2015, "Invalid API-key, IP, or permissions for action.", 401),
        "key may not": _spot(-1002, "You are not authorized to execute this request.", 401),
        "wrong network": _spot(-4019, "Current asset is not open for withdrawal."),
        "missing memo": _spot(-4008, "Address tag validation is not passed."),
        "address not on the list": _spot(
            -4035, "This address is not on the whitelist. Please join and try again."
        ),
        "second factor": _spot(-4013, "2FA is not opened."),
        "travel rule": _spot(-9999, "Please fill in the travel rule questionnaire"),
        "server fault": _spot(-1000, "An unknown error occurred while processing the request.", 500),
        "gateway timeout": _spot(
            -1007, "Timeout waiting for response from backend server. Execution status unknown."
        ),
    },
}

MEANINGS: dict[str, tuple[str, str, str]] = {
    # day: (question, class, reason)
    "not enough funds": ("place", "Refused", "funds"),
    "too many decimals": ("place", "Refused", "decimals"),
    "below the minimum": ("place", "Refused", "below-minimum"),
    "delisted pair": ("place", "Refused", "delisted"),
    "maintenance": ("place", "TryAgain", "maintenance"),
    "rate limit by status": ("place", "TryAgain", "rate-limit"),
    "rate limit in the body": ("place", "TryAgain", "rate-limit"),
    "clock": ("place", "TryAgain", "clock"),
    "key refused": ("place", "Refused", "authentication"),
    "key may not": ("place", "Refused", "permission"),
    "wrong network": ("withdraw", "Refused", "network"),
    "missing memo": ("withdraw", "Refused", "memo"),
    "address not on the list": ("withdraw", "Refused", "address-not-allowed"),
    "second factor": ("withdraw", "Refused", "second-factor"),
    "travel rule": ("withdraw", "Refused", "travel-rule"),
    "server fault": ("place", "OutcomeUnknown", "server-fault"),
    "gateway timeout": ("withdraw", "OutcomeUnknown", "server-fault"),
}

SANDBOX = "coinbase-exchange-sandbox"
"""It speaks as the exchange does."""
_TABLES: tuple[dict[str, Any], ...] = (PAIRS, NETWORKS, WALLETS, BEST, GOOD, BAD)
for _table in _TABLES:
    _table[SANDBOX] = _table["coinbase-exchange"]
