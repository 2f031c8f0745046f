"""What a device says that has not opened its store yet, and what its keepers are asked for it (peer release).

A *boot* has no identity: that lies in the store. It has its boot key, and the word of the device's identity, given when
the secret was dealt, that this key is the device's. By both the service knows for whom it carries messages, and
believes nothing else of it: a boot takes part in nothing.
"""

from __future__ import annotations

from warifu.protocol.attesting import Attestation, Binding
from warifu.protocol.encoding import Bytes32, Bytes64, Message, encode
from warifu.protocol.frames.bounds import Call
from warifu.protocol.identity import IdentityKey, verify
from warifu.protocol.release import AskChallenge, AskRelease


class BootPresence(Message, frozen=True, tag="boot-presence"):
    """Answer to ``Challenge`` by a boot."""

    identity: Bytes32
    """Of the device whose store it wants to open."""
    boot: Bytes32
    certificate: Bytes64
    """``identity``'s signature, for the purpose ``boot-key``, over ``boot``."""
    signature: Bytes64
    """``boot``'s signature, for the purpose ``boot-presence``, over the nonce."""


class AskKeeper(Message, frozen=True, tag="ask-keeper"):
    """A boot's call to one of its keepers, which the service carries there. Answered as calls are."""

    call: Call
    keeper: Bytes32
    question: AskChallenge | AskRelease


class AskPiece(Message, frozen=True, tag="ask-piece"):
    """The same call as the keeper gets it. Answered by an encoded ``release.Signed``."""

    call: Call
    question: AskChallenge | AskRelease


class AskBoot(Message, frozen=True, tag="ask-boot"):
    """What do you run on? The owner's client asks it, whose random ``nonce`` this is: a device that became another is
    let in by its keepers only after its owner accepted that. Answered by a ``BootShown``."""

    call: Call
    nonce: Bytes32


class BootShown(Message, frozen=True):
    """What a boot runs on, by evidence bound to ``boot_binding``."""

    boot: Bytes32
    certificate: Bytes64
    """As in ``BootPresence``."""
    attestation: Attestation
    signature: Bytes64
    """``boot``'s, for the purpose ``boot-shown``, over nonce and encoded attestation: whoever found the disk alone
    cannot show evidence of a machine of his own."""


def boot_binding(identity: bytes, boot: bytes, nonce: bytes) -> Binding:
    """What the evidence in a ``BootShown`` is made for."""
    return Binding(purpose="boot", nonce=nonce, identity=identity, key=boot, rules_hash=b"", transcript=b"")


def show_boot(key: IdentityKey, certificate: bytes, attestation: Attestation, nonce: bytes) -> BootShown:
    """The boot's side."""
    signature = key.sign("boot-shown", nonce, encode(attestation))
    return BootShown(key.public, certificate, attestation, signature)


def check_boot_shown(shown: BootShown, identity: bytes, nonce: bytes) -> Binding:
    """What its evidence has to be made for, if it comes from a boot of the device with this (pinned) identity, in
    answer to this nonce; ``AuthorizationRefused`` (``signature``) otherwise."""
    verify(identity, shown.certificate, "boot-key", shown.boot)
    verify(shown.boot, shown.signature, "boot-shown", nonce, encode(shown.attestation))
    return boot_binding(identity, shown.boot, nonce)
