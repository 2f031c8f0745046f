"""``python -m tests.support.signer_at_work FOLDER``: real signers do all that signers do, for somebody who watches.

``tools/trace-signer.sh`` runs it under strace, to see which system calls that takes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.enclaves import EnclaveDevice, enclave_device
from tests.support.isolated import answer_of, isolated, open_folder
from tests.support.simulator import Household


def work_through_libraries(folder: Path) -> None:
    """Every library and every kind of file that signers use, in both ways of starting."""
    for number, own_user in enumerate((True, False)):
        place = folder / str(number)
        place.mkdir()
        with isolated("work", open_folder(place), own_user=own_user) as (process, connection):
            assert connection.recv(4) == b"ping"
            connection.sendall(b"pong")
            assert set(answer_of(process, connection)["result"].values()) == {"done"}


def live(folder: Path) -> None:
    """Three devices: enrolled, a wallet made, correlations prepared, transfers signed and refused, one killed, all
    started again over what they have."""
    household = Household(folder, 3, make_device=enclave_device)
    try:
        household.make_wallet(2)
        household.correlate()
        assert not household.sign(household.pay()).failed
        assert household.sign(household.pay(first_coin=1), passphrase="wrong").failed
        for name in household.names:
            device = household[name]
            assert isinstance(device, EnclaveDevice)
            device.crash() if name == "device1" else device.close()
            device.start()
        assert not household.sign(household.pay(first_coin=2), ["device0", "device1"]).failed
    finally:
        household.close()


def main(folder: Path) -> None:
    work_through_libraries(folder)
    (folder / "household").mkdir()
    live(folder / "household")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
