"""Methods about accounts and tokens. Data goes out in base64, the encoding that every node knows."""

from __future__ import annotations

import base64
from collections.abc import Callable

from solders.account import Account
from solders.pubkey import Pubkey

from warifu.chains.solana import programs
from warifu.chains.solana.address import parse_address
from warifu.chains.solana.amounts import format_units
from warifu.chains.solana_embedded.chain import EmbeddedChain
from warifu.chains.solana_embedded.refusals import (
    INVALID_PARAMS,
    Refused,
    config,
    in_context,
    text,
    texts,
)

MAX_ACCOUNTS = 100
_MINT, _OWNER, _AMOUNT = slice(0, 32), slice(32, 64), slice(64, 72)
_DECIMALS = 44


class Accounts:
    """Over one chain."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain

    def methods(self) -> dict[str, Callable[..., object]]:
        """By their names in JSON-RPC."""
        return {
            "getBalance": self._balance,
            "getAccountInfo": self._account_info,
            "getMultipleAccounts": self._multiple_accounts,
            "getTokenAccountBalance": self._token_balance,
            "getTokenAccountsByOwner": self._token_accounts,
        }

    def _balance(self, address: object, _options: object = None) -> object:
        account = self._account(address)
        return in_context(self._chain, account.lamports if account is not None else 0)

    def _account_info(self, address: object, options: object = None) -> object:
        _check_encoding(options)
        return in_context(self._chain, _shown(self._account(address)))

    def _multiple_accounts(self, addresses: object, options: object = None) -> object:
        _check_encoding(options)
        wanted = texts(addresses, "the addresses", MAX_ACCOUNTS)
        return in_context(self._chain, [_shown(self._account(address)) for address in wanted])

    def _token_balance(self, address: object, _options: object = None) -> object:
        account = self._account(address)
        if account is None:
            raise Refused(INVALID_PARAMS, "Invalid param: could not find account")
        if bytes(account.owner) not in programs.TOKEN_PROGRAMS or len(account.data) < 165:
            raise Refused(INVALID_PARAMS, "Invalid param: not a Token account")
        mint = self._chain.svm.get_account(Pubkey.from_bytes(account.data[_MINT]))
        if mint is None:
            raise Refused(INVALID_PARAMS, "Invalid param: could not find mint")
        amount, decimals = int.from_bytes(account.data[_AMOUNT], "little"), mint.data[_DECIMALS]
        return in_context(
            self._chain,
            {
                "amount": str(amount),
                "decimals": decimals,
                "uiAmountString": format_units(amount, decimals),
            },
        )

    def _token_accounts(self, owner: object, which: object, options: object = None) -> object:
        _check_encoding(options)
        chosen = config(which)
        if (chosen.mint is None) == (chosen.program_id is None):
            raise Refused(INVALID_PARAMS, "Invalid params: either a mint or a programId")
        holder = parse_address(text(owner, "the owner"))
        mint = parse_address(chosen.mint) if chosen.mint is not None else None
        wanted = [parse_address(chosen.program_id)] if chosen.program_id else programs.TOKEN_PROGRAMS
        return in_context(
            self._chain,
            [
                {"pubkey": str(address), "account": _shown(account)}
                for program in wanted
                for address, account in self._chain.svm.get_program_accounts(Pubkey.from_bytes(program))
                if len(account.data) >= 165
                and account.data[_OWNER] == holder
                and (mint is None or account.data[_MINT] == mint)
            ],
        )

    def _account(self, address: object) -> Account | None:
        return self._chain.svm.get_account(Pubkey.from_bytes(parse_address(text(address, "an address"))))


def _check_encoding(options: object) -> None:
    if config(options).encoding not in (None, "base64"):
        raise Refused(INVALID_PARAMS, "Invalid params: this chain speaks base64 only")


def _shown(account: Account | None) -> object:
    if account is None:
        return None
    return {
        "data": [base64.b64encode(account.data).decode("ascii"), "base64"],
        "executable": account.executable,
        "lamports": account.lamports,
        "owner": str(account.owner),
        "rentEpoch": account.rent_epoch,
        "space": len(account.data),
    }
