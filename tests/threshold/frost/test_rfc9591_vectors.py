"""The official vectors of RFC 9591 (appendix E), each intermediate value of them."""

from __future__ import annotations

import pytest
from tests.support.dealer import deal
from tests.support.vectors import load_vectors

from warifu.threshold.frost import rfc9591
from warifu.threshold.frost.aggregation import Aggregation
from warifu.threshold.frost.suites import ED25519_SHA512, SECP256K1_SHA256

pytestmark = pytest.mark.unit

SUITES = [
    pytest.param("frost-ed25519-sha512", rfc9591.FROST_ED25519, id="ed25519"),
    pytest.param("frost-secp256k1-sha256", rfc9591.FROST_SECP256K1, id="secp256k1"),
]


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize(("file", "scheme"), SUITES)
def test_the_whole_signing_flow(file, scheme):
    vectors = load_vectors(f"rfc9591/{file}.json")
    suite, group, given = scheme.suite, scheme.suite.group, vectors["inputs"]
    assert suite.name == vectors["config"]["name"]
    message = unhex(given["message"])

    # Appendix C: the trusted dealer's polynomial gives the listed shares.
    polynomial = [
        group.secret_from_bytes(unhex(value))
        for value in (given["group_secret_key"], *given["share_polynomial_coefficients"])
    ]
    dealt = deal(int(vectors["config"]["MIN_PARTICIPANTS"]), 3, group, polynomial)
    assert dealt.key.threshold_pubkey == unhex(given["group_public_key"])
    for entry in given["participant_shares"]:
        assert dealt.shares[entry["identifier"] - 1].expose() == unhex(entry["participant_share"])

    signers = dealt.key.signers(group, [identifier - 1 for identifier in given["participant_list"]])
    round_one = {entry["identifier"] - 1: entry for entry in vectors["round_one_outputs"]["outputs"]}
    secret_nonces = {
        who: rfc9591.nonce_generate(
            suite,
            dealt.shares[who],
            unhex(entry["hiding_nonce_randomness"]),
            unhex(entry["binding_nonce_randomness"]),
        )
        for who, entry in round_one.items()
    }
    nonces = {who: nonce.public for who, nonce in secret_nonces.items()}
    equation = rfc9591.session_values(suite, signers, message, nonces)
    inputs = rfc9591.binding_factor_inputs(suite, signers, message, nonces)
    for who, entry in round_one.items():
        assert nonces[who].hiding.encoded == unhex(entry["hiding_nonce_commitment"])
        assert nonces[who].binding.encoded == unhex(entry["binding_nonce_commitment"])
        assert inputs[who] == unhex(entry["binding_factor_input"])
        assert group.scalar_to_bytes(equation.binding[who]) == unhex(entry["binding_factor"])

    shares = {
        entry["identifier"] - 1: unhex(entry["sig_share"])
        for entry in vectors["round_two_outputs"]["outputs"]
    }
    for who, nonce in secret_nonces.items():
        assert equation.sign(who, nonce, dealt.shares[who]) == shares[who]
        assert equation.verify_share(who, shares[who], nonces[who])

    task = scheme.task(signers, message, ())
    aggregation = Aggregation(task, {who: nonce.encode() for who, nonce in nonces.items()})
    assert aggregation.aggregate(shares) == unhex(vectors["final_output"]["sig"])


@pytest.mark.parametrize(("file", "scheme"), SUITES)
def test_secret_nonces_are_the_listed_ones(file, scheme):
    vectors = load_vectors(f"rfc9591/{file}.json")
    group = scheme.group
    for entry in vectors["round_one_outputs"]["outputs"]:
        share = next(
            item["participant_share"]
            for item in vectors["inputs"]["participant_shares"]
            if item["identifier"] == entry["identifier"]
        )
        nonce = rfc9591.nonce_generate(
            scheme.suite,
            group.secret_from_bytes(unhex(share)),
            unhex(entry["hiding_nonce_randomness"]),
            unhex(entry["binding_nonce_randomness"]),
        )
        hiding, binding = nonce.consume()
        assert hiding.expose() == unhex(entry["hiding_nonce"])
        assert binding.expose() == unhex(entry["binding_nonce"])


def test_the_domains_of_the_hashes_are_apart():
    for suite in (ED25519_SHA512, SECP256K1_SHA256):
        data = b"the same data"
        scalars = {suite.binding_factor(data), suite.challenge(data)}
        digests = {suite.message_hash(data), suite.commitment_hash(data)}
        assert len(scalars) == len(digests) == 2
