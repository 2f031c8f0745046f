"""What two of Coinbase's APIs say alike."""

from __future__ import annotations

from typing import Any

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
