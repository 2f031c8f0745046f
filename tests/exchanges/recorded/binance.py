"""Binance's spot API and wallet."""

from decimal import Decimal

from warifu.exchanges.binance import capital
from warifu.exchanges.binance import spot as b
from warifu.exchanges.calls import Nothing

D = Decimal
UUID = "1985ca2d-61ef-49f1-bfce-6c39d8462914"

ORDER = {
    "symbol": "LTCBTC",
    "orderId": 28,
    "orderListId": -1,
    "clientOrderId": UUID,
    "price": "0.1",
    "origQty": "1.0",
    "executedQty": "0.4",
    "cummulativeQuoteQty": "0.04",
    "status": "PARTIALLY_FILLED",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "BUY",
    "stopPrice": "0.0",
    "icebergQty": "0.0",
    "time": 1499827319559,
    "updateTime": 1499827319559,
    "isWorking": True,
    "workingTime": 1499827319559,
    "origQuoteOrderQty": "0.000000",
    "selfTradePreventionMode": "NONE",
}
FULL = {
    "symbol": "BTCUSDT",
    "orderId": 28,
    "orderListId": -1,
    "clientOrderId": UUID,
    "transactTime": 1507725176595,
    "price": "0.00000000",
    "origQty": "10.00000000",
    "executedQty": "10.00000000",
    "origQuoteOrderQty": "0.000000",
    "cummulativeQuoteQty": "40000.00000000",
    "status": "FILLED",
    "timeInForce": "GTC",
    "type": "MARKET",
    "side": "SELL",
    "workingTime": 1507725176595,
    "selfTradePreventionMode": "NONE",
    "fills": [
        {
            "price": "4000.00000000",
            "qty": "10.00000000",
            "commission": "40.00000000",
            "commissionAsset": "USDT",
            "tradeId": 56,
        }
    ],
}
CANCELLED = {**ORDER, "origClientOrderId": UUID, "clientOrderId": "cancelMyOrder1", "status": "CANCELED"}
SYMBOL = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "baseAssetPrecision": 8,
    "quoteAsset": "USDT",
    "quotePrecision": 8,
    "quoteAssetPrecision": 8,
    "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"],
    "isSpotTradingAllowed": True,
    "filters": [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": "0.01000000",
            "maxPrice": "1000000.00",
            "tickSize": "0.01000000",
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": "0.00001000",
            "maxQty": "9000.00000000",
            "stepSize": "0.00001000",
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": "0.00000000",
            "maxQty": "100.00000000",
            "stepSize": "0.00000000",
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": "5.00000000",
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "SOMETHING_NEW", "nested": "x"},
    ],
    "permissions": [],
    "permissionSets": [["SPOT", "MARGIN"]],
}
LIST = {
    "orderListId": 1,
    "contingencyType": "OCO",
    "listStatusType": "EXEC_STARTED",
    "listOrderStatus": "EXECUTING",
    "listClientOrderId": UUID,
    "transactionTime": 1710485608839,
    "symbol": "LTCBTC",
    "orders": [{"symbol": "LTCBTC", "orderId": 10, "clientOrderId": "44nZvqpemY7sVYgPYbvPih"}],
}

RECORDED = {
    "TIME": (Nothing(), "GET /api/v3/time", None, {"serverTime": 1499827319559}),
    "EXCHANGE_INFO": (
        b.ExchangeInfoOf(symbol="BTCUSDT"),
        "GET /api/v3/exchangeInfo?symbol=BTCUSDT",
        None,
        {"timezone": "UTC", "serverTime": 1565246363776, "rateLimits": [], "symbols": [SYMBOL]},
    ),
    "BOOK": (
        b.BookOf(symbol="BTCUSDT", limit=5),
        "GET /api/v3/depth?symbol=BTCUSDT&limit=5",
        None,
        {
            "lastUpdateId": 1027024,
            "bids": [["4.00000000", "431.00000000"]],
            "asks": [["4.00000200", "12.00000000"]],
        },
    ),
    "BEST_PRICE": (
        b.OfSymbol(symbol="LTCBTC"),
        "GET /api/v3/ticker/bookTicker?symbol=LTCBTC",
        None,
        {
            "symbol": "LTCBTC",
            "bidPrice": "4.00000000",
            "bidQty": "431.00000000",
            "askPrice": "4.00000200",
            "askQty": "9.00000000",
        },
    ),
    "CANDLES": (
        b.CandlesOf(symbol="LTCBTC", interval="1m", limit=1),
        "GET /api/v3/klines?symbol=LTCBTC&interval=1m&limit=1",
        None,
        [
            [
                1499040000000,
                "0.01634790",
                "0.80000000",
                "0.01575800",
                "0.01577100",
                "148976.11427815",
                1499644799999,
                "2434.19055334",
                308,
                "1756.87402397",
                "28.46694368",
                "0",
            ]
        ],
    ),
    "REDUCE_ORDER": (
        b.ReduceOrder(symbol="BTCUSDT", order_id=33, new_qty=D(5)),
        "PUT /api/v3/order/amend/keepPriority?symbol=BTCUSDT&orderId=33&newQty=5",
        None,
        {
            "transactTime": 1741926410255,
            "executionId": 75,
            "amendedOrder": {
                "symbol": "BTCUSDT",
                "orderId": 33,
                "orderListId": -1,
                "clientOrderId": "PFaq6hIHxqFENGfdtn4J6Q",
                "price": "6.00000000",
                "qty": "5.00000000",
                "executedQty": "0.00000000",
                "status": "NEW",
                "type": "LIMIT",
                "side": "SELL",
            },
        },
    ),
    "NEW_OCO": (
        b.NewOco(
            symbol="LTCBTC",
            list_client_order_id=UUID,
            side="BUY",
            quantity=D(5),
            above_type="STOP_LOSS_LIMIT",
            above_price=D(3),
            above_stop_price=D("2.9"),
            above_time_in_force="GTC",
            below_type="LIMIT_MAKER",
            below_price=D(1),
        ),
        (
            f"POST /api/v3/orderList/oco?symbol=LTCBTC&listClientOrderId={UUID}&side=BUY&quantity=5"
            "&aboveType=STOP_LOSS_LIMIT&belowType=LIMIT_MAKER&abovePrice=3&aboveStopPrice=2.9"
            "&aboveTimeInForce=GTC&belowPrice=1"
        ),
        None,
        LIST,
    ),
    "CANCEL_ORDER_LIST": (
        b.CancelList(symbol="LTCBTC", order_list_id=1),
        "DELETE /api/v3/orderList?symbol=LTCBTC&orderListId=1",
        None,
        LIST,
    ),
    "ORDER_LIST": (
        b.OfList(orig_client_order_id=UUID),
        f"GET /api/v3/orderList?origClientOrderId={UUID}",
        None,
        LIST,
    ),
    "NEW_ORDER": (
        b.NewOrder(
            symbol="BTCUSDT",
            side="SELL",
            type="MARKET",
            new_client_order_id=UUID,
            quantity=D(10),
            new_order_resp_type="FULL",
        ),
        (
            f"POST /api/v3/order?symbol=BTCUSDT&side=SELL&type=MARKET&newClientOrderId={UUID}&quantity=10"
            "&newOrderRespType=FULL"
        ),
        None,
        FULL,
    ),
    "TEST_ORDER": (
        b.NewOrder(
            symbol="BTCUSDT", side="BUY", type="MARKET", new_client_order_id=UUID, quote_order_qty=D(10)
        ),
        f"POST /api/v3/order/test?symbol=BTCUSDT&side=BUY&type=MARKET&newClientOrderId={UUID}&quoteOrderQty=10",
        None,
        {},
    ),
    "CANCEL_ORDER": (
        b.OfOrder(symbol="LTCBTC", order_id=28),
        "DELETE /api/v3/order?symbol=LTCBTC&orderId=28",
        None,
        CANCELLED,
    ),
    "CANCEL_ORDERS": (
        b.OfSymbol(symbol="LTCBTC"),
        "DELETE /api/v3/openOrders?symbol=LTCBTC",
        None,
        [CANCELLED],
    ),
    "ORDER": (
        b.OfOrder(symbol="LTCBTC", orig_client_order_id=UUID),
        f"GET /api/v3/order?symbol=LTCBTC&origClientOrderId={UUID}",
        None,
        ORDER,
    ),
    "OPEN_ORDERS": (b.OfSymbol(symbol="LTCBTC"), "GET /api/v3/openOrders?symbol=LTCBTC", None, [ORDER]),
    "ORDERS": (
        b.OrdersOf(symbol="LTCBTC", start_time=1499827319559, limit=10),
        "GET /api/v3/allOrders?symbol=LTCBTC&startTime=1499827319559&limit=10",
        None,
        [ORDER],
    ),
    "TRADES": (
        b.TradesOf(symbol="BNBBTC", from_id=28457),
        "GET /api/v3/myTrades?symbol=BNBBTC&fromId=28457",
        None,
        [
            {
                "symbol": "BNBBTC",
                "id": 28457,
                "orderId": 100234,
                "orderListId": -1,
                "price": "4.00000100",
                "qty": "12.00000000",
                "quoteQty": "48.000012",
                "commission": "10.10000000",
                "commissionAsset": "BNB",
                "time": 1499865549590,
                "isBuyer": True,
                "isMaker": False,
                "isBestMatch": True,
            }
        ],
    ),
    "ACCOUNT": (
        b.AccountOf(omit_zero_balances=True),
        "GET /api/v3/account?omitZeroBalances=true",
        None,
        {
            "makerCommission": 15,
            "takerCommission": 15,
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "updateTime": 123456789,
            "accountType": "SPOT",
            "balances": [{"asset": "BTC", "free": "4723846.89208129", "locked": "0.50000000"}],
            "permissions": ["SPOT"],
            "uid": 354937868,
        },
    ),
    "COMMISSION": (
        b.OfSymbol(symbol="BTCUSDT"),
        "GET /api/v3/account/commission?symbol=BTCUSDT",
        None,
        {
            "symbol": "BTCUSDT",
            "standardCommission": {
                "maker": "0.00000010",
                "taker": "0.00000020",
                "buyer": "0.0",
                "seller": "0.0",
            },
        },
    ),
    "RESTRICTIONS": (
        Nothing(),
        "GET /sapi/v1/account/apiRestrictions",
        None,
        {
            "ipRestrict": True,
            "createTime": 1623840271000,
            "enableReading": True,
            "enableWithdrawals": True,
            "enableInternalTransfer": False,
            "enableMargin": False,
            "enableFutures": False,
            "permitsUniversalTransfer": False,
            "enableVanillaOptions": False,
            "enableSpotAndMarginTrading": True,
        },
    ),
    "COINS": (
        Nothing(),
        "GET /sapi/v1/capital/config/getall",
        None,
        [
            {
                "coin": "XRP",
                "depositAllEnable": True,
                "free": "0.08074558",
                "freeze": "0.00000000",
                "locked": "0.00000000",
                "name": "Ripple",
                "trading": True,
                "withdrawAllEnable": True,
                "networkList": [
                    {
                        "addressRegex": "^r[1-9A-HJ-NP-Za-km-z]{25,34}$",
                        "coin": "XRP",
                        "depositEnable": True,
                        "isDefault": True,
                        "memoRegex": "^((?!0)[0-9]{1,10})$",
                        "minConfirm": 1,
                        "name": "Ripple",
                        "network": "XRP",
                        "specialTips": "",
                        "unLockConfirm": 0,
                        "withdrawEnable": True,
                        "withdrawFee": "0.25",
                        "withdrawIntegerMultiple": "0.000001",
                        "withdrawMax": "10000000",
                        "withdrawMin": "30",
                        "sameAddress": True,
                    }
                ],
            }
        ],
    ),
    "DEPOSIT_ADDRESS": (
        capital.DepositAddressOf(coin="BTC", network="BTC"),
        "GET /sapi/v1/capital/deposit/address?coin=BTC&network=BTC",
        None,
        {
            "address": "1HPn8Rx2y6nNSfagQBKy27GB99Vbzg89wv",
            "coin": "BTC",
            "tag": "",
            "url": "https://btc.com/1HPn8Rx2y6nNSfagQBKy27GB99Vbzg89wv",
        },
    ),
    "DEPOSITS": (
        capital.DepositsOf(coin="PAXG", limit=1),
        "GET /sapi/v1/capital/deposit/hisrec?coin=PAXG&limit=1",
        None,
        [
            {
                "id": "769800519366885376",
                "amount": "0.001",
                "coin": "BNB",
                "network": "BNB",
                "status": 1,
                "address": "bnb136ns6lfw4zs5hg4n85vdthaad7hq5m4gtkgf23",
                "addressTag": "101764890",
                "txId": "98A3EA560C6B3336D348B6C83F0F95ECE4F1F5919E94BD006E5BF3BF264FACFC",
                "insertTime": 1661493146000,
                "transferType": 0,
                "confirmTimes": "1/1",
                "unlockConfirm": 0,
                "walletType": 0,
            }
        ],
    ),
    "WITHDRAW": (
        capital.Withdraw(
            coin="XRP",
            network="XRP",
            address="rExampleExample",
            amount=D("0.10"),
            withdraw_order_id=UUID,
            address_tag="42",
        ),
        (
            "POST /sapi/v1/capital/withdraw/apply?coin=XRP&network=XRP&address=rExampleExample&amount=0.10"
            f"&withdrawOrderId={UUID}&addressTag=42"
        ),
        None,
        {"id": "7213fea8e94b4a5593d507237e5a555b"},
    ),
    "ADDRESSES": (
        Nothing(),
        "GET /sapi/v1/capital/withdraw/address/list",
        None,
        [
            {
                "address": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
                "addressTag": "",
                "coin": "BTC",
                "name": "Satoshi",
                "network": "BTC",
                "origin": "bla",
                "originType": "others",
                "whiteStatus": True,
            }
        ],
    ),
    "LOCAL_WITHDRAW": (
        capital.LocalWithdraw(
            coin="BTC",
            network="BTC",
            address="bc1qhome",
            amount=D("0.10"),
            withdraw_order_id=UUID,
            questionnaire='{"bnfType":0,"isAddressOwner":1}',
        ),
        (
            "POST /sapi/v1/localentity/withdraw/apply?coin=BTC&network=BTC&address=bc1qhome&amount=0.10"
            f"&withdrawOrderId={UUID}&questionnaire=%7B%22bnfType%22%3A0%2C%22isAddressOwner%22%3A1%7D"
        ),
        None,
        {"trId": 123456, "accpted": True, "info": "Withdraw request accepted"},
    ),
    "LOCAL_WITHDRAWALS": (
        capital.LocalWithdrawalsOf(coin="USDT", withdraw_order_id=UUID),
        f"GET /sapi/v2/localentity/withdraw/history?coin=USDT&withdrawOrderId={UUID}",
        None,
        [
            {
                "id": "b6ae22b3aa844210a7041aee7589627c",
                "trId": 1234456,
                "amount": "8.91000000",
                "transactionFee": "0.004",
                "coin": "USDT",
                "withdrawalStatus": 6,
                "travelRuleStatus": 0,
                "address": "0x94df8b352de7f46f64b01d3666bf6e936e44ce60",
                "txId": "0xb5ef8c13b968a406cc62a93a8bd80f9e9a906ef1b3fcf20a2e48573c17659268",
                "applyTime": "2019-10-12 11:12:02",
                "network": "ETH",
                "transferType": 0,
                "withdrawOrderId": UUID,
                "info": "",
                "confirmNo": 3,
            }
        ],
    ),
    "QUESTIONNAIRE": (
        Nothing(),
        "GET /sapi/v1/localentity/questionnaire-requirements",
        None,
        {"questionnaireCountryCode": "AE"},
    ),
    "WITHDRAWALS": (
        capital.WithdrawalsOf(coin="USDT", withdraw_order_id=UUID),
        f"GET /sapi/v1/capital/withdraw/history?coin=USDT&withdrawOrderId={UUID}",
        None,
        [
            {
                "id": "b6ae22b3aa844210a7041aee7589627c",
                "amount": "8.91000000",
                "transactionFee": "0.004",
                "coin": "USDT",
                "status": 6,
                "address": "0x94df8b352de7f46f64b01d3666bf6e936e44ce60",
                "txId": "0xb5ef8c13b968a406cc62a93a8bd80f9e9a906ef1b3fcf20a2e48573c17659268",
                "applyTime": "2026-10-12 11:12:02",
                "network": "ETH",
                "transferType": 0,
                "withdrawOrderId": UUID,
                "info": "",
                "confirmNo": 3,
                "walletType": 1,
                "txKey": "",
            }
        ],
    ),
}
