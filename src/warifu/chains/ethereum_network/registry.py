"""The tokens that were met, in a file: what a contract once said of itself is what it says for ever.

Decimals turn an amount into a number that a person reads. A node that lies about them, or a contract that changes them,
would turn one token into a million; so the first reading is kept, and the next ones are compared with it.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec

from warifu.chains.accounts import Token
from warifu.chains.ethereum.address import format_address, parse_address
from warifu.chains.ethereum.networks import chain_id_of
from warifu.chains.ethereum_network.contracts import MAX_DECIMALS, MAX_SYMBOL_CHARACTERS
from warifu.errors import InputRefused, StoreDamaged

MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_TOKENS = 10_000


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    chain: str
    address: str
    symbol: str
    decimals: int


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    tokens: list[_Entry]


class TokenRegistry:
    """Tokens by chain (``eip155:<id>``) and contract (20 bytes). Safe to use from several threads of one process.

    ``path`` None keeps them in memory only. Raises ``StoreDamaged`` (``token-registry``) for a file that is not one.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._tokens = {} if path is None or not path.exists() else _read(path)

    def get(self, chain: str, contract: bytes) -> Token | None:
        """What is known of a token."""
        with self._lock:
            return self._tokens.get((chain, contract))

    def of(self, chain: str) -> tuple[Token, ...]:
        """All tokens of a chain, as they were met."""
        with self._lock:
            return tuple(token for (place, _), token in self._tokens.items() if place == chain)

    def remember(self, chain: str, token: Token) -> None:
        """Keep a token. ``InputRefused`` (``token-changed``) if another symbol or other decimals are known of it."""
        key = (chain, parse_address(token.address))
        with self._lock:
            known = self._tokens.get(key)
            if known == token:
                return
            if known is not None:
                raise changed(token, known)
            if len(self._tokens) >= MAX_TOKENS:
                raise InputRefused("token", f"no more than {MAX_TOKENS} tokens are kept")
            tokens = {**self._tokens, key: token}
            if self._path is not None:
                _write(self._path, tokens)
            self._tokens = tokens


def changed(now: Token, known: Token) -> InputRefused:
    """The error for a token that does not say what is known of it."""
    return InputRefused(
        "token-changed",
        f"the token {known.address} is known as {known.symbol} with {known.decimals} decimals, and now says "
        f"{now.symbol} with {now.decimals}",
        remedy="A node lies, or the contract was changed: do not pay with this token before you know which.",
    )


def _read(path: Path) -> dict[tuple[str, bytes], Token]:
    try:
        with path.open("rb") as file:
            body = file.read(MAX_FILE_BYTES + 1)
        if len(body) > MAX_FILE_BYTES:
            raise _damaged(path, "it is too long")
        found = msgspec.json.decode(body, type=_File)
        tokens = dict(_entry(entry) for entry in found.tokens)
    except (OSError, msgspec.MsgspecError, InputRefused) as error:
        raise _damaged(path, str(error)) from None
    if found.version != 1 or len(tokens) != len(found.tokens):
        raise _damaged(path, "it has another version, or a token twice")
    return tokens


def _entry(entry: _Entry) -> tuple[tuple[str, bytes], Token]:
    chain_id_of(entry.chain)
    fits = 0 <= entry.decimals <= MAX_DECIMALS and 1 <= len(entry.symbol) <= MAX_SYMBOL_CHARACTERS
    if not fits or not entry.symbol.isprintable():
        raise InputRefused("token", f"{entry.address[:42]} has no symbol or decimals that could be")
    contract = parse_address(entry.address)
    return (entry.chain, contract), Token(format_address(contract), entry.symbol, entry.decimals)


def _write(path: Path, tokens: dict[tuple[str, bytes], Token]) -> None:
    entries = [
        _Entry(chain, token.address, token.symbol, token.decimals) for (chain, _), token in tokens.items()
    ]
    body = msgspec.json.format(msgspec.json.encode(_File(1, entries)), indent=1)
    beside = path.with_name(f"{path.name}.new")
    try:
        with beside.open("wb") as file:
            file.write(body + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise _damaged(path, error.strerror or "it cannot be written") from None


def _damaged(path: Path, why: str) -> StoreDamaged:
    return StoreDamaged(
        "token-registry",
        f"the token registry {path.name} is not usable: {why}",
        remedy="Put back a copy, or remove it: tokens are then read from the chain again.",
    )
