"""The channel between signers against a service that drops, replays, reorders, alters and crosses sessions.

Whatever the service does, the result is an error that names the sender or says that nobody can tell; never a message
that its receiver was not meant to get at that place.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings

from warifu.errors import AuthorizationRefused, InputRefused, PeerMisbehaved, WarifuError
from warifu.protocol.channel import Channel, Hello, HelloStatement, Record, SessionBody, decode_body
from warifu.protocol.encoding import decode, encode
from warifu.protocol.identity import IdentityKey

pytestmark = pytest.mark.unit

KEYS = sorted((IdentityKey(bytes([i]) * 32) for i in range(1, 5)), key=lambda key: key.public)
PURPOSE, RULES = bytes([7]) * 32, bytes([8]) * 32


def channels(
    count: int = 3, session: bytes = bytes(16), purpose: bytes = PURPOSE
) -> tuple[list[Channel], list[bytes]]:
    """Channels of one session, and the Hello of each, not yet delivered."""
    identities = [key.public for key in KEYS[:count]]
    ends = [Channel(key, session, purpose, identities, RULES, 1) for key in KEYS[:count]]
    return ends, [end.hello(bytes([index])) for index, end in enumerate(ends)]


def established(count: int = 3, session: bytes = bytes(16)) -> list[Channel]:
    """Channels of one session after every Hello arrived everywhere."""
    ends, hellos = channels(count, session)
    for receiver, sender in itertools.permutations(range(count), 2):
        ends[receiver].receive_hello(KEYS[sender].public, read_hello(hellos[sender]))
    return ends


def read_hello(body: bytes) -> Hello:
    hello: SessionBody = decode_body(body)
    assert isinstance(hello, Hello)
    return hello


def read_record(body: bytes) -> Record:
    record: SessionBody = decode_body(body)
    assert isinstance(record, Record)
    return record


def test_every_pair_exchanges_messages_in_both_directions_and_in_order() -> None:
    ends = established()
    assert len({end.transcript for end in ends}) == 1
    for sender, receiver in itertools.permutations(range(3), 2):
        for number in range(3):
            body = ends[sender].seal(KEYS[receiver].public, b"message %d" % number)
            assert ends[receiver].open(KEYS[sender].public, read_record(body)) == b"message %d" % number


def test_a_single_participant_is_established_at_once() -> None:
    (end,), _ = channels(1)
    assert end.established
    assert end.peers == ()


def test_the_ciphertext_shows_nothing_of_the_message() -> None:
    ends = established()
    assert b"nonce commitment" not in ends[0].seal(KEYS[1].public, b"nonce commitment")


@pytest.mark.parametrize(
    "attack", ["replay", "reorder", "drop", "flip", "truncate", "extend", "foreign-header"]
)
def test_a_tampered_record_does_not_open_and_the_stream_stays_shut(attack: str) -> None:
    ends = established()
    first, second = (read_record(ends[0].seal(KEYS[1].public, text)) for text in (b"first", b"second"))
    opened = ends[1].open
    sender = KEYS[0].public
    sealed = bytearray(first.sealed)
    sealed[3] ^= 1
    if attack in ("replay", "drop", "foreign-header"):
        if attack != "drop":
            assert opened(sender, first) == b"first"
        bad = {"replay": first, "drop": second, "foreign-header": Record(first.header, second.sealed)}[attack]
    else:
        bad = {
            "reorder": second,
            "flip": Record(first.header, bytes(sealed)),
            "truncate": Record(first.header, first.sealed[:-1]),
            "extend": Record(first.header, first.sealed + b"x"),
        }[attack]
    with pytest.raises(PeerMisbehaved) as refused:
        opened(sender, bad)
    assert refused.value.code == "peer.record"
    assert refused.value.blame is None, "the service or the device: nobody can tell, so nobody is named"
    with pytest.raises(PeerMisbehaved):
        opened(sender, second)


def test_a_record_for_another_receiver_does_not_open() -> None:
    ends = established()
    record = read_record(ends[0].seal(KEYS[1].public, b"for one only"))
    with pytest.raises(PeerMisbehaved):
        ends[2].open(KEYS[0].public, record)


def test_a_record_shown_as_another_senders_does_not_open() -> None:
    ends = established()
    record = read_record(ends[0].seal(KEYS[1].public, b"mine"))
    with pytest.raises(PeerMisbehaved):
        ends[1].open(KEYS[2].public, record)


def test_a_record_reflected_to_its_sender_does_not_open() -> None:
    ends = established()
    record = read_record(ends[0].seal(KEYS[1].public, b"mine"))
    with pytest.raises(PeerMisbehaved):
        ends[0].open(KEYS[1].public, record)


def test_a_record_of_another_session_does_not_open() -> None:
    here, there = established(), established(session=bytes([1]) * 16)
    record = read_record(there[0].seal(KEYS[1].public, b"elsewhere"))
    with pytest.raises(PeerMisbehaved):
        here[1].open(KEYS[0].public, record)


def test_a_record_before_the_channel_is_established_is_refused() -> None:
    ends, _ = channels()
    with pytest.raises(PeerMisbehaved) as refused:
        ends[0].open(KEYS[1].public, Record(bytes(24), bytes(40)))
    assert refused.value.code == "peer.record-early"


@pytest.mark.parametrize(
    ("session", "purpose"), [(bytes([1]) * 16, PURPOSE), (bytes(16), bytes(32))], ids=["session", "request"]
)
def test_a_hello_of_another_session_or_request_is_refused(session: bytes, purpose: bytes) -> None:
    ends, _ = channels()
    _, foreign = channels(session=session, purpose=purpose)
    with pytest.raises(PeerMisbehaved) as refused:
        ends[0].receive_hello(KEYS[1].public, read_hello(foreign[1]))
    assert refused.value.code == "peer.hello"


def test_a_hello_for_another_set_of_participants_is_refused() -> None:
    ends, _ = channels(3)
    _, foreign = channels(2)
    with pytest.raises(PeerMisbehaved):
        ends[0].receive_hello(KEYS[1].public, read_hello(foreign[1]))


def test_a_hello_shown_as_another_participants_is_refused() -> None:
    ends, hellos = channels()
    with pytest.raises(AuthorizationRefused):
        ends[0].receive_hello(KEYS[2].public, read_hello(hellos[1]))


def test_a_hello_that_the_service_signs_itself_is_refused() -> None:
    ends, hellos = channels()
    hello = read_hello(hellos[1])
    forged = Hello(hello.statement, IdentityKey.generate().sign("hello", hello.statement))
    with pytest.raises(AuthorizationRefused):
        ends[0].receive_hello(KEYS[1].public, forged)


def test_a_stranger_cannot_enter() -> None:
    ends, _ = channels(3)
    stranger = KEYS[3]
    statement = encode(
        HelloStatement(
            bytes(16),
            PURPOSE,
            stranger.public,
            tuple(k.public for k in KEYS[:3]),
            bytes(32),
            1,
            RULES,
            b"",
        )
    )
    with pytest.raises(PeerMisbehaved) as refused:
        ends[0].receive_hello(stranger.public, Hello(statement, stranger.sign("hello", statement)))
    assert refused.value.code == "peer.unknown-participant"


def test_a_device_that_enters_twice_with_two_keys_is_named() -> None:
    ends, hellos = channels()
    _, again = channels()
    ends[0].receive_hello(KEYS[1].public, read_hello(hellos[1]))
    with pytest.raises(PeerMisbehaved) as refused:
        ends[0].receive_hello(KEYS[1].public, read_hello(again[1]))
    assert refused.value.blame == KEYS[1].public.hex()[:16]


def test_a_replayed_hello_is_refused_without_naming_its_sender() -> None:
    ends, hellos = channels()
    ends[0].receive_hello(KEYS[1].public, read_hello(hellos[1]))
    with pytest.raises(PeerMisbehaved) as refused:
        ends[0].receive_hello(KEYS[1].public, read_hello(hellos[1]))
    assert (refused.value.code, refused.value.blame) == ("peer.hello-twice", None)


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (1, "it is behind: it has revision 1, and this one 2"),
        (2, "both have revision 2 of them, and not the same"),
        (3, "this one is behind: it has revision 2, and that one 3"),
    ],
)
def test_a_device_that_works_by_other_rules_is_named_and_it_is_said_who_is_behind(
    theirs: int, said: str
) -> None:
    identities = [key.public for key in KEYS[:2]]
    mine = Channel(KEYS[0], bytes(16), PURPOSE, identities, RULES, 2)
    other = Channel(KEYS[1], bytes(16), PURPOSE, identities, bytes(32), theirs)
    with pytest.raises(PeerMisbehaved) as refused:
        mine.receive_hello(KEYS[1].public, read_hello(other.hello()))
    assert (refused.value.code, refused.value.blame) == ("peer.policy-differs", KEYS[1].public.hex()[:16])
    assert said in refused.value.message and "warifu policy sync" in refused.value.remedy


def test_a_key_of_small_order_is_refused_and_its_sender_named() -> None:
    identities = [key.public for key in KEYS[:2]]
    mine = Channel(KEYS[0], bytes(16), PURPOSE, identities, RULES, 1)
    mine.hello()
    statement = encode(
        HelloStatement(bytes(16), PURPOSE, KEYS[1].public, tuple(identities), bytes(32), 1, RULES, b"")
    )
    with pytest.raises(PeerMisbehaved) as refused:
        mine.receive_hello(KEYS[1].public, Hello(statement, KEYS[1].sign("hello", statement)))
    assert refused.value.blame == KEYS[1].public.hex()[:16]


@pytest.mark.parametrize(
    "identities",
    [
        [KEYS[1].public, KEYS[0].public],
        [KEYS[0].public, KEYS[0].public],
        [KEYS[1].public, KEYS[2].public],
        [],
    ],
    ids=["descending", "twice", "without this device", "nobody"],
)
def test_an_impossible_set_of_participants_is_refused(identities: list[bytes]) -> None:
    with pytest.raises(InputRefused):
        Channel(KEYS[0], bytes(16), PURPOSE, identities, RULES, 1)


def test_a_hello_altered_by_the_relay_is_refused_at_every_byte() -> None:
    _, hellos = channels(2)
    for position in range(len(hellos[1])):
        ends, _ = channels(2)
        altered = bytearray(hellos[1])
        altered[position] ^= 1
        with pytest.raises(WarifuError):
            ends[0].receive_hello(KEYS[1].public, read_hello(bytes(altered)))


def test_a_relay_that_swaps_the_session_keys_of_both_sides_reads_nothing() -> None:
    """The classic man in the middle: without the identities' signatures its own keys are refused."""
    ends, hellos = channels(2)
    public, _secret = bindings.crypto_kx_keypair()
    hello = read_hello(hellos[1])
    statement = decode(HelloStatement, hello.statement, 64 * 1024)
    swapped = encode(
        HelloStatement(
            statement.session,
            statement.purpose,
            statement.identity,
            statement.participants,
            public,
            statement.revision,
            statement.rules_hash,
            statement.payload,
        )
    )
    with pytest.raises(AuthorizationRefused):
        ends[0].receive_hello(KEYS[1].public, Hello(swapped, hello.signature))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_only_the_exact_prefix_of_what_was_sent_is_ever_received(deliveries: list[int]) -> None:
    """Whatever order the relay picks, the receiver sees a prefix of the sender's messages, then an error."""
    ends = established(2)
    sent = [b"m%d" % number for number in range(6)]
    records = [read_record(ends[0].seal(KEYS[1].public, message)) for message in sent]
    received: list[bytes] = []
    try:
        for index in deliveries:
            received.append(ends[1].open(KEYS[0].public, records[index]))
    except PeerMisbehaved:
        pass
    assert received == sent[: len(received)]
    assert received == [sent[i] for i in deliveries[: len(received)]]
