"""The end-to-end channel between the signers of one session (DESIGN: the service relays ciphertext).

Each participant broadcasts one signed ``Hello`` with a fresh X25519 key. When all are there, every pair derives two
directed keys (libsodium ``crypto_kx``) and runs a ``crypto_secretstream_xchacha20poly1305`` in each direction.
Every record is bound to the *transcript* (session, purpose, all Hellos), to sender and receiver, and secretstream
itself to its position: what is dropped, replayed, reordered, altered or crossed from another session does not open,
and the session aborts. Keys live as long as the session, so the channel is forward secret.

Blame: a record that fails to open was spoiled by the service or by its sender, and nobody can tell which; the error
says so. A ``Hello`` that bears a peer's valid signature and contradicts another one of the same session is that
peer's own misdeed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, cast

import msgspec
from nacl import bindings
from nacl.exceptions import CryptoError

from warifu.errors import InputRefused, PeerMisbehaved
from warifu.protocol.attesting import Binding
from warifu.protocol.encoding import Bytes16, Bytes32, Bytes64, Message, decode, digest, encode
from warifu.protocol.frames import MAX_BODY_BYTES
from warifu.protocol.identity import IdentityKey, verify

MAX_RECORD_BYTES = MAX_BODY_BYTES - 1024


class HelloStatement(Message, frozen=True):
    """What a participant states when it enters a session."""

    session: Bytes16
    purpose: Bytes32
    """Digest of the request that the session serves."""
    identity: Bytes32
    participants: Annotated[tuple[Bytes32, ...], msgspec.Meta(min_length=1, max_length=16)]
    """All participants, ascending: everybody must mean the same set."""
    kx_public: Bytes32
    revision: Annotated[int, msgspec.Meta(ge=1, lt=2**32)]
    rules_hash: Bytes32
    """Of the wallet's rules that are in force on this device, with their revision."""
    payload: Annotated[bytes, msgspec.Meta(max_length=256)]
    """What the ceremony itself opens with (key generation: the ChillDKG host public key)."""
    epoch: Annotated[bytes, msgspec.Meta(min_length=40, max_length=40)] = bytes(40)
    """Position of the shares that it has in force (``warifu.protocol.epochs``); all zero before there are any."""


class Hello(Message, frozen=True, tag="hello"):
    """A ``HelloStatement`` (encoded) and its identity's signature."""

    statement: Annotated[bytes, msgspec.Meta(max_length=64 * 1024)]
    signature: Bytes64


class Record(Message, frozen=True, tag="record"):
    """One sealed message. ``header`` (24 bytes) comes with the first of each direction and is empty afterwards."""

    header: Annotated[bytes, msgspec.Meta(max_length=24)]
    sealed: Annotated[bytes, msgspec.Meta(max_length=MAX_BODY_BYTES)]


SessionBody = Hello | Record


def decode_body(data: bytes) -> SessionBody:
    """Read what another participant sent; ``InputRefused`` for anything else."""
    return decode(cast("type[SessionBody]", SessionBody), data, MAX_BODY_BYTES)


class Channel:
    """One participant's end of the channels of one session. Sans I/O; single use."""

    def __init__(
        self,
        key: IdentityKey,
        session: bytes,
        purpose: bytes,
        participants: Sequence[bytes],
        rules_hash: bytes,
        revision: int,
        epoch: bytes = bytes(40),
    ) -> None:
        """``participants``: identities (32 bytes each) in ascending order, this one's included. ``rules_hash`` and
        ``revision``: of the rules that are in force here. ``epoch``: as stated in this one's Hello. Whether the others
        may be of another one is the caller's to judge.

        Raises ``InputRefused`` when they are not ascending, repeat, or leave this participant out.
        """
        if list(participants) != sorted(set(participants)) or key.public not in participants:
            raise InputRefused(
                "participants", "the participants must be ascending, distinct, and include this device"
            )
        self._key = key
        self._session = session
        self._purpose = purpose
        self._participants = tuple(participants)
        self._rules_hash = rules_hash
        self._revision = revision
        self._epoch = epoch
        self.kx_public, self._kx_secret = bindings.crypto_kx_keypair()
        self._hellos: dict[bytes, bytes] = {}
        self._statements: dict[bytes, HelloStatement] = {}
        self._transcript: bytes | None = None
        self._senders: dict[bytes, _Sender] = {}
        self._receivers: dict[bytes, _Receiver] = {}

    @property
    def peers(self) -> tuple[bytes, ...]:
        """The identities of the other participants."""
        return tuple(identity for identity in self._participants if identity != self._key.public)

    def hello(self, payload: bytes = b"") -> bytes:
        """This participant's Hello, to be relayed to every peer. Call once."""
        statement = HelloStatement(
            self._session,
            self._purpose,
            self._key.public,
            self._participants,
            self.kx_public,
            self._revision,
            self._rules_hash,
            payload,
            self._epoch,
        )
        encoded = encode(statement)
        self._accept(self._key.public, encoded, statement)
        return encode(Hello(encoded, self._key.sign("hello", encoded)))

    def receive_hello(self, sender: bytes, hello: Hello) -> HelloStatement:
        """Take in a peer's Hello and return its statement, whose payload the caller still judges.

        Raises ``PeerMisbehaved`` (``hello``, ``hello-twice``, ``policy-differs``) or ``AuthorizationRefused``.
        """
        if sender not in self.peers:
            raise PeerMisbehaved(
                "unknown-participant", "a message comes from a device that is not in this session"
            )
        if self._transcript is not None or sender in self._hellos:
            if self._hellos.get(sender) == hello.statement:
                raise PeerMisbehaved("hello-twice", "a Hello was replayed", blame=None)
            verify(sender, hello.signature, "hello", hello.statement)
            raise PeerMisbehaved("hello-twice", "a device entered the session twice", blame=sender.hex()[:16])
        verify(sender, hello.signature, "hello", hello.statement)
        statement = decode(HelloStatement, hello.statement, 64 * 1024)
        expected = (self._session, self._purpose, sender, self._participants)
        if (statement.session, statement.purpose, statement.identity, statement.participants) != expected:
            # Signed, but for another session, request or set of participants: replayed or crossed by the relay.
            raise PeerMisbehaved(
                "hello", "a Hello belongs to another session, request or set of participants"
            )
        if statement.rules_hash != self._rules_hash:
            raise _other_rules(statement.revision, self._revision, sender)
        self._accept(sender, hello.statement, statement)
        return statement

    @property
    def established(self) -> bool:
        """Whether every participant's Hello is in, so that records can flow."""
        return self._transcript is not None

    @property
    def transcript(self) -> bytes:
        """32 bytes over session, purpose and all Hellos; the same for every honest participant."""
        assert self._transcript is not None
        return self._transcript

    @property
    def statements(self) -> Mapping[bytes, HelloStatement]:
        """Every participant's statement, by identity."""
        return self._statements

    def binding(self, identity: bytes) -> Binding:
        """What the evidence of the participant ``identity`` is shown for in this session.

        The transcript hashes every participant's fresh key, so the evidence is fresh for each of them: none could
        have been made before all Hellos were there, nor for a key that the attester does not hold.
        """
        statement = self._statements[identity]
        return Binding(
            purpose="session",
            nonce=self._session,
            identity=identity,
            key=statement.kx_public,
            rules_hash=statement.rules_hash,
            transcript=self.transcript,
        )

    def seal(self, receiver: bytes, message: bytes) -> bytes:
        """The next record for ``receiver``, to be relayed. ``message``: at most ``MAX_RECORD_BYTES``."""
        if len(message) > MAX_RECORD_BYTES:
            raise InputRefused("too-long", "a session message is over its limit")
        return encode(self._senders[receiver].seal(message))

    def open(self, sender: bytes, record: Record) -> bytes:
        """The next message of ``sender``; ``PeerMisbehaved`` (``record``) unless it is exactly that."""
        receiver = self._receivers.get(sender)
        if receiver is None:
            raise PeerMisbehaved("record-early", "a sealed message came before the channel was established")
        return receiver.open(record)

    def close(self) -> None:
        """Forget the keys. The channel is unusable afterwards."""
        self._senders.clear()
        self._receivers.clear()
        self._kx_secret = b""

    def _accept(self, identity: bytes, encoded: bytes, statement: HelloStatement) -> None:
        self._hellos[identity] = encoded
        self._statements[identity] = statement
        if len(self._hellos) == len(self._participants):
            self._establish()

    def _establish(self) -> None:
        hellos = [self._hellos[identity] for identity in self._participants]
        self._transcript = digest("channel/transcript", self._session, self._purpose, *hellos)
        mine = self._key.public
        for peer in self.peers:
            theirs = self._statements[peer].kx_public
            # The smaller identity plays crypto_kx's client, so both sides agree without a message.
            derive = (
                bindings.crypto_kx_client_session_keys
                if mine < peer
                else bindings.crypto_kx_server_session_keys
            )
            try:
                receive_key, send_key = derive(self.kx_public, self._kx_secret, theirs)
            except CryptoError:
                # libsodium refuses keys of small order, which would make the shared secret predictable.
                raise PeerMisbehaved(
                    "hello", "a device sent an unusable key", blame=peer.hex()[:16]
                ) from None
            self._senders[peer] = _Sender(send_key, self._binding(mine, peer))
            self._receivers[peer] = _Receiver(receive_key, self._binding(peer, mine), peer)
        self._kx_secret = b""

    def _binding(self, sender: bytes, receiver: bytes) -> bytes:
        assert self._transcript is not None
        return digest("channel/record", self._transcript, sender, receiver)


def _other_rules(theirs: int, ours: int, sender: bytes) -> PeerMisbehaved:
    if theirs == ours:
        which = f"both have revision {ours} of them, and not the same"
    elif theirs < ours:
        which = f"it is behind: it has revision {theirs}, and this one {ours}"
    else:
        which = f"this one is behind: it has revision {ours}, and that one {theirs}"
    return PeerMisbehaved(
        "policy-differs",
        f"a device works by other rules of this wallet than this one; {which}",
        remedy="Bring all devices to the same revision ('warifu policy sync'), then ask again.",
        blame=sender.hex()[:16],
    )


class _Sender:
    """One direction, sending."""

    def __init__(self, key: bytes, binding: bytes) -> None:
        self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
        self._header = bindings.crypto_secretstream_xchacha20poly1305_init_push(self._state, key)
        self._binding = binding

    def seal(self, message: bytes) -> Record:
        header, self._header = self._header, b""
        return Record(
            header, bindings.crypto_secretstream_xchacha20poly1305_push(self._state, message, self._binding)
        )


class _Receiver:
    """One direction, receiving. After one failure it stays closed: a gap in the stream is never skipped."""

    def __init__(self, key: bytes, binding: bytes, sender: bytes) -> None:
        self._key: bytes | None = key
        self._state: bindings.crypto_secretstream_xchacha20poly1305_state | None = None
        self._binding = binding
        self._sender = sender

    def open(self, record: Record) -> bytes:
        try:
            return self._pull(record)
        except (CryptoError, ValueError, TypeError):
            self._key, self._state = None, None
            raise PeerMisbehaved(
                "record",
                f"a message of device {self._sender.hex()[:16]} was altered, lost, replayed or reordered on its way",
                remedy="Either the custody service or that device is at fault; try once more.",
            ) from None

    def _pull(self, record: Record) -> bytes:
        if self._state is None:
            if self._key is None or len(record.header) != 24:
                raise ValueError
            self._state = bindings.crypto_secretstream_xchacha20poly1305_state()
            bindings.crypto_secretstream_xchacha20poly1305_init_pull(self._state, record.header, self._key)
            self._key = None
        elif record.header:
            raise ValueError
        message, _tag = bindings.crypto_secretstream_xchacha20poly1305_pull(
            self._state, record.sealed, self._binding
        )
        return message
