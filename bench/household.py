"""Real enclave processes, shut in as in production, with a relay of a few lines between them: no HTTP, no database.

``CheapDevice`` starts from ``bench/cheap_signer.py``, in which the passphrase is stretched by one hash: a signer that
exists for measuring and nowhere else.
"""

from __future__ import annotations

import contextlib
import select
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from nacl.utils import random
from tests.support.enclaves import EnclaveDevice
from tests.support.simulator import Household, Opening, Outcome, Tamper, honest

from warifu.protocol.encoding import encode
from warifu.protocol.frames import Finished, Relay, SessionFailed, error_of
from warifu.protocol.framing import Origin

ROOT = Path(__file__).resolve().parents[1]


class CheapDevice(EnclaveDevice):
    """An enclave process without Argon2id."""

    arguments: ClassVar[tuple[str, ...]] = (
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from bench.cheap_signer import main; sys.exit(main())",
    )


class Processes(Household):
    """A household whose signers are processes that work at the same time."""

    def __init__(self, root: Path, n: int, kind: type[EnclaveDevice]) -> None:
        self.running: list[EnclaveDevice] = []

        def device(name: str, directory: Path, clock: Callable[[], int]) -> EnclaveDevice:
            made = kind(name, directory, clock, unlock_key=random(32))
            self.running.append(made)
            return made

        super().__init__(root, n, make_device=device)

    def run(
        self,
        openings: Mapping[str, Opening],
        tamper: Tamper = honest,
        opened: Callable[[], object] = lambda: None,
    ) -> Outcome:
        outcome = Outcome()
        chosen = [device for device in self.running if device.name in openings]
        by_identity = {device.identity: device for device in chosen}
        by_descriptor = {device.enclave.connection: device for device in chosen}
        for device in chosen:
            device.enclave.say(Origin.SERVICE, encode(openings[device.name]))
        opened()
        assert tamper is honest, "the relay of the bench is honest"
        while len(outcome.finished) + len(outcome.failed) < len(openings):
            ready, _, _ = select.select(list(by_descriptor), [], [], 60)
            assert ready, "the signers are silent"
            for connection in ready:
                sender = by_descriptor[connection]
                for message in sender.enclave.read():
                    if isinstance(message, Relay):
                        handed = Relay(message.session, sender.identity, message.body)
                        by_identity[message.peer].enclave.say(Origin.SERVICE, encode(handed))
                    elif isinstance(message, Finished):
                        outcome.finished[sender.name] = message.result
                    elif isinstance(message, SessionFailed):
                        outcome.failed[sender.name] = error_of(message.refusal)
        return outcome

    def resident_mib(self, field: str = "VmRSS") -> list[float]:
        """Resident memory of each enclave process now (``VmRSS``) or at its highest (``VmHWM``)."""
        sizes = []
        for device in self.running:
            status = Path(f"/proc/{device.enclave.process.pid}/status").read_text(encoding="ascii")
            (line,) = [line for line in status.splitlines() if line.startswith(f"{field}:")]
            sizes.append(int(line.split()[1]) / 1024)
        return sizes


@contextlib.contextmanager
def processes(n: int, kind: type[EnclaveDevice], place: Path | None = None) -> Iterator[Processes]:
    """``n`` enrolled signers in processes of their own, their stores below ``place`` (None: with temporary files)."""
    with tempfile.TemporaryDirectory(prefix="warifu-bench-", dir=place) as folder:
        household = Processes(Path(folder), n, kind)
        try:
            yield household
        finally:
            household.close()
