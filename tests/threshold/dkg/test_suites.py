"""What each ciphersuite promises, and that its domains stay apart."""

from __future__ import annotations

import pickle

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from tests.support.dkg import Ceremony, Hosts, flip, generate

from warifu.threshold import bip340
from warifu.threshold.dkg import encpedpop, errors
from warifu.threshold.dkg.params import SessionParams
from warifu.threshold.dkg.phases import Phase, body_length
from warifu.threshold.dkg.session import ShareComplaint
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.dkg.suite_ed25519 import ED25519_DKG
from warifu.threshold.dkg.vss import Sharing
from warifu.threshold.errors import InvalidInput
from warifu.threshold.taproot import taproot_tweak
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

SUITES = pytest.mark.parametrize("suite", [BIP340, ED25519_DKG], ids=lambda suite: suite.group.name)
MESSAGE = b"\x00\x00\x00\x07"


@SUITES
def test_a_proof_of_possession_holds_for_its_key_and_message_only(suite: DkgSuite) -> None:
    for _ in range(8):  # both parities of key and nonce
        secret, other = suite.group.random_secret(), suite.group.random_secret()
        point = suite.group.base_mul(secret)
        proof = suite.prove(secret, MESSAGE, bytes(32))
        assert suite.proves(point, MESSAGE, proof)
        assert not suite.proves(point, b"\x00\x00\x00\x08", proof)
        assert not suite.proves(suite.group.base_mul(other), MESSAGE, proof)
    for position in range(64):
        assert not suite.proves(point, MESSAGE, flip(proof, position, position % 8))
    for malformed in (b"", proof[:-1], proof + b"\x00", bytes(64), b"\xff" * 64):
        assert not suite.proves(point, MESSAGE, malformed)
    assert not suite.proves(suite.group.identity, MESSAGE, proof)


@SUITES
def test_the_identity_never_proves_nor_signs(suite: DkgSuite) -> None:
    """s = 1, R = G satisfies the equation for the identity whatever the message."""
    group = suite.group
    for forged in (
        group.generator.encoded[-32:] + group.scalar_to_bytes(1),
        group.identity.encoded[-32:] + group.scalar_to_bytes(0),
    ):
        assert not suite.proves(group.identity, MESSAGE, forged)


@SUITES
def test_a_nonce_that_is_the_identity_signs_nothing(suite: DkgSuite) -> None:
    """s = c a satisfies the equation for R = 0, and tells everybody the secret a: RFC 8032 verifiers differ on it."""
    group = suite.group
    secret = group.random_secret()
    point = group.base_mul(secret)
    if suite is not ED25519_DKG:
        assert group.identity.encoded[1:] == bytes(32), "no x coordinate of a point"
        assert not suite.proves(point, MESSAGE, bytes(32) + secret.expose())
        return
    for domain, verifies in (("pop message", suite.proves), ("host signature", suite.verifies)):
        challenge = ED25519_DKG._challenge(domain, group.identity.encoded, point, MESSAGE)
        response = group.secret_mul_public(secret, challenge).expose()
        equation = group.element_sub(
            group.base_mul_public(group.scalar_from_bytes(response)),
            group.element_mul_public(point, challenge),
        )
        assert group.is_identity(equation), "the equation itself holds"
        assert not verifies(point, MESSAGE, group.identity.encoded + response)


def test_a_response_is_accepted_in_one_encoding_only() -> None:
    """s + order would verify too, and every Ed25519 proof would have twins."""
    group = ED25519_DKG.group
    secret = group.random_secret()
    proof = ED25519_DKG.prove(secret, MESSAGE, bytes(32))
    twin = (int.from_bytes(proof[32:], "little") + group.order).to_bytes(32, "little")
    assert not ED25519_DKG.proves(group.base_mul(secret), MESSAGE, proof[:32] + twin)


@SUITES
def test_host_signatures_and_proofs_are_never_taken_for_each_other(suite: DkgSuite) -> None:
    secret = suite.group.random_secret()
    point = suite.group.base_mul(secret)
    signature = suite.sign(secret, MESSAGE, bytes(32))
    proof = suite.prove(secret, MESSAGE, bytes(32))
    assert suite.verifies(point, MESSAGE, signature)
    assert not suite.proves(point, MESSAGE, signature)
    assert not suite.verifies(point, MESSAGE, proof)


def test_a_proof_is_no_bip340_signature() -> None:
    secret = BIP340.group.random_secret()
    xonly = BIP340.group.xonly(BIP340.group.base_mul(secret))
    assert not bip340.verify(xonly, MESSAGE, BIP340.prove(secret, MESSAGE, bytes(32)))


def test_nothing_signed_over_ed25519_is_an_ed25519_signature() -> None:
    """Otherwise a host key or a proof could be made to sign a transaction."""
    secret = ED25519_DKG.group.random_secret()
    key = VerifyKey(ED25519_DKG.group.base_mul(secret).encoded)
    for signature in (
        ED25519_DKG.prove(secret, MESSAGE, bytes(32)),
        ED25519_DKG.sign(secret, MESSAGE, bytes(32)),
    ):
        with pytest.raises(BadSignatureError):
            key.verify(MESSAGE, signature)


@SUITES
def test_signing_wants_32_bytes_of_auxiliary_randomness(suite: DkgSuite) -> None:
    for length in (0, 31, 33):
        with pytest.raises(InvalidInput):
            suite.sign(suite.group.random_secret(), MESSAGE, bytes(length))


@SUITES
def test_both_ends_of_a_key_agreement_get_the_same_secret(suite: DkgSuite) -> None:
    a, b = suite.group.random_secret(), suite.group.random_secret()
    one = suite.shared_secret(a, suite.group.base_mul(b))
    assert one == suite.shared_secret(b, suite.group.base_mul(a))
    assert one != suite.shared_secret(a, suite.group.base_mul(a))


@pytest.mark.parametrize("even", [True, False], ids=["even sum", "odd sum"])
def test_a_bip340_key_commits_to_no_script(even: bool) -> None:
    """The tweak is BIP-341's for an empty script tree; where the sum has even y, so is the key BIP-341's output key."""
    group = BIP340.group
    sharings = (generate(1, 1)[1][0] for _ in range(200))
    result, summed = next(
        (result, point)
        for result in sharings
        if group.has_even_y(point := group.element_from_bytes(result.recovery_data[4:37])) is even
    )
    tweak, output = taproot_tweak(summed.encoded)
    expected = group.element_add(summed, group.base_mul_public(int.from_bytes(tweak, "big")))
    assert result.threshold_pubkey == expected.encoded
    assert (result.threshold_pubkey[1:] == output) is even


def test_an_ed25519_key_is_the_sum_itself() -> None:
    _, results = generate(2, 3, ED25519_DKG)
    assert results[0].threshold_pubkey == results[0].recovery_data[4:36]


@SUITES
def test_the_parameters_id_depends_on_every_key_their_order_and_the_threshold(suite: DkgSuite) -> None:
    keys = Hosts.make(3, suite).pubkeys
    ids = {
        SessionParams(hostpubkeys, t, suite).id
        for hostpubkeys in (keys, keys[::-1], keys[:2], (*keys[:2], Hosts.make(1, suite).pubkeys[0]))
        for t in (1, 2)
    }
    assert len(ids) == 8
    assert all(len(identifier) == 32 for identifier in ids)


def test_pads_depend_on_receiver_and_participants() -> None:
    """Two receivers, another threshold, another participant: never the same pad for the same pair of keys."""
    hosts = Hosts.make(3)
    secnonce = BIP340.group.random_secret()
    pubnonce = BIP340.group.base_mul(secnonce).encoded
    pads = []
    for t, count in ((1, 3), (2, 3), (1, 2)):
        points = SessionParams(hosts.pubkeys[:count], t).points
        keys = encpedpop.Keys(BIP340, t, 0, hosts.key(0), points)
        pads += [keys.pad_to_self(pubnonce)]
        pads += [keys.pad_to(receiver, secnonce, pubnonce) for receiver in range(1, count)]
    assert len({pad.expose() for pad in pads}) == len(pads)


@SUITES
def test_only_the_receiver_finds_the_senders_pad(suite: DkgSuite) -> None:
    hosts = Hosts.make(2, suite)
    points = hosts.params(1).points
    secnonce = suite.group.random_secret()
    pubnonce = suite.group.base_mul(secnonce)
    sender = encpedpop.Keys(suite, 1, 0, hosts.key(0), points)
    receiver = encpedpop.Keys(suite, 1, 1, hosts.key(1), points)
    stranger = encpedpop.Keys(suite, 1, 1, suite.group.random_secret(), points)
    pad = sender.pad_to(1, secnonce, pubnonce.encoded)
    assert receiver.pad_from(pubnonce) == pad
    assert stranger.pad_from(pubnonce) != pad


def test_a_sharing_is_wiped_at_the_end_of_its_block() -> None:
    with Sharing.derive(BIP340, Secret(b"\x01" * 32), 3) as sharing:
        secret = sharing.secret
    assert secret.wiped


# Errors


EVERY_ERROR = [
    errors.InvalidHostPubkey(3),
    errors.DuplicateHostPubkey(1, 2),
    errors.FaultyParticipant(1, "commitment"),
    errors.FaultyParticipantOrCoordinator(2, "commitment"),
    errors.FaultyCoordinator("certificate"),
    errors.HostSeckeyError("no"),
    errors.RecoveryDataError("no"),
    ShareComplaint(2),
]


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
def test_errors_cross_a_process_boundary_unchanged(error: Exception) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_errors_and_representations_show_no_secret() -> None:
    hosts = Hosts.make(3)
    ceremony = Ceremony.start(hosts, 2)
    ceremony.run(lambda letter: None if letter.phase is Phase.CMSG1 else letter)
    session = ceremony.sessions[1]
    with pytest.raises(errors.FaultyCoordinator) as caught:
        session.handle(0, Phase.CMSG1, b"\xee" * body_length(session.params, Phase.CMSG1))
    _, results = generate(1, 1)
    shown = repr(caught.value) + repr(session) + repr(results[0])
    assert results[0].share.expose().hex() not in shown
    assert repr(results[0].share.expose()) not in shown
    assert all(key.hex() not in shown for key in hosts.seckeys)


def test_an_error_that_holds_secrets_cannot_be_pickled() -> None:
    group = BIP340.group
    investigation = encpedpop.Investigation(BIP340, 0, group.generator, 0, [group.random_secret()])
    with pytest.raises(TypeError):
        pickle.dumps(errors.UnknownFaultyParticipantOrCoordinator(investigation))
