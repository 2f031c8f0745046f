"""A platform that has no sealing key and can prove what runs: a *simulation*, whose vendor is a key of our own."""

from __future__ import annotations

from tests.support.peer_release import FORMAT, SimulatedVerifier, evidence

from warifu.attestation import pinning
from warifu.attestation.evidence import Evidence
from warifu.attestation.registry import VERIFIERS
from warifu.tee.platform import Capabilities, MonotonicCounter
from warifu.tee.registry import PLATFORMS, WITHOUT_SEALING_KEY
from warifu.tee.sealing_key import Sealer, require_sealer

CAPABILITIES = Capabilities(
    name=FORMAT,
    tier=2,
    memory_isolated_from_root=True,
    hardware_root_of_trust=True,
    native_sealing=False,
    survives_upgrade=True,
    rollback_protected=False,
    guesses_rate_limited_by_hardware=False,
    attestable=True,
    production=False,
)


class SimulatedTee:
    """A platform that can prove what runs (to whoever believes the simulated vendor) and has no sealing key."""

    def __init__(self, image: str = "v1", chip: str = "chip", debug: bool = False) -> None:
        self._shown = (image, chip, debug)
        self._sealing: Sealer | None = None

    def becomes(self, image: str) -> None:
        """From now on another program runs, as after an upgrade, with the store open all the same."""
        self._shown = (image, *self._shown[1:])

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def seal_by(self, sealing: Sealer) -> None:
        self._sealing = sealing

    def seal(
        self, plaintext: bytes | bytearray, context: bytes, *, auth: bytes | bytearray | None = None
    ) -> bytes:
        return require_sealer(self._sealing, FORMAT).seal(plaintext, context, auth=auth)

    def unseal(self, sealed: bytes, context: bytes, *, auth: bytes | bytearray | None = None) -> bytearray:
        return require_sealer(self._sealing, FORMAT).unseal(sealed, context, auth=auth)

    def attest(self, report_data: bytes) -> Evidence:
        shown = evidence(report_data, *self._shown)
        return Evidence(shown.format, shown.body)

    def counter(self, name: str) -> MonotonicCounter | None:
        return None


def put_in_place() -> None:
    """For a process of its own: the platform and its vendor are known. Its ``device`` is the image that runs."""
    PLATFORMS[FORMAT] = lambda settings, _unlock_key: SimulatedTee(settings.device)
    VERIFIERS[FORMAT] = SimulatedVerifier()
    pinning.PINNED[FORMAT] = ("launch",)
    WITHOUT_SEALING_KEY.add(FORMAT)
