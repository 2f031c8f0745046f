"""Sends, and all that moved."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from warifu.sandbox.amounts import EXACT, amount_of, fixed
from warifu.sandbox.bank import MONEY, Transfer
from warifu.sandbox.custody import Deposit, Inner, Withdrawal
from warifu.sandbox.fronts.coinbase_app.forms import account_of, iso, money, page, transaction_of
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.web import Answer, Part, Route, Visit, said

_STATUSES = {
    "pending": "pending",
    "sent": "pending",
    "done": "completed",
    "failed": "failed",
}


class Transactions(Part):
    """Over chains, from the bank and to it."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/v2/accounts/{account_id}/transactions", self._transactions),
            Route("POST", "/v2/accounts/{account_id}/transactions", self._send, "transfer"),
            Route("GET", "/v2/accounts/{account_id}/transactions/{transaction_id}", self._transaction),
        )

    def _send(self, visit: Visit) -> Answer:
        if visit.text("type") != "send":
            raise Refusal("form", "type")
        found, amount = account_of(self, visit), amount_of(visit.text("amount"))
        asset = found.asset
        if amount is None or visit.text("currency") != asset:
            raise Refusal("form", "amount or currency")
        if found.kind == "vault":
            raise Refusal("vault")
        withdrawal = self.venue.custody.withdraw(
            self.customer(visit),
            asset=asset,
            network=visit.text("network", ""),
            address=visit.text("to"),
            memo=visit.text("destination_tag", ""),
            amount=amount,
            on_top=True,
            client_id=visit.text("idem", ""),
            whatever=True,  # as its documents say
            stated=bool(visit.fields.get("travel_rule_data")),
            key="" if found.key == visit.account else found.key,
        )
        return Answer(201, said({"data": self._sent(withdrawal, visit)}).body)

    def _all(self, visit: Visit) -> list[dict[str, Any]]:
        """Newest first."""
        vaults, own = self.venue.state.vaults, account_of(self, visit)
        asset, mine = own.asset, (own.key, own.asset)
        found = [
            (one.moment, self._sent(one, visit))
            for one in vaults.withdrawals
            if (one.payer, one.asset) == mine
        ]
        found += [
            (one.moment, self._received(one, visit))
            for one in vaults.deposits
            if (one.key or one.account, one.asset) == mine
        ]
        found += [
            (one.moment, self._moved(one, visit, own.key))
            for one in vaults.moves
            if own.key in (one.source, one.to) and one.asset == asset
        ]
        found += [
            (one.committed, self._of_bank(one, visit))
            for one in self.venue.bank.of(visit.account)
            if one.committed is not None and asset == MONEY
        ]
        return [one for _, one in sorted(found, key=lambda one: -one[0])]

    def _transactions(self, visit: Visit) -> Answer:
        return page(visit, self._all(visit))

    def _transaction(self, visit: Visit) -> Answer:
        for one in self._all(visit):
            if one["id"] == visit.places["transaction_id"]:
                return said({"data": one})
        raise Refusal("no-such")

    def _sent(self, withdrawal: Withdrawal, visit: Visit) -> dict[str, Any]:
        asset = withdrawal.asset
        network = {
            "status": "confirmed" if withdrawal.status == "done" else "pending",
            "status_description": "Simulation",
            "network_name": withdrawal.network,
            "transaction_fee": money(withdrawal.fee, asset),
            "transaction_amount": money(withdrawal.amount, asset),
            "confirmations": withdrawal.confirmations,
        }
        if withdrawal.txid:
            network["hash"] = withdrawal.txid
        return {
            **self._common(visit, withdrawal.uuid, withdrawal.moment, -withdrawal.total, asset),
            "status": _STATUSES[withdrawal.status],
            "idem": withdrawal.client_id,
            "network": network,
            "to": {
                "resource": f"{withdrawal.network}_address",
                "address": withdrawal.address,
                "currency": asset,
                "address_info": {"address": withdrawal.address},
            },
            "cancelable": False,
        }

    def _received(self, deposit: Deposit, visit: Visit) -> dict[str, Any]:
        credited = deposit.credited is not None
        return {
            **self._common(visit, deposit.uuid, deposit.moment, deposit.amount, deposit.asset),
            "status": "completed" if credited else "pending",
            "network": {
                "status": "confirmed" if credited else "unconfirmed",
                "hash": deposit.txid,
                "network_name": deposit.network,
                "confirmations": deposit.confirmations,
            },
            "from": {"resource": f"{deposit.network}_network", "currency": deposit.asset},
        }

    def _moved(self, inner: Inner, visit: Visit, key: str) -> dict[str, Any]:
        amount = inner.amount if inner.to == key else -inner.amount
        return {
            **self._common(visit, inner.uuid, inner.moment, amount, inner.asset),
            "type": "transfer",
            "status": "completed",
        }

    def _of_bank(self, transfer: Transfer, visit: Visit) -> dict[str, Any]:
        amount = transfer.amount if transfer.direction == "deposit" else -transfer.amount
        return {
            **self._common(visit, transaction_of(transfer), transfer.moment, amount, MONEY),
            "type": f"fiat_{transfer.direction}",
            "status": "completed",
        }

    def _common(self, visit: Visit, name: str, moment: int, amount: Decimal, asset: str) -> dict[str, Any]:
        price = Decimal(1) if asset == MONEY else self.venue.engine.price(f"{asset}-{MONEY}")
        worth = EXACT.multiply(amount, price)
        wallet = account_of(self, visit).uuid
        return {
            "id": name,
            "type": "send",
            "amount": money(amount, asset),
            "native_amount": {"amount": fixed(worth, 2), "currency": MONEY},
            "description": None,
            "created_at": iso(moment),
            "updated_at": iso(moment),
            "resource": "transaction",
            "resource_path": f"/v2/accounts/{wallet}/transactions/{name}",
            "instant_exchange": False,
        }
