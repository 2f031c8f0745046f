"""Judging a report: the chain from AMD's root to the key that signed it, and that report and certificate agree.

Trusted: AMD's pinned roots (``products``), and roots that the caller names. Refused: another product's chain, a key of
the wrong kind, firmware versions or a chip other than those for which AMD certified the key, a revoked key, a report
without a signature. Debugging and migration are reported; whether they are acceptable is for a rule to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

from warifu.attestation.certificates import Documents, read_documents
from warifu.attestation.chain import OWN_ROOT, Algorithms, Path, Roots, digest_of, find_path
from warifu.attestation.revocation import check_revocation, revocation_told
from warifu.attestation.sev_snp.certificate_table import is_certificate_table, split_certificate_table
from warifu.attestation.sev_snp.endorsement_key import (
    EndorsementKey,
    is_endorsement_key,
    read_endorsement_key,
)
from warifu.attestation.sev_snp.products import PRODUCT_LINES, ProductLine, line_of
from warifu.attestation.sev_snp.report import VLEK, Report, read_report
from warifu.attestation.verifier import CheckFailed, Endorsements, Verified

FORMAT = "sev-snp"
AMD_ALGORITHMS = Algorithms(rsa_bits=4096, pss=True, digests=frozenset({"sha384"}))
"""57230, chapter 3: authorities sign with RSASSA-PSS, 4,096 bits, SHA-384."""
_PINNED = frozenset(line.root for line in PRODUCT_LINES)


class SevSnpVerifier:
    """Reports of versions 2 to 5, signed by a VCEK or a VLEK."""

    format = FORMAT

    def verify(
        self, body: bytes, endorsements: Endorsements, now: int, collateral_grace: int = 0
    ) -> Verified:
        report = read_report(body)
        documents = _documents(endorsements)
        leaf = _signing_certificate(documents.certificates, report)
        above = [each for each in documents.certificates if not is_endorsement_key(each)]
        roots = Roots(digests=_PINNED).with_callers(endorsements)
        path = find_path(leaf, above, roots, now, AMD_ALGORITHMS)
        lists_end = check_revocation(path, documents.lists, now, AMD_ALGORITHMS, collateral_grace)
        key = read_endorsement_key(leaf)
        line = _product_line(path, key, report)
        _check_same_firmware(report, key, line)
        _check_same_chip(report, key, line)
        if not _signs(key.key, report):
            raise CheckFailed("signature", "the report was altered, or another key signed it")
        ends = [path.expires_at] if lists_end is None else [path.expires_at, lists_end]
        root = f"ARK-{line.name}" if digest_of(path.root) == line.root else OWN_ROOT
        told = {"root": root, "revocation": revocation_told(lists_end)}
        return _verified(report, key, line, told, min(ends) + 1)


def _documents(endorsements: Endorsements) -> Documents:
    flat: list[bytes] = []
    for document in endorsements.documents:
        flat += split_certificate_table(document) if is_certificate_table(document) else (document,)
    return read_documents(flat)


def _signing_certificate(certificates: Sequence[x509.Certificate], report: Report) -> x509.Certificate:
    """The certificate of the key that signed. A host may hand over those of several versions of one chip's key."""
    found = [each for each in certificates if is_endorsement_key(each)]
    if not found:
        raise CheckFailed(
            "endorsements", "the certificate of the key that signed it (VCEK or VLEK) is missing"
        )
    for certificate in found:
        key = certificate.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey) and _signs(key, report):
            return certificate
    return found[0]


def _signs(key: ec.EllipticCurvePublicKey, report: Report) -> bool:
    try:
        key.verify(encode_dss_signature(report.r, report.s), report.signed, ec.ECDSA(hashes.SHA384()))
    except InvalidSignature:
        return False
    return True


def _product_line(path: Path, key: EndorsementKey, report: Report) -> ProductLine:
    """The product, on which root, signing key, chip and report must agree."""
    line = line_of(key.product)
    kind = "VLEK" if report.signing_key == VLEK else "VCEK"
    signer = f"SEV-VLEK-{line.name}" if report.signing_key == VLEK else f"SEV-{line.name}"
    names = [_common_name(each) for each in path.certificates]
    if names != [f"SEV-{kind}", signer, f"ARK-{line.name}"]:
        raise CheckFailed("product", f"the certificates are not those of a {kind} of {line.name}")
    if (report.signing_key == VLEK) != bool(key.provider) or bool(key.provider) == bool(key.hardware_id):
        raise CheckFailed("certificate", f"the certificate of the signing key is not that of a {kind}")
    if report.processor is not None:
        family, model, _ = report.processor
        if family != line.family or not any(model in models for models in line.models):
            raise CheckFailed("product", f"the report is of a processor that is no {line.name}")
    return line


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if len(names) == 1 else ""


def _check_same_firmware(report: Report, key: EndorsementKey, line: ProductLine) -> None:
    reported = line.layout.read(report.reported_tcb)
    certified = {name: key.versions.get(name) for name in reported}
    if certified != reported:
        raise CheckFailed(
            "tcb", "the key was certified for other versions of the firmware than the report says"
        )


def _check_same_chip(report: Report, key: EndorsementKey, line: ProductLine) -> None:
    """A hidden chip id says nothing; then the key itself, which only one chip has, tells the chip."""
    if key.hardware_id and len(key.hardware_id) != line.hardware_id_bytes:
        raise CheckFailed("certificate", "the chip's identifier in the certificate has another length")
    if any(report.chip_id[line.hardware_id_bytes :]):
        raise CheckFailed("form", "the chip's identifier is longer than one of this product")
    if report.chip_id_is_hidden or not key.hardware_id:
        return
    if report.chip_id[: line.hardware_id_bytes] != key.hardware_id:
        raise CheckFailed("chip", "the key was certified for another chip than the report says")


def _verified(
    report: Report, key: EndorsementKey, line: ProductLine, told: dict[str, str], expires_at: int
) -> Verified:
    chip = b"" if report.chip_id_is_hidden else report.chip_id[: line.hardware_id_bytes]
    return Verified(
        format=FORMAT,
        tier=2,
        report_data=report.report_data,
        debug=report.policy.debug,
        measurements=_measurements(report),
        tcb=_versions(report, line),
        hardware_id=key.hardware_id or chip,
        expires_at=expires_at,
        attributes={
            "vmpl": report.vmpl,
            "smt": int(report.policy.smt),
            "migration-agent": int(report.policy.migration_agent),
            "single-socket": int(report.policy.single_socket),
        },
        details=told | _details(report, key),
    )


def _measurements(report: Report) -> dict[str, bytes]:
    """Digests of keys only where there are such keys: a reference value must not be met by zeros."""
    found = {"launch": report.measurement, "host-data": report.host_data}
    if any(report.id_key_digest):
        found["id-key-digest"] = report.id_key_digest
    if report.author_key:
        found["author-key-digest"] = report.author_key_digest
    return found


def _versions(report: Report, line: ProductLine) -> dict[str, int]:
    """By plain names what the key is certified for; beside it what runs, what it cannot go back below, and what ran
    when the guest was started."""
    found = line.layout.read(report.reported_tcb)
    for prefix, raw in (
        ("current", report.current_tcb),
        ("committed", report.committed_tcb),
        ("launch", report.launch_tcb),
    ):
        found |= {f"{prefix}-{name}": version for name, version in line.layout.read(raw).items()}
    return found | {"guest-svn": report.guest_svn}


def _details(report: Report, key: EndorsementKey) -> dict[str, str]:
    found = {
        "product": key.product,
        "report-version": str(report.version),
        "signed-by": f"VLEK of {key.provider}" if key.provider else "VCEK, the chip's own key",
        "family-id": report.family_id.hex(),
        "image-id": report.image_id.hex(),
        "platform-info": f"{report.platform_info:#x}",
    }
    if report.chip_id_is_hidden:
        found["chip"] = "hidden by the host"
    return found
