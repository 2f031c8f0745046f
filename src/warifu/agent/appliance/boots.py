"""In the appliance: setting its TPM up, and the owner's approval of what was booted, before the signer starts.

Only for a start that is for this; an ordinary one leaves the TPM to the signer. The TPM is a simulated one (the host
runs it), so the device is one of a development profile, and says so in its evidence.
"""

from __future__ import annotations

import os
from pathlib import Path

from warifu.agent.appliance.port import Begin, Purpose
from warifu.signer.isolation.layer import PlatformChoice
from warifu.tee.platform import PlatformSettings
from warifu.tee.tpm.policy import Approval, ApprovalRequest

CHOICE = PlatformChoice(name="tpm", device="device:/dev/tpmrm0", development=True)


def prepare(begin: Begin, directory: Path) -> ApprovalRequest:
    """Set up what is to be set up; what the owner is asked to approve. Raises ``PlatformRefused``, ``InputRefused``."""
    from warifu.tee.tpm.choices import Choices
    from warifu.tee.tpm.provisioning import provision

    directory.mkdir(mode=0o700, exist_ok=True)
    if begin.purpose is Purpose.SET_UP:
        choices = Choices(update_key=begin.update_key)
        provision(_settings(directory), begin.unlock_key, choices, begin.lockout_secret)
    return _with_tpm(begin, directory, None)


def keep(begin: Begin, directory: Path, approval: Approval) -> None:
    """Keep the owner's approval. ``AuthorizationRefused`` where it is not the owner's, or for another boot's TPM."""
    _with_tpm(begin, directory, approval)


def _with_tpm(begin: Begin, directory: Path, approval: Approval | None) -> ApprovalRequest:
    from warifu.tee.tpm.platform import Tpm

    platform = Tpm.open(_settings(directory), begin.unlock_key)
    try:
        if approval is not None:
            platform.authorize_pcrs(approval)
        return platform.approval_request()
    finally:
        platform.forget()
        owner = directory.parent.stat().st_uid
        for path in (directory, *directory.iterdir()):
            os.chown(path, owner, owner)


def _settings(directory: Path) -> PlatformSettings:
    return PlatformSettings(
        name=CHOICE.name, directory=directory, device=CHOICE.device, development=CHOICE.development
    )
