"""With what the owner says yes here: this client's own key, a passkey in the browser, or a security key.

Where he names none, it is the one of his that the wallet obeys: this client's key if it is among the owners, else his
only passkey that is. Each of them is enough by itself, for everything but the two things that take the key by which
devices were enrolled: making a wallet, and bringing a device home that missed its making.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.webauthn.ceremony import Facts, Road, approve_with
from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.credential import Approval, Approver, Credential, Passkey, approver

THIS_CLIENT = "this-client"
"""How ``--with`` names the client's own key."""


@dataclass(frozen=True)
class OwnCredential:
    """One of this owner's credentials, and what has it say yes."""

    credential: Credential
    approve: Approver


def this_client(profile: Profile) -> OwnCredential:
    """The client's own key. Its PIN is asked for when it says yes."""
    return OwnCredential(profile.device_key, lambda tag, *parts: approver(profile.credential())(tag, *parts))


def own_credential(
    profile: Profile, screen: Screen, wallet: Wallet, name: str | None, facts: Facts
) -> OwnCredential:
    """The credential ``name`` of this owner's, or, where none is named, the one that ``wallet`` obeys. ``facts`` are
    shown beside the question, where that is asked elsewhere than at the terminal.

    ``AuthorizationRefused`` (``unknown-credential``) where the wallet does not obey it: nobody would count its word.
    ``InputRefused`` (``unknown-credential``, ``which-credential``).
    """
    chosen = name or _obeyed(profile, wallet)
    if chosen == THIS_CLIENT:
        own = this_client(profile)
    else:
        passkey, security_key = profile.passkey(chosen)
        own = OwnCredential(passkey, _asking(profile, screen, passkey, facts, security_key=security_key))
    if own.credential not in wallet.rules.owners:
        raise AuthorizationRefused(
            "unknown-credential",
            f"the wallet {wallet.name!r} does not obey that credential",
            remedy="Approve with another one ('--with NAME', see 'warifu credential list').",
        )
    return own


def wanted(wallet: Wallet, *words: str) -> Facts:
    """What is said yes to, in one line, where it is asked elsewhere than at the terminal."""
    return [(tr("Wallet"), wallet.name), (tr("Wanted"), " ".join(filter(None, words)))]


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


def _obeyed(profile: Profile, wallet: Wallet) -> str:
    """The name of the one credential to be used where none is named; this client's key where there is none, either."""
    owners: Sequence[Credential] = wallet.rules.owners
    if profile.device_key in owners:
        return THIS_CLIENT
    names = [record.name for record in profile.content.passkeys if profile.passkey(record.name)[0] in owners]
    if len(names) > 1:
        raise InputRefused(
            "which-credential",
            f"the wallet {wallet.name!r} obeys several of your credentials: {', '.join(names)}",
            not_done="Nothing was approved.",
            remedy="Name one ('--with NAME').",
        )
    return names[0] if names else THIS_CLIENT


def _asking(
    profile: Profile, screen: Screen, passkey: Passkey, facts: Facts, *, security_key: bool
) -> Approver:
    def approve(tag: str, *parts: bytes) -> Approval:
        road = road_to(profile, screen, security_key=security_key)
        return approve_with(road, passkey, facts, tag, *parts)

    return approve
