"""``/transfers``: hand in what the owner authorized, watch it happen."""

from __future__ import annotations

import asyncio

from litestar import Router, get, post
from litestar.params import JSONBody

from warifu.errors import InputRefused
from warifu.protocol.api import Accepted, NewAuthorization, NewTransfer, Transfer, TransferBytes, Transfers
from warifu.protocol.request import TransferRequest
from warifu.service.api.access import needs
from warifu.service.api.inputs import After, IdPath, NameQuery, Wait, strictly
from warifu.service.doors import (
    Authorized,
    body_digest,
    check_owner,
    check_unsigned,
    read_authorized,
    transfer_request,
)
from warifu.service.service import Service
from warifu.service.store import transfers as store
from warifu.service.store.instructions import owners_of
from warifu.service.store.wallets import StoredWallet, wallet_with_id


def router(service: Service) -> Router:
    """The routes of this group."""
    database = service.database

    def take(data: NewTransfer) -> Accepted:
        authorized, request, wallet = _owners_transfer(data)
        road = service.roads.of(request.chain)
        found = check_unsigned(road, wallet.name, data.unsigned, request)
        new = store.NewTransferRow(
            id=request.request_id.hex(),
            wallet=wallet.name,
            chain=request.chain,
            body=body_digest(data.authorization, data.envelopes, data.unsigned),
            request=authorized.authorization.request,
            transaction=request.transaction,
            txid=found.txid,
            unsigned=data.unsigned,
            sends=found.sends,
            slot=found.slot,
            expires=request.expires,
            authorization=data.authorization,
            envelopes=tuple(data.envelopes),
            participants=authorized.participants,
            replaces=request.replaces.hex() if request.replaces is not None else None,
        )
        with service.transfers.taking(new.id):
            if store.add_transfer(database, new):
                road.hold(wallet.name, data.unsigned)
            service.transfers.begin(new.id, 1)
        return Accepted(id=new.id)

    def take_again(identifier: str, data: NewAuthorization) -> Accepted:
        authorized, request, wallet = _owners_transfer(data)
        road = service.roads.of(request.chain)
        with service.transfers.taking(identifier):
            attempt = store.authorize_again(
                database,
                identifier,
                authorized.authorization.request,
                data.authorization,
                tuple(data.envelopes),
                authorized.participants,
            )
            road.hold(wallet.name, store.read_transfer(database, identifier).unsigned)
            service.transfers.begin(identifier, attempt)
        return Accepted(id=identifier)

    def _owners_transfer(
        data: NewTransfer | NewAuthorization,
    ) -> tuple[Authorized, TransferRequest, StoredWallet]:
        authorized = read_authorized(data.authorization, data.envelopes)
        request = transfer_request(authorized)
        wallet = wallet_with_id(database, request.wallet_id)
        check_owner(authorized, owners_of(database, wallet))
        _check_devices(wallet, authorized)
        return authorized, request, wallet

    @post(
        "/transfers",
        guards=[needs(database, "transfer")],
        status_code=202,
        before_request=strictly(NewTransfer),
    )
    async def create(data: JSONBody[NewTransfer]) -> Accepted:
        """Have the devices sign, store, send and follow. Exactly once for each request."""
        accepted = await asyncio.to_thread(take, data)
        service.bell.ring()
        return accepted

    @post(
        "/transfers/{transfer:str}/authorize",
        guards=[needs(database, "transfer")],
        status_code=202,
        before_request=strictly(NewAuthorization),
    )
    async def authorize(transfer: IdPath, data: JSONBody[NewAuthorization]) -> Accepted:
        """Authorize the same request again, after it broke off or was refused."""
        accepted = await asyncio.to_thread(take_again, transfer, data)
        service.bell.ring()
        return accepted

    @get("/transfers/{transfer:str}", guards=[needs(database, "read", "transfer")])
    async def show(transfer: IdPath, after: After = 0, wait: Wait = 0) -> Transfer:
        """How far a transfer is."""
        return await service.bell.wait_for_news(
            lambda: store.show_transfer(database, transfer, after), lambda seen: bool(seen.events), wait
        )

    @get("/transfers", guards=[needs(database, "read")], sync_to_thread=True)
    def show_all(wallet: NameQuery = None) -> Transfers:
        """All transfers, newest first."""
        found = store.list_transfers(database, wallet=wallet)
        return Transfers(transfers=tuple(item.shown(()) for item in found))

    @get("/transfers/{transfer:str}/transaction", guards=[needs(database, "read")], sync_to_thread=True)
    def transaction(transfer: IdPath) -> TransferBytes:
        """What is to be signed, and the signed transaction once there is one."""
        found = store.read_transfer(database, transfer)
        return TransferBytes(unsigned=found.finalized or found.unsigned, raw=found.raw or b"")

    return Router("", route_handlers=[create, authorize, show, show_all, transaction], tags=["transfers"])


def _check_devices(wallet: StoredWallet, authorized: Authorized) -> None:
    members = {device.identity for device in wallet.request.devices}
    if not set(authorized.participants) <= members:
        raise InputRefused(
            "envelopes", "a passphrase envelope is for a device that has no share of this wallet"
        )
