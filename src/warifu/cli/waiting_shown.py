"""What waits for a wallet, or was announced, as a device says it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from warifu.cli.order import format_coin
from warifu.cli.text import tr
from warifu.protocol.chains import spoken
from warifu.protocol.frames import NoticeSeen, Pending, WalletStatus
from warifu.protocol.request import Outflow

SHORT = 16
"""Hexadecimal digits of an id that are shown to people; any beginning that is one thing's alone is enough."""


def moment(seconds: int) -> str:
    """In the time of this machine, with its distance from UTC."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def ids_of(wallet: WalletStatus) -> list[bytes]:
    """Digests of all that waits or was announced: what can be vetoed."""
    return [item.request for item in wallet.pending] + [notice.request for notice in wallet.notices]


def waiting_facts(wallet: WalletStatus) -> list[tuple[str, str]]:
    """A freeze, then what waits, then notices."""
    facts = [(tr("WALLET FROZEN"), wallet.frozen)] if wallet.frozen is not None else []
    for item in wallet.pending:
        facts += _pending(item)
    for notice in wallet.notices:
        facts += _notice(notice)
    return facts


def _pending(item: Pending) -> list[tuple[str, str]]:
    what = tr("the wallet is unfrozen") if item.kind == "unfreeze" else tr("other rules are in force")
    when = tr("{what} at {moment}", what=what, moment=moment(item.effect))
    return [
        (tr("waits"), f"{item.request.hex()[:SHORT]}  {when}"),
        *(("", words) for words in item.words),
    ]


def _notice(notice: NoticeSeen) -> list[tuple[str, str]]:
    said = [_outflow(notice.chain, outflow) for outflow in notice.outflows]
    said += [tr("new destination {address}", address=address) for address in notice.destinations]
    if notice.more:
        said.append(tr("and {count} more", count=notice.more))
    when = tr("{chain}, since {moment}", chain=spoken(notice.chain), moment=moment(notice.since))
    return [(tr("announced"), f"{notice.request.hex()[:SHORT]}  {when}"), *(("", words) for words in said)]


def _outflow(chain: str, outflow: Outflow) -> str:
    """A token's decimals are not the device's to say: it is shown in its smallest unit, with its address."""
    amount = (
        format_coin(chain, int(outflow.amount))
        if not outflow.token
        else f"{outflow.amount} [{outflow.token}]"
    )
    return tr("{amount} to {address}", amount=amount, address=outflow.to)


def waiting_object(wallet: WalletStatus) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "frozen": wallet.frozen,
        "pending": [
            {
                "id": item.request.hex(),
                "kind": item.kind,
                "since": item.since,
                "effect": item.effect,
                "rules_hash": item.rules_hash.hex() or None,
                "words": list(item.words),
            }
            for item in wallet.pending
        ],
        "notices": [
            {
                "id": notice.request.hex(),
                "since": notice.since,
                "chain": notice.chain,
                "outflows": [msgspec.structs.asdict(outflow) for outflow in notice.outflows],
                "destinations": list(notice.destinations),
                "more": notice.more,
            }
            for notice in wallet.notices
        ],
    }
