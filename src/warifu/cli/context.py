"""What every command starts from: the owner's profile, and a connection to the service."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from warifu.cli.client import Client
from warifu.cli.passphrase import pin_of_this_client
from warifu.cli.profile import Profile


class Setting:
    """Where the owner's profile is; opened only by the commands that need it."""

    def __init__(self, home: Path, pin_fd: int | None = None) -> None:
        """``pin_fd``: a descriptor from which the PIN of this client is read; None: it is asked for."""
        self.home = home
        self.pin_fd = pin_fd

    def profile(self) -> Profile:
        """The owner's profile; ``StoreDamaged`` where there is none, or it is damaged."""
        return Profile.load(self.home, partial(pin_of_this_client, self.pin_fd))

    def client(self, profile: Profile) -> Client:
        """A connection to the profile's service. Close it."""
        service = profile.content.service
        return Client(service.url, service.fingerprint, profile.api_key())


def now() -> int:
    """This machine's clock, in seconds."""
    return int(time.time())
