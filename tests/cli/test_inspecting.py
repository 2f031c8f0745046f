"""What the owner's client makes of what a device shows, without a TPM: evidence that is minted, so that it can lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.attested import CLAIMS, attested
from tests.support.minted_tpm import NOW, Chip

from warifu.attestation.unsafe_software import FORMAT, statement
from warifu.cli.authorizing import ask_envelope_keys
from warifu.cli.device_evidence import describe, show
from warifu.cli.inspecting import Inspection, accept_new, changed, inspect
from warifu.cli.profile import Profile
from warifu.cli.screen import Screen
from warifu.errors import PeerMisbehaved
from warifu.protocol.api import DeviceEndorsement, EnvelopeKeyOf, EnvelopeKeyQuestion, EnvelopeKeys
from warifu.protocol.attesting import Attestation, Binding, Claims, Evidence, Reference
from warifu.protocol.credential import DeviceKey
from warifu.protocol.encoding import encode
from warifu.protocol.envelope import EnvelopeKey, EnvelopeSecret, certify, envelope_binding
from warifu.protocol.frames import EndorsementAnswer
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.policy import POLICY_VERSION, Policy
from warifu.protocol.request import Stretching, WalletRequest
from warifu.protocol.rules import rules_hash

pytestmark = pytest.mark.unit

DEVICE = IdentityKey(b"d" * 32)
PI = DeviceRef("pi", DEVICE.public)
SOFTWARE = Reference("unsafe-software", 0, b"", b"", ())
SERVER = Reference("sev-snp", 2, b"", b"c" * 64, (("launch", b"m" * 48),))


class Road:
    """The way to the one device, which shows what a test wants."""

    def __init__(self, shows: Any, chip: Chip | None = None, rules: bytes = b"") -> None:
        self._shows = shows
        self._chip = chip
        self._rules = rules

    def post(self, path: str, question: EnvelopeKeyQuestion, _kind: object) -> EnvelopeKeys:
        assert path == "/envelope-keys"
        public, expires = EnvelopeSecret().public, NOW + 900
        rules = self._rules if question.wallet_id is not None else b""
        binding = envelope_binding(PI.identity, public, question.nonce, expires, rules)
        key = EnvelopeKey("pi", PI.identity, public, question.nonce, expires, rules, self._shows(binding))
        told = certify(DEVICE, key)
        return EnvelopeKeys(
            keys=(EnvelopeKeyOf(identity=PI.identity, statement=told.statement, signature=told.signature),)
        )

    def get(self, path: str, _kind: object) -> DeviceEndorsement:
        assert path == "/devices/pi/endorsement" and self._chip is not None
        told = EndorsementAnswer(self._chip.ek_public(), b"", self._chip.ak_public())
        return DeviceEndorsement(endorsement=encode(told))


def of_tpm(chip: Chip) -> Road:
    """A device whose evidence this chip signs; nobody vouches for the chip."""

    def shows(binding: Binding) -> Attestation:
        chip.report_data = binding.report_data(CLAIMS)
        return Attestation(Evidence("tpm", chip.evidence()), (), CLAIMS)

    return Road(shows, chip)


def looked(road: Any, known: Reference | None = None) -> Inspection:
    return inspect(road, PI, known, NOW)


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    made = Profile.create(tmp_path / "home", "regtest", "https://127.0.0.1:1", bytes(32))
    made.pin_device(PI)
    return made


def test_the_first_acceptance_takes_what_can_be_checked_and_warns_of_the_rest(profile, capsys):
    road: Any = of_tpm(Chip())
    accept_new(road, profile, Screen(), [PI], NOW)
    kept = profile.reference(PI.identity)
    assert kept is not None
    assert (kept.format, kept.tier, kept.attestation_key) == ("tpm", 0, Chip().spki())
    assert "nobody vouches for the TPM" in capsys.readouterr().err
    accept_new(Road(None), profile, Screen(), [PI], NOW)  # type: ignore[arg-type]  # it is not asked a second time
    assert profile.reference(PI.identity) == kept


def test_the_first_acceptance_refuses_what_is_false(profile):
    road: Any = Road(lambda _: Attestation(Evidence(FORMAT, statement(bytes(64))), (), CLAIMS))
    with pytest.raises(PeerMisbehaved) as refused:
        accept_new(road, profile, Screen(), [PI], NOW)
    assert refused.value.code == "peer.evidence"
    assert profile.reference(PI.identity) is None


def test_the_same_chip_is_known_again_without_being_bound_anew():
    first = looked(of_tpm(Chip()))
    again = of_tpm(Chip())
    again._chip = None  # it would be asked for its endorsement
    second = looked(again, first.reference)
    assert second.reference == first.reference
    assert changed(second, first.reference) is None


def test_another_chip_is_another_device_and_not_one_that_cannot_be_checked():
    """Accepted as "cannot be checked", nobody would look at its evidence any more. Nor is it worth what the old one
    was, for whose maker somebody vouched."""
    known = replace(looked(of_tpm(Chip())).reference, tier=1)
    other = looked(of_tpm(Chip(seed=2)), known)
    assert changed(other, known) == "reference-hardware"
    assert not other.reference.unchecked and other.chip.doubt
    assert (other.reference.tier, other.reference.attestation_key) == (0, Chip(seed=2).spki())


def test_a_device_that_has_no_chip_any_more_keeps_nothing_of_it():
    known = looked(of_tpm(Chip())).reference
    other = looked(Road(attested), known)
    assert changed(other, known) == "reference-kind"
    assert other.reference == SOFTWARE


def test_what_a_device_says_of_itself_cannot_write_on_the_terminal(profile, capsys):
    claims = Claims(
        bytes(32), (("\x1b[2J\x1b[Htier", "on\x1b]0;title\x07"), ("\u202eon", "\r2: enclave")), None
    )
    inspection = looked(Road(lambda binding: attested(binding, claims)))
    show(Screen(), profile.device_record("pi"), inspection, None, NOW)
    shown = capsys.readouterr().out
    assert "[2J" in shown  # it is shown, and does nothing
    assert not {"\x1b", "\x07", "\r", "\u202e"} & set(shown)


def test_a_script_learns_why_a_device_counts_for_less_than_its_evidence(profile):
    told = describe(profile.device_record("pi"), looked(of_tpm(Chip())), None, None)
    assert (told["kind"], told["tier"], told["affirmed"]) == ("tpm", 0, True)
    assert "nobody vouches" in told["doubt"]
    assert told["details"]["key"] == "bound to its TPM before"
    told = describe(profile.device_record("pi"), looked(Road(attested)), None, None)
    assert (told["doubt"], told["details"]) == (None, {"proven": "nothing"})


def test_a_client_that_never_looked_at_a_device_holds_it_to_what_the_wallet_accepted(profile):
    """A second client of the owner took the wallet over: its own record of the device is empty."""
    policy = Policy(POLICY_VERSION, 5, ())
    owner = (DeviceKey(bytes(32)),)
    request = WalletRequest(
        bytes(16), "regtest", ("bip340",), 1, (PI,), owner, policy, Stretching(64, 3), NOW, NOW + 9, (SERVER,)
    )
    road: Any = Road(attested, rules=rules_hash(request.rules))
    with pytest.raises(PeerMisbehaved) as refused:
        ask_envelope_keys(road, profile, [PI], request, (request.rules,), NOW)
    assert (refused.value.code, refused.value.blame) == ("peer.evidence", "pi")
    profile.accept_device("pi", SOFTWARE, NOW)  # since then he looked, and accepted it as something else
    assert len(ask_envelope_keys(road, profile, [PI], request, (request.rules,), NOW)) == 1
