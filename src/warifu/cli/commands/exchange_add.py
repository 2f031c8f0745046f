"""``warifu exchange add, finish, rotate, authorities``: a credential goes to the devices, and stays nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from warifu.cli.approvers import own_credential, wanted
from warifu.cli.base import Command, confirm, examples, json_option, require_yes, with_option, yes_option
from warifu.cli.context import Setting
from warifu.cli.exchanges import born
from warifu.cli.exchanges.accounts import list_accounts, removal_of
from warifu.cli.exchanges.adding import (
    Adding,
    bring_and_wipe,
    destroy,
    hands_out_file,
    names_of,
    public_pem,
    read_authorities,
    takes_own_key,
)
from warifu.cli.exchanges.authorities import program_authorities, read_pinned, require_one_kind
from warifu.cli.exchanges.bearing import Bearing
from warifu.cli.exchanges.calls import Exchanging
from warifu.cli.exchanges.keys import NewAccount, Pinned, for_born_key, from_cdp_file, from_triplet
from warifu.cli.exchanges.loading import require_loaded
from warifu.cli.exchanges.permissions import show_permissions
from warifu.cli.exchanges.rotating import forget_first, require_switched, to_rotate, warn_of_visits
from warifu.cli.exchanges.shown import KINDS
from warifu.cli.files import read_input
from warifu.cli.hidden import hidden_line
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused, WarifuError
from warifu.exchanges.registry import EXCHANGES

_MAX_KEY_FILE = 16 * 1024
_SCRIPT = "Run it in a terminal, or use --api-key-fd, --secret-fd and --exchange-passphrase-fd."

Descriptor = click.IntRange(0, 1024)


@contextmanager
def _opened(
    setting: Setting, profile: Profile, screen: Screen, wallet: str, account: str, credential: str | None
) -> Iterator[Adding]:
    with setting.client(profile) as client:
        known = profile.wallet(wallet)
        own = own_credential(profile, screen, known, credential, wanted(known, account))
        yield Adding(client, profile, known, own, screen)


def _believed(authorities: Path | None, only: Sequence[str]) -> tuple[str, Pinned]:
    """Whom the exchange's name is believed from: a simulation's authority, or those of the program's that are named."""
    pem, pinned = read_authorities(authorities), read_pinned(only)
    require_one_kind(pem, pinned)
    return pem, pinned


def _common(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        json_option,
        with_option,
        yes_option,
        click.option(
            "--authorities",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            metavar="FILE",
            help="A SIMULATION ('warifu sandbox'): believe the exchange's name from this certificate authority.",
        ),
        click.option(
            "--only-authority",
            "only",
            multiple=True,
            metavar="SHA256",
            help="Believe the exchange's name from this certificate authority alone ('exchange authorities').",
        ),
        click.option(
            "--api-key-fd", type=Descriptor, metavar="N", help="Read the API key from this descriptor."
        ),
    ):
        function = option(function)
    return function


def _key_options(function: Callable[..., None]) -> Callable[..., None]:
    """Where a key that an exchange handed out is taken from, and who keeps it."""
    for option in (
        click.option(
            "--exchange-passphrase-fd",
            type=Descriptor,
            metavar="N",
            help="Read the exchange's passphrase from this descriptor.",
        ),
        click.option(
            "--secret-fd", type=Descriptor, metavar="N", help="Read the secret from this descriptor."
        ),
        click.option(
            "--destroy-file", is_flag=True, help="Overwrite and remove the key file once the devices have it."
        ),
        click.option(
            "--holder", metavar="DEVICE", help="The device that keeps a secret that cannot be split."
        ),
        click.option(
            "--key-file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="The file with the key that the exchange's portal handed out.",
        ),
    ):
        function = option(function)
    return function


@examples(
    "warifu exchange add savings coinbase --exchange coinbase --key-file cdp_api_key.json",
    "warifu exchange add savings pro --exchange coinbase-exchange --holder home-server",
    "warifu exchange add savings binance --exchange binance",
)
@click.command("add", cls=Command)
@click.argument("wallet")
@click.argument("account")
@click.option(
    "--exchange",
    required=True,
    metavar="|".join(sorted(EXCHANGES)),
    help="Which exchange.",
)
@_key_options
@_common
@click.pass_obj
def add(
    setting: Setting,
    wallet: str,
    account: str,
    exchange: str,
    key_file: Path | None,
    holder: str | None,
    destroy_file: bool,
    secret_fd: int | None,
    exchange_passphrase_fd: int | None,
    api_key_fd: int | None,
    authorities: Path | None,
    only: tuple[str, ...],
    credential: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Give WALLET's devices a key at an exchange, under the name ACCOUNT.

    A Coinbase key of the kind Ed25519 is split over all devices; a secret or a key of the kind ECDSA cannot be, and is
    kept by one of them. For Binance the devices make a key that is never whole anywhere: you register its public half
    there, and bring the API key that Binance gives ('warifu exchange finish'). Broken off, the same command goes on,
    and says where it stands.

    Make a key that may do the least: read and trade. Let it withdraw only where the exchange has a list of addresses
    to which alone it may.
    """
    screen, profile = Screen(as_json), setting.profile()
    require_yes(yes, as_json)
    pem, pinned = _believed(authorities, only)
    with _opened(setting, profile, screen, wallet, account, credential) as adding:
        adding.require_rules(exchange)
        if pem:
            screen.warn(tr("{account} will be a SIMULATION: no exchange, no money.", account=account))
        require_loaded(adding.client, adding.devices)
        if takes_own_key(exchange):
            _bear(setting.home, screen, adding, account, exchange, yes)
            return
        given = Given(key_file, (api_key_fd, secret_fd, exchange_passphrase_fd), pem, pinned)
        new = given.read(adding, exchange, adding.holder(holder).identity)
        _give(screen, adding, new, account, exchange, yes)
    _end(setting, screen, new, (wallet, account, exchange), credential, given, destroy_file, yes)


@examples("warifu exchange finish savings binance")
@click.command("finish", cls=Command)
@click.argument("wallet")
@click.argument("account")
@_common
@click.pass_obj
def finish(
    setting: Setting,
    wallet: str,
    account: str,
    api_key_fd: int | None,
    authorities: Path | None,
    only: tuple[str, ...],
    credential: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring the API key that the exchange gave for the public key of ACCOUNT."""
    screen, profile = Screen(as_json), setting.profile()
    require_yes(yes, as_json)
    pem, pinned = _believed(authorities, only)
    with _opened(setting, profile, screen, wallet, account, credential) as adding:
        found = [
            listed.account
            for listed in list_accounts(adding.client, adding.wallet)
            if listed.account.account == account
        ]
        public = born.remembered(setting.home, adding.wallet.wallet_id, account)
        if {one.successor or one.public for one in found} != {public}:
            raise InputRefused(
                "unknown-account",
                f"the devices do not tell of the key that this client saw them make for {account[:40]!r}",
                not_done="Nothing was added.",
                remedy="Have one made: warifu exchange add, or for an account that has a key: warifu exchange rotate.",
            )
        require_loaded(adding.client, adding.devices)
        if pem:
            screen.warn(tr("{account} will be a SIMULATION: no exchange, no money.", account=account))
        _show_key(screen, public_pem(public))
        api_key = _line(tr("API key: "), api_key_fd)
        devices = [device.identity for device in adding.devices]
        new = for_born_key(api_key, public, devices, pem, pinned)
        bring_and_wipe(new, lambda made: adding.bring(made, account, found[0].exchange))
        born.forget(setting.home, adding.wallet.wallet_id, account)
        old = [one for one in found if one.successor]
        switched = not old or require_switched(adding.client, screen, adding.wallet, account, public)
    screen.line(tr("The devices have it."), style="green")
    if old:
        screen.line(tr("Revoke the old key at the exchange: whoever copied it before could still use it."))
    said = _permissions(setting, screen, wallet, account, credential)
    told = {"account": account, "exchange": found[0].exchange, "simulation": bool(pem)}
    screen.result(told | {"in_force": switched} | said)


@examples(
    "warifu exchange rotate savings coinbase --key-file cdp_api_key.json",
    "warifu exchange rotate savings binance",
)
@click.command("rotate", cls=Command)
@click.argument("wallet")
@click.argument("account")
@_key_options
@_common
@click.pass_obj
def rotate(
    setting: Setting,
    wallet: str,
    account: str,
    key_file: Path | None,
    holder: str | None,
    destroy_file: bool,
    secret_fd: int | None,
    exchange_passphrase_fd: int | None,
    api_key_fd: int | None,
    authorities: Path | None,
    only: tuple[str, ...],
    credential: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Give WALLET's devices another key in the place of ACCOUNT's: the old one is revoked, lost, or has expired.

    The devices forget the old key only when the new one is ready for them. A visit with ACCOUNT ends then: nothing more
    is brought there, and what is there comes home by the new key. Revoke the old one at the exchange.

    A key that the devices make themselves (Binance) has to be registered first: until 'warifu exchange finish' the old
    one stays in force. Broken off, the same command goes on.
    """
    screen, profile = Screen(as_json), setting.profile()
    require_yes(yes, as_json)
    pem, pinned = _believed(authorities, only)
    with _opened(setting, profile, screen, wallet, account, credential) as adding:
        old = to_rotate(adding.client, adding.wallet, account, simulation=bool(pem))
        exchange = old.exchange
        adding.require_rules(exchange)
        require_loaded(adding.client, adding.devices)
        warn_of_visits(adding.client, screen, adding.wallet, account, born=takes_own_key(exchange))
        if takes_own_key(exchange):
            _bear(setting.home, screen, adding, account, exchange, yes, replacing=old.finished)
            return
        forgets = forget_first(
            adding.client, screen, adding.own, adding.wallet, removal_of(adding.wallet, account)
        )
        given = Given(key_file, (api_key_fd, secret_fd, exchange_passphrase_fd), pem, pinned)
        kept_by = adding.holder(holder or (old.holders[0] if len(old.holders) == 1 else None))
        new = given.read(adding, exchange, kept_by.identity)
        _give(screen, adding, new, account, exchange, yes, forgets)
    screen.line(tr("Revoke the old key at the exchange: whoever copied it before could still use it."))
    _end(setting, screen, new, (wallet, account, exchange), credential, given, destroy_file, yes)


@examples("warifu exchange authorities")
@click.command("authorities", cls=Command)
@json_option
def authorities_command(as_json: bool) -> None:
    """List the certificate authorities that this program believes, with what '--only-authority' takes.

    Any of them can vouch for an exchange's name. To be told by which an exchange's is vouched for today:
    openssl s_client -connect api.binance.com:443 -showcerts. Where an exchange changes its authority, nothing is asked
    of it until the account gets another key with the new one ('exchange rotate'), and nothing comes home meanwhile.
    """
    screen, found = Screen(as_json), program_authorities()
    screen.table((tr("name"), "SHA-256"), [(each.name, each.digest.hex()) for each in found])
    screen.result({"authorities": [{"name": each.name, "sha256": each.digest.hex()} for each in found]})


COMMANDS: tuple[click.Command, ...] = (add, finish, rotate, authorities_command)


def _bear(
    home: Path,
    screen: Screen,
    adding: Adding,
    account: str,
    exchange: str,
    yes: bool,
    *,
    replacing: bool = False,
) -> None:
    """``replacing``: whether the account has a key, whose place this one is to take."""
    bearing = Bearing(adding, home, account, exchange, replacing)
    public = bearing.made()
    if public is not None:
        screen.line(tr("The devices have made this key already."))
    else:
        with screen.waiting(tr("the devices make a key")):
            public = bearing.taken_up()
    if public is None:
        screen.line(tr("All devices of the wallet make the key together: each must be connected."))
        confirm(yes, tr("Have them make it?"))
        with screen.waiting(tr("the devices make a key")):
            public = bearing.bear()
    pem = public_pem(public)
    _show_key(screen, pem)
    screen.line(
        tr(
            "Register this public key at the exchange (Ed25519, self-generated): reading and trading; withdrawing only "
            "with its list of addresses turned on. Then bring the API key: warifu exchange finish {wallet} {account}",
            wallet=adding.wallet.name,
            account=account,
        )
    )
    if replacing:
        screen.line(tr("Until then the old key stays in force: do not revoke it before."))
    screen.result({"account": account, "exchange": exchange, "public_key": pem, "finished": False})


def _show_key(screen: Screen, pem: str) -> None:
    """Its lines as they are to be copied to the exchange."""
    for line in pem.splitlines():
        screen.exact(line)


@dataclass(frozen=True)
class Given:
    """Where the owner's program takes a key from that an exchange handed out."""

    key_file: Path | None
    descriptors: tuple[int | None, int | None, int | None]
    """Of API key, secret and passphrase; None: they are typed."""
    authorities: str
    only: Pinned

    def read(self, adding: Adding, exchange: str, holder: bytes) -> NewAccount:
        """``holder``: the device (its identity) that keeps what cannot be split. The caller wipes it."""
        if hands_out_file(exchange):
            text = _text_of(self.key_file)
            devices = [device.identity for device in adding.devices]
            threshold = adding.wallet.request.threshold
            return from_cdp_file(text, holder, devices, threshold, self.authorities, self.only)
        key, secret, passphrase = self.descriptors
        return from_triplet(
            _line(tr("API key: "), key),
            _line(tr("Secret: "), secret),
            _line(tr("Passphrase of the exchange: "), passphrase),
            holder,
            self.authorities,
            self.only,
        )


def _give(
    screen: Screen,
    adding: Adding,
    new: NewAccount,
    account: str,
    exchange: str,
    yes: bool,
    first: Callable[[], None] = lambda: None,
) -> None:
    screen.line(
        tr(
            "{kind}: {devices}",
            kind=tr(KINDS[new.key]),
            devices=names_of(adding.devices, new.holders),
        )
    )
    try:
        confirm(yes, tr("Give it to them?"))
    except BaseException:
        new.wipe()
        raise
    bring_and_wipe(new, lambda made: adding.bring(made, account, exchange, first))
    screen.line(tr("The devices have it."), style="green")


def _end(
    setting: Setting,
    screen: Screen,
    new: NewAccount,
    named: tuple[str, str, str],
    credential: str | None,
    given: Given,
    destroy_file: bool,
    yes: bool,
) -> None:
    """``named``: wallet, account, exchange."""
    wallet, account, exchange = named
    if given.key_file is not None:
        _original(screen, given.key_file, destroy_file, yes)
    said = _permissions(setting, screen, wallet, account, credential)
    simulation = bool(given.authorities)
    screen.result(
        {"account": account, "exchange": exchange, "key": new.key, "simulation": simulation, **said}
    )


def _text_of(key_file: Path | None) -> str:
    if key_file is None:
        raise InputRefused(
            "usage", "name the key's file (--key-file)", not_done="Nothing was added.", remedy="See --help."
        )
    try:
        return read_input(key_file, _MAX_KEY_FILE).decode("ascii")
    except UnicodeDecodeError:
        raise InputRefused(
            "exchange-key", f"{key_file} is no key file", not_done="Nothing was added."
        ) from None


def _line(prompt: str, descriptor: int | None) -> str:
    return hidden_line(prompt, descriptor, reason="exchange-key", remedy=_SCRIPT)


def _original(screen: Screen, key_file: Path, destroy_file: bool, yes: bool) -> None:
    """A key that was whole once is worth splitting only if the whole is gone."""
    if destroy_file or (not yes and click.confirm(tr("Overwrite and remove {file}?", file=str(key_file)))):
        destroy(key_file)
        screen.line(
            tr("The file is gone. Flash disks may keep older copies: a key from a RAM disk is better."),
        )
    else:
        screen.warn(tr("{file} still holds the whole key: destroy it.", file=str(key_file)))


def _permissions(
    setting: Setting, screen: Screen, wallet: str, account: str, credential: str | None
) -> dict[str, Any]:
    """What the key may do, if it can be asked at once; the account is there all the same."""
    try:
        with Exchanging.open(setting, wallet, account, screen, credential) as exchanging:
            said = show_permissions(exchanging)
            return {"permissions": said["permissions"], "apis": said["apis"]}
    except WarifuError as error:
        screen.warn(
            tr(
                "what the key may do could not be asked ({why}): warifu exchange permissions {wallet} {account}",
                why=f"{error.message} {error.remedy}".rstrip(" ."),
                wallet=wallet,
                account=account,
            )
        )
        if error.reason == "authentication":
            screen.warn(
                tr(
                    "look whether the API key is the one that the exchange gave for this very key; one that was "
                    "mistyped cannot be corrected: 'warifu exchange rotate {wallet} {account}' makes another",
                    wallet=wallet,
                    account=account,
                )
            )
        return {"permissions": None, "permissions_error": error.code}
