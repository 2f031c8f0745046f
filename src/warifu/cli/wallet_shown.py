"""A wallet and its policy, for people and for scripts."""

from __future__ import annotations

from typing import Any

import msgspec

from warifu.chains.bitcoin.descriptor import Branch
from warifu.cli.order import format_coin
from warifu.cli.profile import Wallet
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.wallet_keys import account_of, keys_of
from warifu.protocol.chains import SOLANA, spoken
from warifu.protocol.policy import ChainRules, Policy, policy_hash
from warifu.units import format_quantity


def describe(wallet: Wallet) -> dict[str, Any]:
    """A wallet for scripts; all of it verified or derived here."""
    schemes = wallet.request.schemes
    return {
        "name": wallet.name,
        "id": wallet.wallet_id.hex(),
        "network": wallet.request.network,
        "threshold": wallet.request.threshold,
        "devices": [device.name for device in wallet.request.devices],
        "revision": wallet.rules.revision,
        "policy": policy_object(wallet.rules.policy),
        "descriptors": [keys_of(wallet).descriptor(branch) for branch in Branch]
        if "bip340" in schemes
        else [],
        "accounts": {family: account_of(wallet, chain) for family, chain in _accounts(wallet)},
    }


def policy_object(policy: Policy) -> dict[str, Any]:
    """A policy for scripts; amounts in the smallest unit of their asset."""
    return {
        "hash": policy_hash(policy).hex(),
        "passphrase_tries": policy.passphrase_tries,
        "chains": [
            {
                "chain": rules.chain,
                "fee_ceiling": rules.fee_ceiling,
                "destinations": "any" if rules.any_destination else list(rules.destinations),
                "contracts": list(rules.contracts),
                "messages": rules.messages,
                "assets": [msgspec.structs.asdict(asset) for asset in rules.assets],
            }
            for rules in policy.chains
        ],
    }


def _accounts(wallet: Wallet) -> list[tuple[str, str]]:
    """A chain of each kind on which the wallet has an account: (kind, chain)."""
    kinds = (("ethereum", "eip155:1", "ecdsa"), ("solana", SOLANA, "ed25519"))
    return [(family, chain) for family, chain, scheme in kinds if scheme in wallet.request.schemes]


def show_wallet(screen: Screen, wallet: Wallet) -> None:
    request = wallet.request
    names = [device.name for device in request.devices]
    show_terms(screen, request.threshold, names, wallet.rules.policy)
    show_keys(screen, wallet)


def show_keys(screen: Screen, wallet: Wallet) -> None:
    screen.facts([(tr("wallet"), wallet.wallet_id.hex()), (tr("network"), wallet.request.network)])
    if "bip340" in wallet.request.schemes:
        for branch in Branch:
            screen.exact(keys_of(wallet).descriptor(branch))
    for family, chain in _accounts(wallet):
        screen.exact(f"{family}: {account_of(wallet, chain)}")


def show_terms(screen: Screen, threshold: int, devices: list[str], policy: Policy) -> None:
    screen.facts(
        [
            (tr("devices"), f"{threshold} / {len(devices)}: {', '.join(devices)}"),
            (tr("passphrase tries"), str(policy.passphrase_tries)),
        ]
    )
    for rules in policy.chains:
        screen.line(spoken(rules.chain), style="bold")
        screen.facts(_rules(rules))
    if not policy.chains:
        screen.warn(tr("this policy lets nothing leave, on any chain"))


def _rules(rules: ChainRules) -> list[tuple[str, str]]:
    allowed = (
        tr("any address") if rules.any_destination else ", ".join(rules.destinations) or tr("no address")
    )
    facts: list[tuple[str, str]] = []
    for asset in rules.assets:
        most = format_quantity(int(asset.per_transaction), asset.decimals, asset.symbol)
        day = format_quantity(int(asset.per_day), asset.decimals, asset.symbol)
        facts += [
            (tr("most per transaction"), most + (f"  [{asset.token}]" if asset.token else "")),
            (tr("most in 24 hours"), day),
        ]
    facts += [
        (tr("most in fees"), format_coin(rules.chain, int(rules.fee_ceiling))),
        (tr("may pay to"), allowed),
    ]
    if rules.contracts:
        facts.append((tr("may call"), ", ".join(rules.contracts)))
    if rules.messages:
        facts.append((tr("messages"), tr("any message may be signed")))
    return facts
