"""The demo from its first line to its last, and what it leaves: nothing."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.demo.accounts import pay_on_other_chains
from warifu.demo.opening import give_birth, set_the_stage
from warifu.demo.payments import pay_with_three, pay_with_two
from warifu.demo.processes import Processes
from warifu.demo.refusals import refuse_three_things
from warifu.demo.scene import Scene
from warifu.demo.telling import Telling
from warifu.demo.theft import steal

ACTS: tuple[Callable[[Scene], None], ...] = (
    set_the_stage,
    give_birth,
    pay_with_three,
    pay_with_two,
    pay_on_other_chains,
    refuse_three_things,
    steal,
)


def play(screen: Screen, *, keep: bool) -> None:
    """Play all acts. Raises the first thing that goes wrong; processes and files are gone in any case (the files
    stay with ``keep``)."""
    telling = Telling(screen)
    screen.line(tr("Warifu: the eight steps of a transfer, on this machine, for real."), style="bold")
    screen.line(tr("The platform is UnsafeSoftware: isolation by the operating system, and no TEE."))
    simulated = False
    root = Path(tempfile.mkdtemp(prefix="warifu-demo-"))
    # A closed terminal, a stopped job: each ends the demo as Ctrl-C does, so that nothing is left behind.
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with Processes() as processes:
            scene = Scene(root, processes, telling)
            try:
                for act in ACTS:
                    act(scene)
                simulated = scene.tpm is not None
            finally:
                scene.close()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if keep:
            screen.warn(tr("the files stay in {root}", root=root))
        else:
            shutil.rmtree(root, ignore_errors=True)
    screen.line()
    screen.line(
        tr(
            "All {count} checks passed in {seconds} seconds.",
            count=len(telling.checks),
            seconds=telling.seconds,
        ),
        style="bold green",
    )
    screen.result(
        {
            "ok": all(check["ok"] for check in telling.checks),
            "seconds": telling.seconds,
            "platform": "unsafe-software",
            "tpm": "simulated (swtpm)" if simulated else None,
            "chains": {
                "bitcoin": "embedded regtest: consensus by Bitcoin Core's engine, mempool rules of our own",
                "ethereum": "embedded: execution by py-evm, mempool rules of our own",
                "solana": "embedded: execution by LiteSVM, slots and their age of our own",
            },
            "txids": scene.txids,
            "steps": telling.steps,
            "checks": telling.checks,
        }
    )


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
