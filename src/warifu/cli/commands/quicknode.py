"""``warifu quicknode``: an owner's QuickNode endpoints: who may use them, their limits, what they cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from warifu.chains.quicknode.methods import family_of_slug, methods_of
from warifu.cli.base import Group, examples, json_option
from warifu.cli.commands.quicknode_changes import harden, pause, resume, revoke_token
from warifu.cli.quicknode_account import account, key_option
from warifu.cli.quicknode_shown import (
    advice,
    endpoint_object,
    host_of,
    moment,
    security_object,
    show_security,
)
from warifu.cli.screen import Screen
from warifu.cli.text import tr

if TYPE_CHECKING:
    from warifu.chains.quicknode.admin import AdminApi


@examples("warifu quicknode endpoints", "warifu quicknode security ENDPOINT")
@click.group("quicknode", cls=Group)
def group() -> None:
    """Look after QuickNode endpoints: who may use them, their limits, what they cost.

    Each command asks for the account's API key, which can do all that QuickNode's dashboard can. It is not kept.
    """


@examples("warifu quicknode endpoints", "warifu quicknode endpoints --json --key-fd 3 3<file-with-the-key")
@group.command("endpoints")
@key_option
@json_option
def endpoints(key_fd: int | None, as_json: bool) -> None:
    """List the account's endpoints: of their addresses the host alone, because they have tokens in them."""
    screen = Screen(as_json)
    with account(key_fd) as admin:
        found = admin.endpoints()
    screen.table(
        (tr("id"), tr("label"), tr("chain"), tr("status"), tr("host")),
        [
            (
                item.id,
                item.label or "",
                f"{item.chain}/{item.network}",
                item.status or "?",
                host_of(item.http_url),
            )
            for item in found
        ],
    )
    screen.result({"endpoints": [endpoint_object(item) for item in found]})


@examples("warifu quicknode usage", "warifu quicknode usage --by method")
@group.command("usage")
@click.option("--by", type=click.Choice(["endpoint", "method", "chain"]), help="Also say what they went to.")
@key_option
@json_option
def usage(by: str | None, key_fd: int | None, as_json: bool) -> None:
    """Show the credits of the account's current period."""
    screen = Screen(as_json)
    with account(key_fd) as admin:
        total = admin.usage()
        parts = _parts(admin, by)
    screen.facts(
        [
            (tr("period"), f"{moment(total.start_time)} - {moment(total.end_time)}"),
            (tr("used"), f"{total.credits_used:,}"),
            (tr("remaining"), "?" if total.credits_remaining is None else f"{total.credits_remaining:,}"),
            (tr("limit"), tr("none") if total.limit is None else f"{total.limit:,}"),
            *([(tr("beyond the limit"), f"{total.overages:,}")] if total.overages else []),
        ]
    )
    if by is not None:
        screen.line()
        rows = [(name, where, f"{credits_used:,}") for name, where, credits_used in parts]
        screen.table((tr("name"), tr("chain"), f"{tr('credits')}>"), rows)
    listed = [{"name": name, "chain": where, "credits_used": spent} for name, where, spent in parts]
    screen.result({**msgspec.structs.asdict(total), "by": by, "parts": listed})


@examples("warifu quicknode security ENDPOINT")
@group.command("security")
@click.argument("endpoint_id", metavar="ENDPOINT")
@key_option
@json_option
def security(endpoint_id: str, key_fd: int | None, as_json: bool) -> None:
    """Show who may use ENDPOINT and what for, and what to change for a warm wallet."""
    screen = Screen(as_json)
    with account(key_fd) as admin:
        endpoint = admin.endpoint(endpoint_id)
        found = admin.security(endpoint_id)
        options = admin.security_options(endpoint_id)
    family = None if endpoint.is_multichain else family_of_slug(endpoint.chain)
    warnings = advice(found, options, methods_of([family]) if family is not None else ())
    show_security(screen, found, options)
    for _, text in warnings:
        screen.warn(text)
    if warnings:
        screen.line(
            tr("Checks are changed by 'warifu quicknode harden', tokens taken away by 'revoke-token'.")
        )
    words = [word for word, _ in warnings]
    screen.result({**endpoint_object(endpoint), **security_object(found, options), "warnings": words})


@examples("warifu quicknode limits ENDPOINT")
@group.command("limits")
@click.argument("endpoint_id", metavar="ENDPOINT")
@key_option
@json_option
def limits(endpoint_id: str, key_fd: int | None, as_json: bool) -> None:
    """Show how often ENDPOINT, and single methods of it, may be asked."""
    screen = Screen(as_json)
    with account(key_fd) as admin:
        whole = admin.rate_limits(endpoint_id)
        single = admin.method_rate_limits(endpoint_id)
    screen.table(
        (tr("limit"), f"{tr('requests')}>", tr("set by")),
        [(item.bucket, f"{item.rate_limit:,}", item.source) for item in whole],
    )
    if single:
        screen.line()
        screen.table(
            (tr("methods"), f"{tr('requests')}>", tr("in each"), tr("status")),
            [(", ".join(item.methods), f"{item.rate:,}", item.interval, item.status) for item in single],
        )
    screen.result(
        {
            "limits": [msgspec.structs.asdict(item) for item in whole],
            "method_limits": [msgspec.structs.asdict(item) for item in single],
        }
    )


@examples("warifu quicknode prices ethereum")
@group.command("prices")
@click.argument("chain")
@key_option
@json_option
def prices(chain: str, key_fd: int | None, as_json: bool) -> None:
    """Show the credits that a call of each method of CHAIN costs; CHAIN as QuickNode calls it."""
    screen = Screen(as_json)
    with account(key_fd) as admin:
        found = admin.prices(chain)
    screen.table((tr("method"), f"{tr('credits')}>"), [(item.method, f"{item.credits:,}") for item in found])
    screen.result({"chain": chain, "prices": [msgspec.structs.asdict(item) for item in found]})


for _command in (harden, revoke_token, pause, resume):
    group.add_command(_command)


def _parts(admin: AdminApi, by: str | None) -> list[tuple[str, str, int]]:
    """What the credits went to, the dearest first: name, chain, credits."""
    match by:
        case "endpoint":
            ours = [
                (item.label or item.name, _where(item.chain, item.network), item.credits_used)
                for item in admin.usage_by_endpoint()
            ]
        case "method":
            ours = [
                (item.method_name, _where(item.chain, item.network), item.credits_used)
                for item in admin.usage_by_method()
            ]
        case "chain":
            ours = [(item.name, item.name, item.credits_used) for item in admin.usage_by_chain()]
        case _:
            ours = []
    return sorted(ours, key=lambda part: -part[2])


def _where(chain: str | None, network: str | None) -> str:
    return "/".join(word for word in (chain, network) if word)
