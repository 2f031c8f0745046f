"""CertEq: all participants sign the transcript, and the list of all signatures proves that they agree.

BIP text, "Equality Check Protocol CertEq". A participant that holds the certificate knows that every honest one saw the
same transcript, and can convince every other one of it at any later time.
"""

from __future__ import annotations

from collections.abc import Sequence

from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.wire import index_bytes
from warifu.threshold.group import Element
from warifu.threshold.wiping import Secret

_PREFIX_BYTES = 33
"""BIP-340 proposes a prefix of this length to keep the messages of different protocols apart."""


def certificate_length(suite: DkgSuite, n: int) -> int:
    return suite.signature_bytes * n


def sign(suite: DkgSuite, hostseckey: Secret, index: int, transcript: bytes, aux: bytes) -> bytes:
    """Participant ``index`` signs that this is the transcript it saw. ``aux``: 32 bytes."""
    return suite.sign(hostseckey, _message(suite, index, transcript), aux)


def first_invalid(
    suite: DkgSuite, hostpubkeys: Sequence[Element], transcript: bytes, certificate: bytes
) -> int | None:
    """The first participant whose signature in ``certificate`` is not valid; None where all are.

    ``certificate`` has the length that :func:`certificate_length` says.
    """
    size = suite.signature_bytes
    for index, hostpubkey in enumerate(hostpubkeys):
        signature = certificate[index * size : (index + 1) * size]
        if not suite.verifies(hostpubkey, _message(suite, index, transcript), signature):
            return index
    return None


def _message(suite: DkgSuite, index: int, transcript: bytes) -> bytes:
    prefix = (suite.tag + "certeq message").encode("utf-8")
    assert len(prefix) <= _PREFIX_BYTES, "the tag of a suite is short"
    return prefix.ljust(_PREFIX_BYTES, b"\x00") + index_bytes(index) + transcript
