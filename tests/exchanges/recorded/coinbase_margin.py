"""Coinbase's Exchange API: margin, as other clients quote documents that are gone."""

from decimal import Decimal

from warifu.exchanges.calls import Nothing
from warifu.exchanges.coinbase.exchange import margin as x

D = Decimal
AT = "2020-03-11T20:48:46.622052Z"
PROFILE = "8058d771-2d88-4f0f-ab6e-299c153d4308"

MARGIN_PROFILE = {
    "profile_id": PROFILE,
    "margin_initial_equity": "0.33",
    "margin_warning_equity": "0.2",
    "margin_call_equity": "0.15",
    "equity_percentage": 0.8725562096924747,
    "selling_power": 0.00221896,
    "buying_power": 23.51,
    "borrow_power": 23.51,
    "interest_rate": "0",
    "interest_paid": "0.3205",
    "collateral_currencies": ["BTC", "USD", "USDC"],
    "collateral_hold_value": "1.0050000000000000",
    "last_liquidation_at": AT,
    "available_borrow_limits": {"marginable_limit": 23.51, "nonmarginable_limit": 7.75},
    "borrow_limit": "5000",
    "top_up_amounts": {"borrowable_usd": "0", "non_borrowable_usd": "0"},
}
WITHDRAWAL_POWER = {"profile_id": PROFILE, "withdrawal_power": "7.7756"}
WITHDRAWAL_POWERS = {
    "profile_id": PROFILE,
    "marginable_withdrawal_powers": [
        {"currency": "ETH", "withdrawal_power": "0.0000000000000000"},
        {"currency": "BTC", "withdrawal_power": "0.00184821"},
    ],
}
LIQUIDATION = {
    "event_id": "6d0edaf1-0c6f-11ea-a88c-0a04debd8c33",
    "event_time": AT,
    "orders": [
        {
            "id": "6c8d0d4e-0c6f-11ea-947d-0a04debd8c33",
            "size": "0.02973507",
            "product_id": "BTC-USD",
            "profile_id": PROFILE,
            "side": "sell",
            "type": "market",
            "post_only": False,
            "created_at": "2020-03-11 20:48:46.582305+00",
            "done_at": "2020-03-11 20:48:46.596+00",
            "done_reason": "filled",
            "fill_fees": "1.1529",
            "filled_size": "0.02973507",
            "executed_value": "230.5996",
            "status": "done",
            "settled": True,
        }
    ],
}
EXIT_PLAN = {
    "id": "239f4dc6-72b6-11ea-b311-168e5016c449",
    "userId": "u-1",
    "profileId": PROFILE,
    "accountsList": [
        {"id": "a-1", "currency": "BTC", "amount": "0.00221897"},
        {"id": "a-2", "currency": "USD", "amount": "-1.9004"},
    ],
    "equityPercentage": "0.8744",
    "totalAssetsUsd": "15.13",
    "totalLiabilitiesUsd": "1.9004",
    "strategiesList": [
        {"type": "", "amount": "", "product": "", "strategy": "", "accountId": "", "orderId": ""}
    ],
    "createdAt": "2020-03-30 18:41:59.547863064 +0000 UTC m=+260120.906569441",
}
FUNDING = {
    "id": "f-1",
    "order_id": "o-1",
    "profile_id": PROFILE,
    "amount": "1057.65",
    "status": "settled",
    "created_at": AT,
    "currency": "USD",
    "repaid_amount": "1057.65",
    "default_amount": "0",
    "repaid_default": False,
}
POSITION = {
    "status": "active",
    "funding": {
        "max_funding_value": "10000",
        "funding_value": "622.48",
        "oldest_outstanding": {
            "id": "f-1",
            "order_id": "o-1",
            "created_at": AT,
            "currency": "USD",
            "account_id": "a-2",
            "amount": "545.24",
        },
    },
    "accounts": {
        "USD": {
            "id": "a-2",
            "balance": "0.0000000000000000",
            "hold": "0.0000000000000000",
            "funded_amount": "622.48",
            "default_amount": "0",
        }
    },
    "margin_call": {"active": True, "price": "175.96", "side": "sell", "size": "4.7", "funds": "624.60"},
    "user_id": "u-1",
    "profile_id": PROFILE,
    "position": {"type": "long", "size": "0.59", "complement": "-641.91", "max_size": "1.49"},
    "product_id": "BTC-USD",
}

RECORDED = {
    "AUTO_LOAN": (Nothing(), "GET /margin/auto-loan", None, {"auto_loan": True}),
    "SET_AUTO_LOAN": (
        x.SetAutoLoan(auto_loan=False),
        "POST /margin/auto-loan",
        {"auto_loan": False},
        {"auto_loan": False},
    ),
    "USDC_MARGIN": (Nothing(), "GET /margin/usdc", None, {"enabled": True}),
    "SET_USDC_MARGIN": (
        x.SetUsdcMargin(enabled=False),
        "POST /margin/usdc",
        {"enabled": False},
        {"enabled": False},
    ),
    "MARGIN_PROFILE": (
        x.OfMarginProduct(product_id="BTC-USD"),
        "GET /margin/profile_information?product_id=BTC-USD",
        None,
        MARGIN_PROFILE,
    ),
    "BUYING_POWER": (
        x.OfMarginProduct(product_id="BTC-USD"),
        "GET /margin/buying_power?product_id=BTC-USD",
        None,
        {"buying_power": 23.53, "selling_power": 0.00221896, "buying_power_explanation": "so much"},
    ),
    "WITHDRAWAL_POWER": (
        x.OfMarginCurrency(currency="BTC"),
        "GET /margin/withdrawal_power?currency=BTC",
        None,
        [WITHDRAWAL_POWER],
    ),
    "WITHDRAWAL_POWERS": (Nothing(), "GET /margin/withdrawal_power_all", None, [WITHDRAWAL_POWERS]),
    "EXIT_PLAN": (Nothing(), "GET /margin/exit_plan", None, EXIT_PLAN),
    "LIQUIDATIONS": (
        x.LiquidationsAfter(after="2020-01-01"),
        "GET /margin/liquidation_history?after=2020-01-01",
        None,
        [LIQUIDATION],
    ),
    "REFRESH_AMOUNTS": (
        Nothing(),
        "GET /margin/position_refresh_amounts",
        None,
        {"oneDayRenewalAmount": "0", "twoDayRenewalAmount": "417.93"},
    ),
    "MARGIN_STATUS": (
        Nothing(),
        "GET /margin/status",
        None,
        {"tier": 0, "enabled": True, "eligible": True},
    ),
    "FUNDINGS": (
        x.Fundings(status="settled", limit=1),
        "GET /funding?limit=1&status=settled",
        None,
        [FUNDING],
    ),
    "REPAY_FUNDING": (
        x.RepayFunding(amount=D("255.45"), currency="USD"),
        "POST /funding/repay",
        {"amount": "255.45", "currency": "USD"},
        {},
    ),
    "MARGIN_TRANSFER": (
        x.MarginTransfer(margin_profile_id="p-2", type="deposit", currency="USD", amount=D(2)),
        "POST /profiles/margin-transfer",
        {"margin_profile_id": "p-2", "type": "deposit", "currency": "USD", "amount": "2"},
        {
            "created_at": AT,
            "id": "t-1",
            "user_id": "u-1",
            "profile_id": PROFILE,
            "margin_profile_id": "p-2",
            "type": "deposit",
            "amount": "2",
            "currency": "USD",
            "account_id": "a-2",
            "margin_account_id": "a-3",
            "margin_product_id": "BTC-USD",
            "status": "completed",
            "nonce": 25,
        },
    ),
    "POSITION": (Nothing(), "GET /position", None, POSITION),
    "CLOSE_MARGIN_POSITION": (
        x.CloseMarginPosition(repay_only=True),
        "POST /position/close",
        {"repay_only": True},
        {},
    ),
}
