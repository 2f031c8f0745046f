"""Setting a device up with its TPM, once, and taking that back.

What it changes in the TPM: it keeps the standard storage root key at a fixed place, makes counters, and sets how
guesses are limited and the *lockout secret*, which alone can reset that (TPM 2.0 Library, Part 1, "Dictionary Attack
Protection"). Without a lockout secret anybody with root's rights could reset the count of wrong passphrases and guess
on. The caller makes the secret, shows it to the owner to keep, and only then hands it in: a secret that nobody wrote
down would be lost for good.

Nothing is done on a TPM that has authorizations which the caller does not know. What an interrupted set-up left behind
is found again by the next one, and what a failed one made is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from tpm2_pytss import ESYS_TR, TPM2B_SENSITIVE_CREATE

from warifu.errors import PlatformRefused
from warifu.tee.platform import PlatformSettings
from warifu.tee.tpm.chip import Chip, Key, public_of
from warifu.tee.tpm.choices import (
    APPROVALS,
    Authorizations,
    Choices,
    new_lockout_secret,
    require_known,
    require_sensible,
)
from warifu.tee.tpm.counters import define, undefine
from warifu.tee.tpm.endorsement import read_endorsement
from warifu.tee.tpm.keys import Keys
from warifu.tee.tpm.pinned import (
    GuessLimits,
    Pinned,
    begin_root,
    forget_pinned,
    forget_root,
    has_begun_root,
    is_pinned,
    read_pinned,
    write_pinned,
)
from warifu.tee.tpm.refusals import refusing
from warifu.tee.tpm.structures import attestation_key_template, storage_root_template

__all__ = [
    "Authorizations",
    "Choices",
    "directory_of",
    "forgive_guesses",
    "new_lockout_secret",
    "opened",
    "provision",
    "unprovision",
]

_PERSISTENT = 0x81000000
_USUAL_ROOT = 0x81000001
"""Where the TCG's guidance has the storage root key; other software may have put it there."""
_OUR_ROOTS, _ROOT_PLACES, _ATTEMPTS = 0x81005700, 256, 8


def provision(
    settings: PlatformSettings,
    unlock_key: bytes | bytearray,
    choices: Choices,
    lockout_secret: bytes | bytearray,
    known: Authorizations | None = None,
) -> Pinned:
    """Set the device in ``settings.directory`` up with the TPM at ``settings.device``; done before, it only checks.
    ``lockout_secret`` becomes the TPM's where it has none yet.

    Afterwards the owner must approve the present boot (``Tpm.approval_request``), or nothing sealed ever opens.
    Raises ``InputRefused`` for choices that make no sense; ``PlatformRefused``: ``simulator``, ``unreachable``,
    ``owner-auth``, ``endorsement-auth``, ``lockout-auth``, ``already-provisioned``, ``nv-full``.
    """
    directory, known = directory_of(settings), known or Authorizations()
    require_sensible(choices, lockout_secret)
    keys = Keys(unlock_key)
    with opened(settings) as chip:
        if is_pinned(directory):
            return _checked(chip, read_pinned(directory, keys), choices)
        require_known(chip.facts, known)
        with _Undo() as undo:
            lockout = known.lockout or bytes(lockout_secret)
            root = _keep_root(chip, directory, keys, known.owner, undo)
            pinned = _set_up(
                chip, keys, choices, known, undo, root, lockout_is_ours=lockout == lockout_secret
            )
            _limit_guesses(chip, choices.limits, known.lockout)
            undo.push(partial(_limit_guesses, chip, pinned.limits_before, known.lockout))
            _change_lockout(chip, known.lockout, lockout)
            undo.push(partial(_change_lockout, chip, lockout, known.lockout))
            write_pinned(directory, keys, pinned)
    return pinned


def unprovision(
    settings: PlatformSettings,
    unlock_key: bytes | bytearray,
    lockout_secret: bytes | bytearray,
    owner_auth: bytes = b"",
) -> None:
    """Remove from the TPM what :func:`provision` put there, and nothing else. What was sealed never opens again.

    ``PlatformRefused`` (``authorization``) for a wrong lockout secret, before anything is removed; the TPM then accepts
    none for the time of its lockout recovery.
    """
    directory, keys = directory_of(settings), Keys(unlock_key)
    pinned = read_pinned(directory, keys)
    with opened(settings) as chip:
        if pinned.root_handle in chip.handles(_PERSISTENT):
            chip.root = chip.pinned_key(pinned.root_handle, pinned.storage_root)
            if chip.facts.lockout_auth_set:
                secret = bytes(lockout_secret)
                _limit_guesses(chip, pinned.limits_before, secret)
                _change_lockout(chip, secret, b"" if pinned.lockout_is_ours else secret)
            for counter in (*pinned.counters, pinned.approvals_counter):
                undefine(chip, counter, owner_auth)
            if pinned.root_is_ours:
                _evict(chip, pinned.root_handle, owner_auth)
    forget_pinned(directory)


def forgive_guesses(
    settings: PlatformSettings, unlock_key: bytes | bytearray, lockout_secret: bytes | bytearray
) -> None:
    """End the TPM's lock-out and forget the wrong passphrases that it counted (TPM2_DictionaryAttackLockReset)."""
    pinned = read_pinned(directory_of(settings), Keys(unlock_key))
    with opened(settings) as chip:
        chip.root = chip.pinned_key(pinned.root_handle, pinned.storage_root)
        with refusing("resetting its lock-out"), chip.session() as session:
            chip.esapi.tr_set_auth(ESYS_TR.LOCKOUT, bytes(lockout_secret))
            chip.esapi.dictionary_attack_lock_reset(session1=session)


def directory_of(settings: PlatformSettings) -> Path:
    """Where the device keeps what is its own."""
    if settings.directory is None or not settings.directory.is_dir():
        raise PlatformRefused("directory", "a device with a TPM needs a directory of its own")
    return settings.directory


@contextmanager
def opened(settings: PlatformSettings) -> Iterator[Chip]:
    """The TPM for the time of the block."""
    chip = Chip.open(settings)
    try:
        yield chip
    finally:
        chip.close()


def _checked(chip: Chip, pinned: Pinned, choices: Choices) -> Pinned:
    chip.pinned_key(pinned.root_handle, pinned.storage_root)
    if (pinned.update_key, pinned.pcrs) != (choices.update_key, choices.pcrs):
        raise PlatformRefused(
            "already-provisioned",
            "the device was set up with its TPM before, with another update key or other PCRs",
            not_done="Nothing was changed.",
            remedy="Take the set-up back first; what was sealed under it is then lost.",
        )
    return pinned


def _set_up(
    chip: Chip,
    keys: Keys,
    choices: Choices,
    known: Authorizations,
    undo: _Undo,
    kept: tuple[int, bool],
    *,
    lockout_is_ours: bool,
) -> Pinned:
    (handle, ours), root = kept, chip.root
    assert root is not None
    counters = []
    for name in (APPROVALS, *choices.counters):
        counters.append(define(chip, keys, name, known.owner))
        undo.push(partial(undefine, chip, counters[-1], known.owner))
    ak_public, ak_private = _new_attestation_key(chip, root)
    facts, endorsement = chip.facts, read_endorsement(chip, known.endorsement)
    return Pinned(
        storage_root=root.name,
        root_handle=handle,
        root_is_ours=ours,
        lockout_is_ours=lockout_is_ours,
        limits_before=GuessLimits(facts.most_tries, facts.recovery_seconds, facts.lockout_recovery_seconds),
        update_key=choices.update_key,
        pcrs=choices.pcrs,
        approvals_counter=counters[0],
        ak_public=ak_public,
        ak_private=ak_private,
        ek_public=endorsement.public,
        ek_certificate=endorsement.certificate,
        counters=tuple(counters[1:]),
        approvals=(),
    )


def _keep_root(chip: Chip, directory: Path, keys: Keys, owner_auth: bytes, undo: _Undo) -> tuple[int, bool]:
    """Have the storage root key at a persistent handle; from here on sessions are salted to it.

    Returns the handle, and whether we put it there. Trusted here, once: that the TPM which answers is the TPM.
    """
    with refusing("making its storage root key"), chip.session() as session:
        chip.esapi.tr_set_auth(ESYS_TR.OWNER, owner_auth)
        transient, *_ = chip.esapi.create_primary(
            TPM2B_SENSITIVE_CREATE(), public_of(storage_root_template()), ESYS_TR.OWNER, session1=session
        )
    with chip.flushed(transient):
        name = chip.name(transient)
        taken = chip.handles(_PERSISTENT)
        for handle in (_USUAL_ROOT, *_places(keys)):
            usual = handle == _USUAL_ROOT
            if handle in taken and (usual or has_begun_root(directory, keys, handle)):
                with suppress(PlatformRefused):  # another key: the next place, then
                    chip.root = chip.pinned_key(handle, name)
                    return handle, not usual
            elif handle not in taken and not usual:
                begin_root(directory, keys, handle)
                with refusing("keeping its storage root key"), chip.session() as session:
                    chip.esapi.evict_control(ESYS_TR.OWNER, transient, handle, session1=session)
                undo.push(partial(_take_back_root, chip, directory, handle, owner_auth))
                chip.root = chip.pinned_key(handle, name)
                return handle, True
    raise PlatformRefused("nv-full", "the TPM has no free place for its storage root key")


def _places(keys: Keys) -> Iterator[int]:
    """The same for the same device, so that an interrupted set-up finds its key again; other devices' begin elsewhere,
    most of them."""
    first = int.from_bytes(keys.key("root-handle"), "big")
    return (_OUR_ROOTS + (first + attempt) % _ROOT_PLACES for attempt in range(_ATTEMPTS))


def _new_attestation_key(chip: Chip, root: Key) -> tuple[bytes, bytes]:
    with refusing("making its attestation key"), chip.session() as session:
        private, public, *_ = chip.esapi.create(
            root.handle, TPM2B_SENSITIVE_CREATE(), public_of(attestation_key_template()), session1=session
        )
    return public.publicArea.marshal(), private.marshal()


def _limit_guesses(chip: Chip, limits: GuessLimits, lockout: bytes) -> None:
    with refusing("limiting guesses"), chip.session() as session:
        chip.esapi.tr_set_auth(ESYS_TR.LOCKOUT, lockout)
        chip.esapi.dictionary_attack_parameters(
            limits.most_tries, limits.recovery_seconds, limits.lockout_recovery_seconds, session1=session
        )


def _change_lockout(chip: Chip, before: bytes, after: bytes) -> None:
    """Its new value crosses the wires encrypted."""
    with refusing("setting the lockout secret"), chip.session() as session:
        chip.esapi.tr_set_auth(ESYS_TR.LOCKOUT, before)
        chip.esapi.hierarchy_change_auth(ESYS_TR.LOCKOUT, after, session1=session)


def _evict(chip: Chip, handle: int, owner_auth: bytes) -> None:
    """Remove the persistent key. It is the session's own root as well, so the session is salted to it no more."""
    chip.root = None
    with refusing("removing its storage root key"), chip.session() as session:
        chip.esapi.tr_set_auth(ESYS_TR.OWNER, owner_auth)
        key = chip.esapi.tr_from_tpmpublic(handle)
        chip.esapi.evict_control(ESYS_TR.OWNER, key, handle, session1=session)


def _take_back_root(chip: Chip, directory: Path, handle: int, owner_auth: bytes) -> None:
    """What was written down goes last: without it the key is nobody's."""
    _evict(chip, handle, owner_auth)
    forget_root(directory)


class _Undo:
    """What to do if the set-up fails, last first. A TPM that is gone keeps what it has; the next attempt finds it."""

    def __init__(self) -> None:
        self._steps: list[Callable[[], None]] = []

    def push(self, step: Callable[[], None]) -> None:
        self._steps.append(step)

    def __enter__(self) -> _Undo:
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: object, _trace: object) -> None:
        while kind is not None and self._steps:
            with suppress(PlatformRefused):
                self._steps.pop()()
