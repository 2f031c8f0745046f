"""``python -m warifu.cli``: the command line, where the entry point is not installed."""

from __future__ import annotations

from warifu.cli.main import main

if __name__ == "__main__":
    main()
