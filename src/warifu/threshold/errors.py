"""What can go wrong in a threshold protocol, and who is to blame.

One rule, everywhere in ``warifu.threshold``:

- :class:`InvalidInput`: the caller handed in something that breaks a precondition. Nobody else is to blame.
- :class:`InvalidContribution`: a peer, or whoever relays for the peers, sent what an honest one never sends.
- :class:`AlreadyUsed`: a value that lives once (a nonce, a session, a wiped secret) was used again.
- :class:`ZeroSecret`: a secret came out as zero. By chance this never happens (probability about 2^-252).
- ``assert`` states what cannot happen at all.

No message carries a secret, nor any part of the refused bytes.
"""

from __future__ import annotations


class ThresholdError(Exception):
    """The root of everything that ``warifu.threshold`` raises on purpose."""


class InvalidInput(ThresholdError, ValueError):
    """The caller's own input breaks a precondition. Nothing was computed with it."""


class InvalidContribution(ThresholdError):
    """A peer's message is not what the protocol allows.

    ``index`` is the participant identifier of the culprit, or None where the fault lies with the coordinator that
    relayed or combined the messages, or cannot be told apart. ``what`` names the kind of message in a word
    (``pubnonce``, ``aggnonce``, ``psig``, ...). Assuming authentic channels, a named index is proven at fault.
    """

    def __init__(self, index: int | None, what: str) -> None:
        who = "the coordinator" if index is None else f"participant {index}"
        super().__init__(f"{who} sent an invalid {what}")
        self.index = index
        self.what = what

    def __reduce__(self) -> tuple[type[InvalidContribution], tuple[int | None, str]]:
        return (InvalidContribution, (self.index, self.what))


class AlreadyUsed(ThresholdError):
    """A nonce, a session or a secret that may be used once was used before, or was wiped."""


class ZeroSecret(ThresholdError):
    """A secret scalar came out as zero, which honest randomness never brings about. Abort and start again."""
