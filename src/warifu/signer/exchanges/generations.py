"""Keys for accounts whose generation this device takes part in: what brings home whoever misses the end of one.

A device that signs ChillDKG's transcript may be cut off before it has everybody else's signature, while others have it
and keep their shares. So its host secret key is durable before its signature leaves. With the recovery data of a device
that saw the end, which is public and proves itself, the host secret key is the share. Once the share is kept it is
deleted, and the recovery data takes its place, for the others: alone it opens nothing.

One row for an account: of the newest generation that an owner asked for. It goes when the account is finished (all
devices have the key by then: the owner's client registers no other), when the wallet's shares are refreshed (which
takes all devices as well), and with the account.
"""

from __future__ import annotations

from dataclasses import dataclass

from nacl.utils import random

from warifu.errors import StoreDamaged
from warifu.protocol.encoding import Message, decode, digest, encode
from warifu.protocol.exchange_requests import ExchangeKeyRequest, ReplacingKeyRequest
from warifu.protocol.journal import Asker
from warifu.protocol.request import request_digest
from warifu.signer import aead
from warifu.signer.store import Store
from warifu.threshold.wiping import Secret

_MAX_ENTERED = 8 * 1024
_KEY = "exchange-host-keys"


class _Entered(Message, frozen=True):
    """Stored as it is."""

    request: ExchangeKeyRequest | ReplacingKeyRequest
    by: Asker


@dataclass(frozen=True)
class Generation:
    """One that this device judged and took part in."""

    request: ExchangeKeyRequest
    by: Asker
    """Who asked for it."""
    born: bool
    """Whether this device has its share."""

    @property
    def named(self) -> bytes:
        """Digest of the request."""
        return request_digest(self.request)


class Generations:
    """Its table. Every method that changes something is called inside a transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, named: bytes) -> Generation | None:
        """The one that the request with this digest asked for."""
        rows = self._store.execute(
            "SELECT entered, host IS NULL FROM exchange_births WHERE request = ?", (named,)
        )
        if not rows:
            return None
        entered = decode(_Entered, bytes(rows[0][0]), _MAX_ENTERED)
        return Generation(entered.request, entered.by, bool(rows[0][1]))

    def enter(self, request: ExchangeKeyRequest, by: Asker, host: Secret) -> None:
        """Keep the host secret key, in place of that of an earlier generation for this account."""
        named, nonce = request_digest(request), random(aead.NONCE_BYTES)
        with self._store.key_for(_KEY) as key:
            sealed = nonce + aead.encrypt(host, _about(named), nonce, key)
        self._store.execute(
            "INSERT OR REPLACE INTO exchange_births VALUES (?, ?, ?, ?, ?, NULL)",
            (request.wallet_id, request.account, named, encode(_Entered(request, by)), sealed),
        )

    def host_key(self, named: bytes) -> Secret:
        """Of a generation that is not born here; the caller wipes it."""
        rows = self._store.execute("SELECT host FROM exchange_births WHERE request = ?", (named,))
        sealed = bytes(rows[0][0])
        with self._store.key_for(_KEY) as key:
            nonce, rest = sealed[: aead.NONCE_BYTES], sealed[aead.NONCE_BYTES :]
            secret = aead.decrypt(rest, _about(named), nonce, key)
        if secret is None:
            raise StoreDamaged("altered", "a host secret key in the device's store does not open")
        return secret

    def born(self, named: bytes, recovery: bytes) -> None:
        """The share is kept: the host secret key goes, and ``recovery`` is there for who has none."""
        self._store.execute(
            "UPDATE exchange_births SET host = NULL, recovery = ? WHERE request = ?", (recovery, named)
        )

    def recovery(self, named: bytes) -> bytes | None:
        """ChillDKG's recovery data of this generation, if it was born here and is not finished."""
        rows = self._store.execute("SELECT recovery FROM exchange_births WHERE request = ?", (named,))
        return bytes(rows[0][0]) if rows and rows[0][0] is not None else None

    def forget(self, wallet: bytes, account: str) -> None:
        """Nobody has to be brought home any more."""
        self._store.execute("DELETE FROM exchange_births WHERE wallet = ? AND account = ?", (wallet, account))


def _about(named: bytes) -> bytes:
    return digest("exchange-host-key", named)
