"""``python -m warifu.chains.solana_embedded``: the embedded chain as a process of its own.

The first line on standard output is its URL, written once it is bound. It ends on SIGTERM or SIGINT, and with
``--until-stdin-closes`` also when whoever started it is gone.
"""

from __future__ import annotations

import click

from warifu.chains.local_server import stop_at_end_of_input
from warifu.chains.solana_embedded.chain import EmbeddedChain
from warifu.chains.solana_embedded.server import Server


@click.command()
@click.option("--port", default=0, help="Port on 127.0.0.1; 0 lets the system choose.")
@click.option(
    "--slot-milliseconds",
    default=0,
    type=click.IntRange(0, 60_000),
    help="How long a slot takes; 0: slots pass with transactions and when told to. A cluster takes about 400.",
)
@click.option("--until-stdin-closes", is_flag=True, help="End when standard input ends.")
def main(port: int, slot_milliseconds: int, until_stdin_closes: bool) -> None:
    """Serve a Solana chain that lives as long as this process."""
    server = Server(EmbeddedChain(), port, slot_milliseconds)
    click.echo(server.url)
    if until_stdin_closes:
        stop_at_end_of_input(server)
    server.run()


if __name__ == "__main__":
    main()
