"""What a device says about itself. Nothing in it is secret."""

from __future__ import annotations

from warifu import __version__
from warifu.chains.reading import Scheme
from warifu.protocol.attesting import reference_digest
from warifu.protocol.epochs import epoch_at
from warifu.protocol.exchange_answers import MAX_DUE, AccountStatus
from warifu.protocol.frames import (
    SHOWN_NOTICES,
    SHOWN_OF_A_NOTICE,
    NoticeSeen,
    Pending,
    Spent,
    Status,
    WalletStatus,
)
from warifu.protocol.request import RulesRequest
from warifu.protocol.rules import Rules, rules_hash
from warifu.signer.device import Device
from warifu.signer.evidence import given
from warifu.signer.exchanges import loading
from warifu.signer.exchanges.accounts import Account
from warifu.signer.exchanges.stating import stated
from warifu.signer.expecting import accepted
from warifu.signer.instructing import words_of
from warifu.signer.notices import Notice
from warifu.signer.policy.compare import compare
from warifu.signer.rules import Waiting
from warifu.signer.wallets import Wallet

UNJOINED = "unjoined"
"""The name of a device that has no owner yet."""


def status(device: Device, isolation: tuple[tuple[str, str], ...]) -> Status:
    """Of the device and of each of its wallets."""
    capabilities = device.platform.capabilities
    length, head = device.journal.head
    wallets = device.wallets.all()
    return Status(
        device.name or UNJOINED,
        device.identity.public,
        __version__,
        capabilities.name,
        capabilities.tier,
        given(device.platform),
        device.attester.release,
        device.attester.host,
        isolation,
        length,
        head,
        tuple(_wallet_status(device, wallet) for wallet in wallets),
        _banned(device),
        device.freeze.reason,
        *_held(device),
        tuple(
            _account_status(device, account, wallet)
            for wallet in wallets
            for account in device.accounts.of(wallet.id)
        ),
        loading.state(device.loaded, device.store.directory),
    )


def _account_status(device: Device, account: Account, wallet: Wallet) -> AccountStatus:
    return AccountStatus(
        account.wallet,
        account.name,
        account.exchange,
        account.kind,
        tuple(wallet.names[holder] for holder in account.holders),
        account.public,
        account.finished,
        account.simulation,
        tuple(device.calls.due(account.wallet, account.name, device.clock.now())[:MAX_DUE]),
        account.since,
        stated(device, account),
        *_successor(device, account),
    )


def _successor(device: Device, account: Account) -> tuple[bytes, bytes]:
    """Public key of what waits to take its place, and what that is known by once its API key was brought."""
    successor = device.accounts.successor(account.wallet, account.name)
    if successor is None:
        return b"", b""
    return successor.public, successor.succession if successor.finished else b""


def _held(device: Device) -> tuple[tuple[bytes, ...], bool]:
    """Who holds its sealing secret, and whether that is nobody though it should be somebody."""
    if device.entrusted is None:
        return (), False
    described = device.entrusted.described
    return (described.keepers, False) if described is not None else ((), True)


def _banned(device: Device) -> tuple[tuple[str, bytes], ...]:
    names = {identity: name for wallet in device.wallets.all() for identity, name in wallet.names.items()}
    return tuple((names.get(peer, "?"), peer) for peer in device.pool.banned())


def _wallet_status(device: Device, wallet: Wallet) -> WalletStatus:
    now = device.clock.now()
    tries, rules = device.tries.state(wallet.id), device.rules.of(wallet.id)
    return WalletStatus(
        wallet.id,
        wallet.request.threshold,
        tuple(wallet.names[identity] for identity in wallet.identities),
        rules.revision,
        device.rules.hash(wallet.id),
        max(0, rules.policy.passphrase_tries - tries.wrong),
        tries.not_before if tries.not_before > now else 0,
        tuple(
            Spent(chain, token, str(amount))
            for chain, token, amount in device.ledger.spent(wallet.id, now, 24)
        ),
        _references(device, wallet),
        _correlations(device, wallet),
        epoch_at(wallet.position),
        frozen=device.rules.frozen(wallet.id),
        pending=tuple(_pending(rules, waiting) for waiting in device.rules.waiting(wallet.id)),
        notices=tuple(map(_notice, device.notices.open(wallet.id)[:SHOWN_NOTICES])),
        carrier_bans=device.calls.carrier_bans(wallet.id),
    )


def _pending(rules: Rules, waiting: Waiting) -> Pending:
    request = waiting.request
    if not isinstance(request, RulesRequest):
        return Pending("unfreeze", waiting.digest, waiting.since, waiting.effect, b"", ())
    words = words_of(compare(rules, request.rules))
    return Pending("rules", waiting.digest, waiting.since, waiting.effect, rules_hash(request.rules), words)


def _notice(notice: Notice) -> NoticeSeen:
    request, shown = notice.request, SHOWN_OF_A_NOTICE
    more = max(0, len(request.outflows) - shown) + max(0, len(request.destinations) - shown)
    return NoticeSeen(
        notice.digest,
        notice.since,
        request.chain,
        request.outflows[:shown],
        request.destinations[:shown],
        more,
    )


def _references(device: Device, wallet: Wallet) -> tuple[tuple[str, bytes], ...]:
    expected = accepted(device, wallet)
    return tuple(
        (expected[identity].name, reference_digest(expected[identity].reference))
        for identity in wallet.identities
    )


def _correlations(device: Device, wallet: Wallet) -> tuple[int, ...]:
    if Scheme.ECDSA.value not in wallet.request.schemes:
        return ()
    return tuple(device.pool.count(wallet.id, identity) for identity in wallet.identities)
