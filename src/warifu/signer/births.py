"""How a wallet comes to this device: the checks before key generation, what is kept during it, and recovery after a
crash at its end."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from warifu.chains.reading import Scheme
from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.authorization import Authorization
from warifu.protocol.credential import Credential
from warifu.protocol.encoding import digest, encode
from warifu.protocol.envelope import Envelope
from warifu.protocol.events.wallets import WalletBorn, WalletPending
from warifu.protocol.frames import (
    Finished,
    KeyBirth,
    OpenSession,
    RecoverWallet,
    SignedBirth,
    WalletBirth,
)
from warifu.protocol.journal import Asker
from warifu.protocol.request import WalletRequest, decode_request, request_digest
from warifu.signer.asking import asker
from warifu.signer.device import Device
from warifu.signer.exchanges import loading
from warifu.signer.expecting import expectations, require_own
from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.keygen import SUITES, Cradle, KeygenCeremony
from warifu.signer.sound import check_rules
from warifu.signer.unlocking import unlock
from warifu.signer.vault import Lock, OpenLock, Role
from warifu.signer.wallets import MAX_WALLETS, Locked
from warifu.threshold.dkg.recovery import recover
from warifu.threshold.dkg.result import DkgResult
from warifu.threshold.errors import ThresholdError
from warifu.threshold.wiping import Secret


class Births:
    """Judges requests for wallets and opens their ceremonies."""

    def __init__(self, device: Device) -> None:
        self._device = device

    def open(self, frame: OpenSession, request: WalletRequest, seat: Seat) -> KeygenCeremony | Finished:
        """Check everything, open the passphrase envelope, and begin. The birth at once where it was before."""
        device, now = self._device, self._device.clock.now()
        named = request_digest(request)
        known = device.wallets.get(named)
        if known is not None and known.signed_birth is not None:
            self._authorized(frame.authorization, frame.envelope, request)
            return Finished(frame.session, known.signed_birth)
        device.approvals.check(frame.authorization, self._owners(), frame.envelope, now)
        self._check(request, frame.authorization.first)
        if list(frame.participants) != sorted(item.identity for item in request.devices) or frame.unsigned:
            raise InputRefused("participants", "a wallet is made by all of its devices, in ascending order")
        device.ledger.refuse_reuse(request.request_id, named)
        device.envelope_keys.require(frame.envelope, now)
        passphrase = device.envelope_keys.open(frame.envelope, named, now)
        try:
            lock, open_lock = device.vault.new_lock(named, request.stretching, passphrase)
        finally:
            passphrase[:] = bytes(len(passphrase))
        by = asker(frame.authorization)
        newborn = _Newborn(device, named, request, by, seat.session, lock, open_lock)
        schemes = tuple(map(Scheme, request.schemes))
        try:
            return KeygenCeremony(
                seat, Cradle(request.threshold, schemes, newborn.keep, newborn.born, open_lock.wipe)
            )
        except BaseException:
            open_lock.wipe()
            raise

    def recover(self, frame: RecoverWallet) -> bytes:
        """The signed birth of a wallet whose key generation this device did not see the end of.

        Needs the passphrase, like signing: host secret key and public recovery data together are the share.
        """
        device = self._device
        device.freeze.require_none()
        request = decode_request(frame.authorization.request)
        named = request_digest(request)
        wallet = device.wallets.get(named)
        if wallet is None or not isinstance(request, WalletRequest):
            raise InputRefused("unknown-wallet", "this device took no part in making the wallet")
        self._authorized(frame.authorization, frame.envelope, request)
        if wallet.signed_birth is not None:
            return wallet.signed_birth
        require_own(device, expectations(request, request.rules)[device.identity.public])
        roles = [Role("host-key", scheme) for scheme in request.schemes]
        lock, opened = unlock(device, wallet, roles, frame.envelope, named, asker(frame.authorization))
        with lock:
            try:
                host_keys = dict(zip(map(Scheme, request.schemes), opened, strict=True))
                results = _recovered(host_keys, frame.recovery, request, device.identity.public)
            finally:
                for host_key in opened:
                    host_key.wipe()
            locked = device.wallets.locked(named)
            by = asker(frame.authorization)
            newborn = _Newborn(device, named, request, by, bytes(16), locked.lock, lock, locked.records)
            try:
                return newborn.born(results)
            finally:
                for result in results.values():
                    result.share.wipe()

    def _owners(self) -> tuple[Credential, ...]:
        owner = self._device.owner
        if owner is None:
            raise AuthorizationRefused("not-enrolled", "this device has no owner yet")
        return (owner,)

    def _authorized(self, authorization: Authorization, envelope: Envelope, request: WalletRequest) -> None:
        """As always, but for the time: this device accepted this very request when it was in time."""
        self._device.approvals.check(authorization, self._owners(), envelope, request.created)

    def _check(self, request: WalletRequest, credential: Credential) -> None:
        device = self._device
        if credential not in request.owners:
            raise InputRefused("owners", "the owner who asks is not among the wallet's owners")
        identities = {item.identity for item in request.devices}
        names = {item.name for item in request.devices}
        if not len(identities) == len(names) == len(request.devices):
            raise InputRefused("devices", "a device or a name is in the request twice")
        if not any(
            item.identity == device.identity.public and item.name == device.name for item in request.devices
        ):
            raise InputRefused("devices", "this device, under its name, is not in the request")
        if request.threshold > len(request.devices):
            raise InputRefused(
                "threshold",
                f"{request.threshold} of {len(request.devices)} devices can never come together",
            )
        check_rules(request.rules, request.network)
        if device.wallets.count() >= MAX_WALLETS:
            raise InputRefused("too-many-wallets", f"a device has a share of at most {MAX_WALLETS} wallets")


class _Newborn:
    """One key generation's hold on the store."""

    def __init__(
        self,
        device: Device,
        wallet: bytes,
        request: WalletRequest,
        by: Asker,
        session: bytes,
        lock: Lock,
        open_lock: OpenLock,
        host_records: Mapping[Role, bytes] = MappingProxyType({}),
    ) -> None:
        self._device = device
        self._wallet = wallet
        self._request = request
        self._by = by
        self._session = session
        self._lock = lock
        self._open_lock = open_lock
        self._records = dict(host_records)
        self._recovering = bool(host_records)

    def keep(self, host_keys: Mapping[Scheme, Secret], host_public: Sequence[bytes]) -> None:
        """The host secret keys are durable when this returns."""
        device = self._device
        self._records = {
            Role("host-key", scheme.value): self._open_lock.lock(Role("host-key", scheme.value), key)
            for scheme, key in host_keys.items()
        }
        with device.store.transaction():
            device.ledger.refuse_reuse(self._request.request_id, self._wallet)
            device.wallets.put_pending(self._wallet, self._request, Locked(self._lock, self._records))
            device.journal.append(
                WalletPending(self._wallet, self._session, tuple(host_public)), device.clock.now(), self._by
            )

    def born(self, results: Mapping[Scheme, DkgResult]) -> bytes:
        """Shares and birth are durable when this returns the signed birth."""
        device = self._device
        in_order = [(scheme, results[scheme]) for scheme in map(Scheme, self._request.schemes)]
        birth = encode(WalletBirth(self._wallet, tuple(_key_birth(*item) for item in in_order)))
        signed = encode(
            SignedBirth(
                birth,
                device.identity.public,
                device.identity.sign("birth", birth),
                tuple(result.recovery_data for _, result in in_order),
            )
        )
        shares = {
            Role("share", scheme.value): self._open_lock.lock(Role("share", scheme.value), result.share)
            for scheme, result in in_order
        }
        with device.store.transaction():
            device.wallets.put_born(
                self._wallet, self._request, Locked(self._lock, self._records | shares), signed
            )
            device.journal.append(
                WalletBorn(
                    self._wallet, tuple(result.threshold_pubkey for _, result in in_order), self._recovering
                ),
                device.clock.now(),
                self._by,
            )
        loading.expect(device.store.directory, self._request.policy)
        return signed


def _key_birth(scheme: Scheme, result: DkgResult) -> KeyBirth:
    return KeyBirth(
        scheme.value,
        result.threshold_pubkey,
        digest("chain-code", result.recovery_data),
        result.pubshares,
        hashlib.sha256(result.recovery_data).digest(),
    )


def _recovered(
    host_keys: Mapping[Scheme, Secret], data: Sequence[bytes], request: WalletRequest, me: bytes
) -> dict[Scheme, DkgResult]:
    if len(data) != len(request.schemes):
        raise InputRefused("recovery-data", "the recovery data is of a wallet with other keys")
    place = sorted(item.identity for item in request.devices).index(me)
    results: dict[Scheme, DkgResult] = {}
    try:
        for (scheme, host_key), each in zip(host_keys.items(), data, strict=True):
            result = results[scheme] = recover(host_key, each, SUITES[scheme])
            if (result.t, result.n, result.index) != (request.threshold, len(request.devices), place):
                raise InputRefused("recovery-data", "the recovery data is of a wallet of another shape")
    except BaseException as error:
        for result in results.values():
            result.share.wipe()
        if isinstance(error, ThresholdError):
            raise InputRefused("recovery-data", f"the recovery data does not fit: {error}") from None
        raise
    return results
