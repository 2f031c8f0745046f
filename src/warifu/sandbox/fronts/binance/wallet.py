"""Coins and networks, deposit addresses, deposits, withdrawals."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from warifu.sandbox.amounts import fixed, plain
from warifu.sandbox.custody import Chain, Deposit, Withdrawal
from warifu.sandbox.fronts.binance.parameters import span_of
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.web import Answer, Part, Route, Visit, said

_WITHDRAWALS = {"pending": 2, "sent": 4, "done": 6, "failed": 5}


class Wallet(Part):
    """By the chains of the simulation alone."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/sapi/v1/capital/config/getall", self._coins),
            Route("GET", "/sapi/v1/capital/deposit/address", self._deposit_address),
            Route("GET", "/sapi/v1/capital/deposit/hisrec", self._deposits),
            Route("POST", "/sapi/v1/capital/withdraw/apply", self._withdraw, "transfer"),
            Route("GET", "/sapi/v1/capital/withdraw/history", self._withdrawals),
            Route("GET", "/sapi/v1/capital/withdraw/address/list", self._listed),
            Route("POST", "/sapi/v1/localentity/withdraw/apply", self._local_withdraw, "transfer"),
            Route("GET", "/sapi/v2/localentity/withdraw/history", self._local_withdrawals),
            Route("GET", "/sapi/v1/localentity/questionnaire-requirements", self._questionnaire),
        )

    def _coins(self, visit: Visit) -> Answer:
        ledger = self.venue.state.ledger
        return said(
            [
                {
                    "coin": asset,
                    "depositAllEnable": asset in self.venue.custody.chains,
                    "withdrawAllEnable": asset in self.venue.custody.chains,
                    "name": asset,
                    "free": plain(ledger.free_of(visit.account, asset)),
                    "locked": plain(ledger.held_of(visit.account, asset)),
                    "freeze": "0",
                    "withdrawing": "0",
                    "trading": True,
                    "isLegalMoney": False,
                    "networkList": [
                        self._network(chain)
                        for chain in self.venue.custody.chains.values()
                        if chain.asset == asset
                    ],
                }
                for asset in self.venue.assets()
            ]
        )

    def _network(self, chain: Chain) -> dict[str, object]:
        return {
            "network": chain.symbol,
            "coin": chain.asset,
            "name": f"{chain.network} (simulation)",
            "depositEnable": True,
            "withdrawEnable": not self.venue.state.vaults.stuck,
            "withdrawFee": plain(chain.fee),
            "withdrawMin": plain(chain.least),
            "withdrawMax": "1000000",
            "withdrawIntegerMultiple": fixed(Decimal(1).scaleb(-chain.places), chain.places),
            "addressRegex": "",
            "memoRegex": "",
            "sameAddress": False,
            "isDefault": True,
            "minConfirm": self.venue.custody.depth,
            "unLockConfirm": self.venue.custody.depth,
            "specialTips": "",
        }

    def _deposit_address(self, visit: Visit) -> Answer:
        place = self.venue.custody.address(visit.account, visit.text("coin"), visit.text("network", ""))
        return said({"address": place.address, "coin": place.asset, "tag": "", "url": ""})

    def _deposits(self, visit: Visit) -> Answer:
        coin, txid = visit.text("coin", ""), visit.text("txId", "")
        status, start = visit.text("status", ""), visit.whole("offset", 0, 10**6)
        found = [
            self._deposit(one)
            for one in reversed(self.venue.state.vaults.deposits)
            if one.account == visit.account and coin in ("", one.asset) and txid in ("", one.txid)
        ]
        kept = [one for one in found if status in ("", str(one["status"]))]
        return said(kept[start : start + visit.whole("limit", 1000, 1000)])

    def _deposit(self, deposit: Deposit) -> dict[str, object]:
        depth = self.venue.custody.depth
        return {
            "id": str(int(deposit.uuid.replace("-", "")[:15], 16)),
            "amount": plain(deposit.amount),
            "coin": deposit.asset,
            "network": self.venue.custody.chain(deposit.asset).symbol,
            "status": 1 if deposit.credited is not None else 0,
            "address": deposit.address,
            "addressTag": "",
            "txId": deposit.txid,
            "insertTime": deposit.moment,
            "transferType": 0,
            "confirmTimes": f"{min(deposit.confirmations, depth)}/{depth}",
            "unlockConfirm": depth,
            "walletType": 0,
        }

    def _withdraw(self, visit: Visit) -> Answer:
        return said({"id": self._taken(visit).uuid.replace("-", "")})

    def _local_withdraw(self, visit: Visit) -> Answer:
        """For customers whose law wants to know who is paid."""
        try:
            answers = msgspec.json.decode(visit.text("questionnaire"), type=dict[str, object])
        except msgspec.MsgspecError:
            raise Refusal("travel-rule") from None
        if answers.get("isAddressOwner") not in (1, 2):
            raise Refusal("travel-rule")
        withdrawal = self._taken(visit, stated=True)
        return said({"trId": withdrawal.number, "accpted": True, "info": "Withdraw request accepted"})

    def _listed(self, visit: Visit) -> Answer:
        return said(
            [
                {
                    "address": one.address,
                    "addressTag": "",
                    "coin": one.asset,
                    "name": one.label,
                    "network": self.venue.custody.chain(one.asset).symbol,
                    "origin": "",
                    "originType": "others",
                    "whiteStatus": True,
                }
                for one in self.customer(visit).allowlist
            ]
        )

    def _questionnaire(self, visit: Visit) -> Answer:
        country = "AE" if self.customer(visit).travel_rule else "NIL"
        return said({"questionnaireCountryCode": country})

    def _taken(self, visit: Visit, *, stated: bool = False) -> Withdrawal:
        amount = visit.amount("amount")
        if amount is None:
            raise Refusal("missing", "amount")
        return self.venue.custody.withdraw(
            self.customer(visit),
            asset=visit.text("coin"),
            network=visit.text("network", ""),
            address=visit.text("address"),
            memo=visit.text("addressTag", ""),
            amount=amount,
            on_top=False,
            client_id=visit.text("withdrawOrderId", ""),
            stated=stated,
        )

    def _withdrawals(self, visit: Visit) -> Answer:
        status, start = visit.text("status", ""), visit.whole("offset", 0, 10**6)
        found = [self._withdrawal(one) for one in self._asked_for(visit, stated=False)]
        kept = [one for one in found if status in ("", str(one["status"]))]
        return said(kept[start : start + visit.whole("limit", 1000, 1000)])

    def _local_withdrawals(self, visit: Visit) -> Answer:
        """What was sent without answers is not among them."""
        start = visit.whole("offset", 0, 10**6)
        found = [self._local(one) for one in self._asked_for(visit, stated=True)]
        return said(found[start : start + visit.whole("limit", 1000, 1000)])

    def _asked_for(self, visit: Visit, *, stated: bool) -> list[Withdrawal]:
        """Newest first."""
        coin, ours = visit.text("coin", ""), visit.text("withdrawOrderId", "")
        first, last = span_of(visit, (7 if ours else 90) * 86_400_000)
        return [
            one
            for one in reversed(self.venue.state.vaults.withdrawals)
            if (one.account, one.stated) == (visit.account, stated)
            and coin in ("", one.asset)
            and ours in ("", one.client_id)
            and first <= one.moment <= last
        ]

    def _local(self, withdrawal: Withdrawal) -> dict[str, object]:
        found = self._withdrawal(withdrawal)
        status = found.pop("status")
        return {**found, "trId": withdrawal.number, "withdrawalStatus": status, "travelRuleStatus": 0}

    def _withdrawal(self, withdrawal: Withdrawal) -> dict[str, object]:
        applied = datetime.fromtimestamp(withdrawal.moment / 1000, UTC)
        return {
            "id": withdrawal.uuid.replace("-", ""),
            "amount": plain(withdrawal.amount),
            "transactionFee": plain(withdrawal.fee),
            "coin": withdrawal.asset,
            "status": _WITHDRAWALS[withdrawal.status],
            "address": withdrawal.address,
            "addressTag": "",
            "txId": withdrawal.txid,
            "applyTime": applied.strftime("%Y-%m-%d %H:%M:%S"),
            "network": self.venue.custody.chain(withdrawal.asset).symbol,
            "transferType": 0,
            "withdrawOrderId": withdrawal.client_id,
            "info": withdrawal.words,
            "confirmNo": withdrawal.confirmations,
            "walletType": 0,
            "txKey": "",
        }
