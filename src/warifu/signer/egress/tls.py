"""One TLS 1.3 connection over a stream that belongs to somebody else: ciphertext in, ciphertext out.

OpenSSL works on two buffers in memory (``ssl.MemoryBIO``). Whoever carries the bytes can delay or end the stream; a
byte that was changed, left out, repeated or moved ends the connection: each record is authenticated with its place.
"""

from __future__ import annotations

import ssl

from warifu.signer.egress.failures import EgressFailed
from warifu.signer.egress.trust import ALPN

_CHUNK = 16 * 1024  # a record's largest content


class TlsClient:
    """The client's end. Every method may raise :class:`EgressFailed`; after that the connection is over.

    ``sent`` in these errors is False: who sits on top knows what it has sent.
    """

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self.established = False
        """True once the server has proven to be ``host``, in TLS 1.3, speaking HTTP/1.1."""
        self.closed = False
        """True once the server has ended the stream itself, under its key."""
        self._handshake()

    def receive(self, ciphertext: bytes) -> bytes:
        """What the server says in ``ciphertext``, so far as it is complete. Nothing before :attr:`established`."""
        self._incoming.write(ciphertext)
        if not self.established:
            self._handshake()
        return self._read() if self.established else b""

    def end(self) -> None:
        """The stream has ended. ``tunnel-cut`` unless the server had said under its key that this was all."""
        if not self.closed:
            raise EgressFailed("tunnel-cut", "the stream ended before the exchange said so", sent=False)

    def send(self, plaintext: bytes) -> None:
        """Encrypt; :meth:`outgoing` has it. Only once :attr:`established`."""
        assert self.established, "nothing is said to a server that has not proven its name"
        try:
            for start in range(0, len(plaintext), _CHUNK):
                self._tls.write(plaintext[start : start + _CHUNK])
        except ssl.SSLError as error:
            raise _broken(error) from None

    def outgoing(self) -> bytes:
        """What is to be carried to the server, once."""
        return self._outgoing.read()

    def _handshake(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLCertVerificationError as error:
            words = str(error.verify_message)[:200]
            raise EgressFailed("certificate", f"this is not the exchange: {words}", sent=False) from None
        except ssl.SSLError as error:
            raise _broken(error) from None
        if self._tls.version() != "TLSv1.3" or self._tls.selected_alpn_protocol() != ALPN:
            raise EgressFailed("tls", "the server does not speak HTTP/1.1 over TLS 1.3", sent=False)
        self.established = True

    def _read(self) -> bytes:
        plaintext = bytearray()
        while not self.closed:
            try:
                chunk = self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:  # its close_notify
                self.closed = True
            except ssl.SSLError as error:
                raise _broken(error) from None
            else:
                self.closed = not chunk
                plaintext += chunk
        return bytes(plaintext)


def _broken(error: ssl.SSLError) -> EgressFailed:
    return EgressFailed("tls", f"the TLS connection broke ({error.reason or 'no reason given'})", sent=False)
