"""``/health`` and ``/api-keys``."""

from __future__ import annotations

import asyncio

from litestar import Router, delete, get, post
from litestar.params import JSONBody

import warifu
from warifu.errors import WarifuError
from warifu.protocol.api import ApiKeys, CreatedApiKey, Health, NewApiKey
from warifu.protocol.chains import BITCOIN
from warifu.service.api.access import needs
from warifu.service.api.inputs import NamePath, strictly
from warifu.service.service import Service
from warifu.service.store.api_keys import create_api_key, delete_api_key, list_api_keys
from warifu.service.store.devices import list_devices


def router(service: Service) -> Router:
    """The routes of this group."""
    database = service.database

    @get("/health", guards=[needs(database)])
    async def health() -> Health:
        """How the service is."""
        height = None
        if service.backend is not None:
            try:
                height = (await asyncio.to_thread(service.backend.tip)).height
            except WarifuError:
                height = None
        devices = await asyncio.to_thread(list_devices, database)
        bitcoin = service.config.of_chain(BITCOIN)
        return Health(
            version=warifu.__version__,
            network=service.config.network,
            height=height,
            backend=bitcoin[0].kind if bitcoin else "none",
            chains=service.config.configured,
            devices=len(devices),
            connected=service.hub.connected_count(),
            simulated_exchanges=tuple(sorted(service.config.simulated_exchanges)),
        )

    @post(
        "/api-keys",
        guards=[needs(database, "admin")],
        sync_to_thread=True,
        before_request=strictly(NewApiKey),
    )
    def create(data: JSONBody[NewApiKey]) -> CreatedApiKey:
        """Make an API key; it is shown once."""
        return create_api_key(database, data.name, data.scopes)

    @get("/api-keys", guards=[needs(database, "admin")], sync_to_thread=True)
    def show() -> ApiKeys:
        """All API keys, without the keys."""
        return ApiKeys(keys=list_api_keys(database))

    @delete("/api-keys/{name:str}", guards=[needs(database, "admin")], sync_to_thread=True)
    def remove(name: NamePath) -> None:
        """End an API key."""
        delete_api_key(database, name)

    return Router("", route_handlers=[health, create, show, remove], tags=["service"])
