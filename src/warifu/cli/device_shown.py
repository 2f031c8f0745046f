"""How a device is, as it says itself: for people and for scripts."""

from __future__ import annotations

from typing import Any

import msgspec

from warifu.cli.order import format_coin
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.waiting_shown import waiting_facts, waiting_object
from warifu.protocol.chains import spoken
from warifu.protocol.frames import Status, WalletStatus


def show_status(screen: Screen, status: Status) -> None:
    """A device's status for people."""
    screen.facts(
        [
            (tr("device"), status.name),
            (tr("identity"), status.identity.hex()),
            (tr("version"), status.version),
            (tr("platform"), f"{status.platform} ({tr('tier')} {status.tier})"),
            *([(tr("FROZEN"), status.frozen)] if status.frozen is not None else []),
            *_keepers(status),
            *_exchanges(status),
            (tr("journal"), f"{status.journal_length}  {status.journal_head.hex()}"),
            *((layer, state) for layer, state in status.isolation),
            *((tr("caught cheating"), f"{known}  {identity.hex()}") for known, identity in status.banned),
        ]
    )
    for wallet in status.wallets:
        screen.line()
        screen.facts(
            [
                (tr("wallet"), wallet.wallet_id.hex()),
                (tr("devices"), f"{wallet.threshold} / {len(wallet.devices)}: {', '.join(wallet.devices)}"),
                (tr("rules"), f"{wallet.revision}  {wallet.rules_hash.hex()}"),
                (tr("shares refreshed"), str(wallet.epoch)),
                (tr("passphrase tries left"), str(wallet.tries_left)),
                (tr("moved in the last 24 hours"), _moved(wallet)),
                *_prepared(wallet),
                *waiting_facts(wallet),
            ]
        )


def _keepers(status: Status) -> list[tuple[str, str]]:
    """Who opens it when it starts, where its platform has no sealing key."""
    if status.not_held:
        return [(tr("opened by"), tr("NOBODY: it is lost when its power fails ('warifu devices hand-out')"))]
    return [(tr("opened by"), identity.hex()) for identity in status.held_by]


def _exchanges(status: Status) -> list[tuple[str, str]]:
    """Nothing where it has no need of them."""
    words = {
        "loaded": tr("loaded: it asks exchanges"),
        "start-again": tr("NOT LOADED: start this device again, before it asks exchanges"),
    }
    return [(tr("exchanges"), words[status.exchanges])] if status.exchanges in words else []


def _moved(wallet: WalletStatus) -> str:
    """A token's decimals are not the device's to say: it is shown in its smallest unit, with its address."""
    told = [
        format_coin(spent.chain, int(spent.amount))
        if not spent.token
        else f"{spent.amount} [{spoken(spent.chain)} {spent.token}]"
        for spent in wallet.spent_today
    ]
    return ", ".join(told) or tr("nothing")


def _prepared(wallet: WalletStatus) -> list[tuple[str, str]]:
    """How many ECDSA signatures are prepared with each other device."""
    with_whom = zip(wallet.devices, wallet.correlations, strict=False)
    told = ", ".join(f"{device}: {count}" for device, count in with_whom if count)
    return [(tr("ECDSA signatures prepared"), told)] if told else []


def describe_status(status: Status) -> dict[str, Any]:
    """A device's status for scripts."""
    return {
        "name": status.name,
        "identity": status.identity.hex(),
        "version": status.version,
        "platform": status.platform,
        "tier": status.tier,
        "isolation": dict(status.isolation),
        "journal_length": status.journal_length,
        "journal_head": status.journal_head.hex(),
        "frozen": status.frozen,
        "opened_by": [identity.hex() for identity in status.held_by],
        "opened_by_nobody": status.not_held,
        "exchanges": status.exchanges,
        "banned": [{"name": name, "identity": identity.hex()} for name, identity in status.banned],
        "wallets": [
            {
                "wallet_id": wallet.wallet_id.hex(),
                "threshold": wallet.threshold,
                "devices": list(wallet.devices),
                "revision": wallet.revision,
                "epoch": wallet.epoch,
                "rules_hash": wallet.rules_hash.hex(),
                **waiting_object(wallet),
                "tries_left": wallet.tries_left,
                "next_try": wallet.next_try,
                "spent_today": [msgspec.structs.asdict(spent) for spent in wallet.spent_today],
                "correlations": dict(zip(wallet.devices, wallet.correlations, strict=False)),
            }
            for wallet in status.wallets
        ],
    }
