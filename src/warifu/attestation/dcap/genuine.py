"""Is collateral Intel's, whatever quote it is for? The cache asks before it keeps any, and the verifier asks again.

A cache that kept forged collateral, issued far in the future, would refuse Intel's own ever after as older.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from warifu.attestation.chain import Path, Roots, check_path, signed_by
from warifu.attestation.dcap.collateral import Collateral
from warifu.attestation.dcap.intel import ALGORITHMS, PCK_AUTHORITIES, TCB_SIGNER, require_name
from warifu.attestation.verifier import CheckFailed


def check_collateral(collateral: Collateral, roots: Roots, now: int) -> tuple[Path, ...]:
    """The paths of its signers to one of ``roots``, valid at ``now``, if every part was signed by whom it should be;
    ``CheckFailed`` (``chain``, ``validity``, ``collateral-signature``). Whether it is new enough is not asked here."""
    paths = tuple(
        _check_signed(chain, signed, roots, now)
        for chain, signed in (
            (collateral.tcb_chain, collateral.tcb_signed),
            (collateral.qe_chain, collateral.qe_signed),
        )
    )
    root = paths[0].root
    authority, above = collateral.crl_chain
    require_name(authority, *PCK_AUTHORITIES)
    if above != root or paths[1].root != root or not signed_by(authority, root, ALGORITHMS):
        raise CheckFailed("chain", "the parts of the collateral lead to different roots")
    for revoked, issuer in ((collateral.root_crl, root), (collateral.pck_crl, authority)):
        if not signed_by(revoked, issuer, ALGORITHMS):
            raise CheckFailed("collateral-signature", "a revocation list was not signed by its authority")
    return paths


def _check_signed(
    chain: tuple[x509.Certificate, ...], signed: tuple[bytes, bytes], roots: Roots, now: int
) -> Path:
    require_name(chain[0], TCB_SIGNER)
    path = check_path(chain, roots, now, ALGORITHMS)
    text, signature = signed
    key = chain[0].public_key()
    try:
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise InvalidSignature
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        key.verify(encode_dss_signature(r, s), text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise CheckFailed(
            "collateral-signature", "a part of the collateral was not signed by its signer"
        ) from None
    return path
