"""A device without a sealing key, its keepers, and the service between them, in memory.

The TEE is a *simulation*: ``simulated-tee`` evidence is what a vendor's key of our own vouches for (HMAC), with a
measurement, a chip and a debug bit. Everything else is real: the dealing, the messages, the sealing, the keepers, the
expectations by which they judge.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from nacl.utils import random
from tests.support.attested import CLAIMS

from warifu.attestation.expectation import Expectation
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified
from warifu.errors import WarifuError
from warifu.protocol.attesting import Attestation, Binding, Evidence, Reference
from warifu.protocol.identity import IdentityKey
from warifu.protocol.release import AskRelease, Signed
from warifu.tee.peer_release import Peer, Released, Requester, boot_key, hand_out, read_record, write_record
from warifu.tee.release_keeper import Keeper
from warifu.threshold.release import new_secret
from warifu.threshold.wiping import Secret

FORMAT = "simulated-tee"
NOW = 1_800_000_000
_VENDOR = b"the simulated vendor's key"


def evidence(report_data: bytes, image: str = "v1", chip: str = "chip", debug: bool = False) -> Evidence:
    """What the simulated chip says."""
    said = json.dumps([report_data.hex(), image, chip, debug]).encode()
    return Evidence(FORMAT, hmac.digest(_VENDOR, said, "sha256") + said)


class SimulatedVerifier:
    """Believes the simulated vendor and nobody else."""

    format = FORMAT

    def verify(
        self, body: bytes, endorsements: Endorsements, now: int, collateral_grace: int = 0
    ) -> Verified:
        if not hmac.compare_digest(body[:32], hmac.digest(_VENDOR, body[32:], "sha256")):
            raise CheckFailed("signature", "the simulated vendor did not make this")
        report_data, image, chip, debug = json.loads(body[32:])
        return Verified(
            format=FORMAT,
            tier=2,
            report_data=bytes.fromhex(report_data),
            debug=debug,
            measurements={"launch": _measured(image)},
            hardware_id=chip.encode(),
        )


def reference(image: str = "v1", chip: str = "chip") -> Reference:
    """What an owner accepts who accepts this image on this chip."""
    return Reference(FORMAT, 2, b"", chip.encode(), (("launch", _measured(image)),))


def _measured(image: str) -> bytes:
    return hashlib.sha384(image.encode()).digest()


@dataclass
class Shelf:
    """A store in memory: what was not committed is gone."""

    values: dict[str, bytes] = field(default_factory=dict)
    failing: bool = False
    inside: bool = False

    def get(self, name: str) -> bytes | None:
        return self.values.get(name)

    def put(self, name: str, value: bytes) -> None:
        assert self.inside, "writing happens inside a transaction"
        self.values[name] = value

    def remove(self, name: str) -> None:
        assert self.inside, "writing happens inside a transaction"
        self.values.pop(name, None)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        before, self.inside = dict(self.values), True
        try:
            yield
            if self.failing:
                raise OSError("the disk is full")
        except BaseException:
            self.values = before
            raise
        finally:
            self.inside = False


@dataclass
class Boot:
    """One start of the device: an image on a chip, with an unlock key and what lies on its disk."""

    record: bytes
    unlock_key: bytes
    image: str = "v1"
    chip: str = "chip"
    debug: bool = False
    change: Callable[[Attestation], Attestation] = lambda shown: shown

    def attest(self, binding: Binding) -> Attestation:
        shown = evidence(binding.report_data(CLAIMS), self.image, self.chip, self.debug)
        return self.change(Attestation(shown, (), CLAIMS))

    def requester(self) -> Requester:
        key = boot_key(self.unlock_key)
        return Requester(read_record(self.record, key), key, self.attest)


class Home:
    """``threshold`` of ``keepers`` hold the sealing secret of one device."""

    def __init__(self, threshold: int = 2, keepers: int = 3, least_tier: Any = 2) -> None:
        self.identity = IdentityKey.generate()
        self.unlock_key = random(32)
        self.reference: Reference | None = reference()
        self.secret: Secret = new_secret()
        self.now = NOW
        self.shelves: dict[bytes, Shelf] = {}
        self.keys: dict[bytes, IdentityKey] = {}
        self.keepers: dict[bytes, Keeper] = {}
        for _ in range(keepers):
            key = IdentityKey.generate()
            self.shelves[key.public], self.keys[key.public] = Shelf(), key
            self.restart(key.public, least_tier)
        self.record = self.deal(threshold)

    def restart(self, keeper: bytes, least_tier: Any = 2) -> None:
        """The keeper starts anew from its shelf."""
        self.keepers[keeper] = Keeper(self.keys[keeper], self.shelves[keeper], self._accepted, least_tier)

    def deal(self, threshold: int) -> bytes:
        """Hand the sealing secret out; what the device then has on its disk."""
        peers = [Peer(identity, opens_alone=True) for identity in self.keepers]
        record, handings = hand_out(self.secret, threshold, peers, boot_key(self.unlock_key))
        for identity, handing in handings.items():
            self.keepers[identity].accept(self.identity.public, handing)
        return write_record(record)

    def put_to_use(self) -> None:
        """The device's store is sealed under what its record says."""
        in_use = read_record(self.record, boot_key(self.unlock_key)).id
        for keeper in self.keepers.values():
            keeper.put_to_use(self.identity.public, in_use)

    def boot(self, **changes: Any) -> Boot:
        """The device as it is, but for ``changes``."""
        return Boot(**{"record": self.record, "unlock_key": self.unlock_key, **changes})

    def run(
        self, boot: Boot, reachable: Mapping[bytes, Keeper] | None = None
    ) -> tuple[Requester, dict[bytes, str]]:
        """Let the boot ask every reachable keeper, as an honest service would; who refused, by code."""
        requester, refused = boot.requester(), {}
        for identity, first in requester.first().items():
            keeper = (self.keepers if reachable is None else reachable).get(identity)
            if keeper is None:
                continue
            try:
                asked = requester.challenged(identity, keeper.challenge(first.set, self.now))
                requester.released(identity, keeper.release(asked, self.now))
            except WarifuError as error:
                refused[identity] = error.code
        return requester, refused

    def released(self, boot: Boot) -> Released:
        """The boot's secret, or the error by which it ends."""
        requester, _ = self.run(boot)
        return requester.finish()

    def asked(self, boot: Boot, keeper: bytes) -> tuple[Requester, AskRelease]:
        """As far as a request to one keeper, which has not got it yet."""
        requester = boot.requester()
        signed = self.keepers[keeper].challenge(requester.first()[keeper].set, self.now)
        return requester, requester.challenged(keeper, signed)

    def answer(self, keeper: bytes, asked: AskRelease) -> Signed:
        return self.keepers[keeper].release(asked, self.now)

    def _accepted(self, identity: bytes) -> list[Expectation]:
        if identity != self.identity.public:
            return []
        return [Expectation("device", self.reference)]
