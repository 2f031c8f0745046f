"""A household with a device whose platform has no sealing key, its keepers, and a service that carries or cheats.

The platform is a *simulation* (``simulated-tee`` of ``peer_release``: a vendor's key of our own stands behind its
evidence): no TDX or Nitro machine is at hand. All else is the product's: stores, sessions, dealing, boot, keepers.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from nacl.utils import random
from tests.support.peer_release import FORMAT, reference
from tests.support.simulated_tee import SimulatedTee
from tests.support.simulator import PASSPHRASE, Household, Outcome, SimulatedDevice, bitcoin_policy

from warifu.protocol.attesting import Reference
from warifu.protocol.authorization import Authorization, approve_request
from warifu.protocol.credential import Credential, approver
from warifu.protocol.encoding import encode
from warifu.protocol.frames import (
    AskKeeper,
    AskPiece,
    BootPresence,
    CallRefused,
    Challenge,
    OpenSession,
    Reply,
    decode_from_signer,
    refusal_of,
)
from warifu.protocol.framing import Origin
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import Waiting, decode_for_operator
from warifu.protocol.policy import Policy
from warifu.protocol.request import HandOutRequest
from warifu.service.hub.boots import not_there
from warifu.signer.booting import Booting
from warifu.signer.device import Device
from warifu.signer.entrusted import Entrusted, read_boot_record
from warifu.signer.evidence import Attester
from warifu.signer.signer import Signer
from warifu.signer.store import Store
from warifu.tee.peer_release import boot_key

SOFTWARE = Reference("unsafe-software", 0, b"", b"", ())


@dataclass
class KeylessDevice(SimulatedDevice):
    """``image``, ``chip``, ``debug``: what its machine is at its next start."""

    image: str = "v1"
    chip: str = "chip"
    debug: bool = False
    seconds: float = 0.0
    """Of the boot's own clock."""
    booting: Booting | None = None
    said: list[Waiting] = field(default_factory=list)

    def start(self) -> None:
        """A first start opens at once; any other waits for its keepers."""
        self.platform = self.simulated = SimulatedTee(self.image, self.chip, self.debug)
        self.boot_key = boot_key(self.unlock_key)
        self.record = read_boot_record(self.directory)
        if self.record is None:
            self._open(Entrusted.first(self.directory, FORMAT, self.boot_key))
            return
        self.said = []
        self.booting = Booting(self.record, self.boot_key, Attester(self.platform), lambda: self.seconds)

    def _open(self, entrusted: Entrusted) -> None:
        self.simulated.seal_by(entrusted.sealing_key())
        store = Store.open(self.directory, self.platform)
        store.execute("PRAGMA synchronous = OFF")
        self.device = Device.start(store, self.platform, self.clock, self.stretch, entrusted=entrusted)
        self.signer = Signer(self.device)
        self.booting = None

    def hear(self, message: object) -> list[Any]:
        """One frame from the service, during a boot; what it says to the service. It opens once it can."""
        return self.hear_bytes(encode(message))

    def hear_bytes(self, payload: bytes) -> list[Any]:
        assert self.booting is not None
        return self._told(self.booting.receive(Origin.SERVICE, payload))

    def wait(self, seconds: float) -> list[Any]:
        assert self.booting is not None
        self.seconds += seconds
        return self._told(self.booting.tick())

    def _told(self, frames: list[tuple[Origin, bytes]]) -> list[Any]:
        assert self.booting is not None and self.record is not None
        self.said += [
            message
            for origin, data in frames
            if origin is Origin.OPERATOR and isinstance(message := decode_for_operator(data), Waiting)
        ]
        if self.booting.released is not None:
            released = self.booting.released
            self._open(Entrusted.released(self.directory, FORMAT, self.boot_key, self.record, released))
        return [decode_from_signer(data) for origin, data in frames if origin is Origin.SERVICE]

    @property
    def states(self) -> dict[str, str]:
        """What the operator sees: each keeper's state, with the code of its refusal."""
        return {
            seen.name: seen.state
            + (f" {seen.refusal.family}.{seen.refusal.reason}" if seen.refusal is not None else "")
            for seen in self.said[-1].keepers
        }


Carry = Callable[[AskKeeper, Callable[[AskKeeper], Reply | CallRefused]], Reply | CallRefused | None]
"""(the boot's question, what delivers it) -> what the boot hears; None: nothing."""


def honestly(asked: AskKeeper, deliver: Callable[[AskKeeper], Reply | CallRefused]) -> Reply | CallRefused:
    return deliver(asked)


class Home:
    """``keepers`` devices on software and one without a sealing key, ``server``; a wallet of all of them."""

    def __init__(
        self,
        root: Path,
        keepers: int = 2,
        *,
        others: Sequence[str] = (),
        policy: Policy | None = None,
        owners: Sequence[Credential] = (),
        make_server: Callable[[str, Path, Callable[[], int]], SimulatedDevice] | None = None,
    ) -> None:
        """``others``: further devices without a sealing key. ``owners``: beside the household's own. ``make_server``
        makes a server of another kind, which lives by the machine's clock."""
        keyless = ("server", *others)
        self.names = [f"keeper{number}" for number in range(keepers)]
        self.household = Household(root, 0)
        if make_server is not None:
            self.household.clock.time = int(time.time())
        for name in (*self.names, *keyless):
            kind: Any = KeylessDevice if name in keyless else SimulatedDevice
            make = make_server if name == "server" and make_server is not None else kind
            device = make(name, root / name, self.household.clock)
            device.join(self.household.owner)
            self.household.devices[name] = device
        self.off: set[str] = set()
        self._make_wallet(keyless, policy or bitcoin_policy(), owners)

    def _make_wallet(self, keyless: Sequence[str], policy: Policy, owners: Sequence[Credential]) -> None:
        request = self.household.new_wallet_request(2, policy, others=owners)
        references = tuple(reference() if item.name in keyless else SOFTWARE for item in request.devices)
        request = msgspec.structs.replace(request, references=references)
        outcome = self.household.run(self.household.openings(request, self.household.names))
        assert not outcome.failed, outcome.codes
        self.household.adopt(request, outcome)

    @property
    def server(self) -> KeylessDevice:
        device = self.household["server"]
        assert isinstance(device, KeylessDevice)
        return device

    def close(self) -> None:
        for device in self.household.devices.values():
            if not (isinstance(device, KeylessDevice) and device.booting is not None):
                device.close()

    # --- handing out ---

    def request(self, keepers: Sequence[str], threshold: int, name: str = "server") -> HandOutRequest:
        assert self.household.birth is not None
        now = self.household.clock()
        return HandOutRequest(
            random(16),
            self.household.birth.wallet_id,
            self.household[name].identity,
            tuple(sorted(self.household[keeper].identity for keeper in keepers)),
            threshold,
            now,
            now + 600,
        )

    def openings(
        self,
        keepers: Sequence[str],
        threshold: int,
        name: str = "server",
        passphrase: str = PASSPHRASE,
        key: Any = None,
        partners: Sequence[IdentityKey] = (),
    ) -> dict[str, OpenSession]:
        """``partners``: other owners, who approve the request as well."""
        request = self.request(keepers, threshold, name)
        further = [approve_request(approver(each), request) for each in partners]
        signed, envelopes = self.household.authorized(request, [name], passphrase, key, further=further)
        return self.openings_of(signed, envelopes[name], [name, *keepers])

    def openings_of(
        self, signed: Authorization, envelope: Any, names: Sequence[str]
    ) -> dict[str, OpenSession]:
        participants = tuple(sorted(self.household[name].identity for name in names))
        opening = OpenSession(random(16), signed, envelope, participants, b"")
        return dict.fromkeys(names, opening)

    def hand_out(self, keepers: Sequence[str] = (), threshold: int = 2, **changes: Any) -> Outcome:
        """The whole way of a hand-out, for all keepers if none is named."""
        run = {key: changes.pop(key) for key in ("tamper", "opened") if key in changes}
        return self.household.run(self.openings(keepers or self.names, threshold, **changes), **run)

    # --- booting ---

    def boot(self, carrying: Carry = honestly) -> None:
        """Connect the booting server and carry messages until nobody says anything."""
        frames = self.server.hear(Challenge(random(32)))
        presence, *asked = frames
        assert isinstance(presence, BootPresence)
        self.carry(asked, carrying)

    def carry(self, asked: list[Any], carrying: Carry = honestly) -> None:
        queue = deque(asked)
        while queue and self.server.booting is not None:
            answer = carrying(queue.popleft(), self.deliver)
            if answer is not None:
                queue.extend(self.server.hear(answer))

    def wait(self, seconds: float, carrying: Carry = honestly) -> None:
        """Time passes at the server."""
        self.carry(self.server.wait(seconds), carrying)

    def deliver(self, asked: AskKeeper) -> Reply | CallRefused:
        name = self.household.name_of(asked.keeper)
        if name in self.off:
            return CallRefused(asked.call, refusal_of(not_there(name)))
        (answer,) = self.household[name].send(AskPiece(asked.call, asked.question))
        assert isinstance(answer, Reply | CallRefused)
        return answer

    def power_cut(self, **machine: Any) -> KeylessDevice:
        """The server loses its power and is switched on again, perhaps as another machine (``image``, ``chip``)."""
        server = self.server
        server.crash()
        for name, value in machine.items():
            setattr(server, name, value)
        server.start()
        return server
