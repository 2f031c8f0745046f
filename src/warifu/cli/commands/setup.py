"""``warifu init``, ``connect`` and ``up``: from an empty machine to a running service."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast, get_args
from urllib.parse import urlsplit

import click
import msgspec

from warifu.cli.base import Command, examples, json_option
from warifu.cli.context import Setting
from warifu.cli.passphrase import new_pin
from warifu.cli.places import default_device_directory, default_service_directory
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.cli.stopping import run_until_stopped
from warifu.cli.text import tr
from warifu.errors import InputRefused
from warifu.protocol.chains import BITCOIN, chain_named
from warifu.protocol.encoding import Name
from warifu.protocol.request import Network

KINDS = ("esplora", "core", "electrum", "compact-filters")
ACCOUNT_KIND = "rpc"
NETWORKS: tuple[Network, ...] = get_args(Network)


_no_pin_option = click.option(
    "--no-pin",
    is_flag=True,
    help="Leave this client's key unlocked; for scripts, and where the disk is encrypted.",
)


@contextmanager
def _new_pin(setting: Setting, no_pin: bool) -> Iterator[bytearray | None]:
    """What locks the new client's key; None where its owner wants it open."""
    if no_pin:
        yield None
        return
    with new_pin(setting.pin_fd) as pin:
        yield pin


def _directory(path: Path | None, otherwise: Path) -> Path:
    return (path or otherwise).absolute()


@examples(
    "warifu init --network regtest --unlock-key /media/usb/home.key --backend esplora=http://127.0.0.1:3002",
    "warifu init --listen 0.0.0.0 --url https://192.168.1.10:8443 --unlock-key /media/usb/home.key \\",
    "    --backend core=http://127.0.0.1:8332 --cookie /var/lib/bitcoind/.cookie",
    "warifu init --no-device --storage-key /media/usb/service.key --backend electrum=ssl://electrum.example:50002",
    "warifu init --unlock-key /media/usb/home.key --backend core=http://127.0.0.1:8332 \\",
    "    --backend ethereum:rpc=http://127.0.0.1:8545 --backend solana:rpc=http://127.0.0.1:8899",
)
@click.command("init", cls=Command)
@click.option(
    "--network", type=click.Choice(NETWORKS), default="bitcoin", show_default=True, help="Bitcoin network."
)
@click.option("--listen", "host", default="127.0.0.1", show_default=True, help="Where the service listens.")
@click.option("--port", type=click.IntRange(1, 65535), default=8443, show_default=True, help="Its port.")
@click.option("--url", help="Its address as clients and devices reach it (default: https://LISTEN:PORT).")
@click.option(
    "--backend",
    "backends",
    multiple=True,
    metavar="[CHAIN:]KIND=URL",
    help="Chain backend: esplora, core, electrum or compact-filters for Bitcoin; CHAIN:rpc for others (repeat; the "
    "first of a chain is preferred).",
)
@click.option(
    "--cookie",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Cookie file with which the node of '--backend core=...' lets its users in.",
)
@click.option(
    "--poll-seconds",
    type=click.FloatRange(0.1, 3600),
    default=10.0,
    show_default=True,
    help="How often the chain is asked.",
)
@click.option(
    "--service-dir", type=click.Path(path_type=Path, file_okay=False), help="The service's directory."
)
@click.option(
    "--storage-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Make this file with the key of the service's database, instead of leaving it to the local device.",
)
@click.option("--device-name", default="home", show_default=True, help="Name of this machine's own device.")
@click.option("--no-device", is_flag=True, help="No device on this machine; needs --storage-key.")
@click.option(
    "--device-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where this device keeps its sealed store (default: ~/.local/share/warifu/device).",
)
@click.option(
    "--unlock-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Make this file with the device's unlock key; choose another medium than its store (a USB stick).",
)
@_no_pin_option
@json_option
@click.pass_obj
def init(
    setting: Setting,
    network: str,
    host: str,
    port: int,
    url: str | None,
    backends: tuple[str, ...],
    cookie: Path | None,
    poll_seconds: float,
    service_dir: Path | None,
    storage_key: Path | None,
    device_name: str,
    no_device: bool,
    device_dir: Path | None,
    unlock_key: Path | None,
    no_pin: bool,
    as_json: bool,
) -> None:
    """Set up this machine: your profile, a custody service, and a device of its own.

    Nothing that exists is overwritten. Afterwards 'warifu up' starts it.
    """
    from warifu.cli.founding import Plan, found  # needs the service's extra, which a signer's machine lacks

    screen = Screen(as_json)
    if no_device and storage_key is None:
        raise InputRefused(
            "usage", "without a device the service needs --storage-key FILE", not_done=_NOTHING_MADE
        )
    if not no_device and unlock_key is None:
        raise InputRefused(
            "usage",
            "say with --unlock-key FILE where this device's unlock key shall lie",
            not_done=_NOTHING_MADE,
            remedy="Best on a USB stick or as a systemd credential; or use --no-device.",
        )
    plan = Plan(
        network=cast("Network", network),
        url=url or f"https://{host}:{port}",
        host=host,
        port=port,
        backends=_backends(backends, cookie),
        cookie=cookie.absolute() if cookie is not None else None,
        poll_seconds=poll_seconds,
        service_directory=_directory(service_dir, default_service_directory()),
        storage_key=storage_key,
        device_name=None if no_device else _name(device_name),
        device_directory=_directory(device_dir, default_device_directory()),
        unlock_key=None if no_device else unlock_key,
    )
    with _new_pin(setting, no_pin) as pin:
        profile = found(setting.home, plan, screen, pin)
    service = profile.content.service
    screen.line(tr("The profile is ready."), style="green")
    screen.facts(
        [
            (tr("profile"), str(profile.home)),
            (tr("network"), profile.content.network),
            (tr("service"), service.url),
            (tr("certificate"), service.fingerprint.hex()),
        ]
    )
    if not backends:
        screen.warn(tr("no chain backend was named: add one to service.toml before you receive or send"))
    screen.line(tr("Keep a backup of the profile and of the unlock key, in two different places."))
    screen.line(tr("Next: warifu up"))
    screen.result(
        {
            "home": str(profile.home),
            "network": profile.content.network,
            "url": service.url,
            "fingerprint": service.fingerprint.hex(),
            "credential": profile.device_key.public.hex(),
        }
    )


@examples("warifu connect https://192.168.1.10:8443 --fingerprint 9f86d0... --network bitcoin")
@click.command("connect", cls=Command)
@click.argument("url")
@click.option("--fingerprint", required=True, metavar="HEX", help="SHA-256 of the service's certificate.")
@click.option(
    "--network", type=click.Choice(NETWORKS), default="bitcoin", show_default=True, help="Bitcoin network."
)
@_no_pin_option
@json_option
@click.pass_obj
def connect(setting: Setting, url: str, fingerprint: str, network: str, no_pin: bool, as_json: bool) -> None:
    """Make a profile for a service on another machine; asks for an API key of it.

    The fingerprint is in the profile on the service's machine; bring it here by your own hand.
    """
    screen = Screen(as_json)
    try:
        pinned = bytes.fromhex(fingerprint.replace(":", ""))
    except ValueError:
        pinned = b""
    if len(pinned) != 32:
        raise InputRefused("fingerprint", "a fingerprint has 64 hexadecimal digits", not_done=_NOTHING_MADE)
    api_key = getpass.getpass(tr("API key: ")) if sys.stdin.isatty() else sys.stdin.readline(300)
    if not api_key.strip().isascii() or not 16 <= len(api_key.strip()) <= 256:
        raise InputRefused("api-key", "that is not an API key", not_done=_NOTHING_MADE)
    with _new_pin(setting, no_pin) as pin:
        profile = Profile.create(setting.home, cast("Network", network), url, pinned, pin)
    profile.set_api_key(api_key.strip())
    screen.line(tr("The profile is ready."), style="green")
    screen.result({"home": str(profile.home), "url": profile.content.service.url})


@examples("warifu up", "warifu up --storage-key /media/usb/service.key")
@click.command("up", cls=Command)
@click.option(
    "--storage-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the key of the service's database (default: the local device has it).",
)
@click.option(
    "--simulated-exchange",
    "simulated",
    multiple=True,
    metavar="HOST=ADDRESS:PORT",
    help="A SIMULATION: connect devices that ask for this exchange's host to that address (repeat).",
)
@click.pass_obj
def up(setting: Setting, storage_key: Path | None, simulated: tuple[str, ...]) -> None:
    """Start the custody service and this machine's own device, and keep them running until Ctrl-C.

    At the first start the device of this machine is enrolled with your profile.
    """
    from warifu.cli.serving import run_everything  # the agent, which the commands beside this one do without

    run_until_stopped(run_everything(Screen(), setting.profile(), storage_key, simulated))


_NOTHING_MADE = "Nothing was made."


def _backends(texts: tuple[str, ...], cookie: Path | None) -> list[tuple[str, str, str]]:
    """(chain, kind, address) of each."""
    found = [_backend(text) for text in texts]
    if cookie is not None and not any(kind == "core" for _, kind, _ in found):
        raise InputRefused(
            "usage", "--cookie is for a node named with --backend core=URL", not_done=_NOTHING_MADE
        )
    return found


def _backend(text: str) -> tuple[str, str, str]:
    named, equals, url = text.partition("=")
    chain, _, kind = named.rpartition(":")
    kinds = (ACCOUNT_KIND,) if chain else KINDS
    if kind not in kinds or not equals or not url:
        raise InputRefused(
            "backend",
            f"{named[:80]!r} is not a backend",
            not_done=_NOTHING_MADE,
            remedy=f"Write KIND=URL with KIND one of: {', '.join(KINDS)}; or CHAIN:{ACCOUNT_KIND}=URL for another "
            "chain. QuickNode's tokens belong into service.toml: see docs/quicknode.md.",
        )
    parts = urlsplit(url)
    # Every user of this machine can read the arguments of every command.
    if "@" in url or (chain and (parts.path.strip("/") or parts.query)):
        raise InputRefused(
            "backend-password",
            "a user, a password or a token does not belong into the arguments of a command",
            not_done=_NOTHING_MADE,
            remedy="Name the node without them and use --cookie, or write them into service.toml afterwards.",
        )
    return chain_named(chain or BITCOIN), kind, url


def _name(text: str) -> str:
    try:
        return msgspec.convert(text, Name)
    except msgspec.ValidationError:
        raise InputRefused(
            "name",
            f"{text[:40]!r} is not a name",
            not_done=_NOTHING_MADE,
            remedy="Use 1 to 32 of a-z, 0-9 and hyphens.",
        ) from None
