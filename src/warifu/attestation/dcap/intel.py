"""Intel's root for SGX and TDX, and what the certificates under it may sign.

The root is the one that Intel publishes as ``Intel_SGX_Provisioning_Certification_RootCA.cer`` with its provisioning
certification service (PCS); SHA-256 of the certificate: 44a0196b 2b99f889 b8e149e9 5b807a35 0e742496 4399e885 a7cbb8cc
fab674d3. A test compares it with the one that ``dcap-qvl`` pins and with the recorded quotes.

Under that root, every leaf would pass for a signer of TCB information: the library does not look who signed it. The
names below do ("Intel SGX PCK Certificate and Certificate Revocation List Profile Specification"): the key of a machine
cannot vouch for the machine's own firmware.
"""

from __future__ import annotations

import base64

from cryptography import x509
from cryptography.x509.oid import NameOID

from warifu.attestation.certificates import read_certificate
from warifu.attestation.chain import Algorithms, Roots
from warifu.attestation.verifier import CheckFailed

ALGORITHMS = Algorithms(curves=frozenset({"secp256r1"}), digests=frozenset({"sha256"}))

ROOT = read_certificate(
    base64.b64decode(
        "MIICjzCCAjSgAwIBAgIUImUM1lqdNInzg7SVUr9QGzknBqwwCgYIKoZIzj0EAwIw"
        "aDEaMBgGA1UEAwwRSW50ZWwgU0dYIFJvb3QgQ0ExGjAYBgNVBAoMEUludGVsIENv"
        "cnBvcmF0aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkGA1UECAwCQ0ExCzAJ"
        "BgNVBAYTAlVTMB4XDTE4MDUyMTEwNDUxMFoXDTQ5MTIzMTIzNTk1OVowaDEaMBgG"
        "A1UEAwwRSW50ZWwgU0dYIFJvb3QgQ0ExGjAYBgNVBAoMEUludGVsIENvcnBvcmF0"
        "aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkGA1UECAwCQ0ExCzAJBgNVBAYT"
        "AlVTMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEC6nEwMDIYZOj/iPWsCzaEKi7"
        "1OiOSLRFhWGjbnBVJfVnkY4u3IjkDYYL0MxO4mqsyYjlBalTVYxFP2sJBK5zlKOB"
        "uzCBuDAfBgNVHSMEGDAWgBQiZQzWWp00ifODtJVSv1AbOScGrDBSBgNVHR8ESzBJ"
        "MEegRaBDhkFodHRwczovL2NlcnRpZmljYXRlcy50cnVzdGVkc2VydmljZXMuaW50"
        "ZWwuY29tL0ludGVsU0dYUm9vdENBLmRlcjAdBgNVHQ4EFgQUImUM1lqdNInzg7SV"
        "Ur9QGzknBqwwDgYDVR0PAQH/BAQDAgEGMBIGA1UdEwEB/wQIMAYBAf8CAQEwCgYI"
        "KoZIzj0EAwIDSQAwRgIhAOW/5QkR+S9CiSDcNoowLuPRLsWGf/Yi7GSX94BgwTwg"
        "AiEA4J0lrHoMs+Xo5o/sX6O9QWxHRAvZUGOdRQ7cvqRXaqI="
    )
)
ROOTS = Roots(certificates=(ROOT,))

PCK, TCB_SIGNER = "Intel SGX PCK Certificate", "Intel SGX TCB Signing"
PCK_AUTHORITIES = ("Intel SGX PCK Processor CA", "Intel SGX PCK Platform CA")


def require_name(certificate: x509.Certificate, *names: str) -> None:
    """``CheckFailed("chain")`` unless its common name is one of ``names``."""
    found = [attribute.value for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if len(found) != 1 or found[0] not in names:
        raise CheckFailed("chain", f"a certificate has another name than {' or '.join(names)}")
