"""``warifu api-key``: who else may talk to the service, and what about."""

from __future__ import annotations

import click

from warifu.cli.base import Group, examples, json_option
from warifu.cli.client import segment
from warifu.cli.context import Setting
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.protocol.api import SCOPES, ApiKeys, CreatedApiKey, NewApiKey, Scope


@examples("warifu api-key list")
@click.group("api-key", cls=Group)
def group() -> None:
    """Access to the service. An API key alone moves nothing: signing takes your credential and passphrase."""


@examples(
    "warifu api-key create dashboard --scope read", "warifu api-key create shop --scope read --scope draft"
)
@group.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    required=True,
    help="What it may do (repeat); no scope contains another.",
)
@json_option
@click.pass_obj
def create(setting: Setting, name: str, scopes: tuple[Scope, ...], as_json: bool) -> None:
    """Make an API key and show it, once: the service keeps only a hash of it."""
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        question = NewApiKey(name=name, scopes=tuple(dict.fromkeys(scopes)))
        created = client.post("/api-keys", question, CreatedApiKey)
    screen.line(tr("Keep this now; it is not shown again:"))
    screen.exact(created.key)
    screen.result({"name": created.name, "key": created.key, "scopes": list(created.scopes)})


@examples("warifu api-key list")
@group.command("list")
@json_option
@click.pass_obj
def list_command(setting: Setting, as_json: bool) -> None:
    """List the API keys by name."""
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        keys = client.get("/api-keys", ApiKeys).keys
    screen.table((tr("name"), tr("scopes")), [(key.name, ", ".join(key.scopes)) for key in keys])
    screen.result(
        {"keys": [{"name": key.name, "scopes": list(key.scopes), "created": key.created} for key in keys]}
    )


@examples("warifu api-key remove dashboard")
@group.command("remove")
@click.argument("name")
@json_option
@click.pass_obj
def remove(setting: Setting, name: str, as_json: bool) -> None:
    """End an API key at once."""
    screen, profile = Screen(as_json), setting.profile()
    with setting.client(profile) as client:
        client.delete(f"/api-keys/{segment(name)}")
    screen.line(tr("The API key {name} is ended.", name=name))
    screen.result({"name": name})
