"""``python -m bench.against_peers [--quick] [--only WORD] [--core N] [--json FILE]``: Warifu next to others.

Every party's computing for a signature and for a key, and the bytes that all of them send, in the same run on the same
processor. ``bench/README.md`` says what each peer does at which time, without which some of these figures mislead.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import ecdsa
from bench.contest import WARIFU, WHOLE, Contest, Goal, Measured, pin, run, whole
from bench.keygen import generation
from bench.machine import RESULTS, machine, write
from bench.peer import PACKAGES, PeerError, install, peers, versions
from bench.signing import signature_by
from rich.console import Console
from rich.table import Table

from warifu.threshold.dkg.suite_bip340 import BIP340 as BIP340_DKG
from warifu.threshold.dkg.suite_ed25519 import ED25519_DKG
from warifu.threshold.ecdsa.key_generation import ECDSA_DKG
from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.rfc9591 import FROST_ED25519

SIZES = ((2, 3), (3, 5))


def contests() -> list[Contest]:
    """Everything that is compared, with the goals that were set before it was measured."""
    listed = []
    for threshold, count in SIZES:
        only_2_of_3 = {"wasm_mps": "sign ed25519"} if (threshold, count) == (2, 3) else {}
        listed += [
            Contest(
                "sign BIP-340",
                threshold,
                count,
                lambda t, n: whole(signature_by(t, n, BIP340)),
                {"noble": "sign bip340", "cmdcode": "sign bip340"},
                [Goal("noble", faster=20)],
            ),
            Contest(
                "sign Ed25519",
                threshold,
                count,
                lambda t, n: whole(signature_by(t, n, FROST_ED25519)),
                {"noble": "sign ed25519", **only_2_of_3},
                [Goal("noble", faster=20), *(Goal(peer, faster=1) for peer in only_2_of_3)],
            ),
            Contest(
                "sign ECDSA",
                threshold,
                count,
                ecdsa.signature_by,
                {"silence": "sign", "zerox_carbon": "sign"},
                [Goal("silence", faster=5, bytes_below=0.5)],
            ),
        ]
    for threshold, count in SIZES:
        only_2_of_3 = {"wasm_mps": "keygen ed25519"} if (threshold, count) == (2, 3) else {}
        listed += [
            Contest(
                "key for BIP-340",
                threshold,
                count,
                lambda t, n: whole(generation(t, n, BIP340_DKG)),
                {"noble": "keygen bip340"},
            ),
            Contest(
                "key for Ed25519",
                threshold,
                count,
                lambda t, n: whole(generation(t, n, ED25519_DKG)),
                {"noble": "keygen ed25519", **only_2_of_3},
            ),
            Contest(
                "key for ECDSA",
                threshold,
                count,
                lambda t, n: whole(generation(t, n, ECDSA_DKG)),
                {"silence": "keygen", "zerox_carbon": "keygen"},
                [Goal("silence", faster=20)],
                rounds=5 if count == 3 else 3,
            ),
        ]
    return listed


@dataclass(frozen=True)
class Verdict:
    """A goal, and what came of it."""

    text: str
    met: bool

    def __str__(self) -> str:
        return f"{self.text}: {'met' if self.met else 'NOT met'}"


def verdicts(contest: Contest, measured: list[Measured]) -> dict[str, list[Verdict]]:
    """By peer. A peer that did not run meets no goal and misses none."""
    by_party = {each.party: each for each in measured if each.part == WHOLE and each.failure is None}
    ours = by_party[WARIFU]
    found: dict[str, list[Verdict]] = {}
    for goal in contest.goals:
        peer = by_party.get(goal.peer)
        if peer is None:
            continue
        listed = found.setdefault(goal.peer, [])
        if goal.faster is not None:
            text = f"{goal.faster:g} times as fast"
            listed.append(Verdict(text, peer.median / ours.median >= goal.faster))
        if goal.bytes_below is not None:
            text = f"under {goal.bytes_below:g} of its bytes"
            listed.append(Verdict(text, ours.bytes_sent < goal.bytes_below * peer.bytes_sent))
    return found


def figures(contest: Contest, measured: list[Measured]) -> list[dict[str, object]]:
    """One row for each party and part; ``ratio`` is the peer's median over Warifu's."""
    ours = next(each for each in measured if each.party == WARIFU and each.part == WHOLE)
    judged = verdicts(contest, measured)
    rows = []
    for each in measured:
        row: dict[str, object] = {
            "what": contest.what,
            "size": f"{contest.threshold}-of-{contest.count}",
            "party": PACKAGES.get(each.party, each.party),
            "part": each.part,
        }
        if each.failure is not None:
            rows.append({**row, "failure": each.failure})
            continue
        row |= {"median_ms": round(each.median, 4), "p10_ms": round(each.p10, 4), "calls": len(each.ms)}
        row["bytes"] = each.bytes_sent
        if each.party != WARIFU:
            row["ratio"] = round(each.median / ours.median, 2)
            row["goals"] = [
                {"goal": verdict.text, "met": verdict.met} for verdict in judged.get(each.party, [])
            ]
        rows.append(row)
    return rows


def table(rows: list[dict[str, object]]) -> Table:
    shown = Table(
        title="All parties' processor time in ms, and bytes sent; ratio: the peer's median over Warifu's"
    )
    for column in ("what", "party", "part", "median", "p10", "calls", "bytes", "ratio", "goal"):
        numeric = column in ("median", "p10", "calls", "bytes", "ratio")
        shown.add_column(column, justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        keys = ("party", "part", "median_ms", "p10_ms", "calls", "bytes", "ratio")
        first = f"{row['what']} {row['size']}" if row["party"] == WARIFU else ""
        shown.add_row(first, *(str(row.get(key, "")) for key in keys), _shown_goal(row))
    return shown


def _shown_goal(row: dict[str, object]) -> str:
    if "failure" in row:
        return str(row["failure"]).splitlines()[0]
    goals = row.get("goals")
    assert goals is None or isinstance(goals, list)
    return "; ".join(str(Verdict(each["goal"], each["met"])) for each in goals or [])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.against_peers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few and short turns: to see that it works")
    parser.add_argument("--only", default="", help="only contests whose name holds this word")
    parser.add_argument("--core", type=int, help="the processor that everything runs on (default: the last)")
    parser.add_argument("--json", type=Path, default=RESULTS / "peers.json", help="where the figures go")
    arguments = parser.parse_args()
    console = Console()
    if not console.is_terminal:
        console = Console(width=190)
    try:
        install()
    except PeerError as error:
        print(error, file=sys.stderr)
        return 1
    before = {**machine(), "core": pin(arguments.core), "node": node_version(), "peers": versions()}
    turn_ms, rounds = (20.0, 2) if arguments.quick else (100.0, 20)
    chosen = [contest for contest in contests() if arguments.only in contest.what]
    rows = []
    with peers(sorted({module for contest in chosen for module in contest.peers})) as running:
        for contest in chosen:
            with console.status(f"measuring: {contest.what}"):
                rows += figures(contest, run(contest, running, turn_ms, rounds))
            write(arguments.json, {**before, "load_after": os.getloadavg()}, rows)
    console.print(table(rows))
    console.print(f"figures: {arguments.json}")
    return 0


def node_version() -> str:
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
