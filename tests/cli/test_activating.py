"""A TPM's key is bound to its chip: on real commands (``swtpm``), with certificates by makers of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from nacl.utils import random
from tests.support.swtpm import Maker

from warifu.cli.activating import bind_chip
from warifu.errors import PeerMisbehaved, PlatformRefused
from warifu.protocol.api import Activation, DeviceEndorsement
from warifu.protocol.attesting import Attestation, Claims, Evidence
from warifu.protocol.encoding import encode
from warifu.protocol.frames import EndorsementAnswer
from warifu.protocol.identity import DeviceRef
from warifu.signer.evidence import activate, endorsement
from warifu.tee.unsafe_software import UnsafeSoftware

if TYPE_CHECKING:
    from warifu.tee.tpm.platform import Tpm

pytestmark = [pytest.mark.real, pytest.mark.slow]
DEVICE = DeviceRef("friend", bytes(32))


@pytest.fixture(scope="module")
def maker() -> Iterator[Maker]:
    pytest.importorskip("tpm2_pytss", reason="tools/setup-tpm.sh brings the TPM's library")
    made = Maker()
    yield made
    made.close()


def opened(maker: Maker, directory: Any) -> Tpm:
    from tests.support.tpm_home import Home

    directory.mkdir()
    home = Home(maker.new(), directory)
    home.provision()
    home.approve_boot()
    return home.open()


@pytest.fixture(scope="module")
def tpm(maker: Maker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tpm]:
    made = opened(maker, tmp_path_factory.mktemp("tpm") / "home")
    yield made
    made.forget()


@pytest.fixture(scope="module")
def now() -> int:
    import time

    return int(time.time()) + 3600


class Road:
    """The way to a device, through a service: what the device says, and whose chip solves the challenge."""

    def __init__(self, told: EndorsementAnswer, chip: Any) -> None:
        self.told = told
        self.chip = chip
        self.challenges = 0

    def get(self, path: str, _kind: object) -> DeviceEndorsement:
        assert path == "/devices/friend/endorsement"
        return DeviceEndorsement(endorsement=encode(self.told))

    def post(self, path: str, question: Any, _kind: object) -> Activation:
        assert path == "/activations"
        self.challenges += 1
        return Activation(proof=activate(self.chip, question.credential, question.secret))


def shown(tpm: Tpm) -> Attestation:
    evidence = tpm.attest(random(64))
    return Attestation(Evidence(evidence.format, evidence.body), (), Claims(bytes(32), (), None))


def certified(tpm: Tpm, model: str) -> tuple[bytes, bytes]:
    """(a maker's root, its certificate for this chip's endorsement key): minted, so that it need not be a simulator."""
    from tests.support.minted_maker import mint_ek_certificate

    return mint_ek_certificate(tpm.endorsement.public, model)


def test_a_chip_that_its_maker_vouches_for_counts_as_tier_1(tpm, now):
    root, certificate = certified(tpm, "SLB 9670")
    told = EndorsementAnswer(tpm.endorsement.public, certificate, tpm.attestation_key)
    road: Any = Road(told, tpm)
    chip = bind_chip(road, DEVICE, shown(tpm), (root,), now)
    assert (chip.tier, chip.doubt, road.challenges) == (1, "", 1)


def test_a_simulator_that_says_so_counts_as_tier_0(tpm, now):
    root, certificate = certified(tpm, "swtpm")
    told = EndorsementAnswer(tpm.endorsement.public, certificate, tpm.attestation_key)
    road: Any = Road(told, tpm)
    chip = bind_chip(road, DEVICE, shown(tpm), (root,), now)
    assert chip.tier == 0 and "simulator" in chip.doubt


def test_without_its_makers_root_the_key_is_pinned_and_nothing_is_asked(tpm, now):
    road: Any = Road(endorsement(tpm), tpm)
    chip = bind_chip(road, DEVICE, shown(tpm), (), now)
    assert chip.tier == 0 and chip.attestation_key and road.challenges == 0


def test_a_device_that_shows_another_chips_certificate_cannot_solve_the_challenge(maker, tpm, now, tmp_path):
    """The certificate is genuine; the key that signed the evidence is in another chip, or in none."""
    other = opened(maker, tmp_path / "other")
    try:
        root, certificate = certified(other, "SLB 9670")
        told = EndorsementAnswer(other.endorsement.public, certificate, tpm.attestation_key)
        for chip in (tpm, other):
            road: Any = Road(told, chip)
            with pytest.raises((PlatformRefused, PeerMisbehaved)):
                bind_chip(road, DEVICE, shown(tpm), (root,), now)
    finally:
        other.forget()


def test_a_wrong_answer_names_the_device(tpm, now):
    root, certificate = certified(tpm, "SLB 9670")
    told = EndorsementAnswer(tpm.endorsement.public, certificate, tpm.attestation_key)

    class Guessing(Road):
        def post(self, path: str, question: Any, kind: object) -> Activation:
            return Activation(proof=random(32))

    road: Any = Guessing(told, tpm)
    with pytest.raises(PeerMisbehaved) as refused:
        bind_chip(road, DEVICE, shown(tpm), (root,), now)
    assert (refused.value.code, refused.value.blame) == ("peer.activation", "friend")


def test_a_device_without_a_tpm_is_not_asked(now):
    evidence = UnsafeSoftware(bytes(32)).attest(bytes(64))
    plain = Attestation(Evidence(evidence.format, evidence.body), (), Claims(bytes(32), (), None))
    nobody: Any = None
    assert bind_chip(nobody, DEVICE, plain, (), now).attestation_key == b""
