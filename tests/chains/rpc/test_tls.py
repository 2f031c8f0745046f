"""Over TLS: only to a server whose certificate is good, and with the same bounds as without."""

from __future__ import annotations

import datetime
import ipaddress
import ssl

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.support.loopback_tls import server_identity
from tests.support.rpc_server import Say, result, serving

from warifu.chains.rpc.endpoint import JsonRpcEndpoint
from warifu.chains.rpc.retries import Retries
from warifu.chains.rpc.transport import trusted_authorities
from warifu.errors import ChainUnavailable

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def _a_process_that_has_read_no_authorities():
    trusted_authorities.cache_clear()
    yield
    trusted_authorities.cache_clear()


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return file


@pytest.fixture
def context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def reason_of(url: str, **options) -> str:
    endpoint = JsonRpcEndpoint(url, "node", retries=Retries(tries=1))
    with pytest.raises(ChainUnavailable) as error:
        endpoint.call("m", [], str, **options)
    return error.value.reason


def test_a_good_certificate_is_enough_and_its_server_is_still_bounded(certificate, context, monkeypatch):
    monkeypatch.setattr(
        httpx, "create_ssl_context", lambda **_: ssl.create_default_context(cafile=str(certificate))
    )
    with serving(result("0x1"), context) as server:
        endpoint = JsonRpcEndpoint(server.url, "node")
        assert endpoint.call("m", [], str) == "0x1"
        server.script = lambda _: Say(b"x" * 1000, drip=0.05)
        assert reason_of(server.url, deadline=0.6) == "time-out"


def test_a_certificate_of_nobody_that_is_trusted_is_refused(context, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(result("0x1"), context) as server:
        assert reason_of(server.url) == "unreachable"
        assert server.asked == [], "nothing was sent to it, no token either"


def test_an_expired_certificate_is_refused(tmp_path, monkeypatch):
    identity = server_identity(tmp_path)
    trusting = ssl.create_default_context(cafile=str(identity.certificate_file))
    monkeypatch.setattr(httpx, "create_ssl_context", lambda **_: trusting)
    with serving(result("0x1"), identity.context) as server:
        assert reason_of(server.url) == "unreachable"
        assert server.asked == []
