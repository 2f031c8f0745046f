"""``warifu credential``: with what you approve, and how another owner's client comes to know it."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from warifu.cli.approvers import THIS_CLIENT, road_to
from warifu.cli.base import Group, examples, json_option
from warifu.cli.context import Setting
from warifu.cli.credential_card import CredentialCard, write_card
from warifu.cli.passphrase import new_pin
from warifu.cli.profile import Profile
from warifu.cli.profile_records import PasskeyRecord
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.wallet_shown import fingerprint
from warifu.errors import InputRefused
from warifu.protocol.credential import Credential, DeviceKey, Passkey, credential_digest, decode_credential
from warifu.protocol.encoding import Name, decode, encode


@examples("warifu credential list")
@click.group("credential", cls=Group)
def group() -> None:
    """With what you approve: this client's own key, passkeys, FIDO2 security keys."""


@examples("warifu credential list")
@group.command("list")
@json_option
@click.pass_obj
def list_command(setting: Setting, as_json: bool) -> None:
    """List your credentials, and other owners' that this client knows by name."""
    screen, profile = Screen(as_json), setting.profile()
    rows: list[tuple[str, str, Credential, bool]] = [
        (THIS_CLIENT, _kind(profile.device_key), profile.device_key, True)
    ]
    for record in profile.content.passkeys:
        passkey: Credential = decode(Passkey, record.credential, 4096)
        rows.append(
            (record.name, tr("security key") if record.security_key else _kind(passkey), passkey, True)
        )
    for other in profile.content.owners:
        known = decode_credential(other.credential)
        rows.append((other.name, _kind(known), known, False))
    screen.table(
        (tr("name"), tr("kind"), tr("whose"), tr("digest")),
        [
            (name, kind, tr("yours") if mine else tr("another owner's"), fingerprint(credential))
            for name, kind, credential, mine in rows
        ],
    )
    screen.result(
        {
            "credentials": [
                {"name": name, "kind": kind, "yours": mine, "digest": credential_digest(credential).hex()}
                for name, kind, credential, mine in rows
            ]
        }
    )


@examples("warifu credential add laptop", "warifu credential add yubikey --security-key")
@group.command("add")
@click.argument("name")
@click.option("--security-key", is_flag=True, help="Speak to a FIDO2 key over USB, without a browser.")
@json_option
@click.pass_obj
def add_command(setting: Setting, name: str, security_key: bool, as_json: bool) -> None:
    """Make a passkey, on a page of this client's own in your browser, or on a security key.

    It counts only on that page and with your PIN, finger or face. A wallet obeys it once it is among its owners.
    """
    from warifu.cli.webauthn.ceremony import make_passkey

    screen, profile = Screen(as_json), setting.profile()
    _require_new(profile, name)
    known = [decode(Passkey, record.credential, 4096) for record in profile.content.passkeys]
    facts = [(tr("New passkey"), name), (tr("Profile"), str(profile.home))]
    passkey = make_passkey(road_to(profile, screen, security_key=security_key), name, known, facts)
    profile.add_passkey(PasskeyRecord(name, encode(passkey), security_key))
    screen.line(tr("The passkey {name} is yours.", name=name), style="green")
    screen.facts([(tr("digest"), fingerprint(passkey))])
    screen.result({"name": name, "digest": credential_digest(passkey).hex()})


@examples("warifu credential export --as anna", "warifu credential export yubikey --as anna --out anna.owner")
@group.command("export")
@click.argument("name", default=THIS_CLIENT)
@click.option("--as", "title", required=True, metavar="NAME", help="How the other owner shall see it.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
@json_option
@click.pass_obj
def export_command(setting: Setting, name: str, title: str, out: Path | None, as_json: bool) -> None:
    """Print the public half of a credential, for the owner who makes a wallet that shall obey you, too.

    Nothing in it is secret, but it must arrive unchanged: compare the digest with the other owner.
    """
    screen, profile = Screen(as_json), setting.profile()
    credential: Credential = profile.device_key if name == THIS_CLIENT else profile.passkey(name)[0]
    card = write_card(CredentialCard(_name(title), credential))
    if out is not None:
        try:
            out.write_text(card + "\n")
        except OSError as error:
            raise InputRefused("file", f"{out} cannot be written: {error.strerror}") from None
    else:
        screen.exact(card)
    screen.facts([(tr("digest"), fingerprint(credential))])
    screen.result({"card": card, "digest": credential_digest(credential).hex()})


@examples("warifu credential pin", "warifu credential pin --none")
@group.command("pin")
@click.option("--none", "none", is_flag=True, help="Leave the key unlocked from now on.")
@click.option(
    "--new-pin-fd", type=click.IntRange(0, 1024), metavar="N", help="Read the new PIN from this descriptor."
)
@click.pass_obj
def pin_command(setting: Setting, none: bool, new_pin_fd: int | None) -> None:
    """Lock this client's key by another PIN, of at least 8 characters.

    It is not the wallet's passphrase, and must be another word: whoever steals this machine can try PINs at home.
    """
    screen, profile = Screen(), setting.profile()
    profile.credential()
    if none:
        profile.set_pin(None)
        screen.warn(
            tr("this client's key is not locked any more: whoever takes this machine can approve with it")
        )
        return
    with new_pin(new_pin_fd) as pin:
        profile.set_pin(pin)
    screen.line(tr("This client's key is locked by the new PIN."), style="green")


def _kind(credential: Credential) -> str:
    return tr("device key") if isinstance(credential, DeviceKey) else tr("passkey")


def _require_new(profile: Profile, name: str) -> None:
    taken = {THIS_CLIENT, *(record.name for record in profile.content.passkeys)}
    if _name(name) in taken:
        raise InputRefused("credential-exists", f"there is a credential {name!r} already")


def _name(text: str) -> str:
    try:
        return msgspec.convert(text, Name)
    except msgspec.ValidationError:
        raise InputRefused(
            "name", f"{text[:40]!r} is not a name", remedy="Use 1 to 32 of a-z, 0-9 and hyphens."
        ) from None
