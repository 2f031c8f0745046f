"""Devices that hold one dealt ECDSA key, with real stores and pools and the product's ceremonies; nothing else of them.

The service is a queue; a hand can bend what a cheating device says before it is sealed (``lies``).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.attested import shown
from tests.support.dealer import deal
from tests.support.transfers import dealt_correlations

from warifu.errors import WarifuError
from warifu.protocol.frames import Finished, FromSigner, Relay
from warifu.protocol.identity import IdentityKey
from warifu.signer.journal import Journal
from warifu.signer.pool import Pool, WalletPool
from warifu.signer.sessions.ceremony import LIFETIME, Ceremony, Seat
from warifu.signer.sessions.correlating import Batch, CorrelatingCeremony
from warifu.signer.sessions.ecdsa import EcdsaCeremony, Task, ToSign
from warifu.signer.sessions.messages import SessionMessage
from warifu.signer.store import Store
from warifu.tee.unsafe_software import UnsafeSoftware
from warifu.threshold.ecdsa.seen import Seen
from warifu.threshold.ecdsa.sign import VerifiedSignature
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.wiping import Secret

START = 1_800_000_000
DIGEST = bytes(range(32))
WALLET = b"\x57" * 32

Lie = Callable[[Any], SessionMessage]
"""What a cheating device says instead."""


@dataclass
class EcdsaDevice:
    """One device. ``crash`` loses its memory and keeps its disk."""

    name: str
    directory: Path
    key: ThresholdKey
    share: Secret
    identity: IdentityKey
    numbers: dict[bytes, int]
    time: int = START
    keep: bool = True
    unlock_key: bytes = field(default_factory=lambda: os.urandom(32))
    signatures: list[tuple[VerifiedSignature, ...]] = field(default_factory=list)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.directory.mkdir()
        self.start()
        self.store.execute(
            "INSERT INTO wallets VALUES (?, ?, '', '', NULL, 0, 0, 0)".replace("''", "x''"),
            (WALLET, os.urandom(16)),
        )
        self.store.execute("CREATE TABLE started (commitments BLOB)")

    def start(self) -> None:
        self.store = Store.open(self.directory, UnsafeSoftware(self.unlock_key))
        self.store.execute("PRAGMA synchronous = OFF")
        self.seen = Seen()
        journal = Journal(self.store, self.identity)
        pool = Pool(self.store, lambda: self.time, journal, keep=self.keep)
        self.pool = WalletPool(pool, WALLET, self.key, self.numbers, self.public)

    def crash(self) -> None:
        self.store.close()
        self.start()

    @property
    def public(self) -> bytes:
        return self.identity.public

    @property
    def started(self) -> int:
        """Transfers whose start is durable."""
        return int(self.store.execute("SELECT count(*) FROM started")[0][0])

    def rows(self, peer: EcdsaDevice) -> set[bytes]:
        """Correlations on the disk."""
        found = self.store.execute("SELECT id FROM correlations WHERE peer = ?", (peer.public,))
        return {bytes(row[0]) for row in found}

    def bans(self) -> dict[bytes, str]:
        return {bytes(peer): what for peer, what in self.store.execute("SELECT peer, what FROM bans")}

    def task(self, to_sign: Sequence[ToSign]) -> Task:
        def use_up(take: Callable[[], None]) -> None:
            with self.store.transaction():
                take()

        def started(commitments: bytes) -> None:
            with self.store.transaction():
                self.store.execute("INSERT INTO started VALUES (?)", (commitments,))

        def finished(signatures: tuple[VerifiedSignature, ...]) -> bytes:
            self.signatures.append(signatures)
            return b"".join(signatures)

        return Task(self.pool, tuple(to_sign), self.seen, use_up, started, finished)


class EcdsaHousehold:
    """t-of-n devices of one wallet; ``devices`` in the order of their numbers."""

    def __init__(self, root: Path, t: int, n: int) -> None:
        self.dealt = deal(t, n)
        keys = sorted((IdentityKey.generate() for _ in range(n)), key=lambda key: key.public)
        numbers = {key.public: number for number, key in enumerate(keys)}
        self.devices = [
            EcdsaDevice(
                f"device{number}",
                root / f"{number}",
                self.dealt.key,
                self.dealt.shares[number],
                key,
                numbers,
            )
            for number, key in enumerate(keys)
        ]

    def close(self) -> None:
        for device in self.devices:
            device.store.close()

    def seat(self, device: EcdsaDevice, among: Iterable[EcdsaDevice], session: bytes) -> Seat:
        return Seat(
            key=device.identity,
            session=session,
            purpose=WALLET,
            participants=tuple(sorted(each.public for each in among)),
            rules_hash=bytes(32),
            revision=1,
            names={each.public: each.name for each in self.devices},
            expires=device.time + LIFETIME,
            show=lambda binding: {each.public: shown(binding) for each in among},
            judge=lambda _peer, _shown, _binding: None,
            meet=lambda: None,
        )

    def correlating(self, numbers: Sequence[int], count: int = 2) -> Run:
        among = [self.devices[number] for number in numbers]
        session = os.urandom(16)

        def opening(device: EcdsaDevice) -> Ceremony:
            batch = Batch(device.pool, count, device.seen)
            return CorrelatingCeremony(self.seat(device, among, session), batch)

        return Run(among, opening)

    def correlate(self, numbers: Sequence[int], count: int = 2) -> None:
        run = self.correlating(numbers, count).to_the_end()
        assert not run.failed, run.failed

    def deal(self, count: int) -> None:
        """As if each two had made ``count`` together, without the cost."""
        for _ in range(count):
            dealt = dealt_correlations(self.dealt.key, range(len(self.devices)))
            for number, held in dealt.items():
                for peer, correlation in held.items():
                    self.devices[number].pool.put(self.devices[peer].public, [correlation])

    def signing(
        self,
        numbers: Sequence[int],
        to_sign: Sequence[ToSign] = (ToSign(DIGEST, ()),),
        own: dict[int, Sequence[ToSign]] | None = None,
    ) -> Run:
        """``own``: what these devices are given to sign instead."""
        among = [self.devices[number] for number in numbers]
        session = os.urandom(16)

        def opening(device: EcdsaDevice) -> Ceremony:
            task = device.task((own or {}).get(device.numbers[device.public], to_sign))
            return EcdsaCeremony(self.seat(device, among, session), task, device.share.clone())

        return Run(among, opening)


class Run:
    """One session among several devices. Whatever a ceremony raises ends it, as in the signer, and then all others."""

    def __init__(self, among: Sequence[EcdsaDevice], opening: Callable[[EcdsaDevice], Ceremony]) -> None:
        self.failed: dict[str, WarifuError] = {}
        self.finished: dict[str, bytes] = {}
        self.said: list[tuple[str, SessionMessage]] = []
        self.ceremonies: dict[str, Ceremony] = {}
        self._identities = {device.name: device.public for device in among}
        self._queue: deque[tuple[str, str, bytes]] = deque()
        self._lies: dict[str, Lie] = {}
        for device in among:
            try:
                self.ceremonies[device.name] = opening(device)
            except WarifuError as error:
                self.failed[device.name] = error
        for name, ceremony in self.ceremonies.items():
            self._listen(name, ceremony)

    def lies(self, name: str, kind: type[SessionMessage], lie: Lie) -> Run:
        """``name`` says something else where it would say a message of this kind."""
        self._lies[f"{name}/{kind.__name__}"] = lie
        return self

    def to_the_end(self, until: Callable[[], bool] = lambda: False, lose: str = "") -> Run:
        """Relay until nothing is under way, or ``until``. ``lose``: the device whose messages never arrive."""
        for name in list(self.ceremonies):
            self._work(name, lambda ceremony: ceremony.begin())
        while self._queue and not until():
            sender, receiver, body = self._queue.popleft()
            if sender != lose:
                self.deliver(sender, receiver, body)
        return self

    def deliver(self, sender: str, receiver: str, body: bytes) -> None:
        self._work(receiver, lambda ceremony: ceremony.receive(self._identities[sender], body))

    def time_out(self) -> None:
        """The signer ends what took too long."""
        for name, ceremony in list(self.ceremonies.items()):
            self._fail(name, ceremony.timeout())

    def _work(self, name: str, work: Callable[[Ceremony], list[FromSigner]]) -> None:
        ceremony = self.ceremonies.get(name)
        if ceremony is None:
            return
        try:
            frames = work(ceremony)
        except WarifuError as error:
            self._fail(name, error)
            return
        for frame in frames:
            if isinstance(frame, Relay):
                receiver = next(each for each, public in self._identities.items() if public == frame.peer)
                self._queue.append((name, receiver, frame.body))
            elif isinstance(frame, Finished):
                self.finished[name] = frame.result
                self.ceremonies.pop(name).close()

    def _fail(self, name: str, error: WarifuError) -> None:
        ceremony = self.ceremonies.pop(name)
        error.not_done = ceremony.not_done
        ceremony.close()
        self.failed[name] = error

    def _listen(self, name: str, ceremony: Ceremony) -> None:
        say = ceremony._say

        def said(peer: bytes, message: SessionMessage) -> Relay:
            lie = self._lies.get(f"{name}/{type(message).__name__}")
            message = message if lie is None else lie(message)
            self.said.append((name, message))
            return say(peer, message)

        ceremony._say = said  # type: ignore[method-assign]
