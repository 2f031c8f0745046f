"""``warifu`` in a process that was forked (``forked``): the entry point, with arguments and with secrets to read."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import warifu.chains.quicknode.admin_http as admin
from warifu.cli.main import main


def run(arguments: Sequence[str], secrets: Sequence[tuple[str, bytes]] = (), quicknode: str = "") -> None:
    """``secrets``: an option that takes a descriptor, and what is read from it. ``quicknode``: another address of its
    admin API; it is fixed in the product, so that no option can lead the account's API key elsewhere."""
    sys.argv = ["warifu", *arguments]
    for option, secret in secrets:
        read_end, write_end = os.pipe()
        os.write(write_end, secret + b"\n")
        os.close(write_end)
        sys.argv += [option, str(read_end)]
    if quicknode:
        admin.BASE_URL = quicknode
    main()
