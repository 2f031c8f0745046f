"""Which devices have to be started again before they ask an exchange, said before anything depends on it."""

from __future__ import annotations

from collections.abc import Sequence

from warifu.cli.client import Client, segment
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import PolicyDenied, WarifuError
from warifu.protocol import api
from warifu.protocol.encoding import decode
from warifu.protocol.frames import MAX_BODY_BYTES, Status
from warifu.protocol.identity import DeviceRef
from warifu.protocol.policy import Policy


def tell_who_starts_again(
    client: Client, screen: Screen, devices: Sequence[DeviceRef], policy: Policy
) -> tuple[str, ...]:
    """Names of the devices that do not say that they have loaded what ``policy`` asks for; the owner is told."""
    if not policy.exchanges:
        return ()
    names = tuple(device.name for device in devices if _state(client, device) != "loaded")
    if names:
        screen.warn(
            tr(
                "what asks exchanges is loaded when a device starts. Once these rules are in force, these have to be "
                "started again: {names}. A device does that by itself where nothing has to be typed for it, and "
                "else says so where it runs.",
                names=", ".join(names),
            )
        )
    return names


def require_loaded(client: Client, devices: Sequence[DeviceRef]) -> None:
    """``PolicyDenied`` (``exchanges-not-loaded``) where a device that answers says that it would refuse."""
    names = [device.name for device in devices if _state(client, device) in ("not-loaded", "start-again")]
    if names:
        raise PolicyDenied(
            "exchanges-not-loaded",
            f"these devices have not loaded what asks exchanges: {', '.join(names)}",
            not_done="Nothing was asked of them.",
            remedy="A device starts itself again where nothing has to be typed for it: wait a minute. Else start it "
            "again where it runs ('warifu signer run', 'warifu up').",
        )


def _state(client: Client, device: DeviceRef) -> str:
    """By its own word, which the service could have changed: it is for reading. Empty where it does not answer."""
    try:
        answer = client.get(f"/devices/{segment(device.name)}/status", api.DeviceStatus)
        return decode(Status, answer.status, MAX_BODY_BYTES).exchanges
    except WarifuError:
        return ""
