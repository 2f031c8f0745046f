"""How an account at an exchange comes to this device, and how it goes.

It comes with an owner's authorization and a parcel, which the service can neither read nor write. The service can swap
parcels between devices (each opens for one device and one request alone), hold them back, or bring one twice (its key
is used up): the worst of it is that a device says no, or lacks what the others have.

What all holders keep alike is named by the request's ``terms``. So an owner's client that was told to give one device
another public key, or other certificate authorities, than the others cannot be made to by the service.
"""

from __future__ import annotations

from collections.abc import Callable

from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.encoding import decode
from warifu.protocol.events.exchanges import ExchangeAccountKept, ExchangeAccountRemoved
from warifu.protocol.events.visits import VisitEnded
from warifu.protocol.exchange_answers import AccountKept, KeyBorn
from warifu.protocol.exchange_requests import (
    AccountPart,
    AccountRequest,
    BornPart,
    RemoveAccountRequest,
    terms_digest,
)
from warifu.protocol.frames import KeepAccount
from warifu.protocol.journal import Asker
from warifu.protocol.parcel import MAX_PARCEL_CONTENT
from warifu.protocol.request import decode_request
from warifu.signer.asking import asker
from warifu.signer.device import Device
from warifu.signer.exchanges import loading
from warifu.signer.exchanges.accounts import Account
from warifu.signer.exchanges.admitting import NOTHING_KEPT, exchange_for, require_allowed, require_room
from warifu.signer.exchanges.parts import secret_part
from warifu.signer.wallets import Wallet
from warifu.threshold.wiping import Secret


def keep_account(device: Device, frame: KeepAccount) -> AccountKept:
    """Keep this device's part of what an owner authorized. The very same again is answered alike and changes nothing.

    Raises ``AuthorizationRefused`` (also ``replayed``), ``InputRefused`` (``holders``, ``exchange-terms``,
    ``exchange-key``, ``exchange-share``, ``exchange-roots``, ``account-name``, ``too-many-accounts``, ``parcel``),
    ``PassphraseRefused`` where the parcel does not open, ``PolicyDenied``.
    """
    now = device.clock.now()
    request = decode_request(frame.authorization.request)
    if not isinstance(request, AccountRequest):
        raise InputRefused("request-kind", "this asks for no account to be kept", not_done=NOTHING_KEPT)
    wallet = device.wallets.born(request.wallet_id)
    owners = device.rules.of(wallet.id).owners
    authorized = device.approvals.check(frame.authorization, owners, frame.parcel, now)
    require_allowed(device, wallet, request.exchange, authorized)
    known = device.accounts.made_by(authorized.digest)
    if known is not None:
        return _kept(device, authorized.digest)
    _require_holder(device, wallet, request)
    exchange_for(device, request.exchange, request.key)
    if request.key != "ed25519-born" and device.accounts.get(wallet.id, request.account) is None:
        require_room(device, request)
    device.envelope_keys.require(frame.parcel, now)
    content = device.envelope_keys.open_parcel(frame.parcel, authorized.digest, now)
    try:
        part = decode(AccountPart, content, MAX_PARCEL_CONTENT)
    finally:
        content[:] = bytes(len(content))
    account, secret = _read(device, wallet, request, part)
    with secret:
        successor = device.accounts.successor(wallet.id, account.name)
        if successor is not None and successor.born == account.born:
            _require_of_the_same(device.accounts.get(wallet.id, account.name), account)
            if _alike(successor) != _alike(account):
                _put_beside(device, request, authorized.digest, account, secret, frame)
        elif not _is_there(device, account, secret):
            _put(device, request, authorized.digest, account, secret, frame)
    return _kept(device, authorized.digest)


def remove_account(device: Device, request: RemoveAccountRequest, named: bytes, by: Asker) -> None:
    """Forget an account and its credential; one that is not there is not there. One owner's word is enough, and no
    freeze stands in its way: a wallet can do less afterwards. What was asked about the name before is not heard any
    more, whether or not it had come here. Visits with it are over: nothing goes to their deposit addresses any more.

    Raises ``AuthorizationRefused`` (also ``replayed``: it was made before the account that is there now).
    """
    now = device.clock.now()
    wallet, accounts = device.wallets.born(request.wallet_id), device.accounts
    account, newest = accounts.get(wallet.id, request.account), accounts.newest(wallet.id, request.account)
    if account is None and request.created <= newest:
        return
    if account is not None and request.created < min(account.since, newest):
        raise AuthorizationRefused(
            "replayed",
            f"account {account.name} was added after this was asked for",
            not_done="Nothing was removed.",
            remedy="If it is to go all the same, ask for it anew.",
        )
    with device.epoch.lasting():
        accounts.remove(wallet.id, request.account, request.created, now)
        if account is not None:
            device.journal.append(
                ExchangeAccountRemoved(wallet.id, named, account.name, account.exchange), now, by
            )
            end_visits(device, account, now, by)
    device.store.forget_deleted()


def end_visits(device: Device, account: Account, now: int, by: Asker) -> None:
    """Those with this account are over: what was proven of its deposit addresses was proven by this key, and another
    one can be of another customer. Inside a transaction."""
    for visit in device.visits.of(account.wallet):
        if visit.request.account == account.name and visit.ended is None:
            device.visits.put(visit.end(now, "account"))
            device.journal.append(VisitEnded(account.wallet, visit.id), now, by)


def _require_holder(device: Device, wallet: Wallet, request: AccountRequest) -> None:
    if device.identity.public not in request.holders:
        raise InputRefused("holders", "this device is no holder of the account", not_done=NOTHING_KEPT)
    shared = request.key in ("ed25519-split", "ed25519-born")
    if request.holders != wallet.identities if shared else not set(request.holders) <= set(wallet.identities):
        raise InputRefused(
            "holders",
            "a shared key is kept by all devices of the wallet"
            if shared
            else "a holder is none of the wallet's",
            not_done=NOTHING_KEPT,
        )


def _read(
    device: Device, wallet: Wallet, request: AccountRequest, part: AccountPart
) -> tuple[Account, Secret]:
    """What is to be kept, if it is what the request says and works. The secret is the caller's to wipe."""
    terms = part.terms
    if terms_digest(terms) != request.terms:
        raise InputRefused(
            "exchange-terms", "the parcel tells other terms than the request", not_done=NOTHING_KEPT
        )
    if part.secret.__struct_config__.tag != request.key:
        raise InputRefused("exchange-key", "the parcel holds a key of another kind", not_done=NOTHING_KEPT)
    if request.simulation != bool(terms.authorities):
        raise InputRefused(
            "exchange-roots",
            "an exchange with certificate authorities of its own is a simulation, and no other is",
            not_done=NOTHING_KEPT,
        )
    born: KeyBorn | None = None
    refreshed: tuple[bytes, ...] = ()
    if isinstance(part.secret, BornPart):
        waiting, secret_of = _waiting(device, request)
        if waiting is None or waiting.born is None or waiting.exchange != request.exchange:
            raise InputRefused(
                "exchange-key",
                f"this device has no key that was born for account {request.account}",
                not_done=NOTHING_KEPT,
                remedy="Have the devices generate one ('warifu exchange add').",
            )
        born, refreshed = waiting.born, waiting.refreshed
        secret = secret_of(waiting)
    else:
        secret = secret_part(part.secret)
    account = Account(
        wallet.id,
        request.account,
        request.exchange,
        request.key,
        request.holders,
        terms,
        request.simulation,
        born,
        device.clock.now(),
        refreshed,
    )
    try:
        _require_sound(device, wallet, account, secret)
    except BaseException:
        secret.wipe()
        raise
    return account, secret


def _waiting(device: Device, request: AccountRequest) -> tuple[Account | None, Callable[[Account], Secret]]:
    """The born key that an API key is brought for: one that is to take the place of another, if there is one."""
    accounts = device.accounts
    successor = accounts.successor(request.wallet_id, request.account)
    if successor is not None:
        return successor, accounts.successor_secret
    return accounts.get(request.wallet_id, request.account), accounts.secret


def _require_of_the_same(there: Account | None, account: Account) -> None:
    """``InputRefused`` (``exchange-roots``) where a simulation's key would take the place of one of a real exchange, or
    the other way round."""
    assert there is not None, "a successor lies beside an account"
    if there.simulation is not account.simulation:
        raise InputRefused(
            "exchange-roots",
            "an account at a simulation and one at an exchange are not the same account",
            not_done=NOTHING_KEPT,
        )


def _require_sound(device: Device, wallet: Wallet, account: Account, secret: Secret) -> None:
    """It signs for the public key that its owner named, under a name that the exchange gives, for authorities that can
    be read, or that this program believes."""
    from warifu.signer.egress.trust import client_context, narrowed
    from warifu.signer.exchanges.opening import open_account
    from warifu.signer.exchanges.shares import require_fits

    terms = account.terms
    assert terms is not None
    if terms.authorities:
        client_context(terms.authorities)
    believed = loading.require(device.loaded).authorities
    for each in terms.only:
        narrowed(believed, (each,))
    require_fits(account, wallet.request.threshold, device.identity.public, secret)
    with open_account(account, secret.clone(), wallet.request.threshold, device.identity.public, believed):
        return


def _is_there(device: Device, account: Account, secret: Secret) -> bool:
    """Whether exactly this is kept already. ``InputRefused`` (``account-name``) where the name means something else."""
    there = device.accounts.get(account.wallet, account.name)
    if there is None:
        return False
    if there.finished:
        with device.accounts.secret(there) as kept:
            same = _alike(there) == _alike(account) and kept == secret
    else:
        same = there.kind == account.kind and there.exchange == account.exchange
    if not same:
        raise InputRefused(
            "account-name",
            f"this wallet has another account {account.name} at {there.exchange} already",
            not_done=NOTHING_KEPT,
            remedy="Choose another name, or remove that one first ('warifu exchange remove').",
        )
    return there.finished


def _alike(account: Account) -> tuple[object, ...]:
    """All but the moment, and by whose word it took another one's place."""
    told = (name for name in account.__struct_fields__ if name not in ("since", "together"))
    return tuple(getattr(account, name) for name in told)


def _put(
    device: Device,
    request: AccountRequest,
    named: bytes,
    account: Account,
    secret: Secret,
    frame: KeepAccount,
) -> None:
    generated = account.born.request if account.born is not None else None
    with device.epoch.lasting():
        device.accounts.put(account, named, request.created, secret, generated)
        _write_down(device, named, account, frame)


def _put_beside(
    device: Device,
    request: AccountRequest,
    named: bytes,
    account: Account,
    secret: Secret,
    frame: KeepAccount,
) -> None:
    """It waits until every holder keeps it; the key in force stays what it is."""
    assert account.born is not None, "only a born key succeeds another"
    with device.epoch.lasting():
        device.accounts.put_successor(account, named, request.created, secret, account.born.request)
        _write_down(device, named, account, frame)


def _write_down(device: Device, named: bytes, account: Account, frame: KeepAccount) -> None:
    kept = ExchangeAccountKept(
        account.wallet,
        named,
        account.name,
        account.exchange,
        account.kind,
        account.holders,
        account.public,
        account.simulation,
    )
    device.journal.append(kept, account.since, asker(frame.authorization))


def _kept(device: Device, named: bytes) -> AccountKept:
    return AccountKept(named, device.identity.sign("exchange-account", named))
