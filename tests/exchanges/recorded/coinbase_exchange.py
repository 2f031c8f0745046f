"""Coinbase's Exchange API."""

from decimal import Decimal

from warifu.exchanges.calls import Nothing
from warifu.exchanges.coinbase import exchange as x

D = Decimal
UUID = "1985ca2d-61ef-49f1-bfce-6c39d8462914"
AT = "2026-03-11T20:48:46.622052Z"

ACCOUNT = {
    "id": "7fd0abc0-e5ad-4cbb-8d54-f2b3f43364da",
    "currency": "BTC",
    "balance": "1.5000000000000000",
    "hold": "0.5000000000000000",
    "available": "1",
    "profile_id": "8058d771-2d88-4f0f-ab6e-299c153d4308",
    "trading_enabled": True,
    "pending_deposit": "0.0000000000000000",
    "display_name": "BTC",
}
TRANSFER = {
    "id": "bee6fd7c-afb2-4e47-8298-671d09997d16",
    "type": "withdraw",
    "created_at": "2026-03-21 00:48:45.477503+00",
    "completed_at": None,
    "canceled_at": None,
    "processed_at": "2026-03-21 00:49:45.477503+00",
    "amount": "0.01000000",
    "user_nonce": "905873926",
    "currency": "LTC",
    "details": {
        "network": "litecoin",
        "crypto_address": "MKemtnCFUYKsNWaf5EMYMpwSszcXWFDtTY",
        "sent_to_address": "MKemtnCFUYKsNWaf5EMYMpwSszcXWFDtTY",
        "coinbase_account_id": "fl2b6925-f6ba-403n-jj03-40fl435n430f",
        "coinbase_transaction_id": "63a25bb13cb5cf0001d2cf17",
        "crypto_transaction_hash": "752f35570736341e2a253f7041a34cf1e196fc56128c900fd03d99da899d94c1",
        "fee": "0.00010000",
        "coinbase_payment_method_id": "",
    },
}
ORDER = {
    "id": "d0c5340b-6d6c-49d9-b567-48c4bfca13d2",
    "price": "20000.00000000",
    "size": "0.50000000",
    "product_id": "BTC-USD",
    "profile_id": "8058d771-2d88-4f0f-ab6e-299c153d4308",
    "side": "buy",
    "type": "limit",
    "time_in_force": "GTC",
    "post_only": True,
    "created_at": AT,
    "done_at": None,
    "done_reason": "",
    "reject_reason": "",
    "fill_fees": "0.2500000000000000",
    "filled_size": "0.10000000",
    "executed_value": "2000.0000000000000000",
    "status": "open",
    "settled": False,
    "stop": "",
    "stop_price": "",
    "client_oid": UUID,
    "market_type": "spot",
    "funding_currency": "USD",
}
BOOKED = {
    "id": "69b0b1c7-1111-4111-8111-111111111111",
    "address": "bc1qexampleexampleexampleexampleexample",
    "currency": "BTC",
    "label": "home",
    "address_book_added_at": AT,
    "destination_tag": "",
    "is_verified_self_hosted_wallet": True,
    "vasp_id": "",
    "network": "bitcoin",
}
MOVED = {
    "id": "593533d2-ff31-46e0-b22e-ca754147a96a",
    "amount": "10.00000000",
    "currency": "BTC",
    "payout_at": None,
    "fee": "0.00006",
    "subtotal": "9.99994",
}
PRODUCT = {
    "id": "BTC-USD",
    "base_currency": "BTC",
    "quote_currency": "USD",
    "quote_increment": "0.01",
    "base_increment": "0.00000001",
    "display_name": "BTC-USD",
    "min_market_funds": "1",
    "margin_enabled": False,
    "post_only": False,
    "limit_only": False,
    "cancel_only": False,
    "status": "online",
    "status_message": "",
    "trading_disabled": False,
    "fx_stablecoin": False,
    "max_slippage_percentage": "0.02000000",
    "auction_mode": False,
    "high_bid_limit_percentage": "",
}
CURRENCY = {
    "id": "USDT",
    "name": "Tether",
    "min_size": "0.000001",
    "status": "online",
    "message": "",
    "max_precision": "0.000001",
    "convertible_to": ["USD"],
    "details": {
        "type": "crypto",
        "symbol": None,
        "network_confirmations": 14,
        "sort_order": 0,
        "push_payment_methods": [],
        "min_withdrawal_amount": 0.000001,
        "max_withdrawal_amount": 20000000,
    },
    "default_network": "ethereum",
    "supported_networks": [
        {
            "id": "ethereum",
            "name": "Ethereum",
            "status": "online",
            "contract_address": "0xdac17f958d2ee523a2206206994597c13d831ec7",
            "min_withdrawal_amount": 0.001,
            "max_withdrawal_amount": 20000000,
            "network_confirmations": 14,
            "processing_time_seconds": None,
        }
    ],
}
PROFILE = {
    "id": "8058d771-2d88-4f0f-ab6e-299c153d4308",
    "user_id": "5844eceecf7e803e259d0365",
    "name": "default",
    "active": True,
    "is_default": True,
    "created_at": AT,
}
TRAVEL_RULE = {
    "id": "69b0b1c7-2222-4222-8222-222222222222",
    "created_at": AT,
    "address": "bc1qexampleexampleexampleexampleexample",
    "originator_name": "Satoshi",
    "originator_country": "JP",
}
WRAPPED = {
    "id": "CBETH",
    "circulating_supply": "123.4",
    "total_supply": "200.1",
    "conversion_rate": "1.0234",
    "apy": "0.03",
}

RECORDED = {
    "ACCOUNTS": (Nothing(), "GET /accounts", None, [ACCOUNT]),
    "ACCOUNT": (x.accounts.OfAccount(account_id="a-1"), "GET /accounts/a-1", None, ACCOUNT),
    "HOLDS": (
        x.accounts.HoldsOf(account_id="a-1", limit=5, after="c"),
        "GET /accounts/a-1/holds?after=c&limit=5",
        None,
        [
            {
                "id": "c5cdd687-2d03-4a87-8dd7-c693a4bb766f",
                "created_at": AT,
                "updated_at": AT,
                "amount": "10.0500000000000000",
                "type": "order",
                "ref": "a9625b04-fc66-4999-a876-543c3684d702",
            }
        ],
    ),
    "LEDGER": (
        x.accounts.LedgerOf(account_id="a-1", start_date="2026-01-01"),
        "GET /accounts/a-1/ledger?start_date=2026-01-01",
        None,
        [
            {
                "id": "100",
                "created_at": AT,
                "amount": "-0.001",
                "balance": "239.669",
                "type": "fee",
                "details": {"order_id": "d50ec984-77a8-460a-b958-66f114b0de9b", "trade_id": "74"},
            }
        ],
    ),
    "ACCOUNT_TRANSFERS": (
        x.accounts.TransfersOf(account_id="a-1", type="withdraw"),
        "GET /accounts/a-1/transfers?type=withdraw",
        None,
        [TRANSFER],
    ),
    "ADDRESS_BOOK": (Nothing(), "GET /address-book", None, [BOOKED]),
    "ADD_ADDRESSES": (
        x.accounts.NewAddresses(
            addresses=(
                x.accounts.NewAddress(
                    currency="BTC", to=x.accounts.AddressTo(address="bc1qexample"), label="home"
                ),
            )
        ),
        "POST /address-book",
        {"addresses": [{"currency": "BTC", "to": {"address": "bc1qexample"}, "label": "home"}]},
        [BOOKED],
    ),
    "RELABEL_ADDRESS": (
        x.accounts.RelabelledAddress(id="b-1", label="old"),
        "PUT /address-book/b-1",
        {"label": "old"},
        {},
    ),
    "DELETE_ADDRESS": (x.accounts.BookedId(id="b-1"), "DELETE /address-book/b-1", None, None),
    "WALLETS": (
        Nothing(),
        "GET /coinbase-accounts",
        None,
        [
            {
                "id": "fc3a8a57-7142-542d-8436-95a3d82e1622",
                "name": "BTC Wallet",
                "balance": "1.00000000",
                "currency": "BTC",
                "type": "wallet",
                "primary": True,
                "active": True,
                "available_on_consumer": True,
                "hold_balance": "0.00",
                "hold_currency": "USD",
                "destination_tag_name": "",
            }
        ],
    ),
    "NEW_DEPOSIT_ADDRESS": (
        x.accounts.NewDepositAddress(account_id="w-1", network="bitcoin"),
        "POST /coinbase-accounts/w-1/addresses",
        {"network": "bitcoin"},
        {
            "id": "d7d9c4a3-3333-4333-8333-333333333333",
            "address": "bc1qdepositdepositdepositdeposit",
            "address_info": {"address": "bc1qdepositdepositdepositdeposit", "destination_tag": ""},
            "name": "New exchange deposit address",
            "created_at": AT,
            "network": "bitcoin",
            "uri_scheme": "bitcoin",
            "resource": "address",
            "warnings": [],
            "callback_url": None,
            "exchange_deposit_address": True,
        },
    ),
    "CONVERT": (
        x.funds.Convert(origin="USD", to="USDC", amount=D(100), nonce="n-1"),
        "POST /conversions",
        {"from": "USD", "to": "USDC", "amount": "100", "nonce": "n-1"},
        {
            "id": "8942caee-f9d5-4600-a894-4811268545db",
            "amount": "100.00",
            "from_account_id": "7849cc79-8b01-4793-9345-bc6b5f08acce",
            "to_account_id": "105c3e58-0898-4106-8283-dc5781cda07b",
            "from": "USD",
            "to": "USDC",
            "fee_amount": "0",
        },
    ),
    "CONVERSION": (
        x.funds.OfConversion(conversion_id="c-1"),
        "GET /conversions/c-1",
        None,
        {"id": "c-1", "amount": "100.00", "from": "USD", "to": "USDC"},
    ),
    "CONVERSION_FEES": (
        Nothing(),
        "GET /conversions/fees",
        None,
        {
            "fee_rates": [
                {
                    "from_currency": "USDC",
                    "to_currency": "USD",
                    "fee_rate": "0.001",
                    "thirty_day_volume": "40000000",
                }
            ]
        },
    ),
    "CURRENCIES": (Nothing(), "GET /currencies", None, [CURRENCY]),
    "CURRENCY": (x.funds.OfCurrency(currency_id="USDT"), "GET /currencies/USDT", None, CURRENCY),
    "DEPOSIT_FROM_WALLET": (
        x.funds.FromWallet(amount=D(10), currency="BTC", coinbase_account_id="w-1"),
        "POST /deposits/coinbase-account",
        {"amount": "10", "currency": "BTC", "coinbase_account_id": "w-1"},
        MOVED,
    ),
    "DEPOSIT_FROM_PAYMENT_METHOD": (
        x.funds.FromPaymentMethod(amount=D(10), currency="USD", payment_method_id="p-1"),
        "POST /deposits/payment-method",
        {"amount": "10", "currency": "USD", "payment_method_id": "p-1"},
        MOVED,
    ),
    "WITHDRAW_TO_ADDRESS": (
        x.funds.ToCryptoAddress(
            amount=D("0.50"),
            currency="XRP",
            crypto_address="rExampleExample",
            destination_tag="42",
            network="ripple",
            nonce=7,
            travel_rule_data=x.funds.TravelRuleData(is_self=True, beneficiary_name="Satoshi"),
        ),
        "POST /withdrawals/crypto",
        {
            "amount": "0.50",
            "currency": "XRP",
            "crypto_address": "rExampleExample",
            "destination_tag": "42",
            "network": "ripple",
            "nonce": 7,
            "travel_rule_data": {"is_self": True, "beneficiary_name": "Satoshi"},
        },
        MOVED,
    ),
    "WITHDRAW_TO_WALLET": (
        x.funds.FromWallet(amount=D(10), currency="BTC", coinbase_account_id="w-1"),
        "POST /withdrawals/coinbase-account",
        {"amount": "10", "currency": "BTC", "coinbase_account_id": "w-1"},
        MOVED,
    ),
    "WITHDRAW_TO_PAYMENT_METHOD": (
        x.funds.FromPaymentMethod(amount=D(10), currency="USD", payment_method_id="p-1"),
        "POST /withdrawals/payment-method",
        {"amount": "10", "currency": "USD", "payment_method_id": "p-1"},
        MOVED,
    ),
    "FEE_ESTIMATE": (
        x.funds.FeeEstimateFor(currency="BTC", crypto_address="bc1qexample", network="bitcoin"),
        "GET /withdrawals/fee-estimate?currency=BTC&crypto_address=bc1qexample&network=bitcoin",
        None,
        {"fee": 0.00006, "fee_before_subsidy": "0.00012"},
    ),
    "TRANSFERS": (
        x.funds.Transfers(type="withdraw", currency="LTC"),
        "GET /transfers?type=withdraw&currency=LTC",
        None,
        [TRANSFER],
    ),
    "TRANSFER": (x.funds.OfTransfer(transfer_id="t-1"), "GET /transfers/t-1", None, TRANSFER),
    "SUBMIT_TRAVEL_INFORMATION": (
        x.funds.TravelInformation(transfer_id="t-1", originator_name="S", originator_country="JP"),
        "POST /transfers/t-1/travel-rules",
        {"originator_name": "S", "originator_country": "JP"},
        {"message": "ok"},
    ),
    "PAYMENT_METHODS": (
        Nothing(),
        "GET /payment-methods",
        None,
        [
            {
                "id": "bc6d7162-d984-5ffa-963c-a493b1c1370b",
                "type": "ach_bank_account",
                "name": "Bank",
                "currency": "USD",
                "primary_buy": True,
                "allow_buy": True,
                "allow_sell": True,
                "allow_deposit": True,
                "allow_withdraw": False,
                "limits": {"type": "bank", "name": "Bank Account"},
            }
        ],
    ),
    "PLACE_ORDER": (
        x.orders.NewOrder(
            product_id="BTC-USD",
            side="buy",
            type="limit",
            client_oid=UUID,
            size=D("0.5"),
            price=D("20000.00"),
            post_only=True,
            time_in_force="GTC",
        ),
        "POST /orders",
        {
            "product_id": "BTC-USD",
            "side": "buy",
            "type": "limit",
            "client_oid": UUID,
            "size": "0.5",
            "price": "20000.00",
            "time_in_force": "GTC",
            "post_only": True,
        },
        ORDER,
    ),
    "ORDERS": (
        x.orders.Orders(status=("open", "pending"), product_id="BTC-USD", limit=100),
        "GET /orders?limit=100&status=open&status=pending&product_id=BTC-USD",
        None,
        [ORDER],
    ),
    "ORDER": (x.orders.OfOrder(order_id="o-1"), "GET /orders/o-1", None, ORDER),
    "CLIENT_ORDER": (x.orders.OfClientOrder(client_oid=UUID), f"GET /orders/client:{UUID}", None, ORDER),
    "CANCEL_ORDER": (
        x.orders.CancelOrder(order_id="o-1", product_id="BTC-USD"),
        "DELETE /orders/o-1?product_id=BTC-USD",
        None,
        "o-1",
    ),
    "CANCEL_CLIENT_ORDER": (
        x.orders.CancelClientOrder(client_oid=UUID),
        f"DELETE /orders/client:{UUID}",
        None,
        "o-1",
    ),
    "CANCEL_ORDERS": (
        x.orders.CancelOrders(product_id="BTC-USD"),
        "DELETE /orders?product_id=BTC-USD",
        None,
        ["o-1", "o-2"],
    ),
    "FILLS": (
        x.orders.Fills(order_id="o-1"),
        "GET /fills?order_id=o-1",
        None,
        [
            {
                "created_at": AT,
                "trade_id": 74,
                "product_id": "BTC-USD",
                "order_id": "o-1",
                "user_id": "5844eceecf7e803e259d0365",
                "profile_id": "8058d771-2d88-4f0f-ab6e-299c153d4308",
                "liquidity": "T",
                "price": "10.00",
                "size": "0.01",
                "fee": "0.00025",
                "side": "buy",
                "settled": True,
                "usd_volume": "0.1",
            }
        ],
    ),
    "FEES": (
        Nothing(),
        "GET /fees",
        None,
        {"maker_fee_rate": "0.0040", "taker_fee_rate": "0.0060", "usd_volume": "43806.92"},
    ),
    "PRODUCTS": (Nothing(), "GET /products", None, [PRODUCT]),
    "PRODUCT": (x.products.OfProduct(product_id="BTC-USD"), "GET /products/BTC-USD", None, PRODUCT),
    "BOOK": (
        x.products.BookOf(product_id="BTC-USD", level=2),
        "GET /products/BTC-USD/book?level=2",
        None,
        {
            "bids": [["6247.58", "6.3578146", 2]],
            "asks": [["6251.52", "2", "d50ec984-77a8-460a-b958-66f114b0de9b"]],
            "sequence": 13051505638,
            "auction_mode": False,
            "auction": None,
            "time": AT,
        },
    ),
    "CANDLES": (
        x.products.CandlesOf(product_id="BTC-USD", granularity=60, start="2026-01-01T00:00:00Z"),
        "GET /products/BTC-USD/candles?granularity=60&start=2026-01-01T00%3A00%3A00Z",
        None,
        [[1415398768, 0.32, 4.2, 0.35, 4.2, 12.3]],
    ),
    "STATS": (
        x.products.OfProduct(product_id="BTC-USD"),
        "GET /products/BTC-USD/stats",
        None,
        {
            "open": "5414.18",
            "high": "6441.37",
            "low": "5261.69",
            "volume": "53687.76764233",
            "last": "6250.02",
            "volume_30day": "786763.72930864",
        },
    ),
    "TICKER": (
        x.products.OfProduct(product_id="BTC-USD"),
        "GET /products/BTC-USD/ticker",
        None,
        {
            "trade_id": 86326522,
            "price": "6268.48",
            "size": "0.00698254",
            "time": AT,
            "bid": "6265.15",
            "ask": "6267.71",
            "volume": "53602.03940154",
        },
    ),
    "TRADES": (
        x.products.TradesOf(product_id="BTC-USD", limit=1),
        "GET /products/BTC-USD/trades?limit=1",
        None,
        [{"trade_id": 74, "side": "sell", "size": "0.01", "price": "10.00", "time": AT}],
    ),
    "VOLUMES": (
        Nothing(),
        "GET /products/volume-summary",
        None,
        [
            {
                "id": "BTC-USD",
                "base_currency": "BTC",
                "quote_currency": "USD",
                "display_name": "BTC/USD",
                "market_types": ["spot"],
                "spot_volume_24hour": "1.5",
                "spot_volume_30day": "45.5",
            }
        ],
    ),
    "TIME": (Nothing(), "GET /time", None, {"iso": "2026-01-07T23:47:25.201Z", "epoch": 1767829645.201}),
    "PROFILES": (x.profiles.Profiles(active=True), "GET /profiles?active=true", None, [PROFILE]),
    "PROFILE": (x.profiles.OfProfile(profile_id="p-1"), "GET /profiles/p-1", None, PROFILE),
    "NEW_PROFILE": (x.profiles.NewProfile(name="visits"), "POST /profiles", {"name": "visits"}, PROFILE),
    "RENAME_PROFILE": (
        x.profiles.RenameProfile(profile_id="p-1", name="visits"),
        "PUT /profiles/p-1",
        {"name": "visits"},
        PROFILE,
    ),
    "DEACTIVATE_PROFILE": (
        x.profiles.DeactivateProfile(profile_id="p-1", to="p-2"),
        "PUT /profiles/p-1/deactivate",
        {"to": "p-2"},
        None,
    ),
    "TRANSFER_BETWEEN_PROFILES": (
        x.profiles.BetweenProfiles(origin="p-1", to="p-2", currency="BTC", amount=D("0.5")),
        "POST /profiles/transfer",
        {"from": "p-1", "to": "p-2", "currency": "BTC", "amount": "0.5"},
        "OK",
    ),
    "TRAVEL_RULES": (x.profiles.TravelRules(limit=1), "GET /travel-rules?limit=1", None, [TRAVEL_RULE]),
    "NEW_TRAVEL_RULE": (
        x.profiles.NewTravelRule(address="bc1qexample", originator_name="S", originator_country="JP"),
        "POST /travel-rules",
        {"address": "bc1qexample", "originator_name": "S", "originator_country": "JP"},
        TRAVEL_RULE,
    ),
    "DELETE_TRAVEL_RULE": (x.profiles.OfTravelRule(id="r-1"), "DELETE /travel-rules/r-1", None, {}),
    "EXCHANGE_LIMITS": (
        x.profiles.OfUser(user_id="u-1"),
        "GET /users/u-1/exchange-limits",
        None,
        {
            "limit_currency": "USD",
            "transfer_limits": {
                "exchange_withdraw": {"BTC": {"max": "1000.5", "remaining": "900.25", "period_in_days": 1}}
            },
        },
    ),
    "WRAPPED_ASSETS": (Nothing(), "GET /wrapped-assets", None, {"wrapped_assets": [WRAPPED]}),
    "WRAPPED_ASSET": (
        x.profiles.OfWrappedAsset(wrapped_asset_id="CBETH"),
        "GET /wrapped-assets/CBETH",
        None,
        WRAPPED,
    ),
    "WRAPPED_CONVERSION_RATE": (
        x.profiles.OfWrappedAsset(wrapped_asset_id="CBETH"),
        "GET /wrapped-assets/CBETH/conversion-rate",
        None,
        {"amount": "1.0234"},
    ),
}
