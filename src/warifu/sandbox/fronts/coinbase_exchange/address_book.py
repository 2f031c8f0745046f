"""The list of addresses that withdrawals may go to."""

from __future__ import annotations

import uuid

from warifu.sandbox.fronts.coinbase_exchange.forms import iso
from warifu.sandbox.people import Allowed
from warifu.sandbox.refusal import Refusal
from warifu.sandbox.web import Answer, Part, Route, Visit, said


class AddressBook(Part):
    """Each of one asset on one chain."""

    def paths(self) -> tuple[Route, ...]:
        return (
            Route("GET", "/address-book", self._address_book),
            Route("POST", "/address-book", self._add_addresses, "transfer"),
            Route("DELETE", "/address-book/{id}", self._delete_address, "transfer"),
        )

    def _address_book(self, visit: Visit) -> Answer:
        return said([_booked(one) for one in self.customer(visit).allowlist])

    def _add_addresses(self, visit: Visit) -> Answer:
        wanted = visit.fields.get("addresses")
        if not isinstance(wanted, list) or not wanted:
            raise Refusal("missing", "addresses")
        added = [self._booking(one) for one in wanted]
        self.customer(visit).allowlist.extend(added)
        return said([_booked(one) for one in added])

    def _booking(self, wanted: object) -> Allowed:
        to = wanted.get("to") if isinstance(wanted, dict) else None
        if not isinstance(wanted, dict) or not isinstance(to, dict):
            raise Refusal("form", "addresses")
        chain = self.venue.custody.chain(str(wanted.get("currency")), str(wanted.get("network") or ""))
        address = str(to.get("address"))
        if not chain.is_address(address):
            raise Refusal("address")
        return Allowed(
            uuid=str(uuid.uuid4()),
            asset=chain.asset,
            address=address,
            network=chain.network,
            label=str(wanted.get("label") or ""),
            moment=self.venue.now(),
        )

    def _delete_address(self, visit: Visit) -> Answer:
        customer = self.customer(visit)
        kept = [one for one in customer.allowlist if one.uuid != visit.places["id"]]
        if len(kept) == len(customer.allowlist):
            raise Refusal("no-such")
        customer.allowlist[:] = kept
        return said({})


def _booked(allowed: Allowed) -> dict[str, object]:
    return {
        "id": allowed.uuid,
        "address": allowed.address,
        "currency": allowed.asset,
        "label": allowed.label,
        "address_book_added_at": iso(allowed.moment),
        "destination_tag": "",
        "is_verified_self_hosted_wallet": True,
        "vasp_id": "",
        "network": allowed.network,
    }
