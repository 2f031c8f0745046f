"""The official vectors of BIP 445: every valid case to the byte, every error case with its kind, reason and blame."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.support.vectors import load_vectors

from warifu.threshold import bip340
from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.frost import bip445
from warifu.threshold.frost.equation import Equation
from warifu.threshold.frost.nonces import PublicNonce, SecretNonce
from warifu.threshold.frost.signers import Signers
from warifu.threshold.frost.tweaks import TweakContext
from warifu.threshold.secp256k1 import SECP256K1

pytestmark = pytest.mark.unit

# The reference's words, and ours for the same refusal. Where a case breaks two rules either one is right.
REASONS = {
    "The signer's id must be present in the participant identifier list.": "is not among the signers",
    "The participant identifier list contains duplicate elements.": "is repeated",
    "The signer's pubshare must be included in the list of pubshares.": "the secret share is not the one of",
    r"Invalid pubshare at index \d+.": "the public share of participant .* is invalid",
    r"The participant identifier at index \d+ is out of range.": "identifier is out of range",
    "The provided key material is incorrect.": "do not belong to this threshold public key",
    "first secnonce value is out of range.": "the secret is zero",
    "second secnonce value is out of range.": "the secret is zero",
    "The number of signers must be between t and n.": "number of signers must be between t and n",
    "The signer's secret share value is out of range.": "the secret is zero",
    "The tweak value is out of range.": "not below the group order",
    "The result of tweaking cannot be infinity.": "leads to the point at infinity",
    "The tweaks and is_xonly arrays must have the same length.": "argument 2 is (shorter|longer)",
    "The tweak must be a 32-byte array.": "a tweak has 32 bytes",
    "The psigs and ids arrays must have the same length.": "exactly one signature share from each signer",
}


def cases(file: str, kind: str) -> list[Any]:
    try:
        groups = load_vectors(f"bip445/{file}_vectors.json")["test_groups"]
    except pytest.skip.Exception:
        return [pytest.param(None, None, marks=pytest.mark.skip(reason="official test vectors not found"))]
    return [
        pytest.param(group, case, id=f"{group['tg_id']}-{case['tc_id']}")
        for group in groups
        for case in group.get(kind, [])
    ]


def unhex(values: list[str]) -> list[bytes]:
    return [bytes.fromhex(value) for value in values]


def signers_of(group: dict[str, Any], case: dict[str, Any]) -> Signers:
    return Signers.parse(
        SECP256K1,
        t=group["t"],
        n=group["n"],
        ids=case["ids"],
        pubshares=[bytes.fromhex(group["pubshares"][index]) for index in case["pubshare_indices"]],
        threshold_pubkey=bytes.fromhex(group["thresh_pk"]),
    )


def tweaks_of(group: dict[str, Any], case: dict[str, Any]) -> list[tuple[bytes, bool]]:
    if "tweaks" in case:
        values = unhex(case["tweaks"])
    else:
        values = [bytes.fromhex(group["tweaks"][index]) for index in case.get("tweak_indices", [])]
    # Our tweaks are pairs, so lists of different length cannot be handed in: this is where they fail to meet.
    return list(zip(values, case.get("is_xonly", []), strict=True))


def equation_of(group: dict[str, Any], case: dict[str, Any], aggnonce: bytes) -> Equation:
    signers = signers_of(group, case)
    tweaked = TweakContext.start(signers.threshold_key).apply_all(tweaks_of(group, case))
    return bip445.session_values(signers, tweaked, bytes.fromhex(case["msg"]), aggnonce)


def pubnonces_of(group: dict[str, Any], case: dict[str, Any]) -> dict[int, PublicNonce]:
    encoded = [bytes.fromhex(group["pubnonces"][index]) for index in case["pubnonce_indices"]]
    return bip445.parse_pubnonces(dict(zip(case["ids"], encoded, strict=True)))


def sign(group: dict[str, Any], case: dict[str, Any]) -> bytes:
    equation = equation_of(group, case, bytes.fromhex(case["aggnonce"]))
    nonce = SecretNonce.from_bytes(SECP256K1, bytes.fromhex(group["secnonces"][case["secnonce_index"]]))
    share = SECP256K1.secret_from_bytes(bytes.fromhex(group["secshares"][case["secshare_index"]]))
    return equation.sign(case["my_id"], nonce, share)


def deterministic_sign(group: dict[str, Any], case: dict[str, Any]) -> tuple[bytes, bytes]:
    signers = signers_of(group, case)
    return bip445.deterministic_sign(
        share=SECP256K1.secret_from_bytes(bytes.fromhex(group["secshares"][case["secshare_index"]])),
        my_id=case["my_id"],
        aggothernonce=None if case["aggothernonce"] is None else bytes.fromhex(case["aggothernonce"]),
        signers=signers,
        tweaked=TweakContext.start(signers.threshold_key).apply_all(tweaks_of(group, case)),
        message=bytes.fromhex(case["msg"]),
        rand=None if case["rand"] is None else bytes.fromhex(case["rand"]),
    )


class expect_error:  # noqa: N801 - reads like pytest.raises
    """The error that a case describes: its kind, its reason, and whom it blames (as participant, not position)."""

    def __init__(self, error: dict[str, Any], ids: list[int] | None = None) -> None:
        self.error = error
        self.ids = ids
        if error["type"] == "ValueError":
            ours = next(mine for theirs, mine in REASONS.items() if re.fullmatch(theirs, error["message"]))
            self.raises: Any = pytest.raises(ValueError, match=ours)
        else:
            assert error["type"] == "InvalidContributionError"
            self.raises = pytest.raises(InvalidContribution)

    def __enter__(self) -> None:
        self.info = self.raises.__enter__()

    def __exit__(self, *exc: Any) -> bool:
        swallowed = bool(self.raises.__exit__(*exc))
        if self.error["type"] == "InvalidContributionError":
            position = self.error["signer_index"]
            blamed = position if position is None or self.ids is None else self.ids[position]
            assert self.info.value.index == blamed
            assert self.info.value.what == self.error["contrib"]
        elif "is_xonly arrays" not in self.error["message"]:
            assert isinstance(self.info.value, InvalidInput)
        return swallowed


class TestNonces:
    @pytest.mark.parametrize("position", range(5))
    def test_generation(self, position: int):
        case = load_vectors("bip445/nonce_gen_vectors.json")["valid_tests"][position]
        optional = {
            name: None if case[name] is None else bytes.fromhex(case[name])
            for name in ("pubshare", "thresh_pk", "msg", "extra_in")
        }
        share = (
            None if case["secshare"] is None else SECP256K1.secret_from_bytes(bytes.fromhex(case["secshare"]))
        )
        nonce = bip445.nonce_gen(
            rand=bytes.fromhex(case["rand_"]),
            share=share,
            pubshare=optional["pubshare"],
            threshold_xonly=optional["thresh_pk"],
            message=optional["msg"],
            extra=optional["extra_in"],
        )
        assert nonce.public.encode() == bytes.fromhex(case["expected"][1])
        hiding, binding = nonce.consume()
        assert hiding.expose() + binding.expose() == bytes.fromhex(case["expected"][0])

    def test_every_generation_vector_is_run(self):
        assert len(load_vectors("bip445/nonce_gen_vectors.json")["valid_tests"]) == 5

    def test_aggregation(self):
        vectors = load_vectors("bip445/nonce_agg_vectors.json")
        pubnonces = unhex(vectors["pubnonces"])
        for case in vectors["valid_tests"]:
            chosen = dict(enumerate(pubnonces[index] for index in case["pubnonce_indices"]))
            assert bip445.nonce_agg(bip445.parse_pubnonces(chosen)) == bytes.fromhex(case["expected"])

    def test_aggregation_blames_the_sender_of_a_bad_nonce(self):
        vectors = load_vectors("bip445/nonce_agg_vectors.json")
        pubnonces = unhex(vectors["pubnonces"])
        for case in vectors["error_tests"]:
            chosen = dict(enumerate(pubnonces[index] for index in case["pubnonce_indices"]))
            with expect_error(case["error"]):
                bip445.parse_pubnonces(chosen)


class TestSigning:
    @pytest.mark.parametrize(
        ("group", "case"), cases("sign_verify", "valid_tests") + cases("tweak", "valid_tests")
    )
    def test_valid(self, group, case):
        pubnonces = pubnonces_of(group, case)
        assert bip445.nonce_agg(pubnonces) == bytes.fromhex(case["aggnonce"])
        signed = sign(group, case)
        assert signed == bytes.fromhex(case["expected"])
        equation = equation_of(group, case, bytes.fromhex(case["aggnonce"]))
        assert equation.verify_share(case["my_id"], signed, pubnonces[case["my_id"]])

    @pytest.mark.parametrize(
        ("group", "case"), cases("sign_verify", "sign_error_tests") + cases("tweak", "error_tests")
    )
    def test_refused(self, group, case):
        with expect_error(case["error"]):
            sign(group, case)

    @pytest.mark.parametrize(("group", "case"), cases("sign_verify", "verify_fail_tests"))
    def test_wrong_share_does_not_verify(self, group, case):
        pubnonces = pubnonces_of(group, case)
        equation = equation_of(group, case, bip445.nonce_agg(pubnonces))
        who = case["ids"][case["signer_index"]]
        assert not equation.verify_share(who, bytes.fromhex(case["psig"]), pubnonces[who])

    @pytest.mark.parametrize(("group", "case"), cases("sign_verify", "verify_error_tests"))
    def test_verification_refused(self, group, case):
        with expect_error(case["error"], case["ids"]):
            signers_of(group, case)
            pubnonces_of(group, case)


class TestDeterministicSigning:
    @pytest.mark.parametrize(("group", "case"), cases("det_sign", "valid_tests"))
    def test_valid(self, group, case):
        pubnonce, signed = deterministic_sign(group, case)
        assert [pubnonce, signed] == unhex(case["expected"])

    @pytest.mark.parametrize(("group", "case"), cases("det_sign", "error_tests"))
    def test_refused(self, group, case):
        with expect_error(case["error"]):
            deterministic_sign(group, case)


class TestAggregation:
    @pytest.mark.parametrize(("group", "case"), cases("sig_agg", "valid_tests"))
    def test_valid(self, group, case):
        equation = equation_of(group, case, bytes.fromhex(case["aggnonce"]))
        z = equation.combine(dict(zip(case["ids"], unhex(case["psigs"]), strict=True)))
        signature = bip445.encode_signature(equation, z)
        assert signature == bytes.fromhex(case["expected"])
        tweaked = TweakContext.start(equation.signers.threshold_key).apply_all(tweaks_of(group, case))
        assert bip340.verify(tweaked.xonly, bytes.fromhex(case["msg"]), signature)

    @pytest.mark.parametrize(("group", "case"), cases("sig_agg", "error_tests"))
    def test_refused(self, group, case):
        equation = equation_of(group, case, bytes.fromhex(case["aggnonce"]))
        shares = dict(zip(case["ids"], unhex(case["psigs"]), strict=False))
        with expect_error(case["error"], case["ids"]):
            equation.combine(shares)
