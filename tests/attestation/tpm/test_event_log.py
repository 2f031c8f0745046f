"""The event log is the host's word: it counts as far as the signed PCR values bear it out."""

import hashlib
from dataclasses import replace
from functools import partial

import pytest
from tests.support.minted_tpm import NOW, Chip, LoggedEvent, log_of

from warifu.attestation.tpm.verifier import TpmVerifier
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified
from warifu.protocol.encoding import encode

pytestmark = pytest.mark.unit

NO_ACTION, SEPARATOR, IPL = 3, 4, 0xD


def judged(chip: Chip, log: bytes | None = None) -> Verified:
    """With ``log`` instead of its own: what the kernel gave the attester to read, before the TPM signed."""
    return TpmVerifier().verify(
        encode(chip.bundle(event_log=log)), Endorsements(pinned_keys=(chip.spki(),)), NOW
    )


def refused(chip: Chip, log: bytes | None = None) -> bool:
    try:
        judged(chip, log)
    except CheckFailed as failure:
        return failure.check == "event-log"
    return False


@pytest.mark.parametrize("index", range(len(Chip().events) + 1))
def test_no_event_can_be_left_out(index):
    assert refused(Chip(change_log=lambda events: events.__delitem__(index)))


@pytest.mark.parametrize("index", range(1, len(Chip().events) + 1))
def test_no_event_can_be_told_twice_or_with_another_digest_or_in_another_pcr(index):
    event = Chip().events[index - 1]
    lies = (
        replace(event, digest=hashlib.sha256(b"a lie").digest()),
        replace(event, pcr=(event.pcr + 1) % 8),
    )
    assert refused(Chip(change_log=lambda events: events.insert(index, event)))
    for lie in lies:
        assert refused(Chip(change_log=partial(put, index, lie)))


def test_no_event_can_be_added_to_a_quoted_pcr():
    added = LoggedEvent(9, IPL, hashlib.sha256(b"x").digest(), b"x")
    assert refused(Chip(change_log=lambda events: events.append(added)))


def test_the_order_within_a_pcr_counts():
    assert refused(Chip(change_log=lambda events: events.__setitem__(slice(1, 3), [events[2], events[1]])))


def test_no_measured_event_can_be_called_one_that_is_not_measured():
    assert refused(Chip(change_log=lambda events: events.__setitem__(1, replace(events[1], kind=NO_ACTION))))


def test_another_locality_at_the_start_is_another_value_of_pcr_0():
    assert judged(Chip(locality=0)) and judged(Chip(locality=4))

    def tell_another(events: list[LoggedEvent]) -> None:
        events[0] = replace(events[0], data=b"StartupLocality\0\0")

    assert refused(Chip(change_log=tell_another))
    assert refused(Chip(locality=2))


def test_pcrs_that_programs_extend_later_may_stay_unexplained_and_it_shows():
    chip = Chip(pcrs=(0, 7, 10))
    chip.values[10] = bytes(range(32))
    assert judged(chip).details["event log"] == "explains PCRs 0, 7"


def test_events_of_pcrs_that_were_not_quoted_say_nothing():
    chip = Chip(pcrs=(0, 4))
    assert judged(chip).details.keys() & {"kernel command line", "secure boot"} == set()


def test_data_that_is_not_what_was_measured_is_not_shown():
    def lie(events: list[LoggedEvent]) -> None:
        events[-2] = replace(events[-2], data=b"kernel_cmdline: quiet\0")

    assert "kernel command line" not in judged(Chip(change_log=lie)).details


def test_secure_boot_is_what_was_measured_before_the_firmware_handed_over():
    assert judged(Chip(secure_boot=False)).details["secure boot"] == "off"
    on = Chip(secure_boot=True).events[2]

    class LaterWord(Chip):
        """The operating system extends "on" afterwards, and spoils the first word so that it is not recognised."""

        def __post_init__(self) -> None:
            super().__post_init__()
            self.events.append(on)
            self.values[7] = hashlib.sha256(self.values[7] + on.digest).digest()

    def spoil(events: list[LoggedEvent]) -> None:
        events[3] = replace(events[3], data=b"")

    assert judged(LaterWord(secure_boot=False)).details["secure boot"] == "off"
    assert "secure boot" not in judged(LaterWord(secure_boot=False, change_log=spoil)).details


def put(index: int, event: LoggedEvent, events: list[LoggedEvent]) -> None:
    events[index] = event


GOOD = Chip().event_log()


@pytest.mark.parametrize("length", range(1, len(GOOD), 7))
def test_a_log_that_is_cut_anywhere_is_refused(length):
    assert refused(Chip(), GOOD[:length])


@pytest.mark.parametrize(
    "log",
    [
        GOOD + b"\0",
        GOOD + GOOD,
        GOOD[65:],  # without its header
        GOOD.replace(b"Spec ID Event03", b"Spec ID Event02"),
        b"\0" * 1000,
        b"\xff" * 1000,
        log_of([LoggedEvent(24, SEPARATOR, bytes(32), b"")]),
    ],
    ids=range(7),
)
def test_what_is_no_crypto_agile_log_is_refused(log):
    assert refused(Chip(), log)
