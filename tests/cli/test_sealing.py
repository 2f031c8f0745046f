"""The passphrase is sealed only to fresh keys that pinned devices made for this very question."""

from typing import Any

import pytest
from tests.support.attested import CLAIMS, attested

from warifu.attestation.expectation import Expectation
from warifu.cli.sealing import fetch_envelope_keys, seal_to_all
from warifu.errors import InputRefused, PeerMisbehaved, PolicyDenied, WarifuError
from warifu.protocol.attesting import Attestation, Evidence, Reference
from warifu.protocol.envelope import (
    CertifiedEnvelopeKey,
    EnvelopeKey,
    EnvelopeSecret,
    certify,
    envelope_binding,
)
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.policy import DeviceRules

pytestmark = pytest.mark.unit

NOW = 1_700_000_000


class Device:
    def __init__(self, name: str, seed: int) -> None:
        self.key = IdentityKey(bytes([seed]) * 32)
        self.reference = DeviceRef(name, self.key.public)
        self.secret = EnvelopeSecret()

    def certified(
        self, nonce: bytes, expires: int = NOW + 900, shown: Attestation | None = None, policy: bytes = b""
    ) -> CertifiedEnvelopeKey:
        name, public = self.reference.name, self.secret.public
        shown = shown or attested(envelope_binding(self.key.public, public, nonce, expires, policy))
        return certify(self.key, EnvelopeKey(name, self.key.public, public, nonce, expires, policy, shown))


def expected(*devices: Device, reference: Reference | None = None) -> dict[bytes, Expectation]:
    return {device.key.public: Expectation(device.reference.name, reference) for device in devices}


def asked(answer: Any, devices: list[Device]) -> list[EnvelopeKey]:
    references = [device.reference for device in devices]
    return fetch_envelope_keys(answer, references, expected(*devices), (b"",), NOW)


@pytest.fixture
def devices():
    return [Device("a", 1), Device("b", 2)]


def test_each_device_opens_its_own_envelope_and_no_other(devices):
    keys = fetch_envelope_keys(
        lambda _, nonce: [device.certified(nonce) for device in devices],
        [device.reference for device in devices],
        expected(*devices),
        (b"",),
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
        fetch_envelope_keys(
            lambda _, nonce: [service.certified(nonce)],
            [devices[0].reference],
            expected(devices[0]),
            (b"",),
            NOW,
        )


def test_an_old_answer_is_refused(devices):
    with pytest.raises(InputRefused):
        fetch_envelope_keys(
            lambda *_: [devices[0].certified(b"n" * 32)],
            [devices[0].reference],
            expected(devices[0]),
            (b"",),
            NOW,
        )
    with pytest.raises(InputRefused):
        fetch_envelope_keys(
            lambda _, nonce: [devices[0].certified(nonce, NOW - 1)],
            [devices[0].reference],
            expected(devices[0]),
            (b"",),
            NOW,
        )


def test_swapped_and_missing_answers_are_refused(devices):
    for answer in (
        lambda _, nonce: [device.certified(nonce) for device in devices[::-1]],
        lambda _, nonce: [devices[0].certified(nonce)],
        lambda *_: [],
    ):
        with pytest.raises(WarifuError):
            asked(answer, devices)


def test_every_question_has_a_nonce_of_its_own(devices):
    seen = []

    def answer(_, nonce):
        seen.append(nonce)
        return [devices[0].certified(nonce)]

    for _ in range(3):
        asked(answer, devices[:1])
    assert len(set(seen)) == 3


def test_nothing_is_sealed_to_a_device_that_has_become_another(devices):
    """Its identity is the pinned one, and it says of itself what nobody accepted."""
    server = Reference("sev-snp", 2, b"", b"c" * 64, (("launch", b"m" * 48),))
    with pytest.raises(PeerMisbehaved) as refused:
        fetch_envelope_keys(
            lambda _, nonce: [devices[0].certified(nonce)],
            [devices[0].reference],
            expected(devices[0], reference=server),
            (b"",),
            NOW,
        )
    assert (refused.value.code, refused.value.blame) == ("peer.evidence", "a")


def test_nothing_is_sealed_to_a_device_whose_evidence_is_for_another_question(devices):
    old = attested(envelope_binding(devices[0].key.public, devices[0].secret.public, b"n" * 32, NOW, b""))
    with pytest.raises(PeerMisbehaved) as refused:
        fetch_envelope_keys(
            lambda _, nonce: [devices[0].certified(nonce, shown=old)],
            [devices[0].reference],
            expected(devices[0]),
            (b"",),
            NOW,
        )
    assert refused.value.code == "peer.evidence"


def test_nothing_is_sealed_to_a_device_that_runs_another_policy(devices):
    with pytest.raises(PeerMisbehaved) as refused:
        fetch_envelope_keys(
            lambda _, nonce: [devices[0].certified(nonce, policy=b"p" * 32)],
            [devices[0].reference],
            expected(devices[0]),
            (b"q" * 32,),
            NOW,
        )
    assert (refused.value.code, refused.value.blame) == ("peer.policy-differs", "a")


def test_devices_of_which_each_may_be_right_must_not_differ(devices):
    """A change that was asked for may be in force or not, and is on all of them or on none."""

    def ask(_, nonce):
        return [devices[0].certified(nonce, policy=b"p" * 32), devices[1].certified(nonce, policy=b"q" * 32)]

    with pytest.raises(PeerMisbehaved) as refused:
        fetch_envelope_keys(
            ask,
            [devices[0].reference, devices[1].reference],
            expected(devices[0], devices[1]),
            (b"p" * 32, b"q" * 32),
            NOW,
        )
    assert refused.value.code == "peer.policy-differs"


def test_a_device_that_was_accepted_unchecked_is_taken_for_tier_0_and_nothing_more(devices):
    unchecked = Reference("sev-snp", 0, b"", b"", (), unchecked=True)
    from_elsewhere = Attestation(Evidence("sev-snp", b"cannot be read here"), (), CLAIMS)

    def ask(_, nonce):
        return [devices[0].certified(nonce, shown=from_elsewhere)]

    (key,) = fetch_envelope_keys(
        ask, [devices[0].reference], expected(devices[0], reference=unchecked), (b"",), NOW
    )
    assert key.identity == devices[0].key.public
    demanding = {devices[0].key.public: Expectation("a", unchecked, DeviceRules(1))}
    with pytest.raises(PolicyDenied) as refused:
        fetch_envelope_keys(ask, [devices[0].reference], demanding, (b"",), NOW)
    assert refused.value.code == "policy.tier"
