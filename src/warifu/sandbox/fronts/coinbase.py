"""What two of Coinbase's APIs say alike."""

from __future__ import annotations

from typing import Any

from warifu.sandbox.bank import MONEY
from warifu.sandbox.custody import Place


def address_form(place: Place, wallet: str, moment: str) -> dict[str, Any]:
    """A deposit address of a wallet of the App, where the Exchange API has its own from, too."""
    return {
        "id": place.uuid,
        "address": place.address,
        "address_info": {"address": place.address},
        "name": None,
        "created_at": moment,
        "updated_at": moment,
        "network": place.network,
        "uri_scheme": place.network,
        "resource": "address",
        "resource_path": f"/v2/accounts/{wallet}/addresses/{place.uuid}",
        "warnings": [],
        "deposit_uri": f"{place.network}:{place.address}",
    }


def bank_form(name: str, kind: str) -> dict[str, Any]:
    """The bank of a customer. ``kind``: what the API calls its type."""
    return {
        "id": name,
        "type": kind,
        "name": "Simulation ******0001",
        "currency": MONEY,
        "primary_buy": True,
        "primary_sell": True,
        "allow_buy": False,
        "allow_sell": False,
        "allow_deposit": True,
        "allow_withdraw": True,
        "instant_buy": False,
        "instant_sell": False,
    }
