"""``/transfers``: hand in what the owner authorized, watch it happen."""

from __future__ import annotations

import asyncio

from litestar import Router, get, post
from litestar.params import JSONBody

from warifu.chains.bitcoin.transaction import display_hash
from warifu.errors import InputRefused
from warifu.protocol.api import Accepted, NewAuthorization, NewTransfer, Transfer, TransferPsbt, Transfers
from warifu.service.api.access import needs
from warifu.service.api.inputs import After, IdPath, NameQuery, Wait, strictly
from warifu.service.doors import (
    Authorized,
    body_digest,
    check_owner,
    check_psbt,
    read_authorized,
    transfer_request,
)
from warifu.service.service import Service
from warifu.service.store import transfers as store
from warifu.service.store.wallets import StoredWallet, wallet_with_id


def router(service: Service) -> Router:
    """The routes of this group."""
    database = service.database

    def take(data: NewTransfer) -> Accepted:
        authorized = read_authorized(data.authorization, data.envelopes)
        request = transfer_request(authorized)
        wallet = wallet_with_id(database, request.wallet_id)
        check_owner(authorized, wallet.request.owners)
        _check_devices(wallet, authorized)
        if request.network != wallet.request.network:
            raise InputRefused("network", f"the wallet is of {wallet.request.network}")
        psbt = check_psbt(data.psbt, request)
        new = store.NewTransferRow(
            id=request.request_id.hex(),
            wallet=wallet.name,
            body=body_digest(data.authorization, data.envelopes, data.psbt),
            request=authorized.authorization.request,
            txid=display_hash(request.txid),
            psbt=data.psbt,
            authorization=data.authorization,
            envelopes=tuple(data.envelopes),
            participants=authorized.participants,
            replaces=request.replaces.hex() if request.replaces is not None else None,
        )
        if store.add_transfer(database, new):
            service.wallets.reserve(wallet.name, psbt)
        service.transfers.begin(new.id, 1)
        return Accepted(id=new.id)

    def take_again(identifier: str, data: NewAuthorization) -> Accepted:
        authorized = read_authorized(data.authorization, data.envelopes)
        request = transfer_request(authorized)
        wallet = wallet_with_id(database, request.wallet_id)
        check_owner(authorized, wallet.request.owners)
        _check_devices(wallet, authorized)
        attempt = store.authorize_again(
            database,
            identifier,
            authorized.authorization.request,
            data.authorization,
            tuple(data.envelopes),
            authorized.participants,
        )
        service.wallets.reserve(
            wallet.name, check_psbt(store.read_transfer(database, identifier).psbt, request)
        )
        service.transfers.begin(identifier, attempt)
        return Accepted(id=identifier)

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

    @get("/transfers/{transfer:str}/psbt", guards=[needs(database, "read")], sync_to_thread=True)
    def psbt(transfer: IdPath) -> TransferPsbt:
        """The PSBT, and the signed transaction once there is one."""
        found = store.read_transfer(database, transfer)
        return TransferPsbt(psbt=found.signed_psbt or found.psbt, raw=found.raw or b"")

    return Router("", route_handlers=[create, authorize, show, show_all, psbt], tags=["transfers"])


def _check_devices(wallet: StoredWallet, authorized: Authorized) -> None:
    members = {device.identity for device in wallet.request.devices}
    if not set(authorized.participants) <= members:
        raise InputRefused(
            "envelopes", "a passphrase envelope is for a device that has no share of this wallet"
        )
