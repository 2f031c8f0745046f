"""What ends a conversation, and whether the exchange can have acted on it by then."""

from __future__ import annotations


class EgressFailed(Exception):
    """The connection gave no answer; it cannot be used any more.

    ``reason``: ``certificate``, ``tls``, ``tunnel-cut``, ``closed``, ``http-form``, ``redirected``, ``too-large``,
    ``too-slow``; of a feed also ``no-feed`` (the exchange did not open it) and ``feed-form``. The message names no
    header, path or body: whoever carries the bytes may read it.
    """

    def __init__(self, reason: str, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.reason = reason
        self.sent = sent
        """False: not one byte of the request left the signer, so nothing can have happened. True: nobody knows."""
