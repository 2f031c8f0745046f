"""Coinbase's Advanced Trade API."""

from decimal import Decimal

from warifu.exchanges.calls import Nothing
from warifu.exchanges.coinbase import advanced as a

D = Decimal
P = "/api/v3/brokerage"
UUID = "1985ca2d-61ef-49f1-bfce-6c39d8462914"
AT = "2026-01-16T23:37:23.947030Z"


def usd(value):
    return {"value": value, "currency": "USD"}


ACCOUNT = {
    "uuid": "8bfc20d7-f7c6-4422-bf07-8243ca4169fe",
    "name": "BTC Wallet",
    "currency": "BTC",
    "available_balance": {"value": "1.23", "currency": "BTC"},
    "default": True,
    "active": True,
    "created_at": AT,
    "updated_at": AT,
    "deleted_at": None,
    "type": "ACCOUNT_TYPE_CRYPTO",
    "ready": True,
    "hold": {"value": "0.5", "currency": "BTC"},
    "retail_portfolio_id": "b87a2d3f-8a1e-4d7e-9a5e-111111111111",
    "platform": "ACCOUNT_PLATFORM_CONSUMER",
}
CONFIGURATION = a.orders.OrderConfiguration(
    limit_limit_gtc=a.orders.LimitGtc(base_size=D("0.2"), limit_price=D("0.006"), post_only=True)
)
CONFIGURED = {"limit_limit_gtc": {"base_size": "0.2", "limit_price": "0.006", "post_only": True}}
PLACED = {
    "success": True,
    "failure_reason": "UNKNOWN_FAILURE_REASON",
    "order_id": "9bc1eb3b-5b46-4b71-9628-ae2ed0cca75b",
    "success_response": {
        "order_id": "9bc1eb3b-5b46-4b71-9628-ae2ed0cca75b",
        "product_id": "LTC-BTC",
        "side": "SELL",
        "client_order_id": UUID,
        "attached_order_id": "",
    },
    "order_configuration": CONFIGURED,
}
ORDER = {
    "order_id": "9bc1eb3b-5b46-4b71-9628-ae2ed0cca75b",
    "product_id": "LTC-BTC",
    "user_id": "1111111-1111-1111-1111-111111111111",
    "order_configuration": CONFIGURED,
    "side": "SELL",
    "client_order_id": UUID,
    "status": "OPEN",
    "time_in_force": "GOOD_UNTIL_CANCELLED",
    "created_time": AT,
    "completion_percentage": "50",
    "filled_size": "0.1",
    "average_filled_price": "0.006",
    "fee": "",
    "number_of_fills": "1",
    "filled_value": "0.0006",
    "pending_cancel": False,
    "size_in_quote": False,
    "total_fees": "0.0000036",
    "size_inclusive_of_fees": False,
    "total_value_after_fees": "0.0005964",
    "trigger_status": "INVALID_ORDER_TYPE",
    "order_type": "LIMIT",
    "reject_reason": "REJECT_REASON_UNSPECIFIED",
    "settled": False,
    "product_type": "SPOT",
    "reject_message": "",
    "cancel_message": "",
    "outstanding_hold_amount": "0.1",
    "last_fill_time": None,
    "retail_portfolio_id": "b87a2d3f",
}
PRODUCT = {
    "product_id": "BTC-USD",
    "price": "24000.17",
    "price_percentage_change_24h": "-2.8",
    "volume_24h": "100.5",
    "base_increment": "0.00000001",
    "quote_increment": "0.01",
    "quote_min_size": "1",
    "quote_max_size": "50000000",
    "base_min_size": "0.00000001",
    "base_max_size": "3400",
    "base_name": "Bitcoin",
    "quote_name": "US Dollar",
    "watched": False,
    "is_disabled": False,
    "new": False,
    "status": "online",
    "cancel_only": False,
    "limit_only": False,
    "post_only": False,
    "trading_disabled": False,
    "auction_mode": False,
    "product_type": "SPOT",
    "quote_currency_id": "USD",
    "base_currency_id": "BTC",
    "fcm_trading_session_details": None,
    "mid_market_price": "",
    "alias": "",
    "base_display_symbol": "BTC",
    "quote_display_symbol": "USD",
    "view_only": False,
    "price_increment": "0.01",
    "product_venue": "CBE",
}
PRICE_BOOK = {
    "product_id": "BTC-USD",
    "bids": [{"price": "23999.1", "size": "0.5"}],
    "asks": [{"price": "24000.2", "size": "0.25"}],
    "time": AT,
}
CANDLE = {
    "start": "1639508050",
    "low": "140.21",
    "high": "150.21",
    "open": "141",
    "close": "149",
    "volume": "5643",
}
TRADE = {
    "trade_id": "34b080bf-fcfd-445a-832b-46b5ddc65601",
    "product_id": "BTC-USD",
    "price": "140.91",
    "size": "4",
    "time": AT,
    "side": "BUY",
    "exchange": "CBE",
}
TRADES = {"trades": [TRADE], "best_bid": "140.9", "best_ask": "140.92"}
PORTFOLIO = {"name": "Primary", "uuid": "b87a2d3f-8a1e", "type": "DEFAULT", "deleted": False}
CONVERSION = {
    "trade": {
        "id": "t-1",
        "status": "TRADE_STATUS_CREATED",
        "user_entered_amount": usd("10"),
        "amount": usd("10"),
        "subtotal": usd("10"),
        "total": {"value": "10", "currency": "USDC"},
        "fees": [],
        "source_currency": "USD",
        "target_currency": "USDC",
    }
}
FUTURE = {
    "product_id": "BIT-28JUL23-CDE",
    "expiration_time": AT,
    "side": "LONG",
    "number_of_contracts": "1",
    "current_price": "25000.5",
    "avg_entry_price": "24000.5",
    "unrealized_pnl": "10",
    "daily_realized_pnl": "0",
}
PERPETUAL = {
    "product_id": "BTC-PERP-INTX",
    "product_uuid": "u",
    "portfolio_uuid": "p-1",
    "symbol": "BTC-PERP",
    "vwap": usd("25000"),
    "position_side": "POSITION_SIDE_LONG",
    "net_size": "0.5",
    "unrealized_pnl": usd("1.5"),
    "mark_price": usd("25001"),
    "liquidation_price": usd("20000"),
    "leverage": "3",
}

RECORDED = {
    "ACCOUNTS": (
        a.accounts.Accounts(limit=250, cursor="c"),
        f"GET {P}/accounts?limit=250&cursor=c",
        None,
        {"accounts": [ACCOUNT], "has_next": True, "cursor": "789100", "size": 1},
    ),
    "ACCOUNT": (
        a.accounts.OfAccount(account_uuid="u-1"),
        f"GET {P}/accounts/u-1",
        None,
        {"account": ACCOUNT},
    ),
    "KEY_PERMISSIONS": (
        Nothing(),
        f"GET {P}/key_permissions",
        None,
        {
            "can_view": True,
            "can_trade": True,
            "can_transfer": False,
            "portfolio_uuid": "b87a2d3f",
            "portfolio_type": "DEFAULT",
        },
    ),
    "NEW_ORDER": (
        a.orders.NewOrder(
            client_order_id=UUID, product_id="LTC-BTC", side="SELL", order_configuration=CONFIGURATION
        ),
        f"POST {P}/orders",
        {"client_order_id": UUID, "product_id": "LTC-BTC", "side": "SELL", "order_configuration": CONFIGURED},
        PLACED,
    ),
    "PREVIEW_ORDER": (
        a.orders.PreviewOrder(product_id="LTC-BTC", side="SELL", order_configuration=CONFIGURATION),
        f"POST {P}/orders/preview",
        {"product_id": "LTC-BTC", "side": "SELL", "order_configuration": CONFIGURED},
        {
            "order_total": "0.0012",
            "commission_total": "0.0000072",
            "errs": ["PREVIEW_INSUFFICIENT_FUND"],
            "warning": [],
            "quote_size": "0.0012",
            "base_size": "0.2",
            "best_bid": "0.0059",
            "best_ask": "0.0061",
            "is_max": False,
            "slippage": "0",
            "preview_id": "b40bbff9-17ce-4726-8b64-9de7ae57ad26",
        },
    ),
    "EDIT_ORDER": (
        a.orders.EditOrder(order_id="o-1", price=D("0.0061"), size=D("0.1")),
        f"POST {P}/orders/edit",
        {"order_id": "o-1", "price": "0.0061", "size": "0.1"},
        {"success": True, "errors": []},
    ),
    "PREVIEW_EDIT": (
        a.orders.EditOrder(order_id="o-1", size=D("0.1")),
        f"POST {P}/orders/edit_preview",
        {"order_id": "o-1", "size": "0.1"},
        {
            "errors": [],
            "slippage": "0.1",
            "order_total": "1.5",
            "commission_total": "0.1",
            "best_bid": "0.005",
        },
    ),
    "CANCEL_ORDERS": (
        a.orders.CancelOrders(order_ids=("o-1", "o-2")),
        f"POST {P}/orders/batch_cancel",
        {"order_ids": ["o-1", "o-2"]},
        {
            "results": [
                {"success": True, "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON", "order_id": "o-1"},
                {"success": False, "failure_reason": "UNKNOWN_CANCEL_ORDER", "order_id": "o-2"},
            ]
        },
    ),
    "CLOSE_POSITION": (
        a.orders.ClosePosition(client_order_id=UUID, product_id="BIT-28JUL23-CDE", size=D(1)),
        f"POST {P}/orders/close_position",
        {"client_order_id": UUID, "product_id": "BIT-28JUL23-CDE", "size": "1"},
        PLACED,
    ),
    "ORDERS": (
        a.orders.Orders(product_ids=("LTC-BTC",), order_status=("OPEN",), limit=10),
        f"GET {P}/orders/historical/batch?limit=10&product_ids=LTC-BTC&order_status=OPEN",
        None,
        {"orders": [ORDER], "sequence": "0", "has_next": False, "cursor": ""},
    ),
    "ORDER": (a.orders.OfOrder(order_id="o-1"), f"GET {P}/orders/historical/o-1", None, {"order": ORDER}),
    "FILLS": (
        a.orders.Fills(order_ids=("o-1", "o-2")),
        f"GET {P}/orders/historical/fills?order_ids=o-1&order_ids=o-2",
        None,
        {
            "fills": [
                {
                    "entry_id": "22222-2222222-22222222",
                    "trade_id": "1111-11111-111111",
                    "order_id": "o-1",
                    "trade_time": AT,
                    "trade_type": "FILL",
                    "price": "45.67",
                    "size": "3",
                    "commission": "1.25",
                    "product_id": "BTC-USD",
                    "sequence_timestamp": AT,
                    "liquidity_indicator": "MAKER",
                    "size_in_quote": False,
                    "user_id": "3333-333333-3333333",
                    "side": "BUY",
                }
            ],
            "cursor": "789100",
        },
    ),
    "PRODUCTS": (
        a.products.Products(product_type="SPOT", product_ids=("BTC-USD",)),
        f"GET {P}/products?product_type=SPOT&product_ids=BTC-USD",
        None,
        {"products": [PRODUCT], "num_products": 1},
    ),
    "PRODUCT": (a.products.OfProduct(product_id="BTC-USD"), f"GET {P}/products/BTC-USD", None, PRODUCT),
    "BOOK": (
        a.products.BookOf(product_id="BTC-USD", limit=1),
        f"GET {P}/product_book?product_id=BTC-USD&limit=1",
        None,
        {"pricebook": PRICE_BOOK, "last": "24000", "mid_market": "23999.65"},
    ),
    "BEST": (
        a.products.BestOf(product_ids=("BTC-USD", "ETH-USD")),
        f"GET {P}/best_bid_ask?product_ids=BTC-USD&product_ids=ETH-USD",
        None,
        {"pricebooks": [PRICE_BOOK]},
    ),
    "CANDLES": (
        a.products.CandlesOf(
            product_id="BTC-USD", start="1639508050", end="1639509050", granularity="ONE_MINUTE"
        ),
        f"GET {P}/products/BTC-USD/candles?start=1639508050&end=1639509050&granularity=ONE_MINUTE",
        None,
        {"candles": [CANDLE]},
    ),
    "TRADES": (
        a.products.TradesOf(product_id="BTC-USD", limit=1),
        f"GET {P}/products/BTC-USD/ticker?limit=1",
        None,
        TRADES,
    ),
    "PUBLIC_PRODUCTS": (
        a.products.Products(limit=1),
        f"GET {P}/market/products?limit=1",
        None,
        {"products": [PRODUCT]},
    ),
    "PUBLIC_PRODUCT": (
        a.products.OfProduct(product_id="BTC-USD"),
        f"GET {P}/market/products/BTC-USD",
        None,
        PRODUCT,
    ),
    "PUBLIC_BOOK": (
        a.products.BookOf(product_id="BTC-USD"),
        f"GET {P}/market/product_book?product_id=BTC-USD",
        None,
        {"pricebook": PRICE_BOOK},
    ),
    "PUBLIC_CANDLES": (
        a.products.CandlesOf(product_id="BTC-USD", start="1", end="2", granularity="ONE_DAY"),
        f"GET {P}/market/products/BTC-USD/candles?start=1&end=2&granularity=ONE_DAY",
        None,
        {"candles": [CANDLE]},
    ),
    "PUBLIC_TRADES": (
        a.products.TradesOf(product_id="BTC-USD", limit=1),
        f"GET {P}/market/products/BTC-USD/ticker?limit=1",
        None,
        TRADES,
    ),
    "TIME": (
        Nothing(),
        f"GET {P}/time",
        None,
        {"iso": "2026-02-22T14:35:13Z", "epochSeconds": "1708612513", "epochMillis": "1708612513123"},
    ),
    "TRANSACTION_SUMMARY": (
        a.portfolios.SummaryOf(product_type="SPOT"),
        f"GET {P}/transaction_summary?product_type=SPOT",
        None,
        {
            "total_volume": 1000.1,
            "total_fees": 25.3,
            "fee_tier": {
                "pricing_tier": "<$10k",
                "usd_from": "0",
                "usd_to": "10,000",
                "taker_fee_rate": "0.0010",
                "maker_fee_rate": "0.0020",
            },
            "margin_rate": None,
            "total_balance": "1000.5",
        },
    ),
    "PORTFOLIOS": (
        a.portfolios.Portfolios(portfolio_type="DEFAULT"),
        f"GET {P}/portfolios?portfolio_type=DEFAULT",
        None,
        {"portfolios": [PORTFOLIO]},
    ),
    "NEW_PORTFOLIO": (
        a.portfolios.NewPortfolio(name="visits"),
        f"POST {P}/portfolios",
        {"name": "visits"},
        {"portfolio": PORTFOLIO},
    ),
    "BREAKDOWN": (
        a.portfolios.BreakdownOf(portfolio_uuid="p-1", currency="USD"),
        f"GET {P}/portfolios/p-1?currency=USD",
        None,
        {
            "breakdown": {
                "portfolio": PORTFOLIO,
                "portfolio_balances": {"total_balance": usd("1000"), "total_crypto_balance": usd("900")},
                "spot_positions": [
                    {
                        "asset": "BTC",
                        "account_uuid": "u-1",
                        "total_balance_fiat": 900.12,
                        "total_balance_crypto": 0.0375,
                        "available_to_trade_fiat": 800.5,
                        "allocation": 0.9,
                        "cost_basis": usd("0"),
                    }
                ],
            }
        },
    ),
    "RENAME_PORTFOLIO": (
        a.portfolios.RenamePortfolio(portfolio_uuid="p-1", name="visits"),
        f"PUT {P}/portfolios/p-1",
        {"name": "visits"},
        {"portfolio": PORTFOLIO},
    ),
    "DELETE_PORTFOLIO": (
        a.portfolios.OfPortfolio(portfolio_uuid="p-1"),
        f"DELETE {P}/portfolios/p-1",
        None,
        {},
    ),
    "MOVE_FUNDS": (
        a.portfolios.MoveFunds(
            funds=a.portfolios.Funds(value=D("0.5"), currency="BTC"),
            source_portfolio_uuid="p-1",
            target_portfolio_uuid="p-2",
        ),
        f"POST {P}/portfolios/move_funds",
        {
            "funds": {"value": "0.5", "currency": "BTC"},
            "source_portfolio_uuid": "p-1",
            "target_portfolio_uuid": "p-2",
        },
        {"source_portfolio_uuid": "p-1", "target_portfolio_uuid": "p-2"},
    ),
    "CONVERT_QUOTE": (
        a.portfolios.ConvertQuote(from_account="USD", to_account="USDC", amount=D(10)),
        f"POST {P}/convert/quote",
        {"from_account": "USD", "to_account": "USDC", "amount": "10"},
        CONVERSION,
    ),
    "CONVERSION": (
        a.portfolios.OfConversion(trade_id="t-1", from_account="USD", to_account="USDC"),
        f"GET {P}/convert/trade/t-1?from_account=USD&to_account=USDC",
        None,
        CONVERSION,
    ),
    "COMMIT_CONVERSION": (
        a.portfolios.OfConversion(trade_id="t-1", from_account="USD", to_account="USDC"),
        f"POST {P}/convert/trade/t-1",
        {"from_account": "USD", "to_account": "USDC"},
        CONVERSION,
    ),
    "PAYMENT_METHODS": (
        Nothing(),
        f"GET {P}/payment_methods",
        None,
        {
            "payment_methods": [
                {
                    "id": "p-1",
                    "type": "ACH",
                    "name": "Bank",
                    "currency": "USD",
                    "verified": True,
                    "allow_buy": True,
                    "allow_sell": True,
                    "allow_deposit": True,
                    "allow_withdraw": True,
                }
            ]
        },
    ),
    "PAYMENT_METHOD": (
        a.portfolios.OfPaymentMethod(payment_method_id="p-1"),
        f"GET {P}/payment_methods/p-1",
        None,
        {"payment_method": {"id": "p-1", "type": "ACH", "name": "Bank", "currency": "USD"}},
    ),
    "FUTURES_BALANCE": (
        Nothing(),
        f"GET {P}/cfm/balance_summary",
        None,
        {
            "balance_summary": {
                "futures_buying_power": usd("100.5"),
                "total_open_orders_hold_amount": usd("5"),
                "liquidation_buffer_percentage": "1000",
                "intraday_margin_window_measure": {
                    "margin_window_type": "FCM_MARGIN_WINDOW_TYPE_INTRADAY",
                    "margin_level": "MARGIN_LEVEL_TYPE_BASE",
                    "initial_margin": "100.00",
                    "maintenance_margin": "200.00",
                    "liquidation_buffer": "10",
                    "total_hold": "0",
                    "futures_buying_power": "100.5",
                },
            }
        },
    ),
    "FUTURES_POSITIONS": (Nothing(), f"GET {P}/cfm/positions", None, {"positions": [FUTURE]}),
    "FUTURES_POSITION": (
        a.products.OfProduct(product_id="BIT-28JUL23-CDE"),
        f"GET {P}/cfm/positions/BIT-28JUL23-CDE",
        None,
        {"position": FUTURE},
    ),
    "PERPETUAL_SUMMARY": (
        a.portfolios.OfPortfolio(portfolio_uuid="p-1"),
        f"GET {P}/intx/portfolio/p-1",
        None,
        {"portfolios": [{"portfolio_uuid": "p-1", "collateral": "100.5", "total_balance": usd("100.5")}]},
    ),
    "PERPETUAL_POSITIONS": (
        a.portfolios.OfPortfolio(portfolio_uuid="p-1"),
        f"GET {P}/intx/positions/p-1",
        None,
        {"positions": [PERPETUAL], "summary": {}},
    ),
    "SWEEPS": (
        Nothing(),
        f"GET {P}/cfm/sweeps",
        None,
        {
            "sweeps": [
                {
                    "id": "s-1",
                    "requested_amount": usd("10.5"),
                    "should_sweep_all": False,
                    "status": "PENDING",
                    "schedule_time": AT,
                }
            ]
        },
    ),
    "SCHEDULE_SWEEP": (
        a.derivatives.ScheduleSweep(usd_amount=D("10.5")),
        f"POST {P}/cfm/sweeps/schedule",
        {"usd_amount": "10.5"},
        {"success": True},
    ),
    "CANCEL_SWEEP": (Nothing(), f"DELETE {P}/cfm/sweeps", None, {"success": True}),
    "MARGIN_SETTING": (
        Nothing(),
        f"GET {P}/cfm/intraday/margin_setting",
        None,
        {"setting": "INTRADAY_MARGIN_SETTING_STANDARD"},
    ),
    "SET_MARGIN_SETTING": (
        a.derivatives.NewMarginSetting(setting="INTRADAY_MARGIN_SETTING_STANDARD"),
        f"POST {P}/cfm/intraday/margin_setting",
        {"setting": "INTRADAY_MARGIN_SETTING_STANDARD"},
        {},
    ),
    "MARGIN_WINDOW": (
        a.derivatives.MarginWindowOf(margin_profile_type="MARGIN_PROFILE_TYPE_RETAIL_REGULAR"),
        f"GET {P}/cfm/intraday/current_margin_window?margin_profile_type=MARGIN_PROFILE_TYPE_RETAIL_REGULAR",
        None,
        {
            "margin_window": {"margin_window_type": "FCM_MARGIN_WINDOW_TYPE_OVERNIGHT", "end_time": AT},
            "is_intraday_margin_killswitch_enabled": True,
        },
    ),
    "ALLOCATE": (
        a.derivatives.Allocate(portfolio_uuid="p-1", symbol="BTC-PERP", amount=D(5), currency="USDC"),
        f"POST {P}/intx/allocate",
        {"portfolio_uuid": "p-1", "symbol": "BTC-PERP", "amount": "5", "currency": "USDC"},
        {},
    ),
    "PERPETUAL_BALANCES": (
        a.portfolios.OfPortfolio(portfolio_uuid="p-1"),
        f"GET {P}/intx/balances/p-1",
        None,
        {
            "portfolio_balances": [
                {
                    "portfolio_uuid": "p-1",
                    "balances": [{"asset": {}, "quantity": "10.5", "hold": "1", "loan": "0"}],
                    "is_margin_limit_reached": False,
                }
            ]
        },
    ),
    "MULTI_ASSET_COLLATERAL": (
        a.derivatives.MultiAssetCollateral(portfolio_uuid="p-1", multi_asset_collateral_enabled=True),
        f"POST {P}/intx/multi_asset_collateral",
        {"portfolio_uuid": "p-1", "multi_asset_collateral_enabled": True},
        {"multi_asset_collateral_enabled": True},
    ),
    "PERPETUAL_POSITION": (
        a.derivatives.OfPerpetual(portfolio_uuid="p-1", symbol="BTC-PERP"),
        f"GET {P}/intx/positions/p-1/BTC-PERP",
        None,
        {"position": PERPETUAL},
    ),
}
