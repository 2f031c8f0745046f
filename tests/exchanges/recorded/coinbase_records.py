"""Coinbase's Exchange API: reports, users, the oracle."""

from decimal import Decimal

from warifu.exchanges.calls import Nothing
from warifu.exchanges.coinbase.exchange import records as x
from warifu.exchanges.coinbase.exchange.profiles import OfUser

D = Decimal
AT = "2026-03-11T20:48:46.622052Z"
REPORT = {
    "id": "0428b97b-bec1-429e-a94c-59232926778d",
    "type": "fills",
    "status": "pending",
    "created_at": AT,
    "completed_at": None,
    "expires_at": AT,
    "user_id": "u-1",
    "file_url": "",
    "params": {"start_date": AT, "end_date": AT, "format": "csv"},
    "file_count": None,
}
RECORDED = {
    "NEW_REPORT": (
        x.NewReport(
            type="fills",
            format="csv",
            fills=x.FillsReport(start_date="2026-01-01", end_date="2026-02-01", product_id="BTC-USD"),
        ),
        "POST /reports",
        {
            "type": "fills",
            "format": "csv",
            "fills": {"start_date": "2026-01-01", "end_date": "2026-02-01", "product_id": "BTC-USD"},
        },
        {"id": "r-1", "type": "fills", "status": "pending"},
    ),
    "REPORTS": (
        x.Reports(type="fills", ignore_expired=True),
        "GET /reports?type=fills&ignore_expired=true",
        None,
        [REPORT],
    ),
    "REPORT": (x.OfReport(report_id="r-1"), "GET /reports/r-1", None, REPORT),
    "TRADING_VOLUMES": (
        OfUser(user_id="u-1"),
        "GET /users/u-1/trading-volumes",
        None,
        {
            "aggregated_data": {
                "activity_metrics": {
                    "start_date": "2026-01-01",
                    "end_date": "2026-02-01",
                    "maker_volume_notional_usd": "10.5",
                    "taker_volume_notional_usd": "1.5",
                    "total_exchange_volume_notional_usd": "12",
                }
            },
            "individual_data": [],
        },
    ),
    "SETTLEMENT_PREFERENCE": (
        x.SettlementPreference(user_id="u-1", settlement_preference="USDC"),
        "POST /users/u-1/settlement-preferences",
        {"settlement_preference": "USDC"},
        {"settlement_preference": "USDC"},
    ),
    "ORACLE": (
        Nothing(),
        "GET /oracle",
        None,
        {
            "timestamp": "1580939655",
            "messages": ["0x0000"],
            "signatures": ["0xa7b6"],
            "prices": {"BTC": "9651.20", "ETH": "203.88"},
        },
    ),
    "TRAILING_VOLUME": (
        Nothing(),
        "GET /users/self/trailing-volume",
        None,
        [
            {
                "product_id": "BTC-USD",
                "exchange_volume": "11800.5",
                "volume": "100.25",
                "recorded_at": "1973-11-29T00:05:01.123456Z",
            }
        ],
    ),
}
