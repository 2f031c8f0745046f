"""``python -m bench.isolation [--rounds N] [--layers] [--json FILE]``: what the signers' isolation costs.

Two households of three signers, all real processes: one shut in as in production, one with no layer at all. They sign
in turns, within one run, in an order that is drawn for each turn, so that what disturbs the machine disturbs both.
Compared are the two transfers of a turn; their ratio is one sample.

*Latency* is a whole transfer as the signers see it (``bench.end_to_end``), in which the passphrase is stretched by one
hash: Argon2id would hide any cost. *Processor time* is what all signers' processes took for it, by the kernel's own
count: its inverse is the throughput of a processor. Goal: at most 3 % more at the median.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.end_to_end import transfers
from bench.household import ROOT, Processes, processes
from bench.machine import RESULTS, machine, write
from bench.measure import processor_ms
from bench.open_signer import ALL, NONE
from rich.console import Console
from rich.table import Table
from tests.support.enclaves import EnclaveDevice

from warifu.signer.isolation.apply import LAYERS
from warifu.signer.isolation.layer import IsolationReport
from warifu.signer.isolation.trial import try_isolation

GOAL_PERCENT = 3.0
_WARM_UP = 5
_MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
"""Where the stores lie: the moods of a disk would hide what is looked for."""
_STARTS = 7
_DRAWS = 1000
_NEEDS = {
    "private-root": ("user-namespace", "namespaces"),
    "other-namespaces": ("user-namespace", "namespaces"),
    "no-capabilities": ("own-user",),
    "landlock": ("no-new-privileges",),
    "seccomp": ("no-new-privileges",),
}
"""What a layer cannot be without; it is measured together with that."""


@dataclass(frozen=True)
class Cost:
    """One row: what was shut in next to what was not. Milliseconds for each signature; percent at the median."""

    what: str
    rounds: int
    latency_open_ms: float
    latency_ms: float
    latency_percent: float
    processor_open_ms: float
    processor_ms: float
    processor_percent: float
    processor_low: float
    processor_high: float
    """Where nineteen of twenty medians would lie, by drawing the turns again (bootstrap)."""


@dataclass(frozen=True)
class Sample:
    """One transfer."""

    wall: float
    processor: float


def devices(chosen: str) -> type[EnclaveDevice]:
    """A kind of device whose signers have these layers."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from bench.open_signer import main; "
    return type("Chosen", (EnclaveDevice,), {"arguments": ("-c", f"{program}sys.exit(main({chosen!r}))")})


def cost(what: str, chosen: str, rounds: int) -> Cost:
    """``chosen`` layers against none, in turns."""
    with ExitStack() as stack:
        households = [stack.enter_context(processes(3, devices(kind), _MEMORY)) for kind in (NONE, chosen)]
        work = [_sampling(household) for household in households]
        for _ in range(_WARM_UP):
            for sign in work:
                sign()
        turns = [_turn(work) for _ in range(rounds)]
    bare, shut = ([turn[side] for turn in turns] for side in (0, 1))
    return Cost(
        what,
        rounds,
        _median(bare, lambda sample: sample.wall),
        _median(shut, lambda sample: sample.wall),
        _percent(turns, lambda sample: sample.wall),
        _median(bare, lambda sample: sample.processor),
        _median(shut, lambda sample: sample.processor),
        _percent(turns, lambda sample: sample.processor),
        *_spread([shut.processor / bare.processor for bare, shut in turns]),
    )


def _spread(ratios: Sequence[float]) -> tuple[float, float]:
    medians = sorted(statistics.median(random.choices(ratios, k=len(ratios))) for _ in range(_DRAWS))
    low, high = medians[_DRAWS // 40], medians[-1 - _DRAWS // 40]
    return round((low - 1) * 100, 2), round((high - 1) * 100, 2)


def _turn(work: Sequence[Callable[[], Sample]]) -> tuple[Sample, Sample]:
    """One transfer of each, in an order that is drawn."""
    if random.getrandbits(1):
        first = work[0]()
        return first, work[1]()
    second = work[1]()
    return work[0](), second


def _sampling(household: Processes) -> Callable[[], Sample]:
    household.make_wallet(2)
    transfer = transfers(household)
    signers = [device.enclave.process.pid for device in household.running]

    def sign() -> Sample:
        before, begin = processor_ms(signers), time.perf_counter_ns()
        transfer()
        return Sample((time.perf_counter_ns() - begin) / 1e6, processor_ms(signers) - before)

    return sign


def _median(samples: Sequence[Sample], of: Callable[[Sample], float]) -> float:
    return round(statistics.median(map(of, samples)), 3)


def _percent(turns: Sequence[tuple[Sample, Sample]], of: Callable[[Sample], float]) -> float:
    """The median of the turns' ratios, as percent above one."""
    return round((statistics.median(of(shut) / of(bare) for bare, shut in turns) - 1) * 100, 2)


def starts() -> dict[str, float]:
    """Layer -> median milliseconds that applying and probing it takes, over several starts."""
    reports: list[IsolationReport] = [try_isolation() for _ in range(_STARTS)]
    return {
        layer.name: round(statistics.median(report.layers[place].milliseconds for report in reports), 2)
        for place, layer in enumerate(LAYERS)
    }


def by_layer(rounds: int) -> Iterator[Cost]:
    """Each layer alone, with what it needs, against none."""
    for layer in LAYERS:
        yield cost(layer.name, ",".join((*_NEEDS.get(layer.name, ()), layer.name)), rounds)


def main() -> int:
    """Exit code 1 where the goal is not met."""
    parser = argparse.ArgumentParser(prog="python -m bench.isolation", description=__doc__)
    parser.add_argument("--rounds", type=int, default=400, help="turns for the whole (default 400)")
    parser.add_argument("--layers", action="store_true", help="also each layer alone (some minutes)")
    parser.add_argument("--json", type=Path, default=RESULTS / "isolation.json", help="where the figures go")
    arguments = parser.parse_args()
    console = Console() if sys.stdout.isatty() else Console(width=160)
    whole = cost("all layers", ALL, arguments.rounds)
    parts = list(by_layer(max(20, arguments.rounds // 4))) if arguments.layers else []
    once = starts()
    console.print(_table([whole, *parts], once))
    rows = [asdict(each) | {"start_ms": once.get(each.what, sum(once.values()))} for each in (whole, *parts)]
    write(arguments.json, machine(), rows)
    met = max(whole.latency_percent, whole.processor_percent) <= GOAL_PERCENT
    console.print(
        f"at most {GOAL_PERCENT:.0f} % at the median: {'met' if met else 'NOT met'}; figures: {arguments.json}"
    )
    return 0 if met else 1


def _table(costs: Sequence[Cost], once: dict[str, float]) -> Table:
    shown = Table(title="Signing 2-of-3 through real signers: shut in, next to open, for each signature")
    for column in (
        "what",
        "turns",
        "latency open",
        "shut in",
        "%",
        "processor open",
        "shut in",
        "%",
        "once, at start",
    ):
        shown.add_column(column, justify="left" if column == "what" else "right", no_wrap=True)
    for each in costs:
        shown.add_row(
            each.what,
            str(each.rounds),
            f"{each.latency_open_ms:.2f} ms",
            f"{each.latency_ms:.2f} ms",
            f"{each.latency_percent:+.2f}",
            f"{each.processor_open_ms:.2f} ms",
            f"{each.processor_ms:.2f} ms",
            f"{each.processor_percent:+.2f} ({each.processor_low:+.1f} to {each.processor_high:+.1f})",
            f"{once.get(each.what, sum(once.values())):.2f} ms",
        )
    return shown


if __name__ == "__main__":
    sys.exit(main())
