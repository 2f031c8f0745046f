"""The Coinbase App's API."""

from decimal import Decimal

from warifu.exchanges.calls import Nothing
from warifu.exchanges.coinbase import app as a

D = Decimal
UUID = "1985ca2d-61ef-49f1-bfce-6c39d8462914"
AT = "2026-01-12T01:27:31Z"

PAGES = {
    "ending_before": None,
    "starting_after": None,
    "next_starting_after": "64ceb5f1",
    "limit": 25,
    "order": "desc",
    "previous_uri": None,
    "next_uri": "/v2/accounts?starting_after=64ceb5f1",
}
ACCOUNT = {
    "id": "2bbf394c-193b-5b2a-9155-3b4732659ede",
    "name": "My Wallet",
    "primary": True,
    "type": "wallet",
    "currency": {"code": "BTC", "name": "Bitcoin", "color": "#F7931A", "exponent": 8, "type": "crypto"},
    "balance": {"amount": "39.59000000", "currency": "BTC"},
    "created_at": AT,
    "updated_at": AT,
    "resource": "account",
    "resource_path": "/v2/accounts/2bbf394c-193b-5b2a-9155-3b4732659ede",
    "allow_deposits": True,
    "allow_withdrawals": True,
}
ADDRESS: dict[str, object] = {
    "id": "dd3183eb-af1d-5f5d-a90d-cbff946435ff",
    "address": "mswUGcPHp1YnkLCgF1TtoryqSc5E9Q8xFa",
    "address_info": {"address": "mswUGcPHp1YnkLCgF1TtoryqSc5E9Q8xFa"},
    "name": None,
    "created_at": AT,
    "updated_at": AT,
    "network": "bitcoin",
    "uri_scheme": "bitcoin",
    "resource": "address",
    "resource_path": "/v2/accounts/2bbf/addresses/dd31",
    "warnings": [],
    "deposit_uri": "bitcoin:mswUGcPHp1YnkLCgF1TtoryqSc5E9Q8xFa",
    "callback_url": None,
}
TRANSACTION = {
    "id": "a1794ecf-5693-55fa-70cf-ef731748ed82",
    "type": "send",
    "status": "pending",
    "amount": {"amount": "-14.008308", "currency": "USDC"},
    "native_amount": {"amount": "-18.74", "currency": "CAD"},
    "description": None,
    "created_at": AT,
    "updated_at": AT,
    "resource": "transaction",
    "resource_path": "/v2/accounts/a34b/transactions/a179",
    "instant_exchange": False,
    "idem": UUID,
    "network": {
        "status": "pending",
        "status_description": "Pending (est. less than 10 minutes)",
        "transaction_fee": {"amount": "4.008308", "currency": "USDC"},
        "transaction_amount": {"amount": "10.000000", "currency": "USDC"},
        "confirmations": 0,
    },
    "to": {"resource": "ethereum_address", "address": "0x94df8b352de7f46f64b01d3666bf6e936e44ce60"},
}

RECORDED = {
    "ACCOUNTS": (
        a.Paged(limit=25),
        "GET /v2/accounts?limit=25",
        None,
        {"pagination": PAGES, "data": [ACCOUNT]},
    ),
    "ACCOUNT": (a.OfAccount(account_id="a-1"), "GET /v2/accounts/a-1", None, {"data": ACCOUNT}),
    "ADDRESSES": (
        a.Addresses(account_id="a-1"),
        "GET /v2/accounts/a-1/addresses",
        None,
        {"pagination": PAGES, "data": [ADDRESS]},
    ),
    "ADDRESS": (
        a.OfAddress(account_id="a-1", address_id="d-1"),
        "GET /v2/accounts/a-1/addresses/d-1",
        None,
        {"data": ADDRESS},
    ),
    "NEW_ADDRESS": (
        a.NewAddress(account_id="a-1", name="visit", network="bitcoin"),
        "POST /v2/accounts/a-1/addresses",
        {"name": "visit", "network": "bitcoin"},
        {"data": ADDRESS},
    ),
    "SEND": (
        a.Send(
            account_id="a-1",
            to="0x94df8b352de7f46f64b01d3666bf6e936e44ce60",
            amount=D("14.008308"),
            currency="USDC",
            idem=UUID,
            network="ethereum",
            travel_rule_data=a.TravelRuleData(
                beneficiary_wallet_type="WALLET_TYPE_SELF_HOSTED", is_self="IS_SELF_TRUE"
            ),
        ),
        "POST /v2/accounts/a-1/transactions",
        {
            "to": "0x94df8b352de7f46f64b01d3666bf6e936e44ce60",
            "amount": "14.008308",
            "currency": "USDC",
            "idem": UUID,
            "type": "send",
            "network": "ethereum",
            "travel_rule_data": {
                "beneficiary_wallet_type": "WALLET_TYPE_SELF_HOSTED",
                "is_self": "IS_SELF_TRUE",
            },
        },
        {"data": TRANSACTION},
    ),
    "TRANSACTIONS": (
        a.Transactions(account_id="a-1", starting_after="x"),
        "GET /v2/accounts/a-1/transactions?starting_after=x",
        None,
        {"pagination": PAGES, "data": [TRANSACTION]},
    ),
    "ADDRESS_TRANSACTIONS": (
        a.AddressTransactions(account_id="a-1", address_id="d-1", limit=25),
        "GET /v2/accounts/a-1/addresses/d-1/transactions?limit=25",
        None,
        {"pagination": PAGES, "data": [TRANSACTION]},
    ),
    "TRANSACTION": (
        a.OfTransaction(account_id="a-1", transaction_id="t-1"),
        "GET /v2/accounts/a-1/transactions/t-1",
        None,
        {"data": TRANSACTION},
    ),
    "SPOT_PRICE": (
        a.SpotPriceOf(pair="BTC-USD", date="2026-01-12"),
        "GET /v2/prices/BTC-USD/spot?date=2026-01-12",
        None,
        {"data": {"amount": "1010.25", "base": "BTC", "currency": "USD"}},
    ),
    "BUY_PRICE": (
        a.PriceOf(pair="BTC-USD"),
        "GET /v2/prices/BTC-USD/buy",
        None,
        {"data": {"amount": "1020.25", "currency": "USD"}},
    ),
    "SELL_PRICE": (
        a.PriceOf(pair="BTC-USD"),
        "GET /v2/prices/BTC-USD/sell",
        None,
        {"data": {"amount": "1000.25", "currency": "USD"}},
    ),
    "FIAT_CURRENCIES": (
        Nothing(),
        "GET /v2/currencies",
        None,
        {"data": [{"id": "USD", "name": "United States Dollar", "min_size": "0.01"}]},
    ),
    "CRYPTOCURRENCIES": (
        Nothing(),
        "GET /v2/currencies/crypto",
        None,
        {
            "data": [
                {
                    "code": "BTC",
                    "name": "Bitcoin",
                    "color": "#F7931A",
                    "sort_index": 100,
                    "exponent": 8,
                    "type": "crypto",
                    "address_regex": "^bc1",
                    "asset_id": "5b71fc48-3dd3-540c-809b-f8c94d0e68b5",
                }
            ]
        },
    ),
    "EXCHANGE_RATES": (
        a.RatesOf(currency="BTC"),
        "GET /v2/exchange-rates?currency=BTC",
        None,
        {"data": {"currency": "BTC", "rates": {"AED": "36.73", "USD": "0.00001"}}},
    ),
    "TIME": (Nothing(), "GET /v2/time", None, {"data": {"iso": "2026-06-23T18:02:51Z", "epoch": 1435082571}}),
}
