"""A transfer through isolated signer processes: envelope keys, sealing, authorization, judging, signing, journal.

Not in it: HTTP, the service's workflow and database, the chain. The disk is in it: each signer waits for it six times
for each signature.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from bench.household import CheapDevice, Processes, processes
from bench.measure import Row, processor_ms, row, times
from tests.support.enclaves import EnclaveDevice

from warifu.chains.bitcoin.descriptor import Branch, KeyPath


def rows(rounds: int) -> Iterator[Row]:
    with processes(3, CheapDevice) as cheap:
        cheap.make_wallet(2)
        sign = transfers(cheap)
        peer = row(
            "2-of-3 through isolated processes, without Argon2id",
            times(sign, rounds),
            goal="median under 40 ms",
        )
        yield peer
        yield row("... of a processor, all signers", on_a_processor(cheap, sign, rounds), peer=peer)
    with processes(3, EnclaveDevice) as production:
        idle = max(production.resident_mib())
        production.make_wallet(2)
        yield row(
            "2-of-3 through isolated processes, with Argon2id (64 MiB, 3 passes)",
            times(transfers(production), max(5, rounds // 10)),
            peer=peer,
        )
        yield memory("resident memory of an idle signer, MiB", idle, "under 75 MiB")
        yield memory("... after signing", max(production.resident_mib()), "under 77 MiB")
        yield memory("... at its highest (Argon2id's 64 MiB)", max(production.resident_mib("VmHWM")), None)


def transfers(household: Processes) -> Callable[[], object]:
    """Each call signs another payment with two of the devices, of a coin at another address of the wallet."""
    counter = itertools.count()

    def transfer() -> None:
        number = next(counter)
        coin = KeyPath(Branch.RECEIVE, number), 100_000_000
        payment = household.pay(coins=[coin], first_coin=number)
        outcome = household.sign(payment)
        assert not outcome.failed, outcome.codes

    return transfer


def on_a_processor(household: Processes, sign: Callable[[], object], rounds: int) -> list[float]:
    """Milliseconds that all signers take for each call of ``sign``: what can be compared on a machine that others keep
    busy."""
    pids = [device.enclave.process.pid for device in household.running]
    taken = []
    for _ in range(rounds):
        before = processor_ms(pids)
        sign()
        taken.append(processor_ms(pids) - before)
    return taken


def memory(name: str, mib: float, goal: str | None) -> Row:
    """A row that is a size: ``median_ms`` holds MiB, as its name says."""
    return Row(name, round(mib, 1), round(mib, 1), round(mib, 1), 1, goal=goal)
