"""``/wallets`` with their addresses, balances, history, labels and drafts, and ``/ceremonies``."""

from __future__ import annotations

from litestar import Router, delete, get, post, put
from litestar.handlers import BaseRouteHandler
from litestar.params import JSONBody

from warifu.protocol.api import (
    Accepted,
    AccountBytes,
    AccountBytesQuestion,
    AccountDraft,
    AccountHistory,
    AccountListing,
    Accounts,
    Address,
    Addresses,
    Balance,
    Ceremony,
    Draft,
    History,
    Labels,
    NewAccountDraft,
    NewDraft,
    NewLabels,
    NewPsbt,
    NewRefresh,
    NewWallet,
    Refresh,
    Wallet,
    WalletRecovery,
    Wallets,
)
from warifu.service.api.access import needs
from warifu.service.api.inputs import After, ChainQuery, IdPath, NamePath, TransactionPath, Wait, strictly
from warifu.service.doors import read_authorized
from warifu.service.service import Service
from warifu.service.store.ceremonies import read_ceremony, unfinished_ceremony
from warifu.service.store.wallets import StoredWallet, list_wallets, wallet_named


def router(service: Service) -> Router:
    """The routes of this group."""
    handlers = [*_births(service), *_bitcoin(service), *_accounts(service)]
    return Router("", route_handlers=handlers, tags=["wallets"])


def _births(service: Service) -> list[BaseRouteHandler]:
    """How a wallet comes to be, and which there are."""
    database = service.database

    @post("/wallets", guards=[needs(database, "admin")], status_code=202, before_request=strictly(NewWallet))
    async def create(data: JSONBody[NewWallet]) -> Accepted:
        """Have the devices generate a key."""
        authorized = read_authorized(data.authorization, data.envelopes)
        return Accepted(id=await service.keygens.begin(data.name, authorized, data.envelopes))

    @post(
        "/wallets/{name:str}/recover",
        guards=[needs(database, "admin")],
        status_code=200,
        before_request=strictly(WalletRecovery),
    )
    async def recover(name: NamePath, data: JSONBody[WalletRecovery]) -> Ceremony:
        """Bring a device home that missed the end of the key generation."""
        authorized = read_authorized(data.authorization, (data.envelope,), timely=False)
        return read_ceremony(database, await service.keygens.recover(name, authorized), 0)

    @get("/wallets/{name:str}/unfinished", guards=[needs(database, "admin")], sync_to_thread=True)
    def unfinished(name: NamePath) -> Ceremony:
        """The key generation of this name that some devices finished and others did not."""
        return read_ceremony(database, unfinished_ceremony(database, name), 0)

    @get("/ceremonies/{ceremony:str}", guards=[needs(database, "admin")])
    async def ceremony(ceremony: IdPath, after: After = 0, wait: Wait = 0) -> Ceremony:
        """How far a key generation is."""
        return await service.bell.wait_for_news(
            lambda: read_ceremony(database, ceremony, after),
            lambda seen: bool(seen.events) or seen.state != "running",
            wait,
        )

    @post(
        "/wallets/{name:str}/refresh",
        guards=[needs(database, "admin")],
        status_code=202,
        before_request=strictly(NewRefresh),
    )
    async def refresh(name: NamePath, data: JSONBody[NewRefresh]) -> Accepted:
        """Give every device of the wallet a new share of the same keys."""
        authorized = read_authorized(data.authorization, data.envelopes)
        return Accepted(id=await service.refreshes.begin(name, authorized, data.envelopes))

    @get("/refreshes/{refresh:str}", guards=[needs(database, "admin")])
    async def refreshed(refresh: IdPath, after: After = 0, wait: Wait = 0) -> Refresh:
        """How far a refresh is."""
        return await service.bell.wait_for_news(
            lambda: service.refreshes.read(refresh, after),
            lambda seen: bool(seen.events) or seen.state != "running",
            wait,
        )

    @get("/wallets", guards=[needs(database, "read")], sync_to_thread=True)
    def all_wallets() -> Wallets:
        """All wallets."""
        return Wallets(wallets=tuple(map(_shown, list_wallets(database))))

    @get("/wallets/{name:str}", guards=[needs(database, "read")], sync_to_thread=True)
    def wallet(name: NamePath) -> Wallet:
        """One wallet, with what it was born from."""
        return _shown(wallet_named(database, name))

    return [create, recover, unfinished, ceremony, refresh, refreshed, all_wallets, wallet]


def _bitcoin(service: Service) -> list[BaseRouteHandler]:
    """Addresses, coins, labels and drafts."""
    database, wallets = service.database, service.wallets

    @post("/wallets/{name:str}/addresses", guards=[needs(database, "draft")], sync_to_thread=True)
    def next_address(name: NamePath) -> Address:
        """The next receive address."""
        return wallets.next_address(name)

    @get("/wallets/{name:str}/addresses", guards=[needs(database, "read")], sync_to_thread=True)
    def addresses(name: NamePath) -> Addresses:
        """The receive addresses that were given out."""
        return Addresses(addresses=wallets.addresses(name))

    @get("/wallets/{name:str}/balance", guards=[needs(database, "read")], sync_to_thread=True)
    def balance(name: NamePath) -> Balance:
        """What is there."""
        return wallets.balance(name)

    @get("/wallets/{name:str}/transactions", guards=[needs(database, "read")], sync_to_thread=True)
    def history(name: NamePath) -> History:
        """What happened, newest first."""
        return wallets.history(name)

    @get("/wallets/{name:str}/labels", guards=[needs(database, "read")], sync_to_thread=True)
    def labels(name: NamePath) -> Labels:
        """The labels, as BIP-329."""
        return Labels(labels=wallets.labels(name))

    @put(
        "/wallets/{name:str}/labels",
        guards=[needs(database, "draft")],
        sync_to_thread=True,
        before_request=strictly(NewLabels),
    )
    def change_labels(name: NamePath, data: JSONBody[NewLabels]) -> Labels:
        """Add, change and (where empty) remove labels."""
        return Labels(labels=wallets.change_labels(name, data.labels))

    @post(
        "/wallets/{name:str}/drafts",
        guards=[needs(database, "draft")],
        sync_to_thread=True,
        before_request=strictly(NewDraft),
    )
    def draft(name: NamePath, data: JSONBody[NewDraft]) -> Draft:
        """Build an unsigned transaction."""
        return wallets.draft(name, data)

    @post(
        "/wallets/{name:str}/psbts",
        guards=[needs(database, "draft")],
        sync_to_thread=True,
        before_request=strictly(NewPsbt),
    )
    def take_psbt(name: NamePath, data: JSONBody[NewPsbt]) -> Draft:
        """Take in an unsigned transaction that another program built."""
        return wallets.take_psbt(name, data.psbt)

    return [next_address, addresses, balance, history, labels, change_labels, draft, take_psbt]


def _accounts(service: Service) -> list[BaseRouteHandler]:
    """The same for chains of accounts."""
    database, wallets = service.database, service.accounts

    @get("/wallets/{name:str}/accounts", guards=[needs(database, "read")], sync_to_thread=True)
    def accounts(name: NamePath) -> Accounts:
        """What is there on chains of accounts."""
        return wallets.accounts(name)

    @get("/wallets/{name:str}/account-transactions", guards=[needs(database, "read")], sync_to_thread=True)
    def account_history(name: NamePath) -> AccountHistory:
        """What was sent and signed on chains of accounts, newest first."""
        return wallets.history(name)

    @get("/wallets/{name:str}/account-listing", guards=[needs(database, "read")], sync_to_thread=True)
    def account_listing(name: NamePath, chain: ChainQuery) -> AccountListing:
        """What the backends list of an account."""
        return wallets.listing(name, chain)

    @post(
        "/wallets/{name:str}/account-bytes",
        guards=[needs(database, "read")],
        status_code=200,
        sync_to_thread=True,
        before_request=strictly(AccountBytesQuestion),
    )
    def account_bytes(name: NamePath, data: JSONBody[AccountBytesQuestion]) -> AccountBytes:
        """Signed transactions that are in blocks."""
        return wallets.bytes_of(name, data)

    @post(
        "/wallets/{name:str}/account-drafts",
        guards=[needs(database, "draft")],
        sync_to_thread=True,
        before_request=strictly(NewAccountDraft),
    )
    def account_draft(name: NamePath, data: JSONBody[NewAccountDraft]) -> AccountDraft:
        """Build an unsigned transaction of a chain of accounts."""
        return wallets.draft(name, data)

    @delete(
        "/wallets/{name:str}/account-drafts/{transaction:str}",
        guards=[needs(database, "draft")],
        sync_to_thread=True,
    )
    def drop_draft(name: NamePath, transaction: TransactionPath) -> None:
        """Nobody wants it any more."""
        wallets.drop(name, transaction)

    return [accounts, account_history, account_listing, account_bytes, account_draft, drop_draft]


def _shown(stored: StoredWallet) -> Wallet:
    request = stored.request
    return Wallet(
        name=stored.name,
        id=stored.id,
        network=request.network,
        threshold=request.threshold,
        devices=tuple(device.name for device in request.devices),
        created=stored.created,
        authorization=stored.authorization,
        births=stored.births,
        certificate=stored.certificate,
    )
