"""What a TPM costs: ``python -m bench.tpm [--rounds N]``. A simulated one (``swtpm``) unless ``--device`` names one.

With the simulator this measures the commands that one operation takes, Warifu's part of them and a processor's
arithmetic, not a chip's, which is slower. Beside the time on the clock stands the processor time of both programs,
which neighbours disturb less. ``--device`` sets a TPM up for the measurement and takes that back, so it must be one
whose authorizations are empty.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.machine import RESULTS, machine, write
from bench.measure import Row, row, times
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.swtpm import Maker

from warifu.tee.platform import PlatformSettings
from warifu.tee.tpm.platform import Tpm
from warifu.tee.tpm.policy import approve
from warifu.tee.tpm.provisioning import Choices, new_lockout_secret, provision, unprovision

Work = Callable[[], object]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=200)
    arguments.add_argument("--device", help="such as device:/dev/tpmrm0; changes that TPM and takes it back")
    given = arguments.parse_args()
    chosen: contextlib.AbstractContextManager[tuple[str, int | None]]
    chosen = simulated() if given.device is None else contextlib.nullcontext((given.device, None))
    found = []
    with chosen as (device, pid), opened(device) as tpm:
        for name, work in operations(tpm).items():
            each, processor = measured(name, work, given.rounds, pid)
            found.append({**each.as_json(), "processor_ms": processor})
            print(
                f"{name:40} {each.median_ms:9.2f} ms   p10 {each.p10_ms:9.2f}   p90 {each.p90_ms:9.2f}   "
                f"processor {processor:7.2f} ms"
            )
    write(RESULTS / "tpm.json", {**machine(), "device": device}, found)


def measured(name: str, work: Work, rounds: int, pid: int | None) -> tuple[Row, float]:
    """Times on the clock, and processor time of ours and of the simulator's process, in ms for each call."""
    before = time.process_time(), _ticks(pid)
    each = row(name, times(work, rounds, warm_up=0))
    spent = time.process_time() - before[0] + _ticks(pid) - before[1]
    return each, round(spent * 1000 / rounds, 2)


@contextlib.contextmanager
def simulated() -> Iterator[tuple[str, int | None]]:
    """How a new simulated TPM is reached, and its process."""
    maker = Maker()
    try:
        tpm = maker.new()
        yield tpm.device, tpm.pid
    finally:
        maker.close()


@contextlib.contextmanager
def opened(device: str) -> Iterator[Tpm]:
    """A device set up with this TPM, for the time of the measurement."""
    key, unlock, lockout = ec.generate_private_key(ec.SECP256R1()), os.urandom(32), new_lockout_secret()
    update_key = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    with tempfile.TemporaryDirectory() as place:
        settings = PlatformSettings(name="tpm", directory=Path(place), device=device, development=True)
        provision(settings, unlock, Choices(update_key=update_key), lockout)
        try:
            tpm = Tpm.open(settings, unlock)
            try:
                tpm.authorize_pcrs(approve(key, tpm.approval_request()))
                yield tpm
            finally:
                tpm.forget()
        finally:
            unprovision(settings, unlock, lockout)


def operations(tpm: Tpm) -> dict[str, Work]:
    secret, context, auth = os.urandom(32), b"bench", os.urandom(32)
    sealed, locked = tpm.seal(secret, context), tpm.seal(secret, context, auth=auth)
    counter = tpm.counter("epoch")
    return {
        "seal 32 bytes with an auth value": lambda: tpm.seal(secret, context, auth=auth),
        "unseal: PCRs, approval, auth value": lambda: tpm.unseal(locked, context, auth=auth),
        "unseal without an auth value": lambda: tpm.unseal(sealed, context),
        "evidence: quote and certified counter": lambda: tpm.attest(bytes(64)),
        "read a counter": counter.read,
        "count up and read back": counter.increment,
    }


def _ticks(pid: int | None) -> float:
    """Seconds of processor time of another process; 0 where there is none."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
