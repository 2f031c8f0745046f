"""Whatever is asked of a device, vetoed, played back and waited for, in any order: nothing loosens early or unseen."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.instructing import Owner
from tests.support.simulator import PASSPHRASE, Household, bitcoin_policy

from warifu.errors import WarifuError
from warifu.protocol.policy import HOUR
from warifu.protocol.request import Instruction, RulesRequest, UnfreezeRequest, request_digest
from warifu.protocol.rules import Rules, rules_hash
from warifu.signer.policy.compare import compare, loosening

pytestmark = [pytest.mark.unit, pytest.mark.slow]

POLICY = msgspec.structs.replace(bitcoin_policy(), loosening_delay=HOUR)
DEVICE = "device0"

LATEST = st.sampled_from((0, 0, 0, 1, 2))
"""Of what was asked for, counted from the end."""
LOOSEN, FREEZE, UNFREEZE = ("loosen", 0), ("freeze", 0), ("unfreeze", 0)
disturbances = st.one_of(
    st.tuples(st.just("veto"), LATEST),
    st.tuples(st.just("veto"), LATEST),
    st.sampled_from((LOOSEN, FREEZE, UNFREEZE, ("tighten", 0), ("restart", 0))),
    st.tuples(st.just("again"), LATEST),
    st.tuples(st.just("wait"), st.sampled_from((60, HOUR // 2, HOUR - 1))),
    st.tuples(st.just("back"), st.sampled_from((60, HOUR))),
)
episodes = st.tuples(
    st.sampled_from(([LOOSEN], [FREEZE, UNFREEZE], [FREEZE, LOOSEN, UNFREEZE])),
    st.lists(disturbances, max_size=3),
    st.sampled_from(([("wait", HOUR)], [("wait", HOUR // 2)], [])),
).map(lambda parts: [*parts[0], *parts[1], *parts[2]])
"""Something is asked for that has to wait, something comes in between, and time passes."""


@dataclass
class Watched:
    """A device, and what an onlooker wrote down of it."""

    home: Household
    owner: Owner
    asked: list[Instruction] = field(default_factory=list)
    accepted: dict[bytes, int] = field(default_factory=dict)
    """When each request began to wait, by the device's clock."""
    ended: set[bytes] = field(default_factory=set)
    """What was vetoed, by word or by a freeze, or overtaken."""

    def now(self) -> int:
        return self.home[DEVICE].device.clock.now()

    def told(self, request: Instruction) -> bool:
        """Hand it in with the passphrase; whether the device took it."""
        try:
            answer = self.owner.tell(DEVICE, request, PASSPHRASE)
        except WarifuError:
            return False
        if answer.state == "waits":
            self.accepted.setdefault(request_digest(request), self.now())
        return True

    def do(self, action: str, value: int) -> None:
        if action in ("loosen", "tighten"):
            self.owner.rules = self.rules()
            tries = self.owner.rules.policy.passphrase_tries + (1 if action == "loosen" else -1)
            if not 1 <= tries <= 20:
                return
            self.asked.append(self.owner.change(passphrase_tries=tries))
            self.told(self.asked[-1])
        elif action == "veto" and self.asked:
            about = self.asked[-1 - value % len(self.asked)]
            if self.told(self.owner.veto(about)):
                self.ended.add(request_digest(about))
        elif action == "freeze":
            if self.told(self.owner.freeze()):
                self.ended |= set(self.accepted)
        elif action == "unfreeze":
            self.asked.append(self.owner.unfreeze())
            self.told(self.asked[-1])
        elif action == "again" and self.asked:
            self.told(self.asked[-1 - value % len(self.asked)])
        elif action == "wait":
            self.home.clock.pass_(value)
            self.home[DEVICE].tick()
        elif action == "restart":
            self.home[DEVICE].restart()
        elif action == "back":
            self.home.clock.pass_(-value)

    def rules(self) -> Rules:
        return self.home[DEVICE].device.rules.of(self.owner.wallet_id)

    def frozen(self) -> bool:
        return self.home[DEVICE].device.rules.frozen(self.owner.wallet_id) is not None

    def require_waited(self, request: Instruction) -> None:
        named = request_digest(request)
        assert named in self.accepted, "it waited"
        assert self.now() >= self.accepted[named] + HOUR, "long enough"
        assert named not in self.ended, "and nobody ended it"


def stepped(watched: Watched, steps: list[tuple[str, int]]) -> Iterator[tuple[Rules, bool]]:
    for action, value in steps:
        before = watched.rules(), watched.frozen()
        watched.do(action, value)
        yield before


@settings(max_examples=80, deadline=None)
@given(st.lists(episodes, min_size=2, max_size=4))
def test_nothing_loosens_that_did_not_wait_or_was_vetoed(story: list[list[tuple[str, int]]]) -> None:
    steps = [step for episode in story for step in episode]
    with tempfile.TemporaryDirectory(prefix="warifu-test-") as place:
        home = Household(Path(place), 1)
        home.make_wallet(1, POLICY)
        watched = Watched(home, Owner(home))
        try:
            for rules, frozen in stepped(watched, steps):
                _check(watched, rules, frozen)
        finally:
            home.close()


def _check(watched: Watched, before: Rules, frozen: bool) -> None:
    after: Any = watched.rules()
    if after != before:
        assert after.revision == before.revision + 1
        (request,) = [
            each
            for each in watched.asked
            if isinstance(each, RulesRequest)
            and each.rules == after
            and each.replaces == rules_hash(before)
            and (
                not loosening(compare(before, after))
                or (request_digest(each) in watched.accepted and request_digest(each) not in watched.ended)
            )
        ][:1]
        if loosening(compare(before, after)):
            watched.require_waited(request)
        watched.ended |= {
            named
            for named in watched.accepted
            if named != request_digest(request) and _is_change(watched, named)
        }
    if frozen and not watched.frozen():
        thaws = [
            each
            for each in watched.asked
            if isinstance(each, UnfreezeRequest)
            and request_digest(each) in watched.accepted
            and request_digest(each) not in watched.ended
        ]
        assert thaws
        watched.require_waited(thaws[0])


def _is_change(watched: Watched, named: bytes) -> bool:
    return any(isinstance(each, RulesRequest) and request_digest(each) == named for each in watched.asked)
