"""``python -m warifu.chains.bitcoin_embedded DIRECTORY``: the embedded chain as a process of its own.

The first line on standard output is its URL, written once it is bound. It ends on SIGTERM or SIGINT, and with
``--until-stdin-closes`` also when whoever started it is gone.
"""

from __future__ import annotations

from pathlib import Path

import click

from warifu.chains.bitcoin_embedded.chain import EmbeddedChain
from warifu.chains.bitcoin_embedded.server import Server
from warifu.chains.local_server import stop_at_end_of_input


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--port", default=0, help="Port on 127.0.0.1; 0 lets the system choose.")
@click.option("--until-stdin-closes", is_flag=True, help="End when standard input ends.")
def main(directory: Path, port: int, until_stdin_closes: bool) -> None:
    """Serve a regtest chain that is kept in DIRECTORY."""
    chain = EmbeddedChain(directory)
    server = Server(chain, port)
    click.echo(server.url)
    if until_stdin_closes:
        stop_at_end_of_input(server)
    server.run()
    chain.close()


if __name__ == "__main__":
    main()
