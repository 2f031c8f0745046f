"""What comes and goes: wallets, deposit addresses, withdrawals, transfers."""

from __future__ import annotations

from typing import Any

from warifu.sandbox.amounts import fixed, number_of, plain
from warifu.sandbox.custody import Deposit, Withdrawal
from warifu.sandbox.fronts.coinbase import address_form
from warifu.sandbox.fronts.coinbase_exchange.banks import transfer_form
from warifu.sandbox.fronts.coinbase_exchange.forms import asset_of, iso, page, stamp
from warifu.sandbox.people import Account
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.web import Answer, Part, Route, Visit, said


class Funds(Part):
    """By the chains of the simulation; what comes by the bank is listed, too."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/accounts/{account_id}/transfers", self._account_transfers),
            Route("GET", "/coinbase-accounts", self._wallets),
            Route("POST", "/coinbase-accounts/{account_id}/addresses", self._new_address, "transfer"),
            Route("POST", "/withdrawals/crypto", self._withdraw, "transfer"),
            Route("GET", "/withdrawals/fee-estimate", self._fee_estimate),
            Route("GET", "/transfers", self._transfers),
            Route("GET", "/transfers/{transfer_id}", self._transfer),
        )

    def _wallets(self, visit: Visit) -> Answer:
        return said(
            [
                {
                    "id": wallet,
                    "name": f"{asset} Wallet",
                    "balance": "0.00000000",
                    "currency": asset,
                    "type": "fiat" if asset == "USD" else "wallet",
                    "primary": asset == "BTC",
                    "active": True,
                    "available_on_consumer": True,
                    "ready": True,
                    "hold_balance": "0.00",
                    "hold_currency": "USD",
                    "destination_tag_name": "",
                    "destination_tag_regex": "",
                }
                for asset, wallet in self.customer(visit).wallets.items()
            ]
        )

    def _new_address(self, visit: Visit) -> Answer:
        asset = self.venue.wallet(self.customer(visit), visit.places["account_id"])
        place = self.venue.custody.new_address(visit.account, asset, visit.text("network", ""))
        form = address_form(place, visit.places["account_id"], iso(place.moment))
        here = {
            "address_info": {"address": place.address, "destination_tag": ""},
            "name": "New exchange deposit address",
            "exchange_deposit_address": True,
        }
        return said({**form, **here})

    def _withdraw(self, visit: Visit) -> Answer:
        amount = visit.amount("amount", read=number_of)
        if amount is None:
            raise Refusal("missing", "amount")
        withdrawal = self.venue.custody.withdraw(
            self.customer(visit),
            asset=visit.text("currency"),
            network=visit.text("network", ""),
            address=visit.text("crypto_address"),
            memo=visit.text("destination_tag", ""),
            amount=amount,
            on_top=visit.fields.get("add_network_fee_to_total") in (True, "true"),
            client_id=visit.text("nonce", ""),
            stated=bool(visit.fields.get("travel_rule_data")),
        )
        return said(
            {
                "id": withdrawal.uuid,
                "amount": fixed(withdrawal.total),
                "currency": withdrawal.asset,
                "payout_at": None,
                "fee": plain(withdrawal.fee),
                "subtotal": plain(withdrawal.amount),
            }
        )

    def _fee_estimate(self, visit: Visit) -> Answer:
        chain = self.venue.custody.chain(visit.text("currency"), visit.text("network", ""))
        if not chain.is_address(visit.text("crypto_address")):
            raise Refusal("address")
        return said({"fee": plain(chain.fee), "fee_before_subsidy": plain(chain.fee)})

    def _all_transfers(self, visit: Visit) -> list[dict[str, Any]]:
        """Newest first."""
        vaults, customer = self.venue.state.vaults, self.customer(visit)
        found = [_deposit(one, customer) for one in vaults.deposits if one.account == visit.account]
        found += [_withdrawal(one, customer) for one in vaults.withdrawals if one.account == visit.account]
        bank, method = self.venue.bank, self.venue.bank.method(customer)
        found += [transfer_form(one, customer, method) for one in bank.of(visit.account) if one.committed]
        return sorted(found, key=lambda one: str(one["created_at"]), reverse=True)

    def _transfers(self, visit: Visit) -> Answer:
        return self._listed_transfers(visit, visit.text("currency", ""))

    def _account_transfers(self, visit: Visit) -> Answer:
        return self._listed_transfers(visit, asset_of(visit, self.customer(visit), self.venue.assets()))

    def _listed_transfers(self, visit: Visit, currency: str) -> Answer:
        kind, everything = visit.text("type", ""), self._all_transfers(visit)
        return page(
            visit,
            [
                (len(everything) - place, one)
                for place, one in enumerate(everything)
                if kind in ("", one["type"]) and currency in ("", one["currency"])
            ],
        )

    def _transfer(self, visit: Visit) -> Answer:
        for one in self._all_transfers(visit):
            if one["id"] == visit.places["transfer_id"]:
                return said(one)
        raise Refusal("no-such")


def _deposit(deposit: Deposit, customer: Account) -> dict[str, Any]:
    return {
        "id": deposit.uuid,
        "type": "deposit",
        "created_at": stamp(deposit.moment),
        "completed_at": stamp(deposit.credited),
        "canceled_at": None,
        "processed_at": stamp(deposit.credited),
        "amount": fixed(deposit.amount),
        "currency": deposit.asset,
        "user_nonce": None,
        "details": {
            "network": deposit.network,
            "crypto_address": deposit.address,
            "coinbase_account_id": customer.wallets[deposit.asset],
            "crypto_transaction_hash": deposit.txid,
            "destination_tag": "",
        },
    }


def _withdrawal(withdrawal: Withdrawal, customer: Account) -> dict[str, Any]:
    sent = withdrawal.status in ("sent", "done")
    return {
        "id": withdrawal.uuid,
        "type": "withdraw",
        "created_at": stamp(withdrawal.moment),
        "completed_at": stamp(withdrawal.done) if withdrawal.status == "done" else None,
        "canceled_at": stamp(withdrawal.done) if withdrawal.status == "failed" else None,
        "processed_at": stamp(withdrawal.moment) if sent else None,
        "amount": fixed(withdrawal.total),
        "currency": withdrawal.asset,
        "user_nonce": withdrawal.client_id or None,
        "details": {
            "network": withdrawal.network,
            "crypto_address": withdrawal.address,
            "sent_to_address": withdrawal.address if sent else "",
            "coinbase_account_id": customer.wallets[withdrawal.asset],
            "crypto_transaction_hash": withdrawal.txid,
            "fee": fixed(withdrawal.fee),
            "coinbase_payment_method_id": "",
        },
    }
