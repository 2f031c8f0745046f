"""What devices show each other before they work together, against a device that lies and a policy that demands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from nacl.utils import random
from tests.support.simulator import PASSPHRASE, Household, bitcoin_policy

from warifu.attestation.tpm.bundle import MAX_BUNDLE_BYTES
from warifu.attestation.unsafe_software import statement
from warifu.errors import WarifuError
from warifu.protocol.attesting import Attestation, Evidence, HostClaims, Reference, reference_digest
from warifu.protocol.authorization import approve_request
from warifu.protocol.credential import DeviceKey, approver
from warifu.protocol.encoding import decode, encode
from warifu.protocol.envelope import check_envelope_key, envelope_binding
from warifu.protocol.frames import (
    ActivationAnswer,
    ApproveReference,
    AskActivation,
    AskEnvelopeKey,
    CallRefused,
    EnvelopeKeyAnswer,
    OpenCorrelating,
    Reply,
    SignedBirth,
    error_of,
)
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import TellHost
from warifu.protocol.policy import POLICY_VERSION, ApprovalTier, DeviceRules, Policy
from warifu.protocol.request import ReferenceRequest
from warifu.protocol.rules import Rules
from warifu.signer.epoch import Epoch
from warifu.signer.sessions.messages import Shown

pytestmark = [pytest.mark.unit, pytest.mark.slow]

WHO = ["device0", "device1"]
SOFTWARE = Reference("unsafe-software", 0, b"", b"", ())
NO_RULES = DeviceRules()
SERVER = Reference("sev-snp", 2, b"", b"c" * 64, (("launch", b"m" * 48),))


def household(tmp_path: Path, rules: DeviceRules = NO_RULES, references: dict[str, Reference] | None = None):
    """Three devices and, where the policy lets them, a wallet; ``references``: what they were accepted as."""
    home = Household(tmp_path, 3)
    policy = msgspec.structs.replace(bitcoin_policy(), devices=rules)
    request = home.new_wallet_request(2, policy)
    if references is not None:
        request = msgspec.structs.replace(
            request, references=tuple(references[item.name] for item in request.devices)
        )
    return home, request


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 3)
    household.make_wallet(2)
    yield household
    household.close()


def lying(home: Household, name: str, change: Any):
    """``name`` shows ``change(attestation)`` in every session."""
    attester: Any = home[name].device.attester
    honest = attester.attest
    attester.attest = lambda binding: (
        change(honest(binding)) if binding.purpose == "session" else honest(binding)
    )


def with_evidence(kind: str, body: bytes):
    return lambda shown: msgspec.structs.replace(shown, evidence=Evidence(kind, body))


# --- false evidence --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (with_evidence("tdx", b"made up"), ""),
        (with_evidence("no-such-format", b""), "known-format"),
        (with_evidence("unsafe-software", statement(random(64))), "report-data"),
        (with_evidence("unsafe-software", b""), "form"),
    ],
    ids=["made up", "unknown", "for another question", "empty"],
)
def test_a_device_with_false_evidence_is_named_and_nothing_is_signed(home, change, check):
    lying(home, "device1", change)
    outcome = home.sign(home.pay(), WHO)
    failure = outcome.failed["device0"]
    assert (failure.code, failure.blame) == ("peer.evidence", "device1")
    assert check in failure.message
    assert not outcome.finished
    assert "started" not in home["device0"].kinds()


def test_evidence_of_an_earlier_session_is_not_taken_again(home):
    kept: list[Attestation] = []

    def keep(shown):
        kept.append(shown)
        return kept[0]

    lying(home, "device1", keep)
    assert home.sign(home.pay(), WHO).finished
    second = home.sign(home.pay(first_coin=2), WHO)
    assert second.failed["device0"].code == "peer.evidence"
    assert "report-data" in second.failed["device0"].message


def test_claims_cannot_be_put_beside_evidence_that_was_made_without_them(home):
    lying(
        home,
        "device1",
        lambda shown: msgspec.structs.replace(
            shown, claims=msgspec.structs.replace(shown.claims, release=b"r" * 32)
        ),
    )
    assert home.sign(home.pay(), WHO).failed["device0"].code == "peer.evidence"


def test_nobody_s_messages_are_looked_at_before_everybody_has_shown_what_it_runs_on(home):
    """device2's evidence is kept back: device0 has device1's nonces and evidence, and answers nothing."""
    payment = home.pay()
    sent = []

    def keep_back(sender, receiver, frame):
        if sender == home["device2"].identity and b"hello" not in frame.body[:16]:
            return []
        sent.append(home.name_of(sender))
        return [(receiver, frame)]

    home.sign(payment, ["device0", "device1", "device2"], keep_back)
    # To each of two peers: a Hello, what it runs on, nonces; and no partial signature.
    assert (sent.count("device0"), sent.count("device1")) == (6, 6)
    assert "started" not in home["device0"].kinds()


def test_two_devices_do_nothing_with_each_other_before_the_third_has_shown_what_it_runs_on(tmp_path):
    """Where each two of them work by themselves, nothing else would keep them from it."""
    home = Household(tmp_path, 3)
    wallet = home.make_wallet(2, schemes=("ecdsa",)).wallet_id
    sent = []

    def keep_back(sender, receiver, frame):
        if sender == home["device2"].identity and b"hello" not in frame.body[:16]:
            return []
        sent.append((home.name_of(sender), home.name_of(receiver)))
        return [(receiver, frame)]

    participants = tuple(sorted(device.identity for device in home.devices.values()))
    home.run(dict.fromkeys(home.names, OpenCorrelating(random(16), wallet, participants, 1)), keep_back)
    # A Hello, what it runs on, what it holds; and nothing is begun.
    assert sent.count(("device0", "device1")) == sent.count(("device1", "device0")) == 3
    home.close()


def test_a_device_shows_what_it_runs_on_once(home):
    payment = home.pay()
    openings = home.openings(payment.request, WHO, payment.unsigned)

    def take_over():
        ceremony: Any = home["device1"].signer._ceremonies._running[openings["device1"].session]
        show = ceremony._show
        ceremony._show = lambda: show() + show()

    outcome = home.run(openings, opened=take_over)
    assert (outcome.failed["device0"].code, outcome.failed["device0"].blame) == (
        "peer.out-of-turn",
        "device1",
    )


def test_a_session_message_in_place_of_evidence_names_its_sender(home):
    payment = home.pay()
    openings = home.openings(payment.request, WHO, payment.unsigned)

    def take_over():
        ceremony: Any = home["device1"].signer._ceremonies._running[openings["device1"].session]
        ceremony._show = list

    outcome = home.run(openings, opened=take_over)
    assert (outcome.failed["device0"].code, outcome.failed["device0"].blame) == (
        "peer.out-of-turn",
        "device1",
    )


# --- what the owner accepted -----------------------------------------------------------------------------------------


def test_a_wallet_is_made_by_devices_that_are_what_the_owner_accepted(tmp_path):
    home, request = household(tmp_path, references=dict.fromkeys(("device0", "device1", "device2"), SOFTWARE))
    assert len(home.run(home.openings(request, home.names)).finished) == 3


def test_a_device_that_is_something_else_than_the_owner_accepted_makes_no_wallet(tmp_path):
    accepted = {"device0": SOFTWARE, "device1": SERVER, "device2": SOFTWARE}
    home, request = household(tmp_path, references=accepted)
    outcome = home.run(home.openings(request, home.names))
    assert not outcome.finished
    assert {error.blame for error in outcome.failed.values()} == {"device1"}
    assert "reference-kind" in next(iter(outcome.failed.values())).message


def reference_request(
    home: Household, name: str, reference: Reference, replaces: Reference | None
) -> ReferenceRequest:
    assert home.birth is not None
    return ReferenceRequest(
        random(16),
        home.birth.wallet_id,
        home[name].identity,
        reference,
        reference_digest(replaces),
        home.clock(),
        home.clock() + 3600,
    )


def approval(home: Household, name: str, reference: Reference, replaces: Reference | None, **extra: Any):
    request = reference_request(home, name, reference, replaces)
    authorization, envelopes = home.authorized(request, home.names, **extra)
    return {each: ApproveReference(9, authorization, envelope) for each, envelope in envelopes.items()}


def test_the_owner_can_accept_a_device_as_something_else_and_it_holds_from_then_on(home):
    for name, frame in approval(home, "device1", SERVER, None).items():
        approve(home[name], frame)
        assert home[name].kinds()[-1] == "reference-approved"
    assert dict(home["device0"].status().wallets[0].references)["device1"] == reference_digest(SERVER)
    failed = home.sign(home.pay(), WHO).failed["device0"]
    assert (failed.code, failed.blame) == ("peer.evidence", "device1")
    home["device0"].restart()
    assert home.sign(home.pay(), WHO).failed["device0"].code == "peer.evidence"
    assert home.sign(home.pay(), ["device0", "device2"]).finished
    for name, frame in approval(home, "device1", SOFTWARE, SERVER).items():
        approve(home[name], frame)
    assert home.sign(home.pay(first_coin=2), WHO).finished


def approve(device: Any, frame: Any) -> None:
    (answer,) = device.send(frame)
    if isinstance(answer, CallRefused):
        raise error_of(answer.refusal)
    assert answer == Reply(frame.call, b"")


def code(device: Any, frame: Any) -> str:
    with pytest.raises(WarifuError) as refused:
        approve(device, frame)
    return refused.value.code


def test_an_old_approval_cannot_be_played_back_over_a_newer_one(home):
    first = approval(home, "device1", SERVER, None)["device0"]
    approve(home["device0"], first)
    approve(home["device0"], approval(home, "device1", SOFTWARE, SERVER)["device0"])
    again = approval(home, "device1", SERVER, None)["device0"]
    assert code(home["device0"], again) == "authorization.reference-stale"
    assert code(home["device0"], first) in ("authorization.reference-stale", "passphrase.envelope-used")


def test_no_old_disk_takes_an_approval_back(home, monkeypatch):
    lasting, counted = Epoch.lasting, []

    def counting(self):
        counted.append(self)
        return lasting(self)

    monkeypatch.setattr(Epoch, "lasting", counting)
    approve(home["device0"], approval(home, "device1", SERVER, None)["device0"])
    assert len(counted) == 2  # the passphrase that was tried, and the approval


def test_nobody_but_the_owner_with_the_passphrase_accepts_a_changed_device(home):
    stranger = approval(home, "device1", SERVER, None, key=IdentityKey.generate())["device0"]
    assert code(home["device0"], stranger) == "authorization.unknown-credential"
    wrong = approval(home, "device1", SERVER, None, passphrase="guess " + PASSPHRASE)["device0"]
    assert code(home["device0"], wrong) == "passphrase.wrong"
    assert not any("reference-approved" in device.kinds() for device in home.devices.values())


def test_an_approval_is_for_a_device_of_the_wallet(home):
    frame = approval(home, "device1", SERVER, None)["device0"]
    home.birth = msgspec.structs.replace(home.birth, wallet_id=bytes(32))
    assert code(home["device0"], approval(home, "device1", SERVER, None)["device0"]) == "input.unknown-wallet"
    other, _ = home.authorized(home.new_wallet_request(2), home.names)
    assert code(home["device0"], msgspec.structs.replace(frame, authorization=other)) == "input.request-kind"


# --- several owners --------------------------------------------------------------------------------------------------

PARTNER = IdentityKey(bytes([8]) * 32)


@pytest.fixture
def family(tmp_path):
    """A wallet of two owners, in which one approves small payments alone and a large one takes both."""
    home = Household(tmp_path, 3)
    policy = bitcoin_policy()
    (chain,) = policy.chains
    assets = (msgspec.structs.replace(chain.assets[0], approvals=(ApprovalTier("100000", 2),)),)
    policy = msgspec.structs.replace(policy, chains=(msgspec.structs.replace(chain, assets=assets),))
    home.make_wallet(2, policy, others=[DeviceKey(PARTNER.public)])
    yield home
    home.close()


def together(
    home: Household, reference: Reference, replaces: Reference | None, *further: IdentityKey, **extra: Any
):
    """As ``approval``, with other owners' approvals of the very request, or of another one (``instead``)."""
    instead = extra.pop("instead", None)
    request = reference_request(home, "device1", reference, replaces)
    further_words = [approve_request(approver(key), instead or request) for key in further]
    authorization, envelopes = home.authorized(request, home.names, further=further_words, **extra)
    return {each: ApproveReference(9, authorization, envelope) for each, envelope in envelopes.items()}


def test_one_owner_of_two_lets_no_changed_device_in_and_both_do(family):
    """With the passphrase and one of two credentials a thief could otherwise have devices of his own taken for the
    wallet's, until enough of them sign what he likes."""
    assert family.sign(family.pay()).finished, "alone, that owner pays small amounts"
    assert code(family["device0"], approval(family, "device1", SERVER, None)["device0"]) == "policy.approvals"
    for name, frame in together(family, SERVER, None, PARTNER).items():
        approve(family[name], frame)
    assert dict(family["device0"].status().wallets[0].references)["device1"] == reference_digest(SERVER)


def test_an_owner_who_is_alone_costs_the_wallet_no_try_of_the_passphrase(family):
    before = family["device0"].status().wallets[0].tries_left
    for _ in range(8):
        frame = approval(family, "device1", SERVER, None, passphrase="a guess at it")["device0"]
        assert code(family["device0"], frame) == "policy.approvals"
    assert family["device0"].status().wallets[0].tries_left == before
    assert "reference-approved" not in family["device0"].kinds()


@pytest.mark.parametrize("who", ["the same owner twice", "a stranger", "of another request"])
def test_what_only_looks_like_a_second_owners_approval_of_a_device_is_none(family, who):
    if who == "the same owner twice":
        frame = together(family, SERVER, None, family.owner, family.owner)["device0"]
        assert code(family["device0"], frame) == "policy.approvals"
    elif who == "a stranger":
        frame = together(family, SERVER, None, IdentityKey.generate())["device0"]
        assert code(family["device0"], frame) == "authorization.unknown-credential"
    else:
        # The partner approved that the device is accepted as what it is: played back for something else.
        honest = reference_request(family, "device1", SOFTWARE, None)
        frame = together(family, SERVER, None, PARTNER, instead=honest)["device0"]
        assert code(family["device0"], frame) == "authorization.signature"
    assert "reference-approved" not in family["device0"].kinds()


def test_a_removed_owners_approval_of_a_device_counts_no_more(family):
    """It was given, and kept by the service, before the owners changed."""
    frame = together(family, SERVER, None, PARTNER)["device0"]
    rules = family["device0"].device.rules
    wallet = family.birth.wallet_id
    before = rules.of(wallet)
    alone = Rules(
        2, (DeviceKey(family.owner.public),), msgspec.structs.replace(before.policy, approvals_needed=1)
    )
    with family["device0"].device.store.transaction():
        rules.put(wallet, alone, family.clock())
    assert code(family["device0"], frame) == "authorization.unknown-credential"


# --- what the policy demands -----------------------------------------------------------------------------------------


def claims(home: Household, *ok: str, declared: tuple[str, ...] = (), age: int = 0) -> TellHost:
    seen: list[tuple[str, Any]] = [(name, "ok") for name in ok] + [(name, "declared") for name in declared]
    moment = home.clock() - age
    return TellHost(HostClaims(moment, moment + 900, tuple(sorted(seen))))


def born(home: Household, request: Any) -> None:
    outcome = home.run(home.openings(request, home.names))
    assert len(outcome.finished) == len(home.names), outcome.codes
    home.adopt(request, outcome)


def test_a_policy_that_demands_a_tier_is_not_met_by_software(tmp_path):
    home, request = household(tmp_path, DeviceRules(1))
    outcome = home.run(home.openings(request, home.names))
    assert outcome.code == "policy.tier"


def test_what_the_policy_demands_of_the_host_must_have_been_seen_lately_on_every_device(tmp_path):
    home, request = household(tmp_path, DeviceRules(0, ("lkrg", "lockdown")))
    assert home.run(home.openings(request, home.names)).code == "policy.host-posture"
    for device in home.devices.values():
        device.operator(claims(home, "lkrg", "lockdown"))
    born(home, request)
    payment = home.pay()
    assert home.sign(payment, WHO).finished
    home.clock.pass_(901)  # the claims have expired
    late = home.pay(first_coin=2)
    assert home.sign(late, WHO).code == "policy.host-posture"
    home["device0"].operator(claims(home, "lkrg", "lockdown"))
    outcome = home.sign(late, WHO)
    assert outcome.failed["device1"].code == "policy.host-posture"
    home["device1"].operator(claims(home, "lkrg"))
    assert home.sign(late, WHO).failed["device1"].code == "policy.host-posture"
    home["device1"].operator(claims(home, "lkrg", "lockdown", age=-61))  # seen in the future
    assert home.sign(late, WHO).failed["device1"].code == "policy.host-posture"
    home["device1"].operator(claims(home, "lkrg", "lockdown", age=-60))
    assert home.sign(late, WHO).finished
    home.close()


def test_a_peer_whose_host_falls_short_is_named(tmp_path):
    """The peer's own check is taken out, as a hostile device would do it; the honest one still looks."""
    home, request = household(tmp_path, DeviceRules(0, ("ved",)))
    for device in home.devices.values():
        device.operator(claims(home, "ved"))
    born(home, request)
    lying_host = HostClaims(home.clock(), home.clock() + 900, (("ved", "missing"),))
    attester: Any = home["device1"].device.attester
    honest = attester.attest

    def attest(binding):
        attester.host, before = lying_host, attester.host
        try:
            return honest(binding)
        finally:
            attester.host = before

    attester.attest = attest
    failed = home.sign(home.pay(), WHO).failed["device0"]
    assert (failed.code, failed.blame) == ("policy.host-posture", "device1")


def test_a_share_is_brought_home_only_to_a_host_that_the_policy_lets_sign(tmp_path):
    """The passphrase opens there what the share is made of."""
    home, request = household(tmp_path, DeviceRules(0, ("lkrg",)))
    for device in home.devices.values():
        device.operator(claims(home, "lkrg"))
    coordinator, *_, straggler = sorted(home.names, key=lambda name: home[name].identity)
    between = (home[coordinator].identity, home[straggler].identity)
    seen = []

    def lose_the_end(sender, receiver, frame):
        seen.append((sender, receiver))
        return [] if (sender, receiver) == between and seen.count(between) > 3 else [(receiver, frame)]

    outcome = home.run(home.openings(request, home.names), lose_the_end)
    assert straggler not in outcome.finished
    recovery = decode(SignedBirth, outcome.finished[coordinator], 2**20).recovery
    home[straggler].restart()
    with pytest.raises(WarifuError) as refused:
        home.recover(straggler, request, recovery)
    assert refused.value.code == "policy.host-posture"
    home[straggler].operator(claims(home, "lkrg"))
    assert home.recover(straggler, request, recovery)


def test_a_share_is_opened_for_an_approval_only_on_a_host_that_the_policy_lets_sign(tmp_path):
    home, request = household(tmp_path, DeviceRules(0, ("lkrg",)))
    for device in home.devices.values():
        device.operator(claims(home, "lkrg"))
    born(home, request)
    home.clock.pass_(901)
    frame = approval(home, "device1", SERVER, None)["device0"]
    assert code(home["device0"], frame) == "policy.host-posture"
    home["device0"].operator(claims(home, "lkrg"))
    approve(home["device0"], frame)


def test_a_dry_run_says_that_this_device_falls_short_of_the_policy(tmp_path):
    home, request = household(tmp_path, DeviceRules(0, ("lkrg",)))
    for device in home.devices.values():
        device.operator(claims(home, "lkrg"))
    born(home, request)
    payment = home.pay()
    assert home["device0"].decide(payment.request, payment.unsigned).allowed
    home["device0"].operator(claims(home, "ved"))
    decision = home["device0"].decide(payment.request, payment.unsigned)
    assert not decision.allowed and decision.refusal is not None and decision.rules
    assert error_of(decision.refusal).code == "policy.host-posture"


@pytest.mark.parametrize("counts", [False, True])
def test_what_the_owner_declares_counts_only_where_the_policy_says_so(tmp_path, counts):
    home, request = household(tmp_path, DeviceRules(0, ("ako",), counts))
    for device in home.devices.values():
        device.operator(claims(home, declared=("ako",)))
    outcome = home.run(home.openings(request, home.names))
    assert bool(outcome.finished) is counts


def test_a_look_at_the_host_that_claims_to_last_for_days_is_refused(home):
    with pytest.raises(ValueError, match="an hour"):
        HostClaims(0, 3601, ())


# --- the client's side -----------------------------------------------------------------------------------------------


def test_the_evidence_of_an_envelope_key_is_for_this_key_this_nonce_and_this_policy(home):
    nonce = random(32)
    answer = home["device0"].call(AskEnvelopeKey(4, nonce, home.birth.wallet_id), EnvelopeKeyAnswer)
    key = check_envelope_key(answer.key, home["device0"].identity, nonce, home.clock())
    binding = envelope_binding(key.identity, key.public, nonce, key.expires, key.rules_hash)
    report = binding.report_data(key.attestation.claims)
    assert key.attestation.evidence.body == statement(report)
    assert key.rules_hash == home["device0"].status().wallets[0].rules_hash
    others = {
        envelope_binding(*parts).report_data(key.attestation.claims)
        for parts in (
            (bytes(32), key.public, nonce, key.expires, key.rules_hash),
            (key.identity, bytes(32), nonce, key.expires, key.rules_hash),
            (key.identity, key.public, bytes(32), key.expires, key.rules_hash),
            (key.identity, key.public, nonce, key.expires + 1, key.rules_hash),
            (key.identity, key.public, nonce, key.expires, b""),
        )
    }
    assert len(others) == 5 and report not in others


def test_a_device_without_a_chip_has_nothing_to_activate(home):
    assert code(home["device0"], AskActivation(5, b"credential", b"secret")) == "platform.activation"
    assert ActivationAnswer(b"proof").proof == b"proof"


@pytest.mark.parametrize(
    "handed_out", [(bytes(40 * 1024),), (bytes(1),) * 9, (bytes(30 * 1024),) * 6], ids=["one", "many", "all"]
)
def test_a_host_that_hands_out_too_much_stops_its_own_device_and_gets_it_no_blame(home, handed_out):
    platform: Any = home["device1"].platform
    platform.endorsements = lambda: handed_out
    with pytest.raises(WarifuError) as refused:
        home["device1"].call(AskEnvelopeKey(4, bytes(32)), EnvelopeKeyAnswer)
    assert refused.value.code == "platform.attestation-size"
    del platform.endorsements
    payment = home.pay()
    openings = home.openings(payment.request, WHO, payment.unsigned)
    platform.endorsements = lambda: handed_out
    outcome = home.run(openings)
    assert outcome.codes == {"device1": "platform.attestation-size"}


def test_the_longest_event_log_that_a_verifier_reads_fits_beside_the_rest():
    body = Evidence("tpm", bytes(MAX_BUNDLE_BYTES))
    assert decode(Evidence, encode(body), 2 * MAX_BUNDLE_BYTES) == body


def test_evidence_travels_inside_the_channel_and_the_service_does_not_see_it(home):
    seen = []

    def listen(sender, receiver, frame):
        seen.append(frame.body)
        return [(receiver, frame)]

    assert home.sign(home.pay(), WHO, listen).finished
    assert not any(b"unsafe-software" in body for body in seen)
    assert Shown.__struct_config__.tag == "shown"


def test_a_policy_names_what_it_demands_once_and_in_order():
    with pytest.raises(ValueError, match="sorted"):
        DeviceRules(0, ("ved", "lkrg"))
    assert Policy(POLICY_VERSION, 5, ()).devices == DeviceRules()
