"""Errors and parameters of JSON-RPC, with Agave's codes."""

from __future__ import annotations

import msgspec

from warifu.chains.solana_embedded.chain import EmbeddedChain

INVALID_PARAMS, METHOD_NOT_FOUND = -32602, -32601
PREFLIGHT_FAILURE, SIGNATURE_FAILURE = -32002, -32003
BLOCK_NOT_AVAILABLE = -32004


class Refused(Exception):
    """The error of a call."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Config(msgspec.Struct, frozen=True, rename="camel"):
    """The configuration object that most methods take; what is not known is passed over, as Agave does."""

    commitment: str = "finalized"
    encoding: str | None = None
    skip_preflight: bool = False
    sig_verify: bool = False
    replace_recent_blockhash: bool = False
    search_transaction_history: bool = False
    limit: int = 1000
    before: str | None = None
    until: str | None = None
    mint: str | None = None
    program_id: str | None = None

    @property
    def final(self) -> bool:
        """Whether only what is final counts."""
        return self.commitment in ("finalized", "max", "root")


def config(value: object) -> Config:
    """A configuration object, or its defaults."""
    try:
        return msgspec.convert(value if value is not None else {}, Config)
    except msgspec.MsgspecError as error:
        raise Refused(INVALID_PARAMS, f"Invalid params: {error}") from None


def text(value: object, what: str) -> str:
    """A parameter that is a string."""
    if not isinstance(value, str):
        raise Refused(INVALID_PARAMS, f"Invalid params: {what} is a string")
    return value


def number(value: object, what: str) -> int:
    """A parameter that is a whole number from 0 to 2^63 - 1."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise Refused(INVALID_PARAMS, f"Invalid params: {what} is a whole number")
    return value


def texts(value: object, what: str, most: int) -> list[str]:
    """A parameter that is a list of strings."""
    if not isinstance(value, list) or len(value) > most:
        raise Refused(INVALID_PARAMS, f"Invalid params: {what} is a list of at most {most}")
    return [text(item, what) for item in value]


def in_context(chain: EmbeddedChain, value: object) -> dict[str, object]:
    """``value`` with the slot as of which it holds."""
    return {"context": {"apiVersion": "embedded", "slot": chain.slot}, "value": value}
