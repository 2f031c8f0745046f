"""The child's side of a start: take what the agent hands over, once, and leave nothing of it behind.

Descriptor 3 is the connection. Descriptor 4 is a pipe with the 32 bytes of the unlock key and then, as JSON, the
isolation profile and the platform that the device was set up for; they come once the process is in namespaces of its
own, are read to the end, and the pipe is closed. Descriptor 5 is the pipe on which that is announced (``birth``).
Nothing comes by argument or environment, which others can read.
"""

from __future__ import annotations

import os
import socket
import stat
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from warifu.errors import InputRefused
from warifu.signer.isolation.birth import be_born
from warifu.signer.isolation.layer import (
    CONNECTION_FD,
    UNSAFE_SOFTWARE,
    IsolationProfile,
    PlatformChoice,
)

SECRET_FD = 4
KEY_BYTES = 32
MAX_HANDOVER_BYTES = 16 * 1024


@dataclass(frozen=True)
class Handover:
    """What a signer starts with."""

    connection: socket.socket
    unlock_key: bytearray = field(repr=False)
    """32 secret bytes; the signer wipes them once the platform is open."""
    profile: IsolationProfile
    platform: PlatformChoice


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is not secret in a handover."""

    profile: IsolationProfile
    platform: PlatformChoice


def pack(
    unlock_key: bytes | bytearray, profile: IsolationProfile, platform: PlatformChoice = UNSAFE_SOFTWARE
) -> bytearray:
    """What the agent writes into the pipe. The mirror of :func:`receive`; the caller wipes it."""
    if len(unlock_key) != KEY_BYTES:
        raise InputRefused("handover", f"an unlock key has {KEY_BYTES} bytes, not {len(unlock_key)}")
    return bytearray(unlock_key) + msgspec.json.encode(Setting(profile, platform))


def receive() -> Handover:
    """Be born, read the handover and go to the store's directory. Call it before the heavy imports: the agent waits for
    the birth. Raises ``InputRefused``, ``OSError``."""
    born = be_born()
    buffer = _read_to_end(SECRET_FD)
    try:
        unlock_key = buffer[:KEY_BYTES]
        try:
            setting = msgspec.json.decode(bytes(buffer[KEY_BYTES:]), type=Setting)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise InputRefused("handover", "the handover cannot be read") from None
    finally:
        buffer[:] = bytes(len(buffer))
    profile = msgspec.structs.replace(
        setting.profile, no_own_users=born.no_own_users, no_own_processes=born.no_own_processes
    )
    _enter(profile)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=CONNECTION_FD)
    connection.set_inheritable(False)
    return Handover(connection, unlock_key, profile, setting.platform)


def _enter(profile: IsolationProfile) -> None:
    """The store's directory becomes the working directory, and from here on it is reached by no other name: whoever
    may write beside it can put another one in its place afterwards, and gains nothing.

    What stands there now must be the agent's (or the signer's own user's) and closed to everybody else.
    """
    os.chdir(profile.store)
    found = Path().stat()
    if found.st_uid not in {os.geteuid(), profile.user} or stat.S_IMODE(found.st_mode) & 0o077:
        raise InputRefused("handover", "the store's directory is another user's, or open to others")


def _read_to_end(descriptor: int) -> bytearray:
    """At most the limit, into one buffer that can be wiped."""
    buffer, filled = bytearray(MAX_HANDOVER_BYTES), 0
    try:
        while filled < len(buffer):
            count = os.readv(descriptor, [memoryview(buffer)[filled:]])
            if count == 0:
                break
            filled += count
    finally:
        os.close(descriptor)
    if not KEY_BYTES < filled < len(buffer):
        buffer[:] = bytes(len(buffer))
        raise InputRefused("handover", "the handover is too short or too long")
    del buffer[filled:]
    return buffer
