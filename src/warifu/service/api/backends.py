"""``/backends``: where the service looks at the chains. What is secret of them goes in and never comes out again."""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar import Router, delete, get, post
from litestar.params import JSONBody

from warifu.chains.quicknode.jwt import Algorithm, JwtKey
from warifu.errors import InputRefused
from warifu.protocol.api import AddedBackend, BackendShown, BackendsShown, NewBackend
from warifu.service.account_chains import make_account_chains
from warifu.service.api.access import needs
from warifu.service.api.inputs import IdPath, strictly
from warifu.service.chain import make_backend
from warifu.service.config import BackendConfig, with_backends
from warifu.service.service import Service
from warifu.service.store.backends import add_backend, remove_backend, stored_backends


def router(service: Service) -> Router:
    """The routes of this group."""
    database = service.database

    @post(
        "/backends",
        guards=[needs(database, "admin")],
        sync_to_thread=True,
        before_request=strictly(NewBackend),
    )
    def add(data: JSONBody[NewBackend]) -> AddedBackend:
        """Keep a backend; it is used from the next start of the service on."""
        key = _new_key(data)
        backend = BackendConfig(
            kind=data.kind,
            url=data.url,
            chain=data.chain,
            token=data.token,
            jwt_pem=key.private_pem().reveal() if key is not None else None,
            jwt_kid=data.jwt_kid,
        )
        # What would keep the service from starting the next time is refused now.
        stored = [item for _, item in stored_backends(database)]
        config = with_backends(service.file_config, [*stored, backend])
        make_backend(config)
        make_account_chains(config, database)
        identifier = add_backend(database, backend)
        return AddedBackend(id=identifier, public_key=key.public_pem if key is not None else "")

    @get("/backends", guards=[needs(database, "admin")], sync_to_thread=True)
    def show() -> BackendsShown:
        """All backends, those of the file first, without anything secret."""
        file = service.file_config.backends
        return BackendsShown(
            backends=(
                *(_shown("", item, used=True) for item in file),
                *(
                    _shown(identifier, item, used=item in service.config.backends[len(file) :])
                    for identifier, item in stored_backends(database)
                ),
            ),
            checks=service.checks.shown(),
        )

    @delete("/backends/{identifier:str}", guards=[needs(database, "admin")], sync_to_thread=True)
    def remove(identifier: IdPath) -> None:
        """Forget a backend; it is not used any more from the next start of the service on."""
        remove_backend(database, identifier)

    return Router("", route_handlers=[add, show, remove], tags=["service"])


def _new_key(data: NewBackend) -> JwtKey | None:
    if (data.jwt is None) != (data.jwt_kid is None):
        raise InputRefused("jwt-key", "a key for tokens comes with the name under which it is registered")
    if data.jwt is None or data.jwt_kid is None:
        return None
    return JwtKey.generate(Algorithm(data.jwt), data.jwt_kid)


def _shown(identifier: str, item: BackendConfig, *, used: bool) -> BackendShown:
    """A host may still be a provider's name for its customer; a path, a query and a login are the secret part."""
    host = urlsplit(item.url if "://" in item.url else f"//{item.url}").hostname or "?"
    return BackendShown(id=identifier, chain=item.chain, kind=item.kind, host=host, used=used)
