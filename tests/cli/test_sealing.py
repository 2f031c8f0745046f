"""The passphrase is sealed only to fresh keys that pinned devices made for this very question."""

import pytest
from tests.support.attested import attested

from warifu.cli.sealing import fetch_envelope_keys, seal_to_all
from warifu.errors import InputRefused, WarifuError
from warifu.protocol.envelope import (
    CertifiedEnvelopeKey,
    EnvelopeKey,
    EnvelopeSecret,
    certify,
    envelope_binding,
)
from warifu.protocol.identity import DeviceRef, IdentityKey

pytestmark = pytest.mark.unit

NOW = 1_700_000_000


class Device:
    def __init__(self, name: str, seed: int) -> None:
        self.key = IdentityKey(bytes([seed]) * 32)
        self.reference = DeviceRef(name, self.key.public)
        self.secret = EnvelopeSecret()

    def certified(self, nonce: bytes, expires: int = NOW + 900) -> CertifiedEnvelopeKey:
        name, public = self.reference.name, self.secret.public
        shown = attested(envelope_binding(self.key.public, public, nonce, expires, b""))
        return certify(self.key, EnvelopeKey(name, self.key.public, public, nonce, expires, b"", shown))


@pytest.fixture
def devices():
    return [Device("a", 1), Device("b", 2)]


def test_each_device_opens_its_own_envelope_and_no_other(devices):
    keys = fetch_envelope_keys(
        lambda _, nonce: [device.certified(nonce) for device in devices],
        [device.reference for device in devices],
        NOW,
    )
    first, second = seal_to_all(keys, b"r" * 32, bytearray(b"correct horse"))
    assert devices[0].secret.open(first, b"r" * 32, NOW) == b"correct horse"
    with pytest.raises(WarifuError):
        devices[1].secret.open(first, b"r" * 32, NOW)
    assert b"correct horse" not in second.ciphertext


def test_a_service_that_puts_in_its_own_key_is_refused(devices):
    service = Device("a", 9)
    with pytest.raises(WarifuError):
        fetch_envelope_keys(lambda _, nonce: [service.certified(nonce)], [devices[0].reference], NOW)


def test_an_old_answer_is_refused(devices):
    with pytest.raises(InputRefused):
        fetch_envelope_keys(lambda *_: [devices[0].certified(b"n" * 32)], [devices[0].reference], NOW)
    with pytest.raises(InputRefused):
        fetch_envelope_keys(
            lambda _, nonce: [devices[0].certified(nonce, NOW - 1)], [devices[0].reference], NOW
        )


def test_swapped_and_missing_answers_are_refused(devices):
    references = [device.reference for device in devices]
    for answer in (
        lambda _, nonce: [device.certified(nonce) for device in devices[::-1]],
        lambda _, nonce: [devices[0].certified(nonce)],
        lambda *_: [],
    ):
        with pytest.raises(WarifuError):
            fetch_envelope_keys(answer, references, NOW)


def test_every_question_has_a_nonce_of_its_own(devices):
    seen = []

    def answer(_, nonce):
        seen.append(nonce)
        return [devices[0].certified(nonce)]

    for _ in range(3):
        fetch_envelope_keys(answer, [devices[0].reference], NOW)
    assert len(set(seen)) == 3
