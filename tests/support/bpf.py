"""A classic BPF interpreter: what would the kernel decide? For judging filters of other processors than this one."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Sequence
from typing import Any

Instruction = tuple[int, int, int, int]

_LOAD_ABSOLUTE, _JUMP, _RETURN, _AND = 0x20, 0x05, 0x06, 0x54
_JUMP_EQUAL, _JUMP_GREATER, _JUMP_GREATER_EQUAL, _JUMP_SET = 0x15, 0x25, 0x35, 0x45


def program_of(rules: Any) -> list[Instruction]:
    """The instructions that libseccomp makes of a filter."""
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return list(struct.iter_unpack("=HBBI", file.read()))


def decide(program: Sequence[Instruction], arch: int, number: int, arguments: Sequence[int] = ()) -> int:
    """The filter's answer to one system call (``struct seccomp_data`` of linux/seccomp.h)."""
    padded = [value & (2**64 - 1) for value in (*arguments, *[0] * 6)][:6]
    data = struct.pack("<IIQ6Q", number & 0xFFFFFFFF, arch, 0, *padded)
    position = accumulator = 0
    while True:
        code, if_true, if_false, operand = program[position]
        position += 1
        if code == _LOAD_ABSOLUTE:
            (accumulator,) = struct.unpack_from("<I", data, operand)
        elif code == _AND:
            accumulator &= operand
        elif code == _JUMP:
            position += operand
        elif code == _RETURN:
            return operand
        else:
            met = {
                _JUMP_EQUAL: accumulator == operand,
                _JUMP_GREATER: accumulator > operand,
                _JUMP_GREATER_EQUAL: accumulator >= operand,
                _JUMP_SET: bool(accumulator & operand),
            }[code]
            position += if_true if met else if_false
