"""``warifu backend``: where the service looks at the chains; addresses and tokens go into its encrypted database."""

from __future__ import annotations

from typing import Literal, cast

import click

from warifu.cli.base import Group, examples, json_option
from warifu.cli.client import segment
from warifu.cli.context import Setting
from warifu.cli.hidden import hidden_line
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.protocol.api import AddedBackend, BackendsShown, NewBackend
from warifu.protocol.chains import chain_named, spoken

Kind = Literal["esplora", "electrum", "core", "compact-filters", "rpc", "quicknode"]
KINDS: tuple[Kind, ...] = ("esplora", "electrum", "core", "compact-filters", "rpc", "quicknode")
Jwt = Literal["ES256", "RS256", "EdDSA"]


@examples("warifu backend list")
@click.group("backend", cls=Group)
def group() -> None:
    """Where the service looks at the chains. A backend can lie and refuse; it cannot take anything."""


@examples(
    "warifu backend add ethereum quicknode",
    "warifu backend add bitcoin quicknode --jwt ES256 --jwt-kid warifu-1",
    "warifu backend add base rpc --address-fd 3 3<file-with-the-address",
)
@group.command("add")
@click.argument("chain")
@click.argument("kind", type=click.Choice(KINDS))
@click.option(
    "--address-fd", type=click.IntRange(0, 1024), metavar="N", help="Read the address from this descriptor."
)
@click.option("--token", "asks_token", is_flag=True, help="Also ask for a token that is sent in a header.")
@click.option(
    "--token-fd", type=click.IntRange(0, 1024), metavar="N", help="Read that token from this descriptor."
)
@click.option(
    "--jwt",
    type=click.Choice(["ES256", "RS256", "EdDSA"]),
    help="QuickNode: have the service make a key for tokens of its own.",
)
@click.option(
    "--jwt-kid", metavar="NAME", help="The name under which you register that key with the endpoint."
)
@json_option
@click.pass_obj
def add(
    setting: Setting,
    chain: str,
    kind: str,
    address_fd: int | None,
    asks_token: bool,
    token_fd: int | None,
    jwt: str | None,
    jwt_kid: str | None,
    as_json: bool,
) -> None:
    """Add a backend of CHAIN; it is used from the next start of the service on.

    The address is asked for and not taken from the command line, which every user of this machine can read: it often
    has a token in it. The service keeps it in its encrypted database and never shows it again.
    """
    screen, profile = Screen(as_json), setting.profile()
    named = chain_named(chain)
    url = _secret(tr("Address (not shown): "), address_fd)
    token = _secret(tr("Token (not shown): "), token_fd) if asks_token or token_fd is not None else None
    question = NewBackend(
        chain=named,
        kind=cast("Kind", kind),
        url=url,
        token=token,
        jwt=cast("Jwt | None", jwt),
        jwt_kid=jwt_kid,
    )
    with setting.client(profile) as client:
        added = client.post("/backends", question, AddedBackend)
    screen.line(tr("The backend is kept. It is used when the service starts the next time."), style="green")
    if added.public_key:
        screen.line(tr("Register this public key with the endpoint, under the name {name}:", name=jwt_kid))
        for line in added.public_key.splitlines():
            screen.exact(line)
    screen.result({"id": added.id, "public_key": added.public_key})


@examples("warifu backend list")
@group.command("list")
@json_option
@click.pass_obj
def list_command(setting: Setting, as_json: bool) -> None:
    """List the backends in order of preference, without addresses and tokens.

    When the service starts it asks each whether it is on its chain; what did not pass is told here, and never used.
    """
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        shown = client.get("/backends", BackendsShown)
    backends = shown.backends
    screen.table(
        (tr("chain"), tr("kind"), tr("host"), tr("in use"), tr("id")),
        [
            (
                spoken(item.chain),
                item.kind,
                item.host,
                tr("yes") if item.used else tr("no"),
                item.id or "service.toml",
            )
            for item in backends
        ],
    )
    for check in shown.checks:
        if check.refusal is not None:
            screen.warn(f"{spoken(check.chain)}: {check.refusal.message}")
    screen.result(
        {
            "backends": [
                {
                    "id": item.id or None,
                    "chain": item.chain,
                    "kind": item.kind,
                    "host": item.host,
                    "used": item.used,
                }
                for item in backends
            ],
            "checks": [
                {
                    "chain": check.chain,
                    "state": check.state,
                    "refusal": check.refusal.code if check.refusal is not None else None,
                }
                for check in shown.checks
            ],
        }
    )


@examples("warifu backend remove 0123456789abcdef0123456789abcdef")
@group.command("remove")
@click.argument("identifier", metavar="ID")
@json_option
@click.pass_obj
def remove(setting: Setting, identifier: str, as_json: bool) -> None:
    """Forget a backend that was added; those of service.toml are removed there."""
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        client.delete(f"/backends/{segment(identifier)}")
    screen.line(tr("The backend is forgotten. The service uses it until it is stopped."))
    screen.result({"id": identifier})


def _secret(prompt: str, descriptor: int | None) -> str:
    return hidden_line(
        prompt,
        descriptor,
        reason="backend",
        remedy="Run this at a terminal, or use --address-fd and --token-fd.",
    )
