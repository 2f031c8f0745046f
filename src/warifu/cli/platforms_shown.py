"""What this machine offers of each platform a device can be set up for: shown, never chosen."""

from __future__ import annotations

from pathlib import Path

import msgspec

from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.host.kernel import NoKernel
from warifu.host.machine import Machine
from warifu.tee.detection import Offer, offers

_NAME_WIDTH = 24


def offers_here(root: Path = Path("/")) -> tuple[Offer, ...]:
    """What this machine offers."""
    return offers(Machine(root, NoKernel()))


def show_platforms(screen: Screen, root: Path = Path("/")) -> list[dict[str, object]]:
    """Show every platform, offered or not. The same as builtins, for JSON."""
    found = offers_here(root)
    screen.line()
    screen.line(tr("Platforms that a device could be set up for here"), style="bold")
    for offer in found:
        _show(screen, offer)
    return [msgspec.to_builtins(offer) for offer in found]


def _show(screen: Screen, offer: Offer) -> None:
    mark, style = ("*", "green") if offer.usable else (".", "dim")
    simulated = f" ({tr('a simulator: for development only')})" if offer.simulated else ""
    screen.line(f"  {mark} {offer.platform:<{_NAME_WIDTH}} {offer.seen}{simulated}", style=style)
