"""No type is left to be worked out by whichever two threads read it first."""

from __future__ import annotations

import gc

import msgspec
import pytest

from warifu.protocol.encoding import Message
from warifu.protocol.request import TransferRequest
from warifu.protocol.types_known import know_types

pytestmark = pytest.mark.unit


def known(kind: type[msgspec.Struct]) -> bool:
    """Whether msgspec keeps what it worked out of ``kind``."""
    return any(type(found).__name__ == "StructInfo" for found in gc.get_referents(kind))


def test_every_type_is_known_before_it_is_read():
    inner = msgspec.defstruct("Inner", [("number", int)], bases=(Message,), frozen=True)
    outer = msgspec.defstruct("Outer", [("inner", inner)], bases=(Message,), frozen=True)
    assert not known(outer), "msgspec knows a type when it is defined: nothing is left to do"
    know_types()
    assert known(outer)
    assert known(inner)
    assert known(TransferRequest)
