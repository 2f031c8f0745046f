"""With what the owner says yes here: this client's own key, a passkey in the browser, or a security key."""

from __future__ import annotations

from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.webauthn.ceremony import Facts, Road, approve_with
from warifu.errors import InputRefused
from warifu.protocol.credential import Approval, Approver, Credential, approver

THIS_CLIENT = "this-client"
"""How ``--with`` names the client's own key."""


def approver_named(
    profile: Profile, screen: Screen, name: str | None, facts: Facts
) -> tuple[Credential, Approver]:
    """The credential ``name`` (None: this client's key) and what has it say yes; ``facts`` are shown beside the
    question."""
    if name is None or name == THIS_CLIENT:
        return profile.device_key, lambda tag, *parts: approver(profile.credential())(tag, *parts)
    passkey, security_key = profile.passkey(name)
    road = road_to(profile, screen, security_key=security_key)

    def approve(tag: str, *parts: bytes) -> Approval:
        return approve_with(road, passkey, facts, tag, *parts)

    return passkey, approve


def road_to(profile: Profile, screen: Screen, *, security_key: bool) -> Road:
    """How the passkeys of this machine are spoken to. The libraries of it are loaded only where they are needed."""
    if security_key:
        from warifu.cli.webauthn.security_key import SecurityKey

        return SecurityKey(screen)
    if screen.json:
        raise InputRefused(
            "confirmation",
            "a passkey is used by a person: leave out --json",
            not_done="Nothing was approved.",
        )
    from warifu.cli.webauthn.browser import Browser, opened_by

    return Browser(opened_by(profile.home, screen))
