"""Coinbase's Exchange API: wrapped assets."""

from decimal import Decimal

from warifu.exchanges.calls import Nothing
from warifu.exchanges.coinbase.exchange import wrapped as x

D = Decimal
UUID = "1985ca2d-61ef-49f1-bfce-6c39d8462914"
AT = "2026-03-11T20:48:46.622052Z"
WRAPPED = {
    "id": "CBETH",
    "circulating_supply": "123.4",
    "total_supply": "200.1",
    "conversion_rate": "1.0234",
    "apy": "0.03",
    "redeem_time_estimate_days": "14",
}
STAKED = {
    "id": "s-1",
    "from_amount": "1.5",
    "to_amount": "1.45",
    "from_account_id": "a-1",
    "to_account_id": "a-2",
    "from_currency": "ETH",
    "to_currency": "CBETH",
    "status": "done",
    "conversion_rate": "1.03",
    "created_at": AT,
    "completed_at": AT,
    "canceled_at": None,
}
REDEEMED = {**STAKED, "from_currency": "CBETH", "to_currency": "ETH", "idem": UUID}

RECORDED = {
    "WRAPPED_ASSETS": (Nothing(), "GET /wrapped-assets", None, {"wrapped_assets": [WRAPPED]}),
    "WRAPPED_ASSET": (
        x.OfWrappedAsset(wrapped_asset_id="CBETH"),
        "GET /wrapped-assets/CBETH",
        None,
        WRAPPED,
    ),
    "WRAPPED_CONVERSION_RATE": (
        x.OfWrappedAsset(wrapped_asset_id="CBETH"),
        "GET /wrapped-assets/CBETH/conversion-rate",
        None,
        {"amount": "1.0234"},
    ),
    "STAKE_WRAP": (
        x.StakeWrap(from_currency="ETH", to_currency="CBETH", amount=D("1.5")),
        "POST /wrapped-assets/stake-wrap",
        {"from_currency": "ETH", "to_currency": "CBETH", "amount": "1.5"},
        STAKED,
    ),
    "STAKE_WRAPS": (
        x.StakeWraps(origin="ETH", to="CBETH", limit=1),
        "GET /wrapped-assets/stake-wrap?limit=1&from=ETH&to=CBETH",
        None,
        [STAKED],
    ),
    "ONE_STAKE_WRAP": (
        x.OfStakeWrap(stake_wrap_id="s-1"),
        "GET /wrapped-assets/stake-wrap/s-1",
        None,
        STAKED,
    ),
    "REDEEM": (
        x.Redeem(from_currency="CBETH", to_currency="ETH", amount=D("1.45"), idem=UUID),
        "POST /wrapped-assets/redeem",
        {"from_currency": "CBETH", "to_currency": "ETH", "amount": "1.45", "idem": UUID},
        {"redeem": REDEEMED},
    ),
    "REDEEMS": (
        x.Redeems(from_currency="CBETH", status="pending", limit=1),
        "GET /wrapped-assets/redeem?limit=1&from_currency=CBETH&status=pending",
        None,
        [REDEEMED],
    ),
    "ONE_REDEEM": (
        x.OfRedeem(redeem_id="s-1"),
        "GET /wrapped-assets/redeem/s-1",
        None,
        REDEEMED,
    ),
}
