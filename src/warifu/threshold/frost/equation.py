"""The signing equation, the part that RFC 9591 and BIP 445 have in common.

For signer i with nonce halves d_i, e_i, share s_i and Lagrange coefficient l_i, both documents ask for

    z_i = v * (d_i + rho_i * e_i) + c * l_i * s_i

They differ only in how the public numbers come about: RFC 9591 has a binding factor rho_i for each signer and v = 1;
BIP 445 has one for all, and signs so that R and the key have even y coordinates (v = +-1, the key's sign inside c),
with an offset on the sum for the tweaks.

- ``sign``: RFC 9591 section 5.2; BIP 445 ``Sign``
- ``verify_share``: RFC 9591 section 5.4; BIP 445 ``PartialSigVerify``
- ``combine``: RFC 9591 section 5.3; BIP 445 ``PartialSigAgg``
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from warifu.threshold.errors import InvalidContribution, InvalidInput, ThresholdError
from warifu.threshold.frost.nonces import PublicNonce, SecretNonce
from warifu.threshold.frost.signers import Signers
from warifu.threshold.group import Element, Group
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class Equation:
    """Every public number of one signing session. It holds no secret and signs for any one of its signers."""

    signers: Signers
    binding: Mapping[int, int]
    """rho_i, by participant."""
    nonce: Element
    """R, the first half of the signature."""
    nonce_sign: int
    """v: -1 where everybody negates the nonces."""
    challenge: int
    """c, with the sign of the key."""
    offset: int
    """Added to the sum of the shares."""
    commitments: Mapping[tuple[int, PublicNonce], Element] = field(default_factory=dict)
    """D_i + rho_i E_i of a participant and its public nonce, where the sum of them was R."""

    def sign(self, my_id: int, nonce: SecretNonce, share: Secret) -> bytes:
        """The signature share of participant ``my_id``, encoded; it was verified before it is returned.

        The nonce is consumed by the call, also where the call fails. AlreadyUsed for a used nonce; InvalidInput where
        ``my_id`` does not sign here or ``share`` is not its secret share.
        """
        hiding, binding = nonce.consume()
        with hiding, binding:
            self.signers.require_member(my_id)
            group = self.signers.group
            if group.base_mul(share) != self.signers.pubshares[my_id]:
                raise InvalidInput(f"the secret share is not the one of participant {my_id}")
            weight = self.challenge * self.signers.coefficients[my_id]
            with (
                group.secret_mul_public(hiding, self.nonce_sign) as first,
                group.secret_mul_public(binding, self.nonce_sign * self.binding[my_id]) as second,
                group.secret_mul_public(share, weight) as third,
                group.secret_add(first, second) as blinded,
                group.secret_add(blinded, third) as total,
            ):
                signed = total.expose()
        # A share computed wrongly (failing memory, induced fault) could reveal the secret share: it stays here.
        if not self.verify_share(my_id, signed, nonce.public):
            raise ThresholdError("the computed signature share does not verify; it was not released")
        return signed

    def verify_share(self, participant: int, signed: bytes, nonce: PublicNonce) -> bool:
        """Whether ``signed`` is the share of ``participant`` for its public nonce.

        InvalidInput where the participant does not sign here. A valid share proves nothing by itself to third
        parties: only the finished signature is a signature.
        """
        self.signers.require_member(participant)
        group = self.signers.group
        try:
            scalar = group.scalar_from_bytes(signed)
        except InvalidInput:
            return False
        commitment = self.commitments.get((participant, nonce)) or weighted(
            group, nonce, self.binding[participant]
        )
        if self.nonce_sign == -1:
            commitment = group.element_negate(commitment)
        weight = self.challenge * self.signers.coefficients[participant]
        expected = group.element_add(
            commitment, group.element_mul_public(self.signers.pubshares[participant], weight)
        )
        return group.base_mul_public(scalar) == expected

    def combine(self, shares: Mapping[int, bytes]) -> int:
        """z, the second half of the signature, NOT verified.

        InvalidInput unless there is exactly one share of each signer; InvalidContribution("psig") names the first
        whose share is no scalar.
        """
        self.signers.require_exactly(shares, "signature share")
        total = self.offset
        for participant in self.signers.ids:
            try:
                total += self.signers.group.scalar_from_bytes(shares[participant])
            except InvalidInput as error:
                raise InvalidContribution(participant, "psig") from error
        return total % self.signers.group.order


def weighted(group: Group, nonce: PublicNonce, binding: int) -> Element:
    """D + rho E: what a public nonce commits its signer to, once the binding factor is known."""
    return group.element_add(nonce.hiding, group.element_mul_public(nonce.binding, binding))
