"""``/wallets/{name}/visits``: what owners say about visits to exchanges, and how they stand."""

from __future__ import annotations

import asyncio

from litestar import Router, get, post
from litestar.params import JSONBody

from warifu.errors import InputRefused, WarifuError
from warifu.protocol.api import NewVisit, SweepVisits, VisitsOf, VisitsShown, error_body
from warifu.protocol.encoding import encode
from warifu.protocol.exchange_requests import EndVisitRequest, VisitRequest
from warifu.protocol.exchange_visits import Visits
from warifu.service.api.access import needs
from warifu.service.api.inputs import NamePath, strictly
from warifu.service.doors import check_owner, read_parcelled
from warifu.service.service import Service
from warifu.service.store.instructions import owners_of
from warifu.service.store.visits import StoredVisit
from warifu.service.store.wallets import StoredWallet, wallet_named


def router(service: Service) -> Router:
    """The routes of this group."""
    database = service.database

    def read(name: str, data: NewVisit) -> tuple[StoredWallet, StoredVisit]:
        wallet = wallet_named(database, name)
        parcelled = read_parcelled(data.authorization, ())
        request = parcelled.request
        if not isinstance(request, VisitRequest | EndVisitRequest) or request.wallet_id != wallet.id:
            raise InputRefused("request", "this says nothing about a visit of this wallet")
        check_owner(parcelled, owners_of(database, wallet))
        visit = parcelled.digest if isinstance(request, VisitRequest) else request.visit
        return wallet, StoredVisit(parcelled.digest, visit, wallet.name, parcelled.encoded, request.expires)

    async def shown(wallet: StoredWallet) -> VisitsShown:
        return _shown(wallet, await service.visits.ask(wallet))

    @post(
        "/visits",
        guards=[needs(database, "transfer")],
        status_code=200,
        before_request=strictly(NewVisit),
    )
    async def tell(name: NamePath, data: JSONBody[NewVisit]) -> VisitsShown:
        """Open a visit, or end it."""
        wallet, stored = await asyncio.to_thread(read, name, data)
        return _shown(wallet, await service.visits.tell(wallet, stored))

    @post(
        "/visits/sweep",
        guards=[needs(database, "transfer")],
        status_code=200,
        before_request=strictly(SweepVisits),
    )
    async def sweep(name: NamePath, data: JSONBody[SweepVisits]) -> VisitsShown:  # noqa: ARG001  # it is empty
        """Look after what is to come home now."""
        wallet = await asyncio.to_thread(wallet_named, database, name)
        service.visits.soon(wallet.name)
        return await shown(wallet)

    @get("/visits", guards=[needs(database, "read")])
    async def show(name: NamePath) -> VisitsShown:
        """How the visits stand."""
        return await shown(await asyncio.to_thread(wallet_named, database, name))

    return Router("/wallets/{name:str}", route_handlers=[tell, sweep, show], tags=["visits"])


def _shown(wallet: StoredWallet, said: dict[bytes, Visits | WarifuError]) -> VisitsShown:
    names = {device.identity: device.name for device in wallet.request.devices}
    return VisitsShown(
        devices=tuple(
            VisitsOf(
                device=names[identity],
                identity=identity,
                answer=b"" if isinstance(each, WarifuError) else encode(each),
                refusal=error_body(each) if isinstance(each, WarifuError) else None,
            )
            for identity, each in sorted(said.items())
        )
    )
