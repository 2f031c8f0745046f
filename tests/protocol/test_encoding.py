"""A message has exactly one encoding, a bounded length, and nothing that is not understood."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warifu.errors import InputRefused
from warifu.protocol.encoding import Bytes16, Message, Name, decode, digest, encode
from warifu.protocol.frames import decode_from_signer, decode_to_signer
from warifu.protocol.framing import FrameReader, Origin, frame
from warifu.protocol.operator import decode_for_operator, decode_operator
from warifu.protocol.request import decode_request

pytestmark = pytest.mark.unit


class Sample(Message, frozen=True):
    name: Name
    key: Bytes16
    count: int


SAMPLE = Sample("home-server", bytes(16), 7)


def test_what_is_encoded_is_decoded() -> None:
    assert decode(Sample, encode(SAMPLE), 100) == SAMPLE


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("empty", b""),
        ("truncated", encode(SAMPLE)[:-1]),
        ("trailing byte", encode(SAMPLE) + b"\x00"),
        ("a field too many", msgspec.msgpack.encode(["home-server", bytes(16), 7, 8])),
        ("a field too few", msgspec.msgpack.encode(["home-server", bytes(16)])),
        ("a map instead of an array", msgspec.msgpack.encode({"name": "home", "key": bytes(16), "count": 7})),
        ("a short key", msgspec.msgpack.encode(["home-server", bytes(15), 7])),
        ("a long key", msgspec.msgpack.encode(["home-server", bytes(17), 7])),
        ("a name with upper case", msgspec.msgpack.encode(["Home", bytes(16), 7])),
        ("a name of one hyphen", msgspec.msgpack.encode(["-", bytes(16), 7])),
        ("a name with a line feed", msgspec.msgpack.encode(["home\n", bytes(16), 7])),
        ("a number as text", msgspec.msgpack.encode(["home", bytes(16), "7"])),
        ("a number as float", msgspec.msgpack.encode(["home", bytes(16), 7.0])),
        ("the same number in a longer form", encode(SAMPLE)[:-1] + b"\xcd\x00\x07"),
        ("bytes as text", msgspec.msgpack.encode(["home", "\x00" * 16, 7])),
        ("invalid UTF-8", b"\x93\xa2\xff\xfe\xc4\x10" + bytes(16) + b"\x07"),
        ("deeply nested", b"\x91" * 5000),
    ],
)
def test_anything_else_is_refused(what: str, data: bytes) -> None:
    with pytest.raises(InputRefused):
        decode(Sample, data, 10_000)


def test_a_message_over_its_limit_is_not_even_read() -> None:
    with pytest.raises(InputRefused) as refused:
        decode(Sample, encode(SAMPLE), len(encode(SAMPLE)) - 1)
    assert refused.value.code == "input.too-long"


@pytest.mark.parametrize(
    "reader", [decode_to_signer, decode_from_signer, decode_operator, decode_for_operator, decode_request]
)
@given(data=st.binary(max_size=200))
def test_every_door_refuses_noise_with_one_kind_of_error(reader, data: bytes) -> None:
    try:
        message = reader(data)
    except InputRefused:
        return
    assert encode(message) == data


@given(st.lists(st.binary(max_size=5), max_size=4), st.lists(st.binary(max_size=5), max_size=4))
def test_a_digest_depends_on_where_each_part_ends(left: list[bytes], right: list[bytes]) -> None:
    assert (digest("t", *left) == digest("t", *right)) == (left == right)


def test_a_digest_depends_on_its_tag() -> None:
    assert digest("a", b"x") != digest("b", b"x")


@given(st.lists(st.tuples(st.sampled_from(Origin), st.binary(max_size=50)), max_size=5), st.integers(1, 20))
def test_frames_survive_any_cutting_of_the_stream(frames: list[tuple[Origin, bytes]], step: int) -> None:
    stream = b"".join(frame(origin, payload) for origin, payload in frames)
    reader, seen = FrameReader(), []
    for start in range(0, len(stream), step):
        seen += reader.feed(stream[start : start + step])
    assert seen == frames


@pytest.mark.parametrize(
    ("what", "data"),
    [
        ("no length", b"\x00\x00\x00\x00\x00"),
        ("four gigabytes", b"\xff\xff\xff\xff\x00"),
        ("an unknown origin", b"\x00\x00\x00\x02\x02x"),
    ],
)
def test_an_impossible_frame_is_refused_before_its_content_is_awaited(what: str, data: bytes) -> None:
    with pytest.raises(InputRefused):
        FrameReader().feed(data)


def test_a_frame_over_the_limit_is_not_made() -> None:
    with pytest.raises(InputRefused):
        frame(Origin.SERVICE, bytes(3 * 1024 * 1024))
