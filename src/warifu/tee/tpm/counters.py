"""Counters in the TPM's NV storage (TPM 2.0 Library, Part 1, section 37; Part 3, TPM2_NV_DefineSpace, _Increment,
_Read): the one thing in a machine that a disk copied back does not take back.

Each has an auth value out of the device's unlock key: others can neither read it nor count it up. Whoever has the
owner's authorization can remove it; a counter that is defined anew then begins above the highest count that any
counter in this TPM ever had, so it is never smaller than before, and its absence is an error here, never a new
beginning. Copying the state of a *simulated* TPM back does take its counters back: only the memory of others, who saw
a higher count, shows that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tpm2_pytss import ESYS_TR, TPM2B_NV_PUBLIC, TPMS_NV_PUBLIC, TSS2_Exception

from warifu.errors import PlatformRefused
from warifu.tee.tpm.chip import Chip
from warifu.tee.tpm.keys import Keys
from warifu.tee.tpm.pinned import NamedCounter
from warifu.tee.tpm.refusals import NO_SUCH_HANDLE, WRONG_AUTH, code, refusing
from warifu.tee.tpm.structures import COUNTER_BYTES, counter_public, name_of

_OWNER_RANGE, _RANGE_BITS = 0x01800000, 22
"""NV indices that the TCG's registry of handles leaves to the owner of the machine."""
NV_FIRST = 0x01000000
_ATTEMPTS = 8


@dataclass(frozen=True)
class Counter:
    """One counter: ``warifu.tee.platform.MonotonicCounter``."""

    chip: Chip
    keys: Keys
    at: NamedCounter

    def read(self) -> int:
        with refusing("reading a counter"), self.opened() as index, self.chip.session() as session:
            value = bytes(self.chip.esapi.nv_read(index, COUNTER_BYTES, auth_handle=index, session1=session))
        return int.from_bytes(value, "big")

    def increment(self) -> int:
        with refusing("counting up"), self.chip.session() as session:
            with self.opened() as index:
                self.chip.esapi.nv_increment(index, auth_handle=index, session1=session)
            return self.read()

    @property
    def public(self) -> bytes:
        """TPMS_NV_PUBLIC, as it is once the counter was counted up."""
        return counter_public(self.at.index, written=True)

    @contextmanager
    def opened(self, *, written: bool = True) -> Iterator[ESYS_TR]:
        """The index for the time of the block. ``PlatformRefused`` (``counter``) where it is gone or not ours."""
        try:
            index = self.chip.esapi.tr_from_tpmpublic(self.at.index)
        except TSS2_Exception as error:
            if code(error) != NO_SUCH_HANDLE:
                raise
            raise _not_ours(self.at, "is gone") from None
        try:
            if self.chip.name(index) != name_of(counter_public(self.at.index, written=written)):
                raise _not_ours(self.at, "is another one")
            self.chip.esapi.tr_set_auth(index, auth_of(self.keys, self.at.name))
            yield index
        except TSS2_Exception as error:
            if code(error) in WRONG_AUTH:
                raise _not_ours(self.at, "has another authorization") from None
            raise
        finally:
            self.chip.esapi.tr_close(index)


def define(chip: Chip, keys: Keys, name: str, owner_auth: bytes = b"") -> NamedCounter:
    """Make the counter ``name``, or find the one that an interrupted attempt made. It is usable when this returns.

    Raises ``PlatformRefused``: ``nv-full``, ``auth`` where the TPM's owner authorization is another one.
    """
    taken = chip.handles(NV_FIRST)
    for attempt in range(_ATTEMPTS):
        at = NamedCounter(name, _index(keys, name, attempt))
        if at.index not in taken:
            _define(chip, keys, at, owner_auth)
        elif not _is_ours(chip, at):
            continue
        _count_first(chip, keys, at)
        return at
    raise PlatformRefused("nv-full", "the TPM has no free place for a counter where one was looked for")


def undefine(chip: Chip, at: NamedCounter, owner_auth: bytes = b"") -> None:
    """Remove the counter, if it is there."""
    if at.index not in chip.handles(NV_FIRST) or not _is_ours(chip, at):
        return
    with refusing("removing a counter"), chip.session() as session:
        chip.esapi.tr_set_auth(ESYS_TR.OWNER, owner_auth)
        chip.esapi.nv_undefine_space(chip.esapi.tr_from_tpmpublic(at.index), session1=session)


def auth_of(keys: Keys, name: str) -> bytes:
    """The counter's auth value."""
    return keys.key("counter-auth", name.encode())


def _define(chip: Chip, keys: Keys, at: NamedCounter, owner_auth: bytes) -> None:
    public, _ = TPMS_NV_PUBLIC.unmarshal(counter_public(at.index, written=False))
    with refusing("making a counter"), chip.session() as session:
        chip.esapi.tr_set_auth(ESYS_TR.OWNER, owner_auth)
        chip.esapi.nv_define_space(auth_of(keys, at.name), TPM2B_NV_PUBLIC(public), session1=session)


def _count_first(chip: Chip, keys: Keys, at: NamedCounter) -> None:
    """A counter has no value until it was counted up once."""
    written = _name_there(chip, at) == name_of(counter_public(at.index, written=True))
    with (
        refusing("beginning a counter"),
        Counter(chip, keys, at).opened(written=written) as index,
        chip.session() as session,
    ):
        chip.esapi.nv_increment(index, auth_handle=index, session1=session)


def _is_ours(chip: Chip, at: NamedCounter) -> bool:
    """Whether the index there has the form of ours. Its auth value shows at the first use."""
    return _name_there(chip, at) in {
        name_of(counter_public(at.index, written=written)) for written in (True, False)
    }


def _name_there(chip: Chip, at: NamedCounter) -> bytes:
    with refusing("reading an NV index"):
        index = chip.esapi.tr_from_tpmpublic(at.index)
        try:
            return chip.name(index)
        finally:
            chip.esapi.tr_close(index)


def _index(keys: Keys, name: str, attempt: int) -> int:
    """The same for the same device and name, so that an interrupted attempt is found again; others' are elsewhere."""
    place = int.from_bytes(keys.key("counter-index", f"{attempt}/{name}".encode()), "big")
    return _OWNER_RANGE + place % (1 << _RANGE_BITS)


def _not_ours(at: NamedCounter, what: str) -> PlatformRefused:
    return PlatformRefused(
        "counter",
        f"the TPM's counter '{at.name}' {what}",
        not_done="Nothing was counted, and no new counter was begun.",
        remedy="Somebody with the TPM's owner authorization removed it. Treat the device as restored from an old disk: "
        "replace it by a new one from the others.",
    )
