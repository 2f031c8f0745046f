"""Refreshing a wallet's shares as this device judges it, and why the key outlives a crash anywhere.

1. A refresh is authorized by one owner, whatever the policy asks for payments, with the passphrase on every device; all
   devices take part. It widens nobody's trust: the same devices, the same keys, the same rules.
2. The new shares are kept beside those in force, under the same lock, before this device gives its word.
3. The words of *all* devices are the certificate (``protocol.epochs``). A device that has it, by the session or shown
   by anybody later (``adopt``), puts its new shares in force and deletes the old ones. One that has it not signs with
   the old ones, which no other device can be left without: nobody deletes them before *all* keep the new.
4. What a device gave its word for it keeps until shares of a greater position are in force, however many attempts
   follow: a hostile device may have collected all words and hold them back. So whichever certificate turns up, every
   honest device has the shares for it, or later ones; and of two of one epoch the greater is in force with all of them.

What is said of shares holds for those of the wallet's accounts at exchanges as well: they are refreshed with the
wallet's, under the same certificate, each sealed as it is kept. An account that is forgotten loses its waiting shares
with it.

So no crash and no hostile device leaves fewer than all honest devices with shares that fit together. What a refresh is
for comes true on each device when the old share is deleted there; an old backup of its disk, of which somebody knows
both locks, still has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warifu.chains.reading import Scheme
from warifu.errors import AuthorizationRefused, InputRefused, SessionAborted, StoreDamaged
from warifu.protocol.encoding import digest
from warifu.protocol.epochs import (
    check_certificate,
    epoch_at,
    position,
    read_statement,
    statement_in,
)
from warifu.protocol.events.wallets import SharesKept, SharesRefreshed
from warifu.protocol.frames import Finished, OpenSession
from warifu.protocol.journal import DEVICE, Asker
from warifu.protocol.request import RefreshRequest
from warifu.signer.asking import asker
from warifu.signer.device import Device
from warifu.signer.exchanges.accounts import Account
from warifu.signer.sessions.ceremony import Seat
from warifu.signer.sessions.refreshing import RefreshCeremony, SharedAccount, ToRefresh
from warifu.signer.shares import MAX_KEPT, Shares
from warifu.signer.unlocking import require_try, unlock
from warifu.signer.vault import OpenLock, Role
from warifu.signer.wallets import Wallet
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class _New:
    """What came out of one session, to be kept."""

    session: bytes
    statement: bytes
    """Encoded."""
    shares: Mapping[Scheme, Secret]
    of_accounts: Mapping[str, Secret]
    accounts: tuple[SharedAccount, ...]
    """As they were when the session began."""


class Refreshes:
    """Judges requests, opens their ceremonies, and takes in certificates."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._shares = Shares(device.store, device.wallets)

    def open(self, frame: OpenSession, request: RefreshRequest, seat: Seat) -> RefreshCeremony | Finished:
        """Check everything, open the passphrase envelope, and begin. The certificate at once where it was before."""
        device, now = self._device, self._device.clock.now()
        wallet = device.wallets.born(request.wallet_id)
        owners = device.rules.of(wallet.id).owners
        named = device.approvals.check(frame.authorization, owners, frame.envelope, now).digest
        if wallet.epoch is not None and wallet.epoch.request == named:
            return Finished(frame.session, wallet.certificate)
        self._check(wallet, request, frame)
        self._require_no_switch(wallet)
        require_try(device, wallet, frame.envelope, now)
        schemes = tuple(map(Scheme, wallet.request.schemes))
        by = asker(frame.authorization)
        roles = [Role("share", scheme.value) for scheme in schemes]
        lock, opened = unlock(device, wallet, roles, frame.envelope, named, by)
        of_accounts: dict[str, Secret] = {}
        try:
            shared = device.accounts.shared(wallet.id)
            for account in shared:
                of_accounts[account.name] = device.accounts.secret(account)
            accounts = self._in_force(wallet, shared)
            task = ToRefresh(
                wallet_id=wallet.id,
                request=named,
                epoch=request.epoch,
                keys={scheme: wallet.threshold_key(scheme) for scheme in schemes},
                accounts=accounts,
                keep=lambda statement, shares, theirs: self._keep(
                    wallet, _New(seat.session, statement, shares, theirs, accounts), lock, by
                ),
                switch=lambda certificate: self._put_in_force(wallet.id, certificate, by),
                wipe=lock.wipe,
            )
            return RefreshCeremony(seat, task, dict(zip(schemes, opened, strict=True)), of_accounts)
        except BaseException:
            lock.wipe()
            for share in (*opened, *of_accounts.values()):
                share.wipe()
            raise

    def _in_force(self, wallet: Wallet, accounts: Sequence[Account]) -> tuple[SharedAccount, ...]:
        threshold = wallet.request.threshold
        return tuple(SharedAccount(each.name, each.threshold_key(threshold)) for each in accounts)

    def adopt(self, wallet_id: bytes, certificate: bytes, by: Asker = DEVICE) -> None:
        """Put this device's shares with this certificate in force, unless they are, or later ones.

        Raises ``InputRefused``, ``AuthorizationRefused`` for what is no certificate of all of the wallet's devices;
        ``StoreDamaged`` (``rolled-back``) where this device is among those that gave their word and has no such shares.
        """
        wallet = self._device.wallets.born(wallet_id)
        check_certificate(certificate, wallet.id, wallet.identities, wallet.request.schemes)
        place = position(statement_in(certificate))
        if place <= wallet.position:
            return
        if place not in self._shares.kept(wallet.id):
            self._freeze()
        self._put_in_force(wallet.id, certificate, by)

    def _check(self, wallet: Wallet, request: RefreshRequest, frame: OpenSession) -> None:
        if frame.participants != wallet.identities or frame.unsigned:
            raise InputRefused("participants", "shares are refreshed by all of the wallet's devices")
        if wallet.request.threshold < 2:
            raise InputRefused(
                "threshold",
                "each device of this wallet holds the whole key: there is no other share of it",
                not_done="Nothing was refreshed.",
                remedy="Make a wallet with a threshold of at least 2, and send the coins there.",
            )
        current = epoch_at(wallet.position)
        if request.epoch != current + 1:
            raise AuthorizationRefused(
                "epoch-stale",
                f"the shares on this device are of epoch {current}, so epoch {request.epoch} cannot begin",
                not_done="Nothing was refreshed.",
                remedy="Look at the wallet ('warifu wallet show'), and ask again.",
            )
        if len(self._shares.kept(wallet.id)) >= MAX_KEPT:
            raise SessionAborted(
                "refresh-attempts",
                f"{MAX_KEPT} refreshes of this wallet broke off at their end",
                not_done="Nothing was refreshed. The wallet signs as before.",
                remedy="A device, or the service, keeps them from ending. Make another wallet without it, and send the "
                "coins there.",
            )

    def _require_no_switch(self, wallet: Wallet) -> None:
        """A refresh forgets keys that wait to take another one's place; not one that may be in force elsewhere already.
        ``SessionAborted`` (``account-switching``)."""
        accounts = self._device.accounts
        names = [
            each.name
            for each in accounts.shared(wallet.id)
            if accounts.ready(wallet.id, each.name) is not None
        ]
        if names:
            raise SessionAborted(
                "account-switching",
                f"another key takes the place of that of {names[0]}, and not every device is told yet",
                not_done="Nothing was refreshed.",
                remedy="Connect all devices: they are brought to it. If it was not finished everywhere: warifu "
                "exchange finish.",
            )

    def _keep(self, wallet: Wallet, new: _New, lock: OpenLock, by: Asker) -> None:
        """Durable, and not to be undone by an old disk, when this returns."""
        device = self._device
        roles = {scheme: Role("share", scheme.value) for scheme in new.shares}
        records = {roles[scheme]: lock.lock(roles[scheme], share) for scheme, share in new.shares.items()}
        with device.epoch.lasting():
            if device.wallets.born(wallet.id).position != wallet.position:
                raise SessionAborted(
                    "superseded", "this device was shown the end of another refresh meanwhile"
                )
            self._require_no_switch(wallet)
            if self._in_force(wallet, device.accounts.shared(wallet.id)) != new.accounts:
                raise SessionAborted(
                    "superseded", "an account at an exchange came, went or got another key meanwhile"
                )
            self._shares.keep(wallet, new.statement, records)
            device.accounts.keep_refreshed(wallet.id, position(new.statement), new.of_accounts)
            kept = SharesKept(
                wallet.id, new.session, read_statement(new.statement).epoch, _named(new.statement)
            )
            device.journal.append(kept, device.clock.now(), by)

    def _put_in_force(self, wallet_id: bytes, certificate: bytes, by: Asker) -> None:
        device = self._device
        statement = statement_in(certificate)
        with device.epoch.lasting():
            wallet = device.wallets.born(wallet_id)
            if position(statement) <= wallet.position:  # what another session, or a peer, showed meanwhile
                return
            self._shares.put_in_force(wallet, certificate)
            device.accounts.put_refreshed(wallet_id, position(statement), read_statement(statement).accounts)
            device.pool.drop(wallet_id)
            refreshed = SharesRefreshed(wallet_id, read_statement(statement).epoch, _named(statement))
            device.journal.append(refreshed, device.clock.now(), by)
        device.store.forget_deleted()

    def _freeze(self) -> None:
        found = "it gave its word that it keeps refreshed shares, and has none"
        self._device.freeze.freeze(
            f"an old state of this device was put back: {found}", self._device.clock.now(), DEVICE
        )
        raise StoreDamaged(
            "rolled-back",
            f"an old state of this device was put back: {found}",
            remedy="Put its newest store back. If there is none, sign with the other devices and replace this one.",
        )


def _named(statement: bytes) -> bytes:
    return digest("epoch", statement)
