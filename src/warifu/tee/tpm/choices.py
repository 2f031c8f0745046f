"""What the owner decides, and must know, when a device is set up with its TPM."""

from __future__ import annotations

from dataclasses import dataclass

from nacl.utils import random

from warifu.errors import InputRefused, PlatformRefused
from warifu.tee.tpm.chip import Facts
from warifu.tee.tpm.pinned import GuessLimits
from warifu.tee.tpm.policy import BOOT_PCRS, require_lasting, update_key_public

LOCKOUT_BYTES = 32
EPOCH = "epoch"
"""The counter that every device has, and that its evidence tells the count of."""
APPROVALS = "approvals"


DEFAULT_LIMITS = GuessLimits()


@dataclass(frozen=True, kw_only=True)
class Authorizations:
    """What the owner knows of a TPM that other software has set up before. Empty: not set, as in a new TPM."""

    owner: bytes = b""
    endorsement: bytes = b""
    lockout: bytes = b""

    def __repr__(self) -> str:
        return "Authorizations()"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the owner decides when a device is set up."""

    update_key: bytes
    """The owner's public key for approving boots: a point of P-256, 65 bytes uncompressed."""
    pcrs: tuple[int, ...] = BOOT_PCRS
    counters: tuple[str, ...] = (EPOCH,)
    limits: GuessLimits = DEFAULT_LIMITS


def new_lockout_secret() -> bytearray:
    """32 random bytes, for the owner to write down *before* they are handed to :func:`provision`."""
    return bytearray(random(LOCKOUT_BYTES))


def require_sensible(choices: Choices, lockout_secret: bytes | bytearray) -> None:
    require_lasting(choices.pcrs)
    update_key_public(choices.update_key)
    if len(lockout_secret) != LOCKOUT_BYTES:
        raise InputRefused("lockout-secret", f"a lockout secret has {LOCKOUT_BYTES} bytes")
    limits = choices.limits
    if not (1 <= limits.most_tries <= 100 and limits.recovery_seconds and limits.lockout_recovery_seconds):
        raise InputRefused(
            "guess-limits", "a TPM must stop guessing after 1 to 100 tries, and take time to recover"
        )
    if EPOCH not in choices.counters or APPROVALS in choices.counters:
        raise InputRefused("counters", f"among the counters there must be '{EPOCH}', and not '{APPROVALS}'")


def require_known(facts: Facts, known: Authorizations) -> None:
    """A value that is set and not known is refused without trying one: a wrong lockout secret blocks for a day."""
    for name, is_set, value in (
        ("owner", facts.owner_auth_set, known.owner),
        ("endorsement", facts.endorsement_auth_set, known.endorsement),
        ("lockout", facts.lockout_auth_set, known.lockout),
    ):
        if is_set != bool(value):
            raise PlatformRefused(
                f"{name}-auth",
                f"the TPM has {'a' if is_set else 'no'} {name} authorization"
                + (", and it was not given" if is_set else ", but one was given"),
                not_done="Nothing was changed in the TPM.",
                remedy="Give the authorization that its present owner set, or clear the TPM in the firmware's settings "
                "(which destroys all that was sealed with it).",
            )
