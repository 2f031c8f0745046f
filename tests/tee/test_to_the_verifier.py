"""From the adapter to the verifier: what an adapter hands out is what the production verifiers affirm, for exactly the
question that was asked. The chip behind the stand-in mints genuine evidence under a test root.

And the whole of peer release on it: a TDX and a Nitro device that get their sealing key from their peers. Simulated is
the chip alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from nacl.utils import random
from tests.support import minted_nitro
from tests.support.attested import CLAIMS
from tests.support.authorities import NOW as NITRO_NOW
from tests.support.minted_dcap import NOW as DCAP_NOW
from tests.support.minted_dcap import Machine
from tests.support.peer_release import Shelf
from tests.support.tee_files import Gramine, SecureModule, Tsm

from warifu.attestation import expectation
from warifu.attestation.evidence import Evidence as PlatformEvidence
from warifu.attestation.expectation import Expectation
from warifu.attestation.pinning import reference_of
from warifu.attestation.registry import Appraisal, appraise
from warifu.attestation.rules import AllOf, Bound, LeastTier, NoDebug, Rule
from warifu.attestation.verifier import Endorsements
from warifu.errors import PlatformRefused, WarifuError
from warifu.protocol.attesting import Attestation, Binding, Evidence, Reference
from warifu.protocol.identity import IdentityKey
from warifu.tee.nitro import Nitro
from warifu.tee.peer_release import Peer, Requester, boot_key, hand_out, read_record, write_record
from warifu.tee.release_keeper import Keeper
from warifu.tee.sealing_key import SealingKey
from warifu.tee.sgx import Sgx
from warifu.tee.tdx import Tdx
from warifu.threshold.release import new_secret

pytestmark = pytest.mark.unit

QUESTION = bytes(range(64))
UNLOCK = b"u" * 32


@dataclass(frozen=True)
class Chip:
    """A machine whose chip is ours: what signs, what a verifier needs to know of it, and when it is judged."""

    mint: Callable[[bytes], bytes]
    endorsements: Endorsements
    now: int


class Upgraded(Machine):
    """The same chip with another program in its TD."""

    def body(self) -> bytes:
        body = super().body()
        return body[:136] + b"\x07" * 48 + body[184:]  # MRTD


def intel(tee: str, version: int, kind: type[Machine] = Machine) -> Chip:
    machine = kind(tee, version)
    trusted = Endorsements((machine.collateral(),), (machine.root_der(),))
    return Chip(lambda data: dataclasses.replace(machine, report_data=data).quote(), trusted, DCAP_NOW)


def aws(**changes: object) -> Chip:
    return Chip(lambda data: minted_nitro.minted(user_data=data, **changes), minted_nitro.TRUSTED, NITRO_NOW)


TDX4, TDX5, SGX3, NITRO = intel("tdx", 4), intel("tdx", 5), intel("sgx", 3), aws()


def tdx(chip: Chip, sealing: SealingKey | None = None) -> Tdx:
    return Tdx(sealing=sealing, files=Tsm("tdx_guest", chip.mint))


def sgx(chip: Chip) -> Sgx:
    return Sgx(UNLOCK, files=Gramine(chip.mint))


def nitro(chip: Chip, sealing: SealingKey | None = None) -> Nitro:
    return Nitro(sealing=sealing, call=SecureModule(chip.mint))


@pytest.mark.parametrize(
    ("chip", "start"),
    [(TDX4, tdx), (TDX5, tdx), (SGX3, sgx), (NITRO, nitro)],
    ids=["tdx, version 4", "tdx, version 5", "sgx", "nitro"],
)
def test_the_verifier_affirms_what_the_adapter_hands_out_for_this_question_and_no_other(chip, start):
    shown = start(chip).attest(QUESTION)
    strict = AllOf((Bound(QUESTION), NoDebug(), LeastTier(2)))
    appraisal = appraise(shown, strict, chip.now, chip.endorsements)
    assert appraisal.affirmed, appraisal.failure
    other = appraise(shown, Bound(bytes(64)), chip.now, chip.endorsements)
    assert other.first_failed_check == "report-data"
    assert not appraise(shown, strict, chip.now).affirmed, "the test root counts only where it is named"


# --- peer release on it ----------------------------------------------------------------------------------------------


class Household:
    """Three keepers, two of which are needed, and one device on ``chip``, whose test root they trust."""

    def __init__(
        self, chip: Chip, start: Callable[..., Tdx | Nitro], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.chip, self.start = chip, start
        self.identity = IdentityKey.generate().public
        self.reference = self._accepted_as(chip)
        keys = [IdentityKey.generate() for _ in range(3)]
        self.keepers = {key.public: Keeper(key, Shelf(), self._expected) for key in keys}
        monkeypatch.setattr(expectation, "appraise", self._appraise)

    def first_start(self) -> tuple[bytes, bytes]:
        """The record, and something that was sealed."""
        secret = new_secret()
        boot = boot_key(UNLOCK)
        record, handings = hand_out(secret, 2, [Peer(each, opens_alone=True) for each in self.keepers], boot)
        for identity, handing in handings.items():
            self.keepers[identity].accept(self.identity, handing)
        platform = self.start(self.chip)
        sealing = SealingKey.of_platform(platform.capabilities.name, secret.buffer, UNLOCK)
        return write_record(record), self.start(self.chip, sealing).seal(b"share", b"c")

    def boot(self, record: bytes, chip: Chip) -> tuple[Tdx | Nitro, list[WarifuError]]:
        """A start on ``chip``, and what the keepers had against it. ``PlatformRefused`` where too many had."""
        self.chip = chip
        platform, key, refusals = self.start(chip), boot_key(UNLOCK), []

        def attest(binding: Binding) -> Attestation:
            shown = platform.attest(binding.report_data(CLAIMS))
            return Attestation(Evidence(shown.format, shown.body), (), CLAIMS)

        requester = Requester(read_record(record, key), key, attest)
        for identity, asked in requester.first().items():
            keeper = self.keepers[identity]
            try:
                request = requester.challenged(identity, keeper.challenge(asked.set, chip.now))
                requester.released(identity, keeper.release(request, chip.now))
            except WarifuError as error:
                refusals.append(error)
        if requester.needed:
            return platform, refusals
        released = requester.finish()
        with released.secret:
            return self.start(chip, released.sealing_key(platform.capabilities.name, UNLOCK)), refusals

    def _expected(self, identity: bytes) -> list[Expectation]:
        return [Expectation("device", self.reference)] if identity == self.identity else []

    def _accepted_as(self, chip: Chip) -> Reference:
        shown = self.start(chip).attest(random(64))
        verified = appraise(shown, NoDebug(), chip.now, chip.endorsements).verified
        assert verified is not None
        return reference_of(verified)

    def _appraise(
        self, evidence: PlatformEvidence, rule: Rule, now: int, endorsements: Endorsements
    ) -> Appraisal:
        """As in production, but for the test root."""
        return appraise(evidence, rule, now, self.chip.endorsements)


HOUSEHOLDS = pytest.mark.parametrize(
    ("chip", "start", "changed"),
    [
        (TDX4, tdx, intel("tdx", 4, Upgraded)),
        (NITRO, nitro, aws(pcrs={**minted_nitro.PCRS, 0: b"\x09" * 48})),
    ],
    ids=["tdx", "nitro"],
)


@HOUSEHOLDS
def test_a_device_without_a_sealing_key_opens_after_its_peers_released_it(chip, start, changed, monkeypatch):
    home = Household(chip, start, monkeypatch)
    record, sealed = home.first_start()
    with pytest.raises(PlatformRefused) as refusal:
        start(chip).unseal(sealed, b"c")
    assert refusal.value.code == "platform.no-sealing-key"
    platform, refusals = home.boot(record, chip)
    assert not refusals
    assert platform.unseal(sealed, b"c") == b"share"


@HOUSEHOLDS
def test_a_changed_program_gets_nothing_until_the_owner_accepted_it(chip, start, changed, monkeypatch):
    home = Household(chip, start, monkeypatch)
    record, sealed = home.first_start()
    platform, refusals = home.boot(record, changed)
    assert {error.code for error in refusals} == {"peer.evidence"}
    assert all("reference-" in str(error) for error in refusals)
    with pytest.raises(PlatformRefused):
        platform.unseal(sealed, b"c")
    home.reference = home._accepted_as(changed)
    platform, refusals = home.boot(record, changed)
    assert not refusals
    assert platform.unseal(sealed, b"c") == b"share"
