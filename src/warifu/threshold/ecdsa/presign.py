"""The rounds before the message: from key shares to presignatures.

DKLs23 (IACR eprint 2023/765), section 3, protocol 3.6, steps 5 to 9: first message, second message, checks, u and v;
on correlations that were made ahead of time (``correlating.py``). For signer i and each peer j:

    commit     r_i at random, R_i = r_i G; commits to R_i; extended transfers with choices that make chi_(i,j)
    multiply   zeta_i from the seeds; sk_i = lambda_i x_i + zeta_i (the first signer adds the tweak); pk_i = sk_i G
               phi_i at random; c^u, c^v: shares of r_i chi_(j,i) and of sk_i chi_(j,i)
               sends R_i, pk_i, Gamma^u = c^u G, Gamma^v = c^v G, psi_(i,j) = phi_i - chi_(i,j)
    finish     d^u, d^v: shares of r_j chi_(i,j) and of sk_j chi_(i,j); refuses unless, for each j,
                   R_j is what was committed to
                   chi_(i,j) R_j  - Gamma^u_(j,i) = d^u G
                   chi_(i,j) pk_j - Gamma^v_(j,i) = d^v G
               and sum pk = pk; R = sum R
               u_i = r_i  (phi_i + sum_j psi_(j,i)) + sum_j (c^u + d^u)
               v_i = sk_i (phi_i + sum_j psi_(j,i)) + sum_j (c^v + d^v)

The last of the checks has pk_j. The paper's list of checks is reported to have the sender's interpolated key share
there, against its own derivation of Gamma^v (page 21), and against correctness as soon as zeta is not zero. In
``multiply`` each signer also echoes all nonce commitments, so that a cheat cannot make two honest signers go on with
different R.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping

from warifu.threshold.ecdsa.binding import digest, in_order, integer
from warifu.threshold.ecdsa.correlation import Correlation
from warifu.threshold.ecdsa.messages import Commitment, Product
from warifu.threshold.ecdsa.pair import PairwiseProducts
from warifu.threshold.ecdsa.scalars import total, wipe
from warifu.threshold.ecdsa.sign import Nonce, Presignature
from warifu.threshold.ecdsa.task import Task
from warifu.threshold.ecdsa.vole import Pair
from warifu.threshold.ecdsa.zero_sharing import zero_share
from warifu.threshold.errors import InvalidContribution, InvalidInput
from warifu.threshold.group import Element
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

Messages = Mapping[int, bytes]


class Presigning:
    """One signer's computations, in the order of the module. ``session.py`` sees to that order, and to wiping."""

    def __init__(
        self, task: Task, my_id: int, share: Secret, correlations: Mapping[int, Correlation]
    ) -> None:
        """Takes ownership of ``share`` and of what is in the correlations."""
        self._task = task
        self._my_id = my_id
        self._peers = task.peers(my_id)
        self._correlations = dict(correlations)
        self._pairs: dict[int, PairwiseProducts] = {}
        self._share = share
        self._r = SECP256K1.random_secret()
        self._phi = SECP256K1.random_secret()
        self._additive: tuple[Secret, Element] | None = None
        self._products: dict[int, Pair] = {}
        self._nonce = SECP256K1.base_mul(self._r)
        self._blinding = os.urandom(32)
        self._nonce_commitments: dict[int, bytes] = {}

    def commit(self) -> dict[int, bytes]:
        """Round one."""
        commitment = self._commitment(self._my_id, self._nonce.encoded, self._blinding)
        self._nonce_commitments[self._my_id] = commitment
        for peer in self._peers:
            self._pairs[peer] = PairwiseProducts(
                self._task.context, self._my_id, peer, self._correlations[peer], commitment
            )
        return {peer: Commitment(commitment, pair.message).encode() for peer, pair in self._pairs.items()}

    def multiply(self, commitments: Messages) -> dict[int, bytes]:
        """Round two."""
        parsed = {peer: Commitment.parse(peer, commitments[peer]) for peer in self._peers}
        for peer, commitment in parsed.items():
            self._nonce_commitments[peer] = commitment.nonce_commitment
        with zero_share(self._my_id, self._seeds()) as zeta:
            sk = self._additive_share(zeta)
        self._additive = sk, SECP256K1.base_mul(sk)
        return {
            peer: self._product(peer, commitment.transfers, *self._additive).encode()
            for peer, commitment in parsed.items()
        }

    def finish(self, products: Messages) -> Presignature:
        """The presignature, after all checks."""
        assert self._additive is not None, "the session keeps the order"
        sk, public_share = self._additive
        parsed = {peer: Product.parse(peer, products[peer]) for peer in self._peers}
        nonces = {self._my_id: self._nonce}
        public_shares = {self._my_id: public_share}
        terms_u, terms_v, psis = [], [], [self._phi.clone()]
        try:
            for peer, product in parsed.items():
                nonces[peer] = self._opened_nonce(peer, product)
                public_shares[peer] = _point(peer, product.public_share)
                self._require_same_commitments(product)
                d = self._checked_product(peer, product, nonces[peer], public_shares[peer])
                c = self._products[peer]
                terms_u += [c[0], d[0]]
                terms_v += [c[1], d[1]]
                psis.append(_psi(peer, product.psi))
            nonce = self._agreed(nonces, public_shares)
            with total(psis) as sum_phi:
                return Presignature(
                    self._task,
                    self._my_id,
                    nonce,
                    self._phi.clone(),
                    _product_plus(self._r, sum_phi, terms_u),
                    _product_plus(sk, sum_phi, terms_v),
                )
        finally:
            wipe([*terms_u, *terms_v, *psis])

    def wipe(self) -> None:
        """Destroy everything."""
        for correlation in self._correlations.values():
            correlation.wipe()
        for pair in self._pairs.values():
            pair.wipe()
        wipe([self._share, self._r, self._phi])
        if self._additive is not None:
            self._additive[0].wipe()
        for product in self._products.values():
            wipe(product)

    def _seeds(self) -> dict[int, tuple[bytes, Secret]]:
        return {
            peer: (pair.context(self._nonce_commitments[peer]), pair.seed)
            for peer, pair in self._pairs.items()
        }

    def _additive_share(self, zeta: Secret) -> Secret:
        """sk_i: the Lagrange coefficient times the key share, hidden by zeta."""
        tweak = self._task.tweak if self._my_id == self._task.signers.ids[0] else 0
        coefficient = self._task.signers.coefficients[self._my_id]
        with (
            SECP256K1.secret_mul_public(self._share, coefficient) as weighted,
            SECP256K1.secret_add(weighted, zeta) as hidden,
        ):
            return SECP256K1.secret_add_public(hidden, tweak)

    def _product(self, peer: int, transfers: bytes, sk: Secret, public_share: Element) -> Product:
        pair = self._pairs[peer]
        message, shares = pair.multiply(transfers, self._nonce_commitments[peer], (self._r, sk))
        self._products[peer] = shares
        with SECP256K1.secret_negate(pair.factor) as negated, SECP256K1.secret_add(self._phi, negated) as psi:
            return Product(
                message,
                self._nonce.encoded,
                self._blinding,
                public_share.encoded,
                SECP256K1.base_mul(shares[0]).encoded,
                SECP256K1.base_mul(shares[1]).encoded,
                psi.expose(),
                self._echo(),
            )

    def _commitment(self, who: int, nonce: bytes, blinding: bytes) -> bytes:
        """Names its maker: a copy opens for nobody else."""
        return digest("nonce commitment", self._task.context, integer(who), nonce, blinding)

    def _echo(self) -> bytes:
        return digest("nonce commitments", self._task.context, *in_order(self._nonce_commitments))

    def _opened_nonce(self, peer: int, product: Product) -> Element:
        expected = self._commitment(peer, product.nonce, product.blinding)
        if not hmac.compare_digest(expected, self._nonce_commitments[peer]):
            raise InvalidContribution(peer, "nonce")
        return _point(peer, product.nonce)

    def _require_same_commitments(self, product: Product) -> None:
        if not hmac.compare_digest(product.commitments, self._echo()):
            raise InvalidContribution(self._task.suspect(self._my_id), "nonce commitment")

    def _checked_product(self, peer: int, product: Product, nonce: Element, public_share: Element) -> Pair:
        d = self._pairs[peer].finish(product.multiplication, self._nonce_commitments[peer])
        factor = self._pairs[peer].factor
        for point, gamma, share in (
            (nonce, product.gamma_u, d[0]),
            (public_share, product.gamma_v, d[1]),
        ):
            multiple = SECP256K1.element_mul_secret(point, factor)
            if SECP256K1.element_sub(multiple, _point(peer, gamma)) != SECP256K1.base_mul(share):
                wipe(d)
                raise InvalidContribution(peer, "product")
        return d

    def _agreed(self, nonces: Mapping[int, Element], public_shares: Mapping[int, Element]) -> Nonce:
        """R, if the public shares are those of the key."""
        suspect = self._task.suspect(self._my_id)
        if SECP256K1.element_add(*public_shares.values()) != self._task.public_key:
            raise InvalidContribution(suspect, "public share")
        point = SECP256K1.element_add(*nonces.values())
        transcript = digest(
            "presignature",
            self._task.context,
            *in_order({who: nonce.encoded for who, nonce in nonces.items()}),
            *in_order({who: share.encoded for who, share in public_shares.items()}),
        )
        nonce = Nonce(point, transcript)
        if SECP256K1.is_identity(point) or nonce.x == 0:
            raise InvalidContribution(suspect, "nonce")
        return nonce


def _point(peer: int, encoded: bytes) -> Element:
    try:
        return SECP256K1.element_from_bytes(encoded)
    except InvalidInput as error:
        raise InvalidContribution(peer, "point") from error


def _psi(peer: int, encoded: bytes) -> Secret:
    try:
        return SECP256K1.secret_from_bytes(encoded)
    except InvalidInput as error:
        raise InvalidContribution(peer, "psi") from error


def _product_plus(factor: Secret, other: Secret, terms: list[Secret]) -> Secret:
    with SECP256K1.secret_mul(factor, other) as product:
        return total([product, *terms])
