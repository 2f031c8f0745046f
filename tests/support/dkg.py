"""Key generations in memory: n participants, and a network between them that a test can bend."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, islice

from warifu.threshold.dkg.params import SessionParams, hostpubkey_gen
from warifu.threshold.dkg.phases import Outgoing, Phase
from warifu.threshold.dkg.result import DkgResult
from warifu.threshold.dkg.session import KeyGeneration
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.errors import AlreadyUsed, ThresholdError
from warifu.threshold.polynomial import interpolating_coefficient
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class Hosts:
    """The host keys of n participants."""

    seckeys: tuple[bytes, ...]
    pubkeys: tuple[bytes, ...]
    suite: DkgSuite

    @classmethod
    def make(cls, n: int, suite: DkgSuite = BIP340) -> Hosts:
        seckeys = tuple(suite.group.random_secret().expose() for _ in range(n))
        return cls(seckeys, tuple(hostpubkey_gen(Secret(key), suite) for key in seckeys), suite)

    def key(self, index: int) -> Secret:
        return Secret(self.seckeys[index])

    def params(self, t: int) -> SessionParams:
        return SessionParams(self.pubkeys, t, self.suite)

    def start(self, t: int, index: int) -> KeyGeneration:
        return KeyGeneration.start(self.seckeys[index], self.pubkeys, t, index, suite=self.suite)


@dataclass(frozen=True)
class Letter:
    """One message on its way to one receiver."""

    sender: int
    receiver: int
    phase: Phase
    body: bytes


Tamper = Callable[[Letter], Letter | None]
"""What the network (or a faulty sender) makes of a letter; None: it is lost."""


def flip(body: bytes, position: int, bit: int = 0) -> bytes:
    changed = bytearray(body)
    changed[position] ^= 1 << bit
    return bytes(changed)


def altering(
    phase: Phase, change: Callable[[bytes], bytes], *, sender: int | None = None, receiver: int | None = None
) -> Tamper:
    """Change the body of every letter of this phase (from this sender, to this receiver)."""

    def tamper(letter: Letter) -> Letter | None:
        fits = (
            letter.phase is phase and sender in (None, letter.sender) and receiver in (None, letter.receiver)
        )
        return replace(letter, body=change(letter.body)) if fits else letter

    return tamper


def flipping(
    phase: Phase, position: int, *, sender: int | None = None, receiver: int | None = None
) -> Tamper:
    """Flip one bit in the byte at ``position``; which bit varies with the position."""
    return altering(phase, lambda body: flip(body, position, position % 8), sender=sender, receiver=receiver)


@dataclass
class Ceremony:
    """All participants of one key generation, run to its end in a random but fair order."""

    sessions: list[KeyGeneration]
    errors: dict[int, ThresholdError] = field(default_factory=dict)
    """What ``handle`` raised at each participant."""

    @classmethod
    def start(cls, hosts: Hosts, t: int) -> Ceremony:
        return cls([hosts.start(t, index) for index in range(len(hosts.pubkeys))])

    def run(self, tamper: Tamper = lambda letter: letter, seed: int = 0) -> Ceremony:
        """Deliver until nothing is under way. Order is kept between two participants, as channels keep it."""
        order = random.Random(seed)  # not for secrets: it shuffles deliveries, repeatably
        lanes: dict[tuple[int, int], list[Letter]] = {}

        def post(sender: int, messages: Sequence[Outgoing]) -> None:
            for message in messages:
                others = [index for index in range(len(self.sessions)) if index != sender]
                for receiver in others if message.to_index is None else [message.to_index]:
                    letter = tamper(Letter(sender, receiver, message.phase, message.body))
                    if letter is not None:
                        lanes.setdefault((sender, receiver), []).append(letter)

        for session in self.sessions:
            post(session.index, session.outgoing())
        while lanes:
            lane = order.choice(sorted(lanes))
            letter = lanes[lane].pop(0)
            if not lanes[lane]:
                del lanes[lane]
            try:
                answers = self.sessions[letter.receiver].handle(letter.sender, letter.phase, letter.body)
            except AlreadyUsed:
                continue  # the receiver gave up before: its first error is the one that counts
            except ThresholdError as error:
                self.errors[letter.receiver] = error
                continue
            post(letter.receiver, answers)
        return self

    @property
    def results(self) -> list[DkgResult]:
        return [session.result for session in self.sessions if session.result is not None]


def generate(t: int, n: int, suite: DkgSuite = BIP340) -> tuple[Hosts, list[DkgResult]]:
    """An honest key generation."""
    hosts = Hosts.make(n, suite)
    results = Ceremony.start(hosts, t).run().results
    assert len(results) == n
    return hosts, results


def assert_one_key(results: Sequence[DkgResult]) -> None:
    """All hold the same public key, each its own valid share, and t shares of any kind make the key."""
    first = results[0]
    group = first.params.suite.group
    for result in results:
        assert (result.threshold_pubkey, result.pubshares) == (first.threshold_pubkey, first.pubshares)
        assert (result.recovery_data, result.params_id) == (first.recovery_data, first.params_id)
        assert (result.t, result.n) == (first.t, first.n)
        assert group.base_mul(result.share).encoded == result.pubshares[result.index]
    for chosen in islice(combinations(results, first.t), 20):
        assert combined_key(chosen) == first.threshold_pubkey


def combined_key(results: Sequence[DkgResult]) -> bytes:
    """The public key of the secret that these shares interpolate to."""
    group = results[0].params.suite.group
    points = [result.index + 1 for result in results]
    parts = [
        group.element_mul_public(
            group.base_mul(result.share), interpolating_coefficient(group, points, result.index + 1)
        )
        for result in results
    ]
    return group.element_add(*parts).encoded
