"""The ASGI application."""

from __future__ import annotations

from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from sqlalchemy.exc import SQLAlchemyError

import warifu
from warifu.errors import WarifuError
from warifu.protocol.api import API_PREFIX, MAX_API_BODY_BYTES
from warifu.service.api import (
    approvals,
    backends,
    devices,
    exchanges,
    hand_outs,
    instructions,
    journals,
    keys,
    transfers,
    visits,
    wallets,
)
from warifu.service.api.errors import on_any_error, on_http_error, on_store_error, on_warifu_error
from warifu.service.service import Service


def build_app(service: Service) -> Litestar:
    """The application; its caller starts and stops ``service``. OpenAPI at ``/v1/schema/openapi.json``."""
    groups = [
        keys.router(service),
        backends.router(service),
        devices.router(service),
        hand_outs.router(service),
        journals.router(service),
        wallets.router(service),
        transfers.router(service),
        approvals.router(service),
        instructions.router(service),
        exchanges.router(service),
        visits.router(service),
    ]
    return Litestar(
        groups,
        path=API_PREFIX,
        exception_handlers={
            WarifuError: on_warifu_error,
            HTTPException: on_http_error,
            SQLAlchemyError: on_store_error,
            Exception: on_any_error,
        },
        request_max_body_size=MAX_API_BODY_BYTES,
        logging_config=None,
        debug=False,
        openapi_config=OpenAPIConfig(
            title="Warifu custody service",
            version=warifu.__version__,
            path="/schema",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            components=Components(security_schemes={"api-key": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"api-key": []}],
        ),
    )
