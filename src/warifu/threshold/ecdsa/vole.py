"""Two signers multiply: random vector OLE from oblivious transfer.

DKLs23 (IACR eprint 2023/765), functionality 3.5 by protocol 5.2, with vectors of length l = 2 and one check column.
*Alice* holds a = (a_1, a_2), *Bob* gets a random b of the protocol's own choice; in the end c + d = a b, where Alice
holds c and Bob holds d, one for each a_i. With the public gadget g, and XI = 256 + 2 lambda_s transfers:

    Bob     beta, XI random bits;  b = sum_j g_j beta_j; chooses by beta in the extended transfers
    Alice   alpha0, alpha1 from the transfers, three scalars at each index; a^ at random
            c_i    = - sum_j g_j alpha0_(j,i)
            a~_j   = alpha0_j - alpha1_j + (a_1, a_2, a^)
            theta  = H(a~), eta = a^ + theta_1 a_1 + theta_2 a_2
            mu     = H([alpha0_(j,3) + theta_1 alpha0_(j,1) + theta_2 alpha0_(j,2)]_j)      sends a~, eta, mu
    Bob     delta_j = gamma_j + beta_j a~_j, which is alpha0_j + beta_j (a_1, a_2, a^)
            refuses unless mu = H([delta_(j,3) + theta_1 delta_(j,1) + theta_2 delta_(j,2) - beta_j eta]_j)
            d_i    = sum_j g_j delta_(j,i)

The check stops an Alice who puts different a at different j, to learn bits of beta by whether Bob goes on. What she
still can do is to guess: k bits of beta pass with a chance of 2^-k. The gadget has 2 lambda_s columns more than a
scalar has bits, so that b is then still within 2^-(lambda_s - k/2) of uniform (leftover hash lemma): together never
better for her than 2^-lambda_s.

Why lambda_s = 80. The attack is made online, against one signature with a beta of its own, and its failure names the
culprit: there is no try without risk and no second try with the same beta. Of two published implementations one takes
80 and one 128. At 80 bits a multiplication costs 40 KB, at 128 bits 49 KB and a fifth more time.
"""

from __future__ import annotations

import hmac
from functools import cache

import numpy as np

from warifu.threshold.ecdsa import limbs
from warifu.threshold.ecdsa.binding import Link, condensed, hasher
from warifu.threshold.ecdsa.bits import Bytes, random_bits, wipe
from warifu.threshold.ecdsa.limbs import Floats, Limbs
from warifu.threshold.ecdsa.ot_extension import ExtensionReceiver, ExtensionSender, Shape
from warifu.threshold.ecdsa.scalars import total
from warifu.threshold.ecdsa.scalars import wipe as wipe_secrets
from warifu.threshold.errors import AlreadyUsed, InvalidContribution
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

LAMBDA_S = 80
"""Statistical security, in bits."""
XI = 256 + 2 * LAMBDA_S
LENGTH = 2
_WIDTH = LENGTH + 1
_HASH_BYTES = 32
_A_BYTES = XI * _WIDTH * 32
MESSAGE_BYTES = _A_BYTES + 32 + _HASH_BYTES

SHAPE = Shape(XI, _WIDTH * 32)
"""Of the extension below: one row of the transfers holds one scalar for each column."""

Pair = tuple[Secret, Secret]


class VoleReceiver:
    """Bob: draws b, sends the extension's message, and gets d. Finishes once."""

    def __init__(self, link: Link, base_keys: Bytes) -> None:
        """``link``: from Alice to Bob, naming what Bob drew for this run. ``base_keys``: both keys of the transfers in
        which Alice chose; wiped.
        """
        beta = random_bits(XI)
        self._link = link
        self._extension = ExtensionReceiver(link, SHAPE, base_keys, beta)
        self.message = self._extension.message
        self.factor: Secret = limbs.to_secret(limbs.subset_sum(gadget(), beta))
        self._beta = [beta]

    def finish(self, message: bytes, fresh: bytes) -> Pair:
        """d for Alice's message. ``fresh``: what Alice drew for this run. InvalidContribution names her where the check
        fails. AlreadyUsed on a second call. Whatever comes of it, the choices are destroyed.
        """
        try:
            beta = self._beta.pop()
        except IndexError:
            raise AlreadyUsed("this multiplication was finished or wiped") from None
        outputs = self._extension.outputs(fresh)
        try:
            return self._multiplied(message, fresh, beta, outputs)
        finally:
            wipe(beta, outputs)

    def wipe(self) -> None:
        """Destroy choices and factor."""
        self.factor.wipe()
        self._extension.wipe()
        while self._beta:
            wipe(self._beta.pop())

    def _multiplied(self, message: bytes, fresh: bytes, beta: Bytes, outputs: Bytes) -> Pair:
        corrections, eta, mu = _parse(message, self._link.sender)
        bits = beta.astype(np.int32)
        delta = _split(outputs)
        corrections.reshape(limbs.COUNT, _WIDTH, XI)[:] *= bits
        delta += corrections
        theta = _challenge(self._link, fresh, self.message, message[:_A_BYTES])
        # Not below zero: a bit times eta is at most the order.
        checked, shares = _folded(delta, theta, limbs.ORDER - bits * eta)
        wipe(bits, delta, corrections)
        if not hmac.compare_digest(_check_value(self._link, checked), mu):
            wipe_secrets(shares)
            raise InvalidContribution(self._link.sender, "multiplication message")
        return shares


class VoleSender:
    """Alice: multiplies a by Bob's factor. Multiplies once."""

    def __init__(self, base_keys: Bytes, delta: Bytes) -> None:
        """Keys and choices of the transfers in which Alice chose; wiped in the end."""
        self._extension = ExtensionSender(SHAPE, base_keys, delta)

    def multiply(
        self, link: Link, extension_message: bytes, fresh: bytes, factors: Pair
    ) -> tuple[bytes, Pair]:
        """The message to Bob, and c, for ``factors`` a.

        ``link``: as Bob's. ``fresh``: what Alice drew for this run. Errors as :meth:`ExtensionSender.finish`.
        """
        rows_of_zero, rows_of_one = self._extension.finish(link, extension_message, fresh)
        zeros, ones = _split(rows_of_zero), _split(rows_of_one)
        with SECP256K1.random_secret() as blinding:
            values = np.hstack([limbs.from_secret(value) for value in (*factors, blinding)])
            # Hidden by the difference of two outputs, of which Bob knows one. Not below zero: 2^256 is less than 2
            # orders.
            corrections = zeros - ones
            corrections.reshape(limbs.COUNT, _WIDTH, XI)[:] += (values + 2 * limbs.ORDER)[:, :, None]
            sent = bytes(limbs.to_bytes(corrections))
            theta = _challenge(link, fresh, extension_message, sent)
            eta = _eta(factors, blinding, theta)
        checked, shares = _folded(zeros, theta, np.zeros((1, 1), np.int32))
        mu = _check_value(link, checked)
        wipe(rows_of_zero, rows_of_one, zeros, ones, values, corrections)
        return sent + eta + mu, _negated(shares)

    def wipe(self) -> None:
        """Destroy the transfers."""
        self._extension.wipe()


@cache
def gadget() -> Floats:
    """g: XI public scalars from a hash, the same for all sessions (a uniform matrix for the leftover hash lemma)."""
    uniform = hasher("multiplication/gadget").digest(48 * XI)
    scalars = [SECP256K1.scalar_reduce(uniform[at : at + 48]) for at in range(0, len(uniform), 48)]
    return limbs.from_public(scalars).astype(np.float64)


def _split(outputs: Bytes) -> Limbs:
    """Numbers below 2^256, column after column. Not reduced: modulo the order uniform to within 2^-127."""
    return limbs.from_bytes(outputs.reshape(-1), _WIDTH)


def _parse(message: bytes, sender: int) -> tuple[Limbs, Limbs, bytes]:
    """Corrections column by column, eta and mu; InvalidContribution for scalars that are not below the order."""
    if len(message) != MESSAGE_BYTES or not limbs.below_order(message[:-_HASH_BYTES]):
        raise InvalidContribution(sender, "multiplication message")
    scalars = limbs.from_bytes(message[:-_HASH_BYTES])
    return scalars[:, :-1], scalars[:, -1:], message[-_HASH_BYTES:]


def _challenge(link: Link, fresh: bytes, extension_message: bytes, corrections: bytes) -> list[int]:
    """theta, public: from everything that was sent before eta and mu."""
    parts = fresh, condensed(extension_message), condensed(corrections)
    uniform = link.hasher("multiplication/challenge", *parts).digest(48 * LENGTH)
    return [SECP256K1.scalar_reduce(uniform[at : at + 48]) for at in range(0, len(uniform), 48)]


def _eta(factors: Pair, blinding: Secret, theta: list[int]) -> bytes:
    """Published."""
    terms = [SECP256K1.secret_mul_public(a, each) for a, each in zip(factors, theta, strict=True)]
    try:
        with total([blinding, *terms]) as eta:
            return eta.expose()
    finally:
        wipe_secrets(terms)


def _folded(columns: Limbs, theta: list[int], more: Limbs) -> tuple[bytearray, Pair]:
    """What is checked, encoded: the last column plus theta times the others plus ``more``; and the inner products of
    the others with the gadget. Encoded together, because carries cost about the same for few numbers as for many.
    """
    floats = columns.astype(np.float64)
    checked = limbs.combined(floats, [*theta, 1])
    checked += more
    products = limbs.inner_products(gadget(), floats)[:, :LENGTH]
    encoded = limbs.to_bytes(np.hstack([checked, products]))
    wipe(floats, checked, products)
    shares = encoded[-LENGTH * 32 :]
    pair = SECP256K1.secret_reduce(shares[:32]), SECP256K1.secret_reduce(shares[32:])
    shares[:] = bytes(len(shares))
    del encoded[-LENGTH * 32 :]
    return encoded, pair


def _check_value(link: Link, combined: bytearray) -> bytes:
    """mu: 32 bytes. What is hashed is wiped."""
    condensate = condensed(combined)
    combined[:] = bytes(len(combined))
    return link.digest("multiplication/check", condensate)


def _negated(pair: Pair) -> Pair:
    negated = SECP256K1.secret_negate(pair[0]), SECP256K1.secret_negate(pair[1])
    wipe_secrets(pair)
    return negated
