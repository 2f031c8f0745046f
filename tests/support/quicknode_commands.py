"""``warifu quicknode`` as it is run: the real command line in a process of its own, with a stand-in as QuickNode.

One thing is replaced, the address of the admin API: it is fixed in the product, so that no option can lead the
account's API key elsewhere.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.support import command_line
from tests.support.forked import ended
from tests.support.quicknode import API_KEY, StandIn
from tests.support.terminal import PATIENCE, Terminal, environment

_RUN = """
import sys
import warifu.chains.quicknode.admin_http as admin
from warifu.cli.main import main
admin.BASE_URL = sys.argv.pop(1)
main()
"""


def command(stand_in: StandIn, home: Path, *arguments: str | Path) -> list[str]:
    ours = ("--home", str(home), "quicknode", *map(str, arguments))
    return [sys.executable, "-c", _RUN, stand_in.admin_url, *ours]


def by_script(
    stand_in: StandIn, home: Path, *arguments: str | Path, key: str = API_KEY, language: str = "C.UTF-8"
) -> tuple[int, str, str]:
    """Run it with the key over a descriptor: exit code, standard output, standard error."""
    done = ended(
        command_line.run,
        ["--home", str(home), "quicknode", *map(str, arguments)],
        [("--key-fd", key.encode("utf-8", "surrogateescape"))],
        stand_in.admin_url,
        environment=environment(home, language),
        patience=PATIENCE,
    )
    return done.code, done.output.decode(), done.errors.decode()


def as_json(
    stand_in: StandIn, home: Path, *arguments: str | Path, key: str = API_KEY
) -> tuple[int, dict[str, Any]]:
    """With ``--json``: exit code and the one object."""
    code, out, err = by_script(stand_in, home, *arguments, "--json", key=key)
    assert out.strip(), err
    answer: dict[str, Any] = json.loads(out)
    return code, answer


def at_terminal(stand_in: StandIn, home: Path, *arguments: str | Path) -> Terminal:
    """At a terminal; its first question, for the key, is answered."""
    started = Terminal(command(stand_in, home, *arguments), environment(home))
    started.until("API key of the QuickNode account")
    started.type(API_KEY)
    return started
