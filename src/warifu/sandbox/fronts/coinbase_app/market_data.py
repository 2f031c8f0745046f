"""What the App tells without a key."""

from __future__ import annotations

import uuid
from decimal import Decimal

from warifu.sandbox.amounts import plain, ratio
from warifu.sandbox.fronts.coinbase_app.forms import iso
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.web import Answer, Part, Route, Visit, said


class MarketData(Part):
    """Time, prices, currencies."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/v2/time", self._time, None),
            Route("GET", "/v2/prices/{pair}/spot", self._price, None),
            Route("GET", "/v2/currencies", self._currencies, None),
            Route("GET", "/v2/currencies/crypto", self._coins, None),
            Route("GET", "/v2/exchange-rates", self._rates, None),
        )

    def _time(self, _: Visit) -> Answer:
        now = self.venue.now()
        return said({"data": {"iso": iso(now), "epoch": now // 1000}})

    def _price(self, visit: Visit) -> Answer:
        if visit.places["pair"] not in self.venue.engine.markets:
            raise Refusal("no-such")
        base, currency = visit.places["pair"].split("-")
        price = plain(self.venue.engine.price(visit.places["pair"]))
        return said({"data": {"amount": price, "base": base, "currency": currency}})

    def _currencies(self, _: Visit) -> Answer:
        return said({"data": [{"id": "USD", "name": "US Dollar", "min_size": "0.01"}]})

    def _coins(self, _: Visit) -> Answer:
        coins = [asset for asset in self.venue.assets() if asset != "USD"]
        return said(
            {
                "data": [
                    {
                        "asset_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, asset)),
                        "code": asset,
                        "name": f"{asset} (simulation)",
                        "color": "#F7931A",
                        "sort_index": place,
                        "exponent": 8,
                        "type": "crypto",
                        "address_regex": "",
                    }
                    for place, asset in enumerate(coins)
                ]
            }
        )

    def _rates(self, visit: Visit) -> Answer:
        """What a dollar comes to; of no other currency."""
        if visit.text("currency", "USD") != "USD":
            raise Refusal("form", "currency")
        markets = [one for one in self.venue.engine.markets.values() if one.quote == "USD"]
        rates = {one.base: plain(ratio(Decimal(1), self.venue.engine.price(one.name), 18)) for one in markets}
        return said({"data": {"currency": "USD", "rates": {"USD": "1.0", **rates}}})
