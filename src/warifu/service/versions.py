"""The versions of one payment: the first transaction for it, and those that replace it, of which one can be executed.

Signers remember each that they signed and sign no later one that is cheaper, also where the network refused the
earlier: a node may have kept it.
"""

from __future__ import annotations

from collections.abc import Sequence

from warifu.service.roads import forms
from warifu.service.store.rows import StoredTransfer


def versions(known: Sequence[StoredTransfer], one: StoredTransfer) -> tuple[StoredTransfer, ...]:
    """Those among ``known`` that are for the payment of ``one``, and signed, or not known not to be."""
    by_id = {item.id: item for item in known}
    first, seen = one.id, {one.id}
    while (earlier := by_id[first].replaces) in by_id and earlier not in seen:
        first = earlier
        seen.add(earlier)
    family, grows = {first}, True
    while grows:
        later = {item.id for item in known if item.replaces in family} - family
        family |= later
        grows = bool(later)
    return tuple(item for item in known if item.id in family and item.sends and _may_be_signed(item))


def _may_be_signed(item: StoredTransfer) -> bool:
    return item.raw is not None or item.state != "refused"


def dearest(chain: str, found: Sequence[StoredTransfer]) -> StoredTransfer:
    """The one that offers most for a unit of work: what replaces it replaces all."""
    return max(found, key=lambda item: forms.price(item.unsigned, chain))


def later_on_its_way(known: Sequence[StoredTransfer], earlier: StoredTransfer) -> StoredTransfer | None:
    """The one that replaces ``earlier`` and that nodes may have instead of it."""
    for item in known:
        if item.replaces == earlier.id and item.raw is not None and item.state != "rejected":
            return item
    return None
