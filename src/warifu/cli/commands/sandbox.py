"""``warifu sandbox``: exchanges to try things on, on this machine. A simulation, and it says so."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from warifu.cli.base import Command, examples, json_option
from warifu.cli.screen import Screen
from warifu.cli.text import tr

if TYPE_CHECKING:
    from warifu.sandbox.simulation import Simulation


@examples(
    "warifu sandbox",
    "warifu sandbox --directory ~/sandbox --port 8443",
    "warifu sandbox --json --bitcoin http://127.0.0.1:3002",
)
@click.command("sandbox", cls=Command)
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where it keeps what it remembers (default: nowhere).",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; 0 lets the system choose."
)
@click.option(
    "--bitcoin", metavar="URL", help="Esplora interface of a local regtest chain (default: one of its own)."
)
@click.option("--ethereum", metavar="URL", help="JSON-RPC of a local Ethereum chain (default: none).")
@click.option("--solana", metavar="URL", help="JSON-RPC of a local Solana chain (default: none).")
@click.option(
    "--pace",
    type=click.FloatRange(0, 3600),
    default=5.0,
    show_default=True,
    help="Seconds after which the house changes its offers; 0: never.",
)
@click.option(
    "--confirmations",
    type=click.IntRange(1, 100),
    default=2,
    show_default=True,
    help="After how many blocks a deposit is credited.",
)
@json_option
def command(
    directory: Path | None,
    port: int,
    bitcoin: str | None,
    ethereum: str | None,
    solana: str | None,
    pace: float,
    confirmations: int,
    as_json: bool,
) -> None:
    """Run a simulation of Coinbase and Binance on this machine, for rehearsals: nothing in it is worth anything.

    It answers under the exchanges' own names on one loopback port, over TLS by an authority of its own, and moves coins
    on a local Bitcoin chain. Its control door makes customers and bad days.
    """
    from warifu.sandbox.running import run  # a chain's engine and a web client: only for who wants it

    screen = Screen(as_json)
    with ExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="warifu-sandbox-")))
        run(
            directory.absolute(),
            bitcoin=bitcoin,
            ethereum=ethereum,
            solana=solana,
            port=port,
            pace=pace,
            depth=confirmations,
            ready=lambda simulation, chain: _show(screen, simulation, chain),
        )
    screen.line(tr("The simulation has ended."))


def _show(screen: Screen, simulation: Simulation, chain: str) -> None:
    """Where everything is. One line of JSON, because the program goes on after it."""
    if screen.json:
        found = {
            "simulation": True,
            "port": simulation.port,
            "hosts": list(simulation.hosts),
            "authority_file": str(simulation.authority_file),
            "control": simulation.control_url,
            "bitcoin": chain,
        }
        click.echo(msgspec.json.encode(found).decode())
        return
    screen.line(tr("This is a simulation of exchanges: nothing in it is worth anything."), "bold yellow")
    screen.facts(
        [
            (tr("hosts"), ", ".join(simulation.hosts)),
            (tr("address"), "{}:{}".format(*simulation.address)),
            (tr("authority"), str(simulation.authority_file)),
            (tr("control door"), simulation.control_url),
            (tr("Bitcoin chain"), chain),
        ]
    )
    screen.line(tr("Ctrl-C ends it."))
