"""The TPM 2.0 platform (attester's side; the verifier is ``warifu.attestation.tpm``). See ``docs/tpm.md``.

``platform`` is the door; ``provisioning`` sets a device up with its TPM. ``policy`` and ``structures`` are pure, and an
owner's client uses them without having a TPM: nothing here imports the TPM's library before a TPM is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warifu.attestation.tpm.bundle import FORMAT as NAME
from warifu.errors import PlatformRefused
from warifu.tee.platform import PlatformSettings

if TYPE_CHECKING:
    from warifu.tee.tpm.platform import Tpm

__all__ = ["NAME", "open_tpm", "require_library"]


def open_tpm(settings: PlatformSettings, unlock_key: bytes | bytearray) -> Tpm:
    """The TPM that the device was set up with; ``PlatformRefused`` (``not-installed``) without its library."""
    require_library()
    from warifu.tee.tpm.platform import Tpm

    return Tpm.open(settings, unlock_key)


def require_library() -> None:
    """Return if TPMs can be spoken to here; ``PlatformRefused`` (``not-installed``)."""
    try:
        import tpm2_pytss  # noqa: F401  # whether it is there
    except ImportError:
        raise PlatformRefused(
            "not-installed",
            "the library that speaks to TPMs (tpm2-pytss) is not installed, or not for this machine's libtss2",
            not_done="Nothing was opened; no other platform was tried.",
            remedy="Run tools/setup-tpm.sh, or install warifu[tpm] beside Debian's libtss2-dev.",
        ) from None
