"""``python -m bench [--quick] [--json FILE]``: measure, print a table, and write the figures as JSON."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench import ecdsa, end_to_end, keygen, signing
from bench.machine import RESULTS, machine, write
from bench.measure import Row
from rich.console import Console
from rich.table import Table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds: to see that it works")
    parser.add_argument("--json", type=Path, default=RESULTS / "latest.json", help="where the figures go")
    arguments = parser.parse_args()
    rounds = 20 if arguments.quick else 200
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    rows: list[Row] = []
    for part in (signing, ecdsa, keygen, end_to_end):
        with console.status(f"measuring {part.__name__}"):
            rows += part.rows(rounds)
    console.print(table(rows))
    write(arguments.json, machine(), [measured.as_json() for measured in rows])
    console.print(f"figures: {arguments.json}")


def table(rows: list[Row]) -> Table:
    shown = Table(title="Warifu: median, 10th and 90th percentile in ms (MiB where the name says so)")
    for column in ("#", "what", "median", "p10", "p90", "rounds", "ratio", "goal"):
        shown.add_column(column, justify="left" if column in ("what", "goal") else "right", no_wrap=True)
    for number, r in enumerate(rows, 1):
        peer = next((place for place, other in enumerate(rows, 1) if other.name == r.peer), None)
        ratio = f"{r.ratio} x row {peer}" if peer else ""
        shown.add_row(
            str(number),
            r.name,
            str(r.median_ms),
            str(r.p10_ms),
            str(r.p90_ms),
            str(r.rounds),
            ratio,
            r.goal or "",
        )
    return shown


if __name__ == "__main__":
    main()
