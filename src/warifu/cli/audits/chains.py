"""What the service tells of a wallet's chains, for an audit.

Its word is that of its backends, and where it shows a signed transaction of a chain of accounts, this client reads it:
whose signatures are in it, each verified, and what it is called in a journal.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Protocol

from warifu.audit.audit import Audit
from warifu.audit.onchain import Claim, ClaimedHead, Made, Seen, Spend, Told
from warifu.chains.ethereum.transaction import parse_signed
from warifu.chains.solana.address import parse_address
from warifu.chains.solana.signers import read_signed
from warifu.cli.client import Client, segment
from warifu.cli.known_wallet import Wallet
from warifu.cli.text import tr
from warifu.cli.wallet_keys import account_of
from warifu.errors import InputRefused, TransactionRefused, WarifuError
from warifu.protocol.api import (
    MAX_BYTES_ASKED,
    AccountBytes,
    AccountBytesQuestion,
    AccountListing,
    Accounts,
    History,
    Transfers,
)
from warifu.protocol.chains import BITCOIN, SOLANA, family_of, spoken


class Progress(Protocol):
    """Told of every page."""

    def of_chain(self, chain: str, so_far: int, whole: int) -> None: ...


def told_of(client: Client, wallet: Wallet, progress: Progress) -> Told:
    """What the service says. Where it cannot say something, why."""
    transfers = client.get("/transfers", Transfers, wallet=wallet.name).transfers
    refusals: list[str] = []
    spends = _spends(client, wallet, refusals) if "bip340" in wallet.request.schemes else None
    sent: dict[str, int] = {}
    seen: dict[str, Seen] = {}
    if {"ecdsa", "ed25519"} & set(wallet.request.schemes):
        accounts = client.get(f"/wallets/{segment(wallet.name)}/accounts", Accounts).accounts
        refusals += _without_backend(wallet, {account.chain for account in accounts})
        for account in accounts:
            if account.refusal is not None:
                refusals.append(f"{account.refusal.message} ({account.chain})")
            elif family_of(account.chain) == "solana":
                seen |= _seen(client, wallet, account.chain, progress, refusals)
            elif account.executed is not None:
                sent[account.chain] = account.executed
    heads = [ClaimedHead(head.device, head.length, head.head) for each in transfers for head in each.journal]
    claims = [Claim(bytes.fromhex(each.id), each.chain, each.state, each.replaced_by) for each in transfers]
    return Told({claim.id: claim for claim in claims}, spends, heads, sent, seen, refusals)


def _without_backend(wallet: Wallet, told: Collection[str]) -> list[str]:
    """Chains of accounts that the wallet's rules name and of which nobody tells anything."""
    named = [rules.chain for rules in wallet.rules.policy.chains if rules.chain != BITCOIN]
    return [
        tr("the service has no backend of {chain}", chain=spoken(chain))
        for chain in named
        if chain not in told
    ]


def name_what_is_missing(client: Client, wallet: Wallet, told: Told, result: Audit) -> Told:
    """``told``, and where an account that counts made more than was signed, which transactions these may be."""
    short = [
        finding.values["chain"] for finding in result.findings if finding.code == "more-sent-than-signed"
    ]
    named: dict[str, Seen] = {}
    for chain in short:
        try:
            txids = _listing(client, wallet, chain).txids
            named[chain] = Seen(_made(client, wallet, chain, txids)[0], whole=False, since=None)
        except WarifuError:
            continue  # that there are more is told all the same
    return replace(told, seen={**told.seen, **named}) if named else told


def _spends(client: Client, wallet: Wallet, refusals: list[str]) -> list[Spend] | None:
    try:
        history = client.get(f"/wallets/{segment(wallet.name)}/transactions", History)
    except WarifuError as error:
        refusals.append(f"{error.message} ({error.code})")
        return None
    return [
        Spend(bytes.fromhex(entry.txid)[::-1], entry.height)
        for entry in history.transactions
        if entry.sent > 0
    ]


def _seen(
    client: Client, wallet: Wallet, chain: str, progress: Progress, refusals: list[str]
) -> dict[str, Seen]:
    """Of a chain that lists everything that names an account. What cannot be read was not checked."""
    made: list[Made] = []
    unread: list[str] = []
    try:
        listed = _listing(client, wallet, chain)
        txids = tuple(dict.fromkeys(listed.txids))
        for first in range(0, len(txids), MAX_BYTES_ASKED):
            part = txids[first : first + MAX_BYTES_ASKED]
            found, silent = _made(client, wallet, chain, part)
            made += found
            unread += silent
            progress.of_chain(chain, min(first + MAX_BYTES_ASKED, len(txids)), len(txids))
    except WarifuError as error:
        refusals.append(f"{error.message} ({spoken(chain)}, {error.code})")
        return {}
    if unread:
        why = tr(
            "{count} transactions that name the account cannot be read, {txid} among them ({chain})",
            count=len(unread),
            txid=unread[0],
            chain=spoken(chain),
        )
        refusals.append(why)
    return {chain: Seen(made, not unread, listed.since)}


def _listing(client: Client, wallet: Wallet, chain: str) -> AccountListing:
    return client.get(f"/wallets/{segment(wallet.name)}/account-listing", AccountListing, chain=chain)


def _made(client: Client, wallet: Wallet, chain: str, txids: Sequence[str]) -> tuple[list[Made], list[str]]:
    """Of these transactions those that the wallet's key signed, and the ids of those that nobody showed."""
    if not txids:
        return [], []
    question = AccountBytesQuestion(chain=chain, txids=tuple(txids))
    answer = client.post(f"/wallets/{segment(wallet.name)}/account-bytes", question, AccountBytes)
    made: list[Made] = []
    unread = list(txids[len(answer.transactions) :])
    for txid, raw in zip(txids, answer.transactions, strict=False):
        try:
            found = _read(account_of(wallet, chain), chain, txid, raw)
        except (InputRefused, TransactionRefused):
            unread.append(txid)
            continue
        if found is not None:
            made.append(found)
    return made, unread


def _read(account: str, chain: str, txid: str, raw: bytes) -> Made | None:
    """None where the account did not sign it. Raises where ``raw`` is not the transaction of this id, which its
    signatures prove."""
    if chain == SOLANA:
        signed = read_signed(raw)
        if signed.txid != txid:
            raise InputRefused("txid", "it is another transaction")
        return Made(txid, signed.name) if parse_address(account) in signed.signers else None
    sent = parse_signed(raw)
    if sent.txid != txid:
        raise InputRefused("txid", "it is another transaction")
    return Made(txid, sent.transaction.name) if sent.sender == account else None
