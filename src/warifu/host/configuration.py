"""How the running kernel was started and built: its command line, and its configuration where that can be read.

Documents: the kernel's admin-guide/kernel-parameters (quotes, ``--``, ``-`` and ``_`` are the same) and kbuild's
.config format. The configuration is ``/proc/config.gz`` or the distribution's ``/boot/config-RELEASE``.
"""

from __future__ import annotations

import re
import zlib

from warifu.host.machine import CannotTell, Machine

_MAX_CONFIG_BYTES = 2 * 1024 * 1024
_WORD = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_RELEASE = re.compile(r"[0-9A-Za-z.+~_-]{1,100}")
_OPTION = re.compile(r"^(CONFIG_\w+)=(.*)$", re.MULTILINE)


def parameters(machine: Machine) -> dict[str, str]:
    """What the kernel was told on its command line; the last word about a name counts. No value is an empty text."""
    line = machine.read("/proc/cmdline")
    if line is None:
        raise CannotTell("/proc/cmdline is not there")
    told: dict[str, str] = {}
    for word in _WORD.findall(line):
        if word == "--":  # what follows is for the first program, not for the kernel
            break
        name, _, value = word.replace('"', "").partition("=")
        told[name.replace("-", "_")] = value
    return told


def release(machine: Machine) -> str:
    """The running kernel's release, as ``uname -r`` prints it."""
    text = (machine.read("/proc/sys/kernel/osrelease") or "").strip()
    if not _RELEASE.fullmatch(text):
        raise CannotTell("/proc/sys/kernel/osrelease does not name the kernel")
    return text


def options(machine: Machine) -> dict[str, str]:
    """The options that the kernel was built with; what is not set is not there. ``CannotTell`` where hidden."""
    packed = machine.read_bytes("/proc/config.gz", _MAX_CONFIG_BYTES)
    text = (
        machine.read(f"/boot/config-{release(machine)}", _MAX_CONFIG_BYTES)
        if packed is None
        else _unpacked(packed)
    )
    if text is None:
        raise CannotTell("the kernel's configuration is neither in /proc/config.gz nor in /boot")
    found = {option: value.strip('"') for option, value in _OPTION.findall(text)}
    if not found:
        raise CannotTell("the kernel's configuration has an unexpected form")
    return found


def _unpacked(packed: bytes) -> str:
    """Bounded: a few bytes can unpack to gigabytes."""
    try:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        text = unpacker.decompress(packed, _MAX_CONFIG_BYTES)
    except zlib.error:
        raise CannotTell("/proc/config.gz is damaged") from None
    if not unpacker.eof:
        raise CannotTell("/proc/config.gz is cut off or too long")
    return text.decode("utf-8", "replace")
