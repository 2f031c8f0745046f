"""Which platforms there are: one line each. Nothing falls back: an unknown name is refused."""

from __future__ import annotations

from collections.abc import Callable

from warifu.errors import PlatformRefused
from warifu.tee import nitro, sev_snp, sgx, tdx, tpm, unsafe_software
from warifu.tee.nitro import Nitro
from warifu.tee.platform import Platform, PlatformSettings
from warifu.tee.sev_snp import open_sev_snp
from warifu.tee.sgx import Sgx
from warifu.tee.tdx import Tdx
from warifu.tee.unsafe_software import UnsafeSoftware

PLATFORMS: dict[str, Callable[[PlatformSettings, bytearray], Platform]] = {
    unsafe_software.NAME: lambda _settings, unlock_key: UnsafeSoftware(unlock_key),
    sev_snp.NAME: open_sev_snp,
    tdx.NAME: lambda settings, _unlock_key: Tdx(development=settings.development, owner=settings.user),
    sgx.NAME: lambda settings, unlock_key: Sgx(unlock_key, development=settings.development),
    tpm.NAME: tpm.open_tpm,
    nitro.NAME: lambda settings, _unlock_key: Nitro(development=settings.development),
}
"""Name -> what opens the platform with the device's unlock key."""

WITHOUT_SEALING_KEY = {tdx.NAME, nitro.NAME}
"""Whoever runs there needs the devices that hold its sealing secret each time it starts (``peer_release``)."""


def open_platform(settings: PlatformSettings, unlock_key: bytearray) -> Platform:
    """The platform that ``settings`` name, opened with 32 secret bytes; ``PlatformRefused`` for an unknown name.

    A device that was set up for a better platform must never start on a worse one because the better is missing.
    """
    opener = PLATFORMS.get(settings.name)
    if opener is None:
        raise PlatformRefused(
            "unknown-platform",
            f"there is no platform {settings.name[:40]!r} here",
            not_done="The device was not started; no other platform was tried.",
            remedy=f"Choose one of: {', '.join(sorted(PLATFORMS))}.",
        )
    return opener(settings, unlock_key)
