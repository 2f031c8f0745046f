"""What servers say when they do not do what was asked, told apart by its real shape.

A fault of the road (limits, credentials, a broken gateway) is ``ChainUnavailable`` and another server may be asked. The
node's own refusal of the question is ``RpcRefused`` and would be the same tomorrow. The two arrive in the same
clothes: as HTTP statuses with or without a JSON-RPC body, as a bare error without envelope, as a text or a web page
with status 200. The table of shapes is in docs/quicknode.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from warifu.chains.rpc.http import busy
from warifu.chains.rpc.secret import Secret, hide
from warifu.chains.rpc.unavailable import said, unavailable
from warifu.errors import ChainUnavailable

MAX_MESSAGE_CHARACTERS = 500
NOT_ITS_BUSINESS = (-32601, -32603)
"""Method not found, internal error: the server does not know; another one may."""

_LIMIT_CODES = (429, -32000, -32003, -32005, -32007, -32012, -32016, -32029)
"""Codes under which limits arrive (EIP-1474, QuickNode, others). Solana uses some of the same for skipped slots and bad
signatures, Ethereum for rejected transactions: the words decide."""
_STATUS_CODES = (401, 403, 404, 413, 500, 502, 503, 504)
"""Gateways put the HTTP status in place of a JSON-RPC code."""
_LIMIT_WORDS = re.compile(
    r"rate.?limit|too many requests|limited to \d+/sec|/sec(ond)? request limit|request limit reached"
    r"|requests? per second|RPS limit|limit exceeded|rate exceeded"
    r"|exceeded its .{0,60}capacity|slow down",
    re.IGNORECASE,
)
_CREDIT_WORDS = re.compile(
    r"(daily|monthly) (request )?(limit|count)|out of (api )?credits"
    r"|credits? (limit )?(exceeded|exhausted|reached)|quota (exceeded|exhausted)",
    re.IGNORECASE,
)
_REVERTED_WORDS = re.compile(r"revert", re.IGNORECASE)
"""A contract writes these messages itself: it must not be able to look like a limit of the server."""
_BEHIND_WORDS = re.compile(r"node is (unhealthy|behind)", re.IGNORECASE)
_SIZE_LIMIT_WORDS = re.compile(
    r"block range|more than \d+ results|response size|range is too large", re.IGNORECASE
)

QUOTA_SECONDS = 3600
"""How long to leave a server alone whose quota is used up: it is full again at midnight, or after a payment."""


class RpcRefused(Exception):
    """The node understood the question and says no: ``code``, ``message`` and, where given, ``data``.

    ``message`` and ``data`` are the server's own, without our secrets; the message is cut and printable. An answer,
    not a failure: whoever asked knows what it means (``nonce too low``, ``execution reverted`` with its data...).
    """

    def __init__(self, code: int, message: str, data: object = None, server: str = "") -> None:
        super().__init__(f"{message} (code {code})")
        self.code = code
        self.message = message
        self.data = data
        self.server = server


def refusal(
    code: int,
    message: str,
    data: object,
    server: str,
    secrets: Iterable[Secret],
    retry_after: int | None = None,
) -> RpcRefused | ChainUnavailable:
    """The meaning of an error with a code, with or without envelope."""
    hidden = list(secrets)
    words = said(hide(message, hidden), MAX_MESSAGE_CHARACTERS)
    if code in _LIMIT_CODES and not (_SIZE_LIMIT_WORDS.search(words) or _REVERTED_WORDS.search(words)):
        if _CREDIT_WORDS.search(words):
            return credits_used(words, server)
        if code == 429 or _LIMIT_WORDS.search(words):
            return busy(f"it limits our requests ({words})", server, retry_after)
        if _BEHIND_WORDS.search(words):
            return unavailable("behind", f"it has not caught up with its chain ({words})", server)
    if code in _STATUS_CODES:
        return by_status(code, words, server, retry_after)
    return RpcRefused(code, words, without(data, hidden), server)


def by_status(status: int, words: str, server: str, retry_after: int | None = None) -> ChainUnavailable:
    """The meaning of an HTTP status that is not 200; ``words`` are the server's, already made printable."""
    shown = f"status {status}" + (f": {words}" if words else "")
    match status:
        case 400:
            return unavailable("bad-request", f"it does not understand the request ({shown})", server)
        case 401:
            return unavailable(
                "credentials",
                f"it does not accept our credentials ({shown})",
                server,
                remedy="Look at the token, the key, and the addresses that the endpoint admits.",
            )
        case 403:
            return unavailable(
                "credentials",
                f"it does not let us in ({shown})",
                server,
                remedy="The endpoint may be disabled or unpaid, or admit other callers only.",
            )
        case 404:
            return unavailable("not-found", f"there is no such endpoint ({shown})", server)
        case 413:
            return unavailable(
                "too-large", f"our question or its answer is too large for it ({shown})", server
            )
        case 429 if _CREDIT_WORDS.search(words):
            return credits_used(words, server)
        case 429:
            return busy(f"it limits our requests ({shown})", server, retry_after)
        case 502 | 503 | 504:
            return busy(f"it is busy ({shown})", server, retry_after)
        case _ if status >= 500:
            return unavailable("server-fault", f"it failed ({shown})", server)
        case _:
            return unavailable("answer-form", f"an answer that is none ({shown})", server)


def by_text(text: str, server: str, retry_after: int | None = None) -> ChainUnavailable:
    """The meaning of a body that is no JSON-RPC although its status is 200; ``text`` is already printable."""
    if _CREDIT_WORDS.search(text):
        return credits_used(text, server)
    if _LIMIT_WORDS.search(text):
        return busy(f"it limits our requests ({text})", server, retry_after)
    return unavailable("answer-form", "its answer is no JSON-RPC" + (f" ({text})" if text else ""), server)


def credits_used(words: str, server: str) -> ChainUnavailable:
    """The plan's quota is used up: trying again soon is in vain."""
    return unavailable(
        "credits",
        f"the plan's quota is used up ({words})",
        server,
        remedy="Wait for the next period, enlarge the plan, or configure another backend.",
        retry_after=QUOTA_SECONDS,
    )


def without(data: object, secrets: Iterable[Secret]) -> object:
    """``data`` (decoded JSON) with every secret taken out of every text in it."""
    hidden = list(secrets)
    match data:
        case str():
            return hide(data, hidden)
        case list():
            return [without(item, hidden) for item in data]
        case dict():
            return {hide(str(key), hidden): without(value, hidden) for key, value in data.items()}
        case _:
            return data
