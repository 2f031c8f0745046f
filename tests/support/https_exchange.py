"""A TLS server on the loopback interface that stands for an exchange, and the tunnel to it, which belongs to an enemy.

The certificates are real (an authority of the test's own, leaves for the names a test wants), and so is OpenSSL at
both ends; only what the server says is scripted.
"""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from warifu.exchanges.http import HttpAnswer
from warifu.signer.egress.client import HttpsClient

NAME = "api.exchange.example.com"
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority that signs what a test asks for."""

    def __init__(self, directory: Path, name: str = "An authority") -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def server_context(
        self, name: str = NAME, *, until: datetime.datetime = NOW + DAY, alternative: str | None = None
    ) -> ssl.SSLContext:
        """What a server with a certificate for ``name`` needs; ``alternative``: for another one, and only called so."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        leaf = (
            self._builder(subject, key.public_key(), until)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(alternative or name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        file = self._directory / f"{leaf.serial_number}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + leaf.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def _builder(self, subject, public_key, until=NOW + DAY) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 30 * DAY)
            .not_valid_after(until)
        )


Script = Callable[[bytes], Sequence[bytes]]
"""From a whole request to the pieces of what is answered; an empty piece ends the connection as it should be ended."""

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Exchange:
    """The server: one thread for each connection, until :meth:`close`."""

    def __init__(self, context: ssl.SSLContext, script: Script = lambda request: [OK]) -> None:
        self._context, self._script = context, script
        self.heard: list[bytes] = []
        """Every request that came through its TLS, whole."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._listening.getsockname()
        return host, port

    def close(self) -> None:
        self._listening.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, self._context.wrap_socket(connection, server_side=True) as tls:
            while request := _request(tls):
                self.heard.append(request)
                for piece in self._script(request):
                    if not piece:
                        tls.unwrap()
                        return
                    tls.sendall(piece)


def _request(tls: ssl.SSLSocket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = tls.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += tls.recv(65536)
    return head + b"\r\n\r\n" + body


def unchanged(data: bytes) -> list[bytes]:
    return [data]


@dataclass
class Tunnel:
    """What the service offers: bytes to and from a socket, all of them recorded, some of them bent.

    ``outward`` and ``inward`` make pieces from pieces. An empty piece inward is the end of the stream.
    """

    address: tuple[str, int]
    outward: Callable[[bytes], Sequence[bytes]] = unchanged
    inward: Callable[[bytes], Sequence[bytes]] = unchanged
    sent: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self._socket = socket.create_connection(self.address, timeout=5)

    def carry(self, client: HttpsClient) -> HttpAnswer:
        """Until the client has its answer. EgressFailed as the client says."""
        while True:
            out = client.outgoing()
            self.sent += out
            for piece in self.outward(out) if out else []:
                self._socket.sendall(piece)
            try:
                data = self._socket.recv(65536)
            except ConnectionResetError:
                data = b""
            self.received += data
            for piece in self.inward(data) if data else [b""]:
                answer = client.receive(piece)
                if answer is not None:
                    return answer

    def close(self) -> None:
        self._socket.close()
