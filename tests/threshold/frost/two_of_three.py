"""A 2-of-3 key for each scheme, and what a test needs to know of them."""

from __future__ import annotations

from typing import Literal

import pytest
from tests.support.dealer import Dealt, deal

from warifu.threshold.frost.bip445 import BIP340
from warifu.threshold.frost.rfc9591 import FROST_ED25519, FROST_SECP256K1
from warifu.threshold.frost.scheme import Scheme
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

SCHEMES: list[Scheme] = [BIP340, FROST_ED25519, FROST_SECP256K1]
each_scheme = pytest.mark.parametrize("scheme", SCHEMES, ids=["bip340", "ed25519", "secp256k1"])

MESSAGE = bytes(range(32))

TWO_OF_THREE: dict[str, Dealt] = {scheme.group.name: deal(2, 3, scheme.group) for scheme in SCHEMES}


def two_of_three(scheme: Scheme) -> Dealt:
    return TWO_OF_THREE[scheme.group.name]


def byteorder(scheme: Scheme) -> Literal["big", "little"]:
    return "little" if scheme is FROST_ED25519 else "big"


def tweaked_secret(dealt: Dealt, tweaks: list[tuple[bytes, bool]]) -> Secret:
    """The tweaked private key, computed the plain way from the whole key that only the dealer has (BIP 341)."""
    secret = dealt.secret
    for tweak, is_xonly in tweaks:
        if is_xonly and not SECP256K1.has_even_y(SECP256K1.base_mul(secret)):
            secret = SECP256K1.secret_negate(secret)
        secret = SECP256K1.secret_add_public(secret, int.from_bytes(tweak, "big"))
    return secret
