"""Another owner's own look at a device that is to be accepted as something else.

His client asks the device itself, fresh, and compares: so it takes two machines, and not only two persons, to be fooled
about what a device runs on. Whether a chip is genuine it knows where it knew that chip before.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.cli.approving import Asked, accepted_as
from warifu.cli.client import Client
from warifu.cli.context import now
from warifu.cli.inspecting import Inspection, inspect
from warifu.cli.profile import Profile
from warifu.cli.text import tr
from warifu.errors import EvidenceRefused, WarifuError
from warifu.protocol.identity import DeviceRef
from warifu.protocol.request import ReferenceRequest


@dataclass(frozen=True)
class Look:
    """What came of it. ``doubt``: why the device is not seen to be what it is to be accepted as; None where it is."""

    device: DeviceRef
    inspection: Inspection | None
    doubt: str | None

    def require_sure(self) -> None:
        """``EvidenceRefused`` (``not-seen``) where there is a doubt: nobody is there to weigh it."""
        if self.doubt is not None:
            raise EvidenceRefused(
                "not-seen",
                self.doubt,
                not_done="Nothing was approved.",
                remedy="Find out why; a person can approve it all the same, without --yes.",
                blame=self.device.name,
            )

    def keep(self, profile: Profile) -> None:
        """What was approved, and seen, is what this client holds the device to as well."""
        if self.inspection is not None and self.doubt is None:
            shown = self.inspection
            profile.accept_device(self.device.name, shown.reference, now(), shown.shown.claims.release)


def second_look(client: Client, profile: Profile, asked: Asked, request: ReferenceRequest) -> Look:
    """At the device that ``request`` is about, through the service, which can only keep it from answering."""
    device = next(item for item in asked.wallet.request.devices if item.identity == request.identity)
    known = accepted_as(profile, asked.wallet, request.identity)
    try:
        inspection = inspect(client, device, known, now())
        inspection.require_not_false()
    except WarifuError as error:
        why = tr(
            "this client could not look at {name} itself: {message}", name=device.name, message=error.message
        )
        return Look(device, None, why)
    if inspection.reference != request.reference:
        why = tr("what {name} shows to this client now is not what it is to be accepted as", name=device.name)
        return Look(device, inspection, why)
    return Look(device, inspection, None)
