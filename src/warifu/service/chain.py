"""From the configuration to the chain backends, asked in the configured order."""

from __future__ import annotations

from warifu.chains.bitcoin_network.backends.base import Backend
from warifu.chains.bitcoin_network.backends.esplora import Esplora
from warifu.errors import InputRefused
from warifu.service.config import BackendConfig, ServiceConfig


def make_backend(config: ServiceConfig) -> Backend | None:
    """What the service asks; None where nothing is configured. Connects to nothing yet."""
    backends = [_backend(item) for item in config.backends]
    return backends[0] if backends else None


def _backend(config: BackendConfig) -> Backend:
    if config.kind == "esplora":
        return Esplora(config.url)
    raise InputRefused("config", f"the backend kind {config.kind} is not there")
