"""One key generation and one signing session between our participants and those of the published references.

Skipped where the references are not there: they live outside this repository. ``docs/interop.md`` has the commands.
"""

from __future__ import annotations

import os
from itertools import combinations, product

import pytest
from tests.interop.reference_signing import Job, OurSigner, Signer, TheirSigner, signers
from tests.interop.references import Generation, Outcome, Participant, References, participants
from tests.interop.verifiers import libsecp256k1_bip340

from warifu.threshold.dkg.phases import COORDINATOR, Outgoing, Phase
from warifu.threshold.dkg.session import KeyGeneration
from warifu.threshold.errors import InvalidContribution
from warifu.threshold.frost.tweaks import TweakContext
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.taproot import bip86_key

pytestmark = pytest.mark.real

MIXES = ["oot", "oto", "ott", "too", "tot", "tto", "tmm", "tmt"]
"""Three participants of both makes, in every order; ``m`` is our state machine, led by others."""


@pytest.fixture(scope="module")
def references() -> References:
    found = References.from_environment()
    if found is None:
        pytest.skip(
            "the references are not here: set WARIFU_BIP445 and WARIFU_CHILLDKG to checkouts (docs/interop.md)"
        )
    return found


def generate(references: References, makes: str, t: int, coordinator: str) -> list[Outcome]:
    generation = Generation(participants(makes, references), t, coordinator, references)
    return generation.end(generation.begin())


def job_of(outcomes: list[Outcome], t: int, ids: tuple[int, ...], message: bytes) -> Job:
    first = outcomes[0]
    tweaks = bip86_key(first.threshold_pubkey, bytes(32), (0, 7)).tweaks
    return Job(t, first.threshold_pubkey, first.pubshares, ids, message, tweaks)


def sign(parties: dict[int, Signer]) -> tuple[dict[int, bytes], dict[int, bytes]]:
    pubnonces = {who: party.pubnonce for who, party in parties.items()}
    return pubnonces, {who: party.sign(pubnonces) for who, party in parties.items()}


def key_of(job: Job) -> bytes:
    key = SECP256K1.element_from_bytes(job.threshold_pubkey)
    return TweakContext.start(key).apply_all(job.tweaks).xonly


# Key generation


@pytest.mark.parametrize("coordinator", ["o", "t"])
@pytest.mark.parametrize("makes", MIXES)
@pytest.mark.parametrize("t", [1, 2, 3])
def test_a_mixed_key_generation_gives_all_one_key(
    references: References, makes: str, t: int, coordinator: str
) -> None:
    outcomes = generate(references, makes, t, coordinator)
    assert len({(each.threshold_pubkey, each.pubshares, each.recovery_data) for each in outcomes}) == 1
    for index, outcome in enumerate(outcomes):
        share = SECP256K1.secret_from_bytes(outcome.share)
        assert SECP256K1.base_mul(share).encoded == outcome.pubshares[index]


@pytest.mark.parametrize("coordinator", ["o", "t"])
@pytest.mark.parametrize("makes", ["oot", "tto", "tmt"])
def test_each_recovers_from_what_the_other_make_stored(
    references: References, makes: str, coordinator: str
) -> None:
    parties = participants(makes, references)
    generation = Generation(parties, 2, coordinator, references)
    outcomes = generation.end(generation.begin())
    theirs = outcomes[makes.index("t")].recovery_data
    ours = next(outcome.recovery_data for outcome, make in zip(outcomes, makes, strict=True) if make != "t")
    for party, make, outcome in zip(parties, makes, outcomes, strict=True):
        assert party.recover(ours if make == "t" else theirs) == outcome


@pytest.mark.parametrize("coordinator", ["o", "t"])
@pytest.mark.parametrize(("makes", "victim"), [("oot", 0), ("oot", 2), ("tto", 0), ("tto", 2), ("ttm", 2)])
def test_each_finds_who_sent_a_wrong_share_with_the_others_help(
    references: References, makes: str, victim: int, coordinator: str
) -> None:
    """Participant 1 sends the victim a share that does not fit; the coordinator's investigation names it."""
    generation = Generation(participants(makes, references), 2, coordinator, references)
    generation.begin()
    share = 2 * 33 + 64 + 33 + 32 * victim + 31
    bent = bytearray(generation.pmsgs1[1])
    bent[share] ^= 1
    generation.pmsgs1[1] = bytes(bent)
    cmsg1 = generation.combine()
    party: Participant = generation.parties[victim]
    assert party.suspect(cmsg1, generation.investigation()[victim]) == 1


def test_our_state_machine_leads_their_participants(references: References) -> None:
    """The one that signers run, as participant 0 and coordinator; the two others are theirs."""
    ours, *theirs = participants("ott", references)
    hostpubkeys = [party.hostpubkey() for party in (ours, *theirs)]
    session = KeyGeneration.start(ours.hostseckey, hostpubkeys, 2, COORDINATOR)
    (cmsg1,) = deliver(session, Phase.PMSG1, [party.step1(hostpubkeys, 2) for party in theirs])
    (cmsg2,) = deliver(session, Phase.PMSG2, [party.step2(cmsg1.body) for party in theirs])
    outcomes = [party.finalize(cmsg2.body) for party in theirs]
    assert session.result is not None
    for outcome in outcomes:
        assert outcome.threshold_pubkey == session.result.threshold_pubkey
        assert outcome.pubshares == session.result.pubshares
        assert outcome.recovery_data == session.result.recovery_data


def deliver(session: KeyGeneration, phase: Phase, bodies: list[bytes]) -> list[Outgoing]:
    answers: list[Outgoing] = []
    for sender, body in enumerate(bodies, start=1):
        answers += session.handle(sender, phase, body)
    return answers


# Signing


@pytest.mark.parametrize("makes", MIXES)
def test_a_mixed_signing_session_gives_one_signature(references: References, makes: str) -> None:
    """Any two or all three, for an address with all its tweaks, whichever make combines the shares."""
    outcomes = generate(references, makes, 2, "t")
    shares = [outcome.share for outcome in outcomes]
    for ids in [*combinations(range(3), 2), (0, 1, 2)]:
        job = job_of(outcomes, 2, ids, os.urandom(32))
        parties = signers(makes, references, job, shares)
        pubnonces, partials = sign(parties)
        signatures = {party.aggregate(pubnonces, partials) for party in parties.values()}
        (signature,) = signatures
        assert libsecp256k1_bip340(key_of(job), job.message, signature)
        assert references.schnorr_verify(job.message, key_of(job), signature)


@pytest.mark.parametrize(("makes", "coordinator"), list(product(["oot", "tto"], "ot")))
def test_a_session_from_birth_to_signature_without_tweaks(
    references: References, makes: str, coordinator: str
) -> None:
    outcomes = generate(references, makes, 2, coordinator)
    first = outcomes[0]
    job = Job(2, first.threshold_pubkey, first.pubshares, (1, 2), os.urandom(32), ())
    parties = signers(makes, references, job, [outcome.share for outcome in outcomes])
    pubnonces, partials = sign(parties)
    for party in parties.values():
        signature = party.aggregate(pubnonces, partials)
        assert references.schnorr_verify(job.message, first.threshold_pubkey[1:], signature)


def test_each_names_the_others_wrong_share(references: References) -> None:
    outcomes = generate(references, "oto", 2, "o")
    job = job_of(outcomes, 2, (0, 1), os.urandom(32))
    parties = signers("oto", references, job, [outcome.share for outcome in outcomes])
    pubnonces, partials = sign(parties)
    ours, theirs = parties[0], parties[1]
    assert isinstance(ours, OurSigner)
    assert isinstance(theirs, TheirSigner)
    for who, partial in partials.items():
        assert theirs.accepts(who, pubnonces, partial)
        assert not theirs.accepts(who, pubnonces, partials[1 - who])
    with pytest.raises(InvalidContribution) as caught:
        ours.aggregate(pubnonces, {0: partials[0], 1: partials[0]})
    assert (caught.value.index, caught.value.what) == (1, "psig")
