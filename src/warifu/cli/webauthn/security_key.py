"""A FIDO2 security key in a USB port as the road to a passkey, without a browser: CTAP 2 over HID.

The origin that this client puts into what the key signs is the page's, so one credential serves on both roads.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from typing import TypeVar

from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap import CtapDevice, CtapError
from fido2.ctap2.pin import ClientPin
from fido2.hid import CtapHidDevice
from fido2.webauthn import (
    AuthenticationResponse,
    PublicKeyCredentialCreationOptions,
    PublicKeyCredentialRequestOptions,
    RegistrationResponse,
)

from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.webauthn.ceremony import ORIGIN, Facts
from warifu.errors import AuthorizationRefused, HostUnsuitable

R = TypeVar("R")


def plugged_in() -> CtapDevice:
    """The one security key of this machine. ``HostUnsuitable`` (``security-key``) where there is none, or more."""
    try:
        found = list(CtapHidDevice.list_devices())
    except OSError as error:
        raise _unsuitable(f"USB devices cannot be looked at: {error.strerror}") from None
    if len(found) != 1:
        raise _unsuitable(
            "no security key is plugged in" if not found else "more than one security key is plugged in"
        )
    return found[0]


class SecurityKey:
    """The ``Road`` to the key that ``device`` finds."""

    def __init__(self, screen: Screen, device: Callable[[], CtapDevice] = plugged_in) -> None:
        self._screen = screen
        self._device = device

    def make(self, options: PublicKeyCredentialCreationOptions, facts: Facts) -> RegistrationResponse:
        """``facts`` stand on the terminal. Raises ``AuthorizationRefused`` (``declined``), ``HostUnsuitable``."""
        del facts
        return self._asked(lambda client: client.make_credential(options))

    def ask(self, options: PublicKeyCredentialRequestOptions, facts: Facts) -> AuthenticationResponse:
        """As :meth:`make`."""
        del facts
        return self._asked(lambda client: client.get_assertion(options).get_response(0))

    def _asked(self, question: Callable[[Fido2Client], R]) -> R:
        person = _AtTheTerminal(self._screen)
        try:
            # No extensions: the signers take assertions without them.
            client = Fido2Client(self._device(), DefaultClientDataCollector(ORIGIN), person, extensions=())
            return question(client)
        except ClientError as error:
            raise AuthorizationRefused(
                "declined",
                f"the security key gave nothing: {error.code.name.lower().replace('_', ' ')}",
                remedy="It needs a PIN, or a finger, of its own: set one with its maker's program. Then repeat the "
                "command.",
            ) from None
        except (CtapError, ValueError, OSError) as error:
            raise _unsuitable(f"the security key cannot be used: {error}") from None


class _AtTheTerminal(UserInteraction):
    """Asks the person for a touch, or for the key's own PIN."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def prompt_up(self) -> None:
        self._screen.warn(tr("touch your security key now"))

    def request_pin(self, permissions: ClientPin.PERMISSION, rp_id: str | None) -> str | None:
        del permissions, rp_id
        if not sys.stdin.isatty():
            raise _unsuitable("there is no terminal to type the security key's PIN at")
        return getpass.getpass(tr("PIN of the security key: "))


def _unsuitable(why: str) -> HostUnsuitable:
    return HostUnsuitable(
        "security-key",
        why,
        remedy="Plug exactly one in. On Linux your user needs access to it, which udev's rules for security keys give.",
    )
