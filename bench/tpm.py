"""What a TPM costs: ``python -m bench.tpm [--rounds N]``. A simulated one (``swtpm``) unless ``--device`` names one.

A real chip is slower by one or two orders of magnitude: this measures the commands that one operation takes, Warifu's
part of them and a processor's arithmetic, not a chip's. ``--device`` sets a TPM up for the measurement and takes that
back, so it must be one whose authorizations are empty.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from collections.abc import Iterator
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


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=200)
    arguments.add_argument("--device", help="such as device:/dev/tpmrm0; changes that TPM and takes it back")
    given = arguments.parse_args()
    with simulated() if given.device is None else contextlib.nullcontext(given.device) as device:
        measured = list(rows(device, given.rounds))
    for each in measured:
        print(f"{each.name:50} {each.median_ms:9.3f} ms   p10 {each.p10_ms:9.3f}   p90 {each.p90_ms:9.3f}")
    write(RESULTS / "tpm.json", {**machine(), "device": device}, [each.as_json() for each in measured])


@contextlib.contextmanager
def simulated() -> Iterator[str]:
    maker = Maker()
    try:
        yield maker.new().device
    finally:
        maker.close()


def rows(device: str, rounds: int) -> Iterator[Row]:
    key, unlock, lockout = ec.generate_private_key(ec.SECP256R1()), os.urandom(32), new_lockout_secret()
    update_key = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    with tempfile.TemporaryDirectory() as place:
        settings = PlatformSettings(name="tpm", directory=Path(place), device=device, development=True)
        provision(settings, unlock, Choices(update_key=update_key), lockout)
        try:
            tpm = Tpm.open(settings, unlock)
            try:
                tpm.authorize_pcrs(approve(key, tpm.approval_request()))
                yield from operations(tpm, rounds)
            finally:
                tpm.forget()
        finally:
            unprovision(settings, unlock, lockout)


def operations(tpm: Tpm, rounds: int) -> Iterator[Row]:
    secret, context, auth = os.urandom(32), b"bench", os.urandom(32)
    sealed, locked = tpm.seal(secret, context), tpm.seal(secret, context, auth=auth)
    counter = tpm.counter("epoch")
    yield row("seal 32 bytes with an auth value", times(lambda: tpm.seal(secret, context, auth=auth), rounds))
    yield row(
        "unseal them: PCRs, approval, auth value",
        times(lambda: tpm.unseal(locked, context, auth=auth), rounds),
    )
    yield row("unseal without an auth value", times(lambda: tpm.unseal(sealed, context), rounds))
    yield row("evidence: quote and certified counter", times(lambda: tpm.attest(bytes(64)), rounds))
    yield row("read a counter", times(counter.read, rounds))
    yield row("count up and read back", times(counter.increment, rounds))


if __name__ == "__main__":
    main()
