"""How a signer speaks to an exchange itself: TLS ends inside of it, and what carries the bytes is blind.

A signer has no socket. The service offers a tunnel, a pair of byte streams to a host that it resolved and dialled; it
sees the name of the host, ciphertext and sizes. The certificate is checked here, against roots and for a name that
the service cannot choose, so a service that answers in the exchange's place, changes a byte or cuts the stream gets an
error and nothing else.

Sans-I/O: bytes in, bytes out, no clock, no thread. ``trust`` makes the TLS context, ``tls`` is one TLS 1.3 connection,
``client`` speaks HTTP/1.1 over it, ``websocket`` hears a feed, ``failures`` says what went wrong and whether anything
can have happened by then, ``keys`` holds whole secrets for the exchanges whose credentials cannot be split.

Only a signer of which a wallet has rules for an exchange loads it (``signer.exchanges.loading``): others have no room.
"""
