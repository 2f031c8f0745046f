"""``warifu host``: the machine below a device, prepared and watched."""

from __future__ import annotations

import os
import re
import signal
import threading
from pathlib import Path

import click

from warifu.agent.device import DeviceDirectory
from warifu.cli.base import Group, examples, json_option
from warifu.cli.hardening_shown import describe_outcomes, describe_plan, show_outcomes, show_plan
from warifu.cli.screen import Screen
from warifu.cli.stopping import Stopped
from warifu.cli.text import tr
from warifu.cli.watching import AlarmLog, Guard, watch_on
from warifu.errors import HostUnsuitable, InputRefused
from warifu.host.hardening import run
from warifu.host.hardening.carrying_out import Outcome
from warifu.host.hardening.plan import Standing
from warifu.host.hardening.step import Port, Source, Wishes
from warifu.host.hardening.trees import digest_of
from warifu.host.watch.alarm import KINDS, WATCH_LOST
from warifu.host.watch.program import unwatched
from warifu.host.watch.tracer import offered
from warifu.host.watch.watch import Watch

_PORT = re.compile(r"([0-9]{1,5})(?:/(tcp|udp))?\Z")


@examples("warifu host harden --plan")
@click.group("host", cls=Group)
def group() -> None:
    """The machine that a device runs on."""


def _port(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[Port, ...]:
    ports = []
    for value in values:
        read = _PORT.match(value)
        if read is None or not 0 < int(read[1]) < 65536:
            raise click.BadParameter("a port is 1 to 65535, with /udp or /tcp where you like")
        ports.append(Port(int(read[1]), read[2] or "tcp"))
    return tuple(ports)


_directory = click.Path(path_type=Path, file_okay=False, exists=True)


@examples(
    "warifu host harden --plan",
    "sudo warifu host harden --open 8443",
    "sudo warifu host harden --root /mnt/image --skip firewall --yes",
    "sudo warifu host harden --only lkrg --lkrg-source lkrg-1.0.1",
    "sudo warifu host harden --undo",
)
@group.command("harden")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be changed, and change nothing.")
@click.option("--undo", "take_back", is_flag=True, help="Put everything back as it was before.")
@click.option(
    "--root",
    type=_directory,
    help="An image's directory instead of this machine: files only, nothing is run.",
)
@click.option("--only", multiple=True, metavar="STEP", help="Only this step; may be repeated.")
@click.option("--skip", multiple=True, metavar="STEP", help="Not this step; may be repeated.")
@click.option(
    "--open", "ports", multiple=True, metavar="PORT[/udp]", callback=_port, help="Keep this port reachable."
)
@click.option("--lkrg-source", type=_directory, help="Source tree of LKRG, to be built through DKMS.")
@click.option("--lkrg-sha256", metavar="HEX", help="The digest that the source tree of LKRG must have.")
@click.option("--ved-source", type=_directory, help="Source tree of VED, to be built through DKMS.")
@click.option("--ved-sha256", metavar="HEX", help="The digest that the source tree of VED must have.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def harden_command(
    only_plan: bool,
    take_back: bool,
    root: Path | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    ports: tuple[Port, ...],
    lkrg_source: Path | None,
    lkrg_sha256: str | None,
    ved_source: Path | None,
    ved_sha256: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Prepare a Debian machine for a device: less that can be reached, less that can be broken.

    The plan says of each step what it changes, why, what may break, and how it is undone. A second run finds nothing to
    do. What was there before is kept, and --undo restores it; what somebody else changed since is left alone.
    """
    screen = Screen(as_json)
    if not only_plan:
        run.require_root()
    target = run.target_at(root)
    if take_back:
        if not yes:
            click.confirm(tr("Put everything back as it was before?"), abort=True, err=as_json)
        _finish(screen, run.undo(target), tr("Everything is as it was before."))
        return
    settled = only_plan or yes
    wishes = Wishes(
        open_ports=ports,
        lkrg=_source("LKRG", lkrg_source, lkrg_sha256, screen, only_plan=only_plan, yes=yes),
        ved=_source("VED", ved_source, ved_sha256, screen, only_plan=only_plan, yes=yes),
        session_port=_session_port(os.environ.get("SSH_CONNECTION", "")),
    )
    plan = run.plan_for(target, wishes, only, skip)
    show_plan(screen, plan)
    if only_plan:
        screen.result({"root": str(target.root), "steps": describe_plan(plan)})
        return
    if not settled and any(planned.standing is Standing.TO_DO for planned in plan):
        click.confirm(tr("Make these changes?"), abort=True, err=as_json)
    _finish(screen, run.harden(target, wishes, only, skip), tr("The machine is as the plan says."))


def _finish(screen: Screen, outcomes: list[Outcome], well: str) -> None:
    show_outcomes(screen, outcomes)
    troubles = [outcome for outcome in outcomes if outcome.trouble]
    if not troubles:
        screen.line(well if outcomes else tr("There is nothing to do."), style="green")
    if not (troubles and screen.json):
        screen.result({"outcomes": describe_outcomes(outcomes)})
    if troubles:
        raise HostUnsuitable(
            "hardening",
            f"{len(troubles)} of {len(outcomes)} changes were not made: "
            + "; ".join(f"{each.what}: {each.trouble}"[:300] for each in troubles[:5]),
            not_done="The others were made.",
            remedy="Look into what is listed, then run the same command again: it goes on where it stopped.",
        )


def _source(
    title: str, place: Path | None, expected: str | None, screen: Screen, *, only_plan: bool, yes: bool
) -> Source | None:
    """The tree with the digest that the owner expects, or confirms now: what is built runs in the kernel."""
    if place is None:
        return None
    digest = digest_of(place.resolve())
    screen.line(tr("{title}: SHA-256 of the source tree: {digest}", title=title, digest=digest))
    if expected is not None and expected.lower() != digest:
        raise InputRefused(
            "source-digest",
            f"the source tree of {title} has the SHA-256 {digest}, not the one that you gave",
            not_done="Nothing was changed.",
            remedy="Get the source again from its authors, and compare.",
        )
    if expected is None and yes and not only_plan:
        raise InputRefused(
            "source-digest",
            f"with --yes, the digest of {title}'s source must be given: --{title.lower()}-sha256 {digest}",
            not_done="Nothing was changed.",
            remedy="Compare the digest first: what is built runs in the kernel.",
        )
    if expected is None and not only_plan:
        click.confirm(
            tr("Is this the source that you compared, and shall it run in the kernel?"),
            abort=True,
            err=screen.json,
        )
    return Source(place.resolve(), digest)


def _session_port(connection: str) -> int | None:
    """``SSH_CONNECTION`` is four words; the last is the port at which this session came in."""
    words = connection.split()
    return int(words[3]) if len(words) == 4 and words[3].isdigit() and len(words[3]) <= 5 else None


def _pids(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[int, ...]:
    words = [word for value in values for word in value.split(",")]
    if not all(word.isascii() and word.isdigit() and 0 < int(word) <= 2**22 for word in words):
        raise click.BadParameter("a process id is a number from 1 to 4194304")
    return tuple(map(int, words))


@examples(
    "sudo warifu host watch --device-dir /var/lib/warifu-signer-pi",
    "sudo warifu host watch --device-dir /var/lib/warifu-signer-pi --only-log module --freeze-when-lost",
    "sudo warifu host watch --pids 1234 --json",
)
@group.command("watch")
@click.option(
    "--device-dir",
    "directories",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Watch and freeze the device of this directory; may be repeated.",
)
@click.option("--pids", multiple=True, metavar="PID", callback=_pids, help="Also watch these processes.")
@click.option(
    "--log",
    "log_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default="/var/log/warifu-watch.jsonl",
    show_default=True,
    help="Where each alarm is written, as one line of JSON.",
)
@click.option(
    "--only-log",
    multiple=True,
    type=click.Choice(KINDS),
    metavar="KIND",
    help="An alarm of this kind freezes nothing; may be repeated.",
)
@click.option("--freeze-when-lost", is_flag=True, help="Freeze also when the watch itself breaks off.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, for scripts.")
def watch_command(
    directories: tuple[Path, ...],
    pids: tuple[int, ...],
    log_file: Path,
    only_log: tuple[str, ...],
    freeze_when_lost: bool,
    as_json: bool,
) -> None:
    """Watch over a device's processes and its kernel, and freeze the device when somebody reaches for them.

    An alarm is an attached debugger, an opened memory, a loaded kernel module or tracing program, or rights that come
    from nowhere. The device signs nothing then, until 'warifu signer unfreeze'. It needs root and bpftrace; it sees
    late, and root can end it.
    """
    screen = Screen(as_json)
    if not directories and not pids:
        raise InputRefused(
            "nothing-to-watch",
            "no device and no process was named",
            not_done="Nothing is watched.",
            remedy="See --help.",
        )
    kernel, log = offered(), AlarmLog(log_file)
    doors = [DeviceDirectory(directory).door for directory in directories]
    for missing in unwatched(kernel):
        screen.line(tr("This kernel does not show: {what}", what=missing), style="dim")
    ended = threading.Event()  # and no exception out of the handler: a freeze that has begun is finished
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    watch = Watch(kernel, pids, doors)
    try:
        watch_on(
            watch, Guard(screen, log, doors, {*only_log, *(() if freeze_when_lost else (WATCH_LOST,))}), ended
        )
    finally:
        watch.close()
        log.close()
    raise Stopped
