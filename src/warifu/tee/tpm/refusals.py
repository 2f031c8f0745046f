"""A TPM's response codes (TPM 2.0 Library, Part 2, section 6.6) as what they mean for the device and its owner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tpm2_pytss import TPM2_RC, TSS2_RC, TSS2_Exception

from warifu.errors import PlatformRefused

_LAYER, _TPM, _TCTI = 0xFF0000, 0x000000, 0x0A0000

WRONG_AUTH = frozenset({int(TPM2_RC.AUTH_FAIL), int(TPM2_RC.BAD_AUTH)})
LOCKED_OUT = int(TPM2_RC.LOCKOUT)
NO_SUCH_HANDLE = int(TPM2_RC.HANDLE)
NV_FULL = int(TPM2_RC.NV_SPACE)
_BUSY = frozenset({int(TPM2_RC.RETRY), int(TPM2_RC.NV_RATE), int(TPM2_RC.YIELDED), int(TPM2_RC.TESTING)})
_AFTER_FAILURE = int(TSS2_RC.ESYS_RC_BAD_SEQUENCE)
"""ESAPI begins nothing new after a command whose answer never came."""
_FORGED = int(TSS2_RC.ESYS_RC_RSP_AUTH_FAILED)


def code(error: TSS2_Exception) -> int:
    """The TPM's response code without the number of the handle, session or parameter; 0 for other layers' errors."""
    return int(error.error) if int(error.rc) & _LAYER == _TPM else 0


@contextmanager
def refusing(doing: str) -> Iterator[None]:
    """Inside, whatever the TPM or the way to it refuses becomes a ``PlatformRefused``. ``doing``: for the message."""
    try:
        yield
    except TSS2_Exception as error:
        raise refusal(error, doing) from None


def refusal(error: TSS2_Exception, doing: str) -> PlatformRefused:
    """What to tell: by reason, for whoever must act on it."""
    number = code(error)
    if int(error.rc) == _FORGED:
        return PlatformRefused(
            "not-authentic",
            f"an answer that is not the TPM's own came while {doing}",
            not_done="The answer was not used.",
            remedy="Something sits between the machine and its TPM. Do not use this device until you know what.",
        )
    if int(error.rc) & _LAYER == _TCTI or int(error.rc) == _AFTER_FAILURE:
        return PlatformRefused(
            "unreachable",
            f"the TPM stopped answering while {doing}",
            not_done="What was being done was not done, and the TPM is not asked again.",
            remedy="Check that the TPM is there, then start the device again.",
        )
    if number == LOCKED_OUT:
        return PlatformRefused(
            "locked-out",
            "the TPM is locked after too many wrong authorizations: it looks at none until it has recovered",
            remedy="Wait until it has recovered (see 'recovery' in docs/tpm.md), sign with the other devices, or reset "
            "it with the lockout secret that was shown when the device was set up.",
        )
    if number in WRONG_AUTH:
        return PlatformRefused(
            "authorization",
            f"the TPM refuses the authorization that it was given while {doing}",
            remedy="Give the authorization that is set in the TPM. Several wrong ones may lock it for a time.",
        )
    if number == NV_FULL:
        return PlatformRefused(
            "nv-full",
            f"the TPM has no room left while {doing}",
            remedy="Remove NV indices or persistent keys that nothing needs any more, then try again.",
        )
    if number in _BUSY:
        return PlatformRefused(
            "busy",
            f"the TPM cannot work just now, while {doing}",
            remedy="Ask again in a few seconds.",
            retry_after=5,
        )
    return PlatformRefused("tpm", f"the TPM refused while {doing}: response code 0x{int(error.rc):08x}")
