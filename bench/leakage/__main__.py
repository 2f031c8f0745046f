"""``python -m bench.leakage [--measurements N] [--seconds S] [--only WORD] [--core N] [--json FILE]``.

Welch's t of the fixed against the random secret, the strongest of all crops; |t| >= 4.5 is a leak. Exit code 1 where a
function is found to leak or a control is not found: see ``bench/README.md`` for how to read it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.contest import pin
from bench.leakage import controls, ecdsa, locks, scalars, schnorr
from bench.leakage.target import Finding, Target, measure
from bench.machine import RESULTS, machine, write


def targets() -> Iterator[Target]:
    for part in (controls, scalars, schnorr, ecdsa, locks):
        yield from part.targets()


_HEADING = f"{'function, secret':78}{'measurements':>12}{'median us':>11}{'t':>9}{'diff. ns':>10}{'kept':>7}  verdict"


def line(found: Finding) -> str:
    result = found.result
    return (
        f"{found.target.name:78}{found.measurements:12,}{found.median_ns / 1000:11.2f}"
        f"{result.t:+9.2f}{result.difference_ns:+10.2f}{result.kept:7.3f}  {verdict(found)}"
    )


def verdict(found: Finding) -> str:
    if found.target.leaks:
        return "found, as it must be" if found.result.leaks else "CONTROL NOT FOUND"
    if not found.result.kept:
        return "too few to tell"
    return "LEAKS" if found.result.leaks else "none seen"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.leakage", description=__doc__)
    parser.add_argument(
        "--measurements", type=int, default=1_000_000, help="of each function, if there is time"
    )
    parser.add_argument("--seconds", type=float, default=90, help="at most, for each function")
    parser.add_argument("--only", default="", help="only functions whose name holds this word")
    parser.add_argument("--core", type=int, help="the processor to run on (default: the last)")
    parser.add_argument("--json", type=Path, default=RESULTS / "leakage.json", help="where the figures go")
    arguments = parser.parse_args()
    if arguments.measurements < 1:
        parser.error("there is nothing to measure")
    before = {**machine(), "core": pin(arguments.core)}
    print(_HEADING)
    findings = []
    for target in targets():
        if arguments.only in target.name:
            findings.append(measure(target, arguments.measurements, arguments.seconds))
            print(line(findings[-1]), flush=True)
    write(arguments.json, {**before, "load_after": os.getloadavg()}, [found.as_json() for found in findings])
    print(f"figures: {arguments.json}")
    return 0 if all(found.as_expected for found in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
