"""``/wallets/{name}/exchange-...``: accounts at exchanges and calls there, carried unread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from litestar import Router, delete, get, post
from litestar.handlers import BaseRouteHandler
from litestar.params import JSONBody

from warifu.errors import InputRefused, ServiceRefused, WarifuError
from warifu.protocol.api import (
    Accepted,
    AccountsOf,
    AccountTold,
    ExchangeAccountRemoval,
    ExchangeAccounts,
    ExchangeAccountTold,
    ExchangeCalls,
    ExchangeCallShown,
    ExchangeComparisonsQuestion,
    ExchangeDecisionOf,
    ExchangeDecisionQuestion,
    ExchangeDecisions,
    ExchangeKeyShown,
    ExchangePieces,
    NewExchangeAccount,
    NewExchangeCall,
    NewExchangeKey,
    NewTravelRule,
    Told,
    error_body,
)
from warifu.protocol.authorization import Authorization
from warifu.protocol.encoding import decode, encode
from warifu.protocol.exchange_requests import ComparisonsRequest, ExchangeKeyRequest, RemoveAccountRequest
from warifu.protocol.frames import (
    MAX_BODY_BYTES,
    AskCallDecision,
    AskComparisons,
    AskStatus,
    KeepAccount,
    KeepTravelRule,
    Status,
    ToSigner,
)
from warifu.protocol.parcel import Parcel
from warifu.service.api.access import needs
from warifu.service.api.inputs import After, IdPath, NamePath, PiecePath, Wait, strictly
from warifu.service.doors import (
    Parcelled,
    account_request,
    check_owner,
    read_authorized,
    read_parcelled,
    rehearsed_call,
    travel_rule_request,
)
from warifu.service.hub.boots import not_there
from warifu.service.mistakes import survived
from warifu.service.service import Service
from warifu.service.store import exchange_calls as store
from warifu.service.store import exchange_pieces
from warifu.service.store.exchange_births import known_birth
from warifu.service.store.instructions import owners_of
from warifu.service.store.wallets import StoredWallet, wallet_named


def router(service: Service) -> Router:
    """The routes of this group."""
    handlers = [*_accounts(service), *_keys(service), *_calls(service)]
    return Router("/wallets/{name:str}", route_handlers=handlers, tags=["exchanges"])


def _accounts(service: Service) -> list[BaseRouteHandler]:
    """What a wallet has at exchanges."""
    database, hub = service.database, service.hub

    def read(name: str, data: NewExchangeAccount) -> tuple[StoredWallet, Parcelled]:
        wallet = wallet_named(database, name)
        parcelled = read_parcelled(data.authorization, data.parcels)
        account_request(parcelled, wallet.request)
        check_owner(parcelled, owners_of(database, wallet))
        return wallet, parcelled

    async def told(wallet: StoredWallet, identity: bytes, make: Callable[[int], ToSigner]) -> AccountTold:
        name = next(device.name for device in wallet.request.devices if device.identity == identity)
        try:
            answer = await hub.call(identity, make)
        except WarifuError as error:
            return AccountTold(device=name, identity=identity, answer=b"", refusal=error_body(error))
        return AccountTold(device=name, identity=identity, answer=answer, refusal=None)

    @post(
        "/exchange-accounts",
        guards=[needs(database, "admin")],
        status_code=200,
        before_request=strictly(NewExchangeAccount),
    )
    async def keep(name: NamePath, data: JSONBody[NewExchangeAccount]) -> ExchangeAccountTold:
        """Have the holders of a credential keep it."""
        wallet, parcelled = await asyncio.to_thread(read, name, data)
        _require_connected(service, wallet, parcelled.participants)

        def tell(identity: bytes, parcel: Parcel) -> Coroutine[None, None, AccountTold]:
            return told(wallet, identity, lambda call: KeepAccount(call, parcelled.authorization, parcel))

        work = (tell(identity, parcel) for identity, parcel in parcelled.parcels.items())
        answer = ExchangeAccountTold(devices=tuple(await asyncio.gather(*work)))
        with survived():  # that they keep it is said; what waits there is looked after again
            await service.exchange_successions.bring(wallet)
        return answer

    @post(
        "/exchange-accounts/travel-rule",
        guards=[needs(database, "admin")],
        status_code=200,
        before_request=strictly(NewTravelRule),
    )
    async def state(name: NamePath, data: JSONBody[NewTravelRule]) -> ExchangeAccountTold:
        """Have the holders of an account keep what is stated about who is paid."""

        def read_stated() -> tuple[StoredWallet, Parcelled]:
            wallet = wallet_named(database, name)
            parcelled = read_parcelled(data.authorization, data.parcels)
            travel_rule_request(parcelled, wallet.request)
            check_owner(parcelled, owners_of(database, wallet))
            return wallet, parcelled

        wallet, parcelled = await asyncio.to_thread(read_stated)
        _require_connected(service, wallet, parcelled.participants)

        def tell(identity: bytes, parcel: Parcel) -> Coroutine[None, None, AccountTold]:
            return told(wallet, identity, lambda call: KeepTravelRule(call, parcelled.authorization, parcel))

        work = (tell(identity, parcel) for identity, parcel in parcelled.parcels.items())
        answer = ExchangeAccountTold(devices=tuple(await asyncio.gather(*work)))
        service.visits.soon(wallet.name)
        return answer

    @post(
        "/exchange-accounts/remove",
        guards=[needs(database, "admin")],
        status_code=200,
        before_request=strictly(ExchangeAccountRemoval),
    )
    async def remove(name: NamePath, data: JSONBody[ExchangeAccountRemoval]) -> ExchangeAccountTold:
        """Have the wallet's devices forget an account: those that are away when they come."""
        wallet, parcelled = await asyncio.to_thread(_bare, service, name, data.authorization)
        if not isinstance(parcelled.request, RemoveAccountRequest):
            raise InputRefused("request", "this is not a request to forget an account at an exchange")
        kept = await service.instructor.instruct(wallet, read_authorized(data.authorization, ()))
        return ExchangeAccountTold(devices=tuple(map(_removed, sorted(kept.devices, key=_identity))))

    @post(
        "/exchange-comparisons",
        guards=[needs(database, "read", "transfer", "admin")],
        status_code=200,
        before_request=strictly(ExchangeComparisonsQuestion),
    )
    async def comparisons(name: NamePath, data: JSONBody[ExchangeComparisonsQuestion]) -> ExchangeAccountTold:
        """Ask the wallet's devices what they have to compare, and what they found: sealed for the owner."""
        wallet, parcelled = await asyncio.to_thread(_bare, service, name, data.authorization)
        if not isinstance(parcelled.request, ComparisonsRequest):
            raise InputRefused("request", "this does not ask what is compared at exchanges")
        work = (
            told(wallet, identity, lambda call: AskComparisons(call, parcelled.authorization))
            for identity in _identities(wallet)
        )
        return ExchangeAccountTold(devices=tuple(await asyncio.gather(*work)))

    async def said(wallet: StoredWallet, device: str, identity: bytes) -> AccountsOf:
        accounts: tuple[bytes, ...] = ()
        refusal = None
        try:
            status = decode(Status, await hub.call(identity, AskStatus), MAX_BODY_BYTES)
            accounts = tuple(encode(item) for item in status.accounts if item.wallet_id == wallet.id)
        except InputRefused:
            refusal = error_body(_unreadable(device))
        except WarifuError as error:
            refusal = error_body(error)
        return AccountsOf(device=device, identity=identity, accounts=accounts, refusal=refusal)

    @get("/exchange-accounts", guards=[needs(database, "read")])
    async def show(name: NamePath) -> ExchangeAccounts:
        """Ask the wallet's devices which accounts there are."""
        wallet = await asyncio.to_thread(wallet_named, database, name)
        work = (said(wallet, device.name, device.identity) for device in wallet.request.devices)
        return ExchangeAccounts(devices=tuple(await asyncio.gather(*work)))

    return [keep, state, remove, comparisons, show]


def _keys(service: Service) -> list[BaseRouteHandler]:
    """Keys that are born among the devices."""
    database = service.database

    @post(
        "/exchange-keys",
        guards=[needs(database, "admin")],
        status_code=202,
        before_request=strictly(NewExchangeKey),
    )
    async def bear(name: NamePath, data: JSONBody[NewExchangeKey]) -> Accepted:
        """Have all devices of the wallet generate a key. Once for each request."""
        wallet, parcelled = await asyncio.to_thread(_bare, service, name, data.authorization)
        if not isinstance(parcelled.request, ExchangeKeyRequest):
            raise InputRefused("request", "this is not a request to generate a key for an exchange")
        if not await asyncio.to_thread(known_birth, database, parcelled.request.request_id.hex()):
            _require_connected(service, wallet, _identities(wallet))
        return Accepted(id=await service.exchange_births.begin(wallet, parcelled, parcelled.request))

    @get("/exchange-keys/{key:str}", guards=[needs(database, "read", "admin")])
    async def show(name: NamePath, key: IdPath, after: After = 0, wait: Wait = 0) -> ExchangeKeyShown:
        """Which devices state the key by now."""
        return await service.bell.wait_for_news(
            lambda: service.exchange_births.read(wallet_named(database, name), key, after),
            lambda found: bool(found.events) or found.state != "running",
            wait,
        )

    return [bear, show]


def _calls(service: Service) -> list[BaseRouteHandler]:
    """Requests at exchanges."""
    database = service.database

    @post(
        "/exchange-calls",
        guards=[needs(database, "transfer")],
        status_code=202,
        before_request=strictly(NewExchangeCall),
    )
    async def create(name: NamePath, data: JSONBody[NewExchangeCall]) -> Accepted:
        """Have the devices make one request at an exchange. Exactly once for each request."""
        parcelled = read_parcelled(data.authorization, data.parcels)
        return Accepted(id=await service.exchange_calls.begin(name, parcelled, data.parcels, data.makers))

    @get("/exchange-calls/{call:str}", guards=[needs(database, "read", "transfer")])
    async def show(name: NamePath, call: IdPath, after: After = 0, wait: Wait = 0) -> ExchangeCallShown:
        """How far a call is."""
        return await service.bell.wait_for_news(
            lambda: service.exchange_calls.read(name, call, after),
            lambda seen: bool(seen.events) or seen.state in ("done", "refused"),
            wait,
        )

    @get("/exchange-calls/{call:str}/pieces", guards=[needs(database, "transfer")])
    async def pieces(name: NamePath, call: IdPath, after: After = 0, wait: Wait = 0) -> ExchangePieces:
        """What came of the answer, as its carrier sealed it: while it comes, or until it was read."""
        return await service.bell.wait_for_news(
            lambda: service.exchange_calls.pieces(name, call, after),
            lambda seen: bool(seen.pieces) or seen.state not in ("waiting", "running"),
            wait,
        )

    @delete(
        "/exchange-calls/{call:str}/pieces/{number:int}",
        guards=[needs(database, "transfer")],
        sync_to_thread=True,
    )
    def drop_pieces(name: NamePath, call: IdPath, number: PiecePath) -> None:
        """The owner has read all pieces up to this one."""
        exchange_pieces.drop_pieces(database, name, call, number)

    @post("/exchange-calls/{call:str}/stop", guards=[needs(database, "transfer")], status_code=204)
    async def stop(name: NamePath, call: IdPath) -> None:
        """The owner has heard enough of a feed, or wants a call no more that was not made yet."""
        await service.exchange_calls.stop(name, call)

    @delete("/exchange-calls/{call:str}/answer", guards=[needs(database, "transfer")], sync_to_thread=True)
    def drop(name: NamePath, call: IdPath) -> None:
        """The owner has read the answer."""
        store.drop_answer(database, name, call)

    @get("/exchange-calls", guards=[needs(database, "read")], sync_to_thread=True)
    def show_all(name: NamePath) -> ExchangeCalls:
        """The newest calls, newest first."""
        return ExchangeCalls(calls=store.list_calls(database, wallet_named(database, name).name))

    def rehearsed(name: str, data: ExchangeDecisionQuestion) -> Parcelled:
        wallet = wallet_named(database, name)
        parcelled = read_parcelled(data.authorization, data.parcels)
        rehearsed_call(parcelled, wallet.request)
        check_owner(parcelled, owners_of(database, wallet))
        return parcelled

    async def decided(authorization: Authorization, identity: bytes, parcel: Parcel) -> ExchangeDecisionOf:
        try:
            answer = await service.hub.call(
                identity, lambda call: AskCallDecision(call, authorization, parcel)
            )
        except WarifuError as error:
            return ExchangeDecisionOf(identity=identity, decision=None, refusal=error_body(error))
        return ExchangeDecisionOf(identity=identity, decision=answer, refusal=None)

    @post(
        "/exchange-decisions",
        guards=[needs(database, "draft", "transfer", "admin")],
        status_code=200,
        before_request=strictly(ExchangeDecisionQuestion),
    )
    async def decide(name: NamePath, data: JSONBody[ExchangeDecisionQuestion]) -> ExchangeDecisions:
        """A dry run: would these devices sign this call?"""
        parcelled = await asyncio.to_thread(rehearsed, name, data)
        work = (decided(parcelled.authorization, *each) for each in parcelled.parcels.items())
        return ExchangeDecisions(decisions=tuple(await asyncio.gather(*work)))

    return [create, show, pieces, drop_pieces, stop, drop, show_all, decide]


def _bare(service: Service, name: str, authorization: bytes) -> tuple[StoredWallet, Parcelled]:
    """What an owner of the wallet authorized about it, with which nothing is sealed."""
    wallet = wallet_named(service.database, name)
    parcelled = read_parcelled(authorization, ())
    if getattr(parcelled.request, "wallet_id", None) != wallet.id:
        raise InputRefused("request", "the request is not for this wallet")
    check_owner(parcelled, owners_of(service.database, wallet))
    return wallet, parcelled


def _removed(told: Told) -> AccountTold:
    refusal = error_body(not_there(told.device)) if told.state == "away" else told.refusal
    return AccountTold(device=told.device, identity=told.identity, answer=b"", refusal=refusal)


def _identity(told: Told) -> bytes:
    return told.identity


def _identities(wallet: StoredWallet) -> tuple[bytes, ...]:
    return tuple(sorted(device.identity for device in wallet.request.devices))


def _require_connected(service: Service, wallet: StoredWallet, identities: tuple[bytes, ...]) -> None:
    missing = [
        device.name
        for device in wallet.request.devices
        if device.identity in identities and not service.hub.connected(device.identity)
    ]
    if missing:
        raise ServiceRefused(
            "device-offline",
            f"not connected: {', '.join(missing)}",
            not_done="No device was told.",
            remedy="All of them take part in this. Switch them on, and ask again.",
            blame=missing[0] if len(missing) == 1 else None,
        )


def _unreadable(device: str) -> ServiceRefused:
    return ServiceRefused("device-answer", "a device gave an answer that cannot be read", blame=device)
