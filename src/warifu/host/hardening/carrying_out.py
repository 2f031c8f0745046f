"""Does what a plan says, and takes it back.

For each change: first the record of what was there, durable; then the change. So after a crash at any point the record
names every path that may differ, and both ways on are open: to the end, or back. Undo goes through the record from its
end. What somebody else changed since is left alone, reported, and stays recorded.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath

from warifu.errors import HostUnsuitable, WarifuError
from warifu.host.hardening.changes import Act, Change, FileChange, Symlink, Verify, Write
from warifu.host.hardening.hand import Hand
from warifu.host.hardening.manifest import ActEntry, FileEntry, Manifest
from warifu.host.hardening.plan import PlannedStep, Standing, owner, seen, standing_of
from warifu.host.hardening.states import Absent, Folder, Link, Regular, State, Tree, digest, look
from warifu.host.hardening.target import Target
from warifu.host.hardening.trees import digest_of


@dataclass(frozen=True)
class Outcome:
    """What became of one change. ``trouble``: empty where it went well."""

    step: str
    what: str
    trouble: str = ""


class _Stop(Exception):
    """The rest of a step would stand on what failed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class CarryingOut:
    """One run on one machine."""

    def __init__(self, target: Target, manifest: Manifest, hand: Hand) -> None:
        self._target = target
        self._manifest = manifest
        self._hand = hand

    def apply(self, plan: Sequence[PlannedStep]) -> list[Outcome]:
        """Make every change that is to do. A step with something that somebody else changed is left out whole."""
        self._manifest.sweep()
        outcomes: list[Outcome] = []
        for planned in plan:
            if planned.standing is Standing.CHANGED_SINCE:
                outcomes += _left_out(planned)
            elif planned.standing is Standing.TO_DO:
                outcomes += self._apply_step(planned)
        return outcomes

    def undo(self) -> list[Outcome]:
        """Take back everything that is recorded and that nobody else changed."""
        self._manifest.sweep()
        outcomes = [
            self._undo_act(entry) if isinstance(entry, ActEntry) else self._undo_path(entry)
            for entry in reversed(tuple(self._manifest.entries))
        ]
        self._manifest.end_if_empty()
        return outcomes

    # --- forth ----------------------------------------------------------------------------------------------------

    def _apply_step(self, planned: PlannedStep) -> list[Outcome]:
        name, outcomes = planned.step.name, list[Outcome]()
        to_do = [each.change for each in planned.changes if each.standing is Standing.TO_DO]
        try:
            for change in to_do:
                if isinstance(change, Verify):
                    self._verify(name, change)
            self._expect_acts_again(name, to_do)
            for change in to_do:
                if isinstance(change, Act):
                    outcomes.append(self._act(name, change))
                elif not isinstance(change, Verify):
                    outcomes.append(self._put(name, change))
        except _Stop as stop:
            outcomes.append(stop.outcome)
        return outcomes

    def _verify(self, step: str, verify: Verify) -> None:
        trouble = self._hand.run(verify.command, verify.given)
        if trouble:
            raise _Stop(Outcome(step, " ".join(verify.command), trouble))

    def _expect_acts_again(self, step: str, to_do: Sequence[Change]) -> None:
        """New files make the commands of their step due again, also where this run breaks off before them."""
        for change in to_do:
            entry = self._manifest.act(step, change.do, change.undo) if isinstance(change, Act) else None
            if entry is not None and entry.done:
                self._manifest.replace(entry, ActEntry(step, entry.do, entry.undo, False))

    def _act(self, step: str, act: Act) -> Outcome:
        entry = self._manifest.act(step, act.do, act.undo)
        if entry is None:
            entry = ActEntry(step, act.do, act.undo, False)
            self._manifest.add(entry)
        trouble = self._hand.run(act.do) if act.do else ""
        outcome = Outcome(step, " ".join(act.do) or act.why, trouble)
        if trouble:
            raise _Stop(outcome)
        self._manifest.replace(entry, ActEntry(step, entry.do, entry.undo, True))
        return outcome

    def _put(self, step: str, change: FileChange) -> Outcome:
        place, wanted = self._target.place(change.path), change.wanted(owner())
        if standing_of(change, step, self._target, self._manifest) is Standing.CHANGED_SINCE:
            raise _Stop(Outcome(step, change.path, _CHANGED))
        self._parents(step, change.path)
        if not place.parent.is_dir():
            raise _Stop(Outcome(step, change.path, "a link on the way to it leads nowhere"))
        entry = self._manifest.path(change.path)
        if entry is None:
            self._record(step, change, wanted)
        elif wanted not in entry.ours:
            self._manifest.replace(entry, FileEntry(step, entry.path, entry.before, (*entry.ours, wanted)))
        try:
            if isinstance(change, Write):
                self._hand.write(place, change.content, change.mode, owner())
            elif isinstance(change, Symlink):
                self._hand.link(place, change.target)
            elif isinstance(seen(place, change), Absent):
                self._hand.copy_tree(change.source, place, change.sha256)
        except WarifuError as error:
            raise _Stop(Outcome(step, change.path, error.message)) from None
        return Outcome(step, change.path)

    def _record(self, step: str, change: FileChange, wanted: State) -> None:
        place = self._target.place(change.path)
        before = seen(place, change)
        if isinstance(before, Regular):
            content = place.read_bytes()
            if digest(content) != before.sha256:
                raise _Stop(Outcome(step, change.path, "it is being changed at this moment"))
            self._manifest.keep(content)
        self._manifest.add(FileEntry(step, change.path, before, (wanted,)))

    def _parents(self, step: str, path: str) -> None:
        missing = [
            str(parent)
            for parent in PurePosixPath(path).parents
            if isinstance(look(self._target.place(str(parent))), Absent)
        ]
        for folder in reversed(missing):
            if self._manifest.path(folder) is None:
                self._manifest.add(FileEntry(step, folder, Absent(), (Folder(),)))
            self._hand.make_folder(self._target.place(folder))

    # --- and back ---------------------------------------------------------------------------------------------------

    def _undo_act(self, entry: ActEntry) -> Outcome:
        command = " ".join(entry.undo)
        trouble = self._hand.run(entry.undo) if entry.undo and self._target.live else ""
        self._manifest.drop(entry)
        return Outcome(entry.step, command or f"({' '.join(entry.do)})", trouble)

    def _undo_path(self, entry: FileEntry) -> Outcome:
        place = self._target.place(entry.path)
        self._hand.sweep(place)
        state = look(place)
        if isinstance(state, Folder) and any(isinstance(each, Tree) for each in entry.ours):
            state = Tree(digest_of(place))
        if not entry.knows(state):
            return Outcome(entry.step, entry.path, _CHANGED)
        if state != entry.before and not place.parent.is_dir():
            return Outcome(entry.step, entry.path, "its directory is gone; make it again and repeat")
        if state != entry.before:
            self._restore(entry, state)
        self._manifest.drop(entry)
        return Outcome(entry.step, entry.path)

    def _restore(self, entry: FileEntry, state: State) -> None:
        place, before = self._target.place(entry.path), entry.before
        if isinstance(before, Regular):
            content = self._manifest.kept(before.sha256)
            self._hand.write(place, content, before.mode, (before.uid, before.gid))
        elif isinstance(before, Link):
            self._hand.link(place, before.target)
        elif isinstance(state, Folder):
            self._hand.remove_folder(place)  # what others put into it meanwhile stays theirs
        elif isinstance(state, Tree):
            self._hand.remove_tree(place)
        else:
            self._hand.remove(place)


_CHANGED = (
    "somebody else changed it since, or something is there that is never replaced; it was left as it is "
    "(move it away and repeat, to go on without it)"
)


def _left_out(planned: PlannedStep) -> list[Outcome]:
    return [
        Outcome(planned.step.name, each.change.path, _CHANGED)
        for each in planned.changes
        if each.standing is Standing.CHANGED_SINCE and isinstance(each.change, FileChange)
    ]


@contextmanager
def alone(target: Target) -> Iterator[None]:
    """One run at a time. ``HostUnsuitable`` (``busy``) while another one works."""
    descriptor = os.open(target.place("/var/lib"), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise HostUnsuitable(
            "busy",
            "another run of 'warifu host harden' works on this machine",
            not_done="Nothing was changed.",
            remedy="Wait until it has ended.",
        ) from None
    finally:
        os.close(descriptor)
