"""A kept account, opened for one call: what its requests are signed with. Loads the exchanges."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

from warifu.exchanges.registry import EXCHANGES
from warifu.exchanges.signing import Credential, Signing
from warifu.signer.egress.keys import Es256Key, HmacKey
from warifu.signer.egress.trust import narrowed
from warifu.signer.exchanges.accounts import Account
from warifu.signer.exchanges.parts import hmac_parts
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class WholeKey:
    """Whole in this device, which signs alone."""

    signing: Signing


@dataclass(frozen=True)
class KeyShare:
    """Of a key that any t of the account's holders sign with."""

    key: ThresholdKey
    share: Secret
    participant: int
    """This device's place among the holders, ascending by identity: its identifier in FROST."""


class OpenAccount:
    """Wiped by whoever opened it: a context manager does it at its end."""

    def __init__(
        self,
        account: Account,
        credential: Credential,
        key: WholeKey | KeyShare,
        authorities: str,
        secrets: tuple[Secret, ...],
    ) -> None:
        self.account = account
        self.credential = credential
        self.key = key
        self.authorities = authorities
        """PEM of the certificate authorities that the exchange's name is believed from."""
        self._secrets = secrets

    def wipe(self) -> None:
        """All that is secret in it. An ES256 key is OpenSSL's, which wipes it when it is collected."""
        for secret in self._secrets:
            secret.wipe()

    def __enter__(self) -> OpenAccount:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.wipe()

    def __repr__(self) -> str:
        return f"OpenAccount({self.account.name!r})"


def open_account(
    account: Account, secret: Secret, threshold: int, identity: bytes, authorities: str
) -> OpenAccount:
    """``account`` (finished) with this device's part of it, which it takes over. ``threshold``: of its wallet;
    ``authorities``: the program's. ``InputRefused`` (``exchange-key``) where the exchange takes no such key, or
    (``exchange-roots``) where none of the authorities is there that its owner named as the only ones."""
    assert account.terms is not None, "an unfinished account makes no call"
    secrets: tuple[Secret, ...] = (secret,)
    passphrase: Secret | None = None
    key: WholeKey | KeyShare
    try:
        if account.kind == "hmac":
            hmac_secret, passphrase = hmac_parts(secret)
            secrets += (hmac_secret,) if passphrase is None else (hmac_secret, passphrase)
            key = WholeKey(HmacKey(hmac_secret))
        elif account.kind == "es256":
            key = WholeKey(Es256Key.from_der(secret))
        else:
            place = account.holders.index(identity)
            key = KeyShare(account.threshold_key(threshold), secret, place)
        credential = EXCHANGES[account.exchange].credential(account.kind, account.terms.api_key, passphrase)
        believed = account.terms.authorities or narrowed(authorities, account.terms.only)
    except BaseException:
        for each in secrets:
            each.wipe()
        raise
    return OpenAccount(account, credential, key, believed, secrets)
