"""What kernel-hardening-checker says, where it is installed: some 250 settings, of which ours are the core.

Its JSON (``-m json``) is a list of objects; what we do not know in it is passed over, what we need is checked. It
asks for more than a wallet needs, and much of it only by another kernel, so its result is shown and not weighed.
"""

from __future__ import annotations

import msgspec

from warifu.host.check import Check, Seen, missing, ok, unknown
from warifu.host.machine import Machine
from warifu.host.programs import ProgramFailed, Programs

_MAX_OPTIONS = 4096
_SHOWN = 5


class _Option(msgspec.Struct, frozen=True):
    option_name: str
    check_result_bool: bool


def _hardening_checker(machine: Machine) -> Seen:
    if not isinstance(machine.programs, Programs):
        return unknown("not asked")
    try:
        output = machine.programs.hardening_checker()
    except ProgramFailed as error:
        return unknown(f"kernel-hardening-checker {error}")
    return unknown("kernel-hardening-checker is not installed") if output is None else _judged(output)


def _judged(output: bytes) -> Seen:
    """Its last line is the JSON; warnings may come before."""
    try:
        options = msgspec.json.decode(output.strip().rpartition(b"\n")[2], type=list[_Option])
    except msgspec.DecodeError:
        return unknown("kernel-hardening-checker said something else than its JSON")
    if not 0 < len(options) <= _MAX_OPTIONS:
        return unknown("kernel-hardening-checker said nothing, or too much")
    failed = [option.option_name[:60] for option in options if not option.check_result_bool]
    if not failed:
        return ok(f"all {len(options)} in order")
    named = ", ".join(failed[:_SHOWN])
    return missing(f"{len(failed)} of {len(options)} fail: {named}{' ...' if len(failed) > _SHOWN else ''}")


CHECKS = (
    Check(
        name="kernel-hardening-checker",
        reason="looks at all that is known to harden a kernel, far beyond this table",
        source="kernel-hardening-checker -m json -a, where it is installed and --checker is given",
        remedy="Install kernel-hardening-checker, run it, and weigh each line: many cost speed or break programs.",
        look=_hardening_checker,
        weight=0,
    ),
)
