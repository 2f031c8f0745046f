"""The one tree of errors that Warifu shows to people and programs.

Each error says what happened, what was *not* done because of it, what the person can do, and who is to blame
where that can be known. ``code`` is stable: scripts and the HTTP API rely on it, so a released code never changes
its meaning. ``exit_code`` is what the command line ends with. No message ever carries a secret.

``warifu.threshold`` stands alone and has its own small tree (``warifu.threshold.errors``).
"""

from __future__ import annotations

from typing import ClassVar


class WarifuError(Exception):
    """The root: every error that a user of Warifu can meet.

    ``reason`` is a short lower-case word with hyphens; together with the family it makes the stable ``code``,
    for example ``transaction.foreign-input``.
    """

    family: ClassVar[str] = "warifu"
    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        not_done: str = "Nothing was signed and nothing was sent.",
        remedy: str = "",
        blame: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.not_done = not_done
        self.remedy = remedy
        self.blame = blame
        """Name of the device or service that is proven, or most likely, at fault; None where nobody can tell."""
        self.retry_after = retry_after
        """Seconds to wait before the same request can succeed; None where waiting does not help."""

    @property
    def code(self) -> str:
        return f"{self.family}.{self.reason}"

    def __str__(self) -> str:
        return self.message


class InputRefused(WarifuError):
    """What came in is malformed, too long, or means nothing here: a caller's or a sender's mistake."""

    family = "input"
    exit_code = 2


class AuthorizationRefused(WarifuError):
    """The owner's authorization is missing, forged, expired, replayed, or for something else."""

    family = "authorization"
    exit_code = 3


class PassphraseRefused(WarifuError):
    """The passphrase is wrong, must wait, or is locked out; or its envelope does not open here."""

    family = "passphrase"
    exit_code = 4


class PolicyDenied(WarifuError):
    """The wallet's policy does not allow this."""

    family = "policy"
    exit_code = 5


class TransactionRefused(WarifuError):
    """The raw transaction is not what the owner authorized, or is not fully understood."""

    family = "transaction"
    exit_code = 6


class PeerMisbehaved(WarifuError):
    """A signer or the service sent something that an honest one never sends. ``blame`` names it."""

    family = "peer"
    exit_code = 7


class SessionAborted(WarifuError):
    """A ceremony (key generation, signing) ended without a result."""

    family = "session"
    exit_code = 8


class StoreDamaged(WarifuError):
    """A store on disk is missing, truncated, altered, of another device, or cannot be written."""

    family = "store"
    exit_code = 9


class PlatformRefused(WarifuError):
    """The platform (TEE or its software stand-in) will not seal, unseal, count or attest."""

    family = "platform"
    exit_code = 10


class ChainUnavailable(WarifuError):
    """No chain backend gave a usable answer."""

    family = "chain"
    exit_code = 11


class BroadcastRejected(WarifuError):
    """The network refuses the signed transaction; the reason is the node's own."""

    family = "broadcast"
    exit_code = 12


class ServiceRefused(WarifuError):
    """The custody service cannot be reached, does not know the caller, or cannot do what was asked."""

    family = "service"
    exit_code = 13


class HostUnsuitable(WarifuError):
    """The machine lacks something that safe operation needs; ``warifu doctor`` shows the whole list."""

    family = "host"
    exit_code = 14


class EvidenceRefused(WarifuError):
    """The evidence of a device is not genuine, or not enough for the appraisal policy."""

    family = "evidence"
    exit_code = 15


class ExchangeRefused(WarifuError):
    """The exchange says no or gives no answer, or what it did is not known."""

    family = "exchange"
    exit_code = 16


FAMILIES: dict[str, type[WarifuError]] = {
    cls.family: cls
    for cls in (
        InputRefused,
        AuthorizationRefused,
        PassphraseRefused,
        PolicyDenied,
        TransactionRefused,
        PeerMisbehaved,
        SessionAborted,
        StoreDamaged,
        PlatformRefused,
        ChainUnavailable,
        BroadcastRejected,
        ServiceRefused,
        HostUnsuitable,
        EvidenceRefused,
        ExchangeRefused,
    )
}
