"""The commands of ``warifu quicknode`` that change something: all of them ask first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from warifu.chains.quicknode.admin_types import Endpoint, EndpointStatus
from warifu.chains.quicknode.hardening import Step, Wanted, plan, public_address
from warifu.chains.quicknode.jwt import MAX_PEM_CHARACTERS, JwtPublicKey
from warifu.chains.quicknode.methods import Family, family_of_slug, methods_of
from warifu.cli.base import Command, examples, json_option, yes_option
from warifu.cli.files import read_input
from warifu.cli.quicknode_account import account, confirm, key_option
from warifu.cli.quicknode_shown import called, left_in, step_words, token_ids
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused, WarifuError
from warifu.protocol.chains import chain_named, family_of


@examples(
    "warifu quicknode harden ENDPOINT --jwt-key warifu-1.pem --jwt-kid warifu-1",
    "warifu quicknode harden ENDPOINT --ip ADDRESS --chain base",
)
@click.command("harden", cls=Command)
@click.argument("endpoint_id", metavar="ENDPOINT")
@click.option(
    "--jwt-key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ask for JWTs, and register this public key (PEM), as 'warifu backend add --jwt' shows it.",
)
@click.option("--jwt-kid", metavar="NAME", help="The name of that key, as the backend has it.")
@click.option(
    "--ip",
    "addresses",
    multiple=True,
    metavar="ADDRESS",
    help="Take requests from this address, and from no others than those that are registered (repeat).",
)
@click.option(
    "--chain",
    "chains",
    multiple=True,
    metavar="CHAIN",
    help="A chain that the wallet uses there (repeat; needed where the endpoint serves several).",
)
@yes_option
@key_option
@json_option
def harden(
    endpoint_id: str,
    jwt_key: Path | None,
    jwt_kid: str | None,
    addresses: tuple[str, ...],
    chains: tuple[str, ...],
    yes: bool,
    key_fd: int | None,
    as_json: bool,
) -> None:
    """Let ENDPOINT answer the wallet alone: its methods and, where you name them, its key and its addresses.

    It is shown what will change. The checks are switched on last, when all that the wallet needs is in their lists: if
    something fails in between, nobody is locked out, no check is off that was on, and the same command goes on.

    A backend without the key's JWTs gets no answer afterwards: add it with 'warifu backend add CHAIN quicknode --jwt'
    first. Tokens are left as they are: remove those that are not needed with 'warifu quicknode revoke-token'.
    """
    screen = Screen(as_json)
    key = _public_key(jwt_key, jwt_kid)
    ips = tuple(dict.fromkeys(public_address(address) for address in addresses))
    families = {family_of(chain_named(chain)) for chain in chains}
    with account(key_fd) as admin:
        endpoint = admin.endpoint(endpoint_id)
        wanted = Wanted(key, ips, methods_of(_families(endpoint, families)))
        before = admin.security(endpoint_id)
        steps = plan(admin, endpoint_id, wanted)
        if steps:
            _show(screen, endpoint, steps)
            for text in left_in(before, wanted):
                screen.warn(text)
            confirm(tr("Change the endpoint so?"), yes, screen)
        _carry_out(steps, screen)
    screen.line(tr("The checks are on.") if steps else tr("All of this is so already."), style="green")
    tokens = token_ids(before)
    if tokens:
        text = tr(
            "Tokens that are left: {tokens}. 'warifu quicknode revoke-token' removes one.",
            tokens=", ".join(tokens),
        )
        screen.line(text)
    changes = [{"step": step.kind, "subject": step.subject} for step in steps if step.kind != "read"]
    screen.result({"id": endpoint_id, "changes": changes, "tokens": [{"id": token} for token in tokens]})


def _public_key(file: Path | None, kid: str | None) -> JwtPublicKey | None:
    if (file is None) != (kid is None):
        raise InputRefused("usage", "--jwt-key and --jwt-kid go together", not_done="Nothing was changed.")
    if file is None or kid is None:
        return None
    return JwtPublicKey.from_pem(read_input(file, MAX_PEM_CHARACTERS).decode("ascii", "replace"), kid)


def _families(endpoint: Endpoint, said: set[Family]) -> set[Family]:
    """For which chains to let methods through. A guess could lock the wallet out, so none is made."""
    known = family_of_slug(endpoint.chain)
    if said and (endpoint.is_multichain or known is None or said == {known}):
        return said
    if not said and known is not None and not endpoint.is_multichain:
        return {known}
    raise InputRefused(
        "endpoint-chain",
        f"the endpoint is for another chain: {endpoint.chain[:40]}"
        if said
        else f"it is not clear for which chains the wallet uses the endpoint ({endpoint.chain[:40]})",
        not_done="Nothing was changed.",
        remedy="Say it with --chain, once for each.",
    )


def _show(screen: Screen, endpoint: Endpoint, steps: Sequence[Step]) -> None:
    screen.line(tr("This will be done with {endpoint}, in this order:", endpoint=called(endpoint)))
    for number, step in enumerate(steps, 1):
        screen.line(f"  {number}. {step_words(step)}")


def _carry_out(steps: Sequence[Step], screen: Screen) -> None:
    for number, step in enumerate(steps):
        try:
            step.do()
        except WarifuError as error:
            raise _stopped(error, steps, number) from None
        except KeyboardInterrupt:
            screen.warn(_progress(steps, number))
            raise


def _stopped(error: WarifuError, steps: Sequence[Step], number: int) -> WarifuError:
    """``error`` with what was done before it."""
    again = tr("The same command goes on from there: nothing is done twice.")
    return type(error)(
        error.reason,
        error.message,
        not_done=_progress(steps, number),
        remedy=f"{error.remedy} {again}".strip(),
        blame=error.blame,
        retry_after=error.retry_after,
    )


def _progress(steps: Sequence[Step], number: int) -> str:
    """What was done before the step ``number`` failed. A request that failed may have arrived all the same."""
    words = [step_words(step) for step in steps]
    parts = [tr("Done: {steps}", steps=" ".join(words[:number]))] if number else []
    parts.append(tr("Perhaps done: {steps}", steps=words[number]))
    if words[number + 1 :]:
        parts.append(tr("Not done: {steps}", steps=" ".join(words[number + 1 :])))
    return " ".join(parts)


@examples("warifu quicknode revoke-token ENDPOINT TOKEN-ID")
@click.command("revoke-token", cls=Command)
@click.argument("endpoint_id", metavar="ENDPOINT")
@click.argument("token_id", metavar="TOKEN-ID")
@yes_option
@key_option
@json_option
def revoke_token(endpoint_id: str, token_id: str, yes: bool, key_fd: int | None, as_json: bool) -> None:
    """Revoke a token of ENDPOINT at once. TOKEN-ID is what 'warifu quicknode security' shows, not the token itself."""
    screen = Screen(as_json)
    with account(key_fd) as admin:
        endpoint, tokens = admin.endpoint(endpoint_id), token_ids(admin.security(endpoint_id))
        if token_id not in tokens:
            raise InputRefused(
                "quicknode-token",
                "the endpoint has no token of that id",
                not_done="Nothing was revoked.",
                remedy="See 'warifu quicknode security ENDPOINT'.",
            )
        if len(tokens) == 1:
            screen.warn(
                tr("This is the endpoint's last token: while tokens are checked, nobody gets in then.")
            )
        question = tr("Revoke token {token} of {endpoint}?", token=token_id, endpoint=called(endpoint))
        confirm(question, yes, screen)
        admin.delete_token(endpoint_id, token_id)
    screen.line(tr("The token is revoked."), style="green")
    screen.result({"id": endpoint_id, "token": token_id, "left": len(tokens) - 1})


@examples("warifu quicknode pause ENDPOINT")
@click.command("pause", cls=Command)
@click.argument("endpoint_id", metavar="ENDPOINT")
@yes_option
@key_option
@json_option
def pause(endpoint_id: str, yes: bool, key_fd: int | None, as_json: bool) -> None:
    """Pause ENDPOINT: it answers nobody until it is resumed, not even the wallet."""
    _set_status(endpoint_id, EndpointStatus.PAUSED, yes, key_fd, Screen(as_json))


@examples("warifu quicknode resume ENDPOINT")
@click.command("resume", cls=Command)
@click.argument("endpoint_id", metavar="ENDPOINT")
@yes_option
@key_option
@json_option
def resume(endpoint_id: str, yes: bool, key_fd: int | None, as_json: bool) -> None:
    """Let a paused ENDPOINT answer again."""
    _set_status(endpoint_id, EndpointStatus.ACTIVE, yes, key_fd, Screen(as_json))


def _set_status(
    endpoint_id: str, status: EndpointStatus, yes: bool, key_fd: int | None, screen: Screen
) -> None:
    with account(key_fd) as admin:
        name = called(admin.endpoint(endpoint_id))
        pausing = status is EndpointStatus.PAUSED
        question = (
            tr("Pause {endpoint}?", endpoint=name) if pausing else tr("Resume {endpoint}?", endpoint=name)
        )
        confirm(question, yes, screen)
        admin.set_status(endpoint_id, status)
    screen.line(
        tr("It is paused.") if status is EndpointStatus.PAUSED else tr("It answers again."), style="green"
    )
    screen.result({"id": endpoint_id, "status": status.value})
