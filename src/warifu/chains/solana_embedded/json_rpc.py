"""JSON-RPC 2.0 over the embedded chain: envelopes here, what the methods do in ``methods`` and ``sending``.

Names, shapes and codes are those of Agave's RPC (Solana Docs, "RPC methods").
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from warifu.chains.solana_embedded.accounts import Accounts
from warifu.chains.solana_embedded.blocks import Blocks
from warifu.chains.solana_embedded.chain import EmbeddedChain
from warifu.chains.solana_embedded.refusals import INVALID_PARAMS, METHOD_NOT_FOUND, Refused
from warifu.chains.solana_embedded.sending import Sending
from warifu.errors import InputRefused

PARSE_ERROR, INVALID_REQUEST = -32700, -32600
MAX_BATCH = 100
MAX_PARAMS = 4

Handler = Callable[..., object]


class Request(msgspec.Struct, frozen=True):
    """One call."""

    jsonrpc: str
    id: int | str
    method: str
    params: list[object] = msgspec.field(default_factory=list)


class JsonRpc:
    """The methods of one chain."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain
        self._methods: dict[str, Handler] = {
            **Blocks(chain).methods(),
            **Accounts(chain).methods(),
            **Sending(chain).methods(),
        }

    def answer(self, body: bytes) -> bytes:
        """The answer to one HTTP body: a call or a batch of calls."""
        try:
            raw = msgspec.json.decode(body)
        except msgspec.MsgspecError:
            return msgspec.json.encode(_error(None, PARSE_ERROR, "Parse error"))
        if isinstance(raw, list):
            if not 0 < len(raw) <= MAX_BATCH:
                return msgspec.json.encode(_error(None, INVALID_REQUEST, "Invalid request"))
            return msgspec.json.encode([self._one(item) for item in raw])
        return msgspec.json.encode(self._one(raw))

    def _one(self, raw: object) -> dict[str, object]:
        try:
            request = msgspec.convert(raw, Request)
        except msgspec.MsgspecError:
            return _error(None, INVALID_REQUEST, "Invalid request")
        handler = self._methods.get(request.method)
        if handler is None or request.jsonrpc != "2.0":
            return _error(request.id, METHOD_NOT_FOUND, "Method not found")
        if len(request.params) > MAX_PARAMS:
            return _error(request.id, INVALID_PARAMS, "Invalid params: too many")
        try:
            with self._chain.lock:
                result = handler(*request.params)
        except Refused as refused:
            return _error(request.id, refused.code, refused.message, refused.data)
        except (InputRefused, TypeError) as error:
            return _error(request.id, INVALID_PARAMS, f"Invalid params: {error}")
        return {"jsonrpc": "2.0", "result": result, "id": request.id}


def _error(number: int | str | None, code: int, message: str, data: object = None) -> dict[str, object]:
    error: dict[str, object] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return {"jsonrpc": "2.0", "error": error, "id": number}
