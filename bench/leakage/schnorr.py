"""FROST: drawing nonces and signing; and what is secret in key generation.

What a signer publishes (nonces, its share, the signature) is worked on in variable time, on purpose, and it hangs on
the secrets. So the public numbers of the equation are held the same for both classes here, and the check of the
signature share, which sees nothing that is not about to be sent, is left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import MappingProxyType

from bench.leakage.scalars import ONE
from bench.leakage.target import Target
from tests.support.dealer import deal

from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340 as BIP340_DKG
from warifu.threshold.dkg.suite_ed25519 import ED25519_DKG
from warifu.threshold.ed25519 import ED25519
from warifu.threshold.frost import bip445, rfc9591
from warifu.threshold.frost.equation import Equation
from warifu.threshold.frost.nonces import PublicNonce, SecretNonce
from warifu.threshold.frost.signers import Signers
from warifu.threshold.frost.suites import ED25519_SHA512
from warifu.threshold.group import Element, Group
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

_ME = 0


class SecretHalf(Equation):
    """The equation up to the signature share, whose check is public."""

    def verify_share(self, _participant: int, _signed: bytes, _nonce: PublicNonce) -> bool:
        return True


def targets() -> Iterator[Target]:
    yield Target(
        "bip445: the share, masked for the nonce",
        ONE[SECP256K1.name],
        lambda: SECP256K1.random_secret().expose(),
        lambda share: (Secret(share), os.urandom(32)),
        lambda given: bip445._masked(*given),
    )
    # The randomness is another each time: with a fixed one the (public) nonces, too, would be those of the class.
    yield Target(
        "bip445.nonce_gen, share",
        ONE[SECP256K1.name],
        lambda: SECP256K1.random_secret().expose(),
        lambda share: (Secret(share), os.urandom(32)),
        lambda given: bip445.nonce_gen(rand=given[1], share=given[0]),
    )
    yield Target(
        "rfc9591.nonce_generate, share",
        ONE[ED25519.name],
        lambda: ED25519.random_secret().expose(),
        lambda share: (Secret(share), os.urandom(32), os.urandom(32)),
        lambda given: rfc9591.nonce_generate(ED25519_SHA512, *given),
    )
    yield from of_key_generation()
    for group in (SECP256K1, ED25519):
        yield _signing_share(group)
        yield _signing_nonce(group)


def of_key_generation() -> Iterator[Target]:
    message = os.urandom(32)
    yield Target(
        "dkg BIP-340: the nonce of a proof, secret",
        ONE[SECP256K1.name],
        lambda: SECP256K1.random_secret().expose(),
        lambda secret: (Secret(secret), os.urandom(32)),
        lambda given: BIP340_DKG._nonce(given[0], message, message, given[1]),
    )
    for suite in (BIP340_DKG, ED25519_DKG):
        group = suite.group
        key = group.base_mul(group.random_secret())
        yield _exchange(suite, key)


def _exchange(suite: DkgSuite, key: Element) -> Target:
    return Target(
        f"dkg {suite.group.name}: shared_secret, own key",
        ONE[suite.group.name],
        lambda: suite.group.random_secret().expose(),
        Secret,
        lambda own: suite.shared_secret(own, key),
    )


def _signing_share(group: Group) -> Target:
    numbers = _Numbers(group)
    nonce = group.random_secret(), group.random_secret()

    def prepare(secret: bytearray) -> tuple[Equation, SecretNonce, Secret]:
        share = Secret(secret)
        halves = SecretNonce(group, nonce[0].clone(), nonce[1].clone())
        return numbers.equation(group.base_mul(share)), halves, share

    return Target(
        f"frost Equation.sign over {group.name}, share",
        ONE[group.name],
        lambda: group.random_secret().expose(),
        prepare,
        lambda given: given[0].sign(_ME, given[1], given[2]),
    )


def _signing_nonce(group: Group) -> Target:
    numbers = _Numbers(group)
    share = group.random_secret()
    equation = numbers.equation(group.base_mul(share))

    return Target(
        f"frost Equation.sign over {group.name}, nonce",
        2 * ONE[group.name],
        lambda: group.random_secret().expose() + group.random_secret().expose(),
        lambda secret: SecretNonce.from_bytes(group, secret),
        lambda nonce: equation.sign(_ME, nonce, share),
    )


class _Numbers:
    """The public numbers of one signing, the same whatever the secrets."""

    def __init__(self, group: Group) -> None:
        key = deal(2, 3, group).key
        self._signers = key.signers(group, [_ME, 1])
        self._nonce = group.base_mul(group.random_secret())
        self._scalars = [int.from_bytes(os.urandom(40), "big") % group.order for _ in range(2)]

    def equation(self, pubshare: Element) -> Equation:
        """For a signer with this public share."""
        signers = self._signers
        pubshares = MappingProxyType({**signers.pubshares, _ME: pubshare})
        mine = Signers(
            signers.group,
            signers.t,
            signers.n,
            signers.ids,
            pubshares,
            signers.coefficients,
            signers.threshold_key,
        )
        binding, challenge = self._scalars
        return SecretHalf(mine, {_ME: binding, 1: binding}, self._nonce, -1, challenge, 0)
