"""``python -m tests.support.signer_at_work FOLDER``: real signers do all that signers do, for somebody who watches.

``tools/trace-signer.sh`` runs it under strace, to see which system calls that takes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.accounts import LOCAL, account_request, ether_payment, ethereum_rules
from tests.support.enclaves import Enclave, EnclaveDevice, enclave_device
from tests.support.isolated import answer_of, isolated, open_folder
from tests.support.simulator import Household, Spend, bitcoin_policy

from warifu.chains.ethereum.address import address_of
from warifu.chains.ethereum.reading import PATH
from warifu.protocol.operator import Ready
from warifu.threshold.derivation import derive


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
    """Three devices: enrolled, a wallet made, ECDSA prepared, transfers signed and refused, one killed, all started
    again over what they have."""
    household = Household(folder, 3, make_device=enclave_device)
    try:
        household.make_wallet(2, bitcoin_policy(others=[ethereum_rules()]), schemes=("bip340", "ecdsa"))
        assert not household.correlate().failed
        assert not household.sign(household.pay()).failed
        assert not household.sign(ether(household)).failed
        assert household.sign(household.pay(first_coin=1), passphrase="wrong").failed
        for name in household.names:
            device = household[name]
            assert isinstance(device, EnclaveDevice)
            device.crash() if name == "device1" else device.close()
            device.start()
        assert not household.sign(household.pay(first_coin=2), ["device0", "device1"]).failed
    finally:
        household.close()


def ether(household: Household) -> Spend:
    """A payment on Ethereum out of the household's wallet, whose accounts the births state."""
    assert household.birth is not None
    key = household.birth.key("ecdsa")
    account = address_of(derive(key.threshold_public, key.chain_code, PATH).public_key)
    unsigned = ether_payment()
    request = account_request(household.birth.wallet_id, LOCAL, unsigned, account, household.clock())
    return Spend(request, unsigned)


def begin_again(folder: Path) -> None:
    """A first start that was interrupted is cleared away."""
    begun = folder / "begun" / "store.new"
    begun.mkdir(parents=True)
    (begun / "store.db").write_bytes(b"half")
    with Enclave(folder / "begun", bytes(32)) as signer:
        assert isinstance(signer.hear(), Ready)


def main(folder: Path) -> None:
    work_through_libraries(folder)
    begin_again(folder)
    (folder / "household").mkdir()
    live(folder / "household")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
