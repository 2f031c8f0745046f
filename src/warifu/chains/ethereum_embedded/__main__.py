"""``python -m warifu.chains.ethereum_embedded``: the embedded Ethereum chain as a process of its own.

The first line on standard output is its URL, written once it is bound. It ends on SIGTERM or SIGINT, and with
``--until-stdin-closes`` also when whoever started it is gone.
"""

from __future__ import annotations

import click

from warifu.chains.ethereum_embedded.chain import EmbeddedEthereum
from warifu.chains.ethereum_embedded.server import Server
from warifu.chains.local_server import stop_at_end_of_input


@click.command()
@click.option("--port", default=0, help="Port on 127.0.0.1; 0 lets the system choose.")
@click.option("--until-stdin-closes", is_flag=True, help="End when standard input ends.")
def main(port: int, until_stdin_closes: bool) -> None:
    """Serve an Ethereum chain (id 31337) that lives in memory: JSON-RPC at /, mining and money under /control/."""
    server = Server(EmbeddedEthereum(), port)
    click.echo(server.url)
    if until_stdin_closes:
        stop_at_end_of_input(server)
    server.run()


if __name__ == "__main__":
    main()
