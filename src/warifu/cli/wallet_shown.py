"""A wallet and its policy, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from warifu.chains.bitcoin.descriptor import Branch
from warifu.cli.known_wallet import Wallet
from warifu.cli.policy_shown import policy_object, show_policy
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.cli.wallet_keys import account_of, keys_of
from warifu.protocol.acknowledging import witnesses_needed
from warifu.protocol.chains import SOLANA
from warifu.protocol.credential import Credential, credential_digest
from warifu.protocol.policy import Policy


def describe(wallet: Wallet) -> dict[str, Any]:
    """A wallet for scripts; all of it verified or derived here."""
    schemes = wallet.request.schemes
    return {
        "name": wallet.name,
        "id": wallet.wallet_id.hex(),
        "network": wallet.request.network,
        "threshold": wallet.request.threshold,
        "devices": [device.name for device in wallet.request.devices],
        "owners": [credential_digest(owner).hex() for owner in wallet.rules.owners],
        "revision": wallet.rules.revision,
        "epoch": wallet.epoch,
        "policy": policy_object(wallet.rules.policy),
        "descriptors": [keys_of(wallet).descriptor(branch) for branch in Branch]
        if "bip340" in schemes
        else [],
        "accounts": {family: account_of(wallet, chain) for family, chain in _accounts(wallet)},
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
    facts = [(tr("wallet"), wallet.wallet_id.hex()), (tr("network"), wallet.request.network)]
    if wallet.epoch:
        facts.append((tr("shares refreshed"), str(wallet.epoch)))
    screen.facts(facts)
    if "bip340" in wallet.request.schemes:
        for branch in Branch:
            screen.exact(keys_of(wallet).descriptor(branch))
    for family, chain in _accounts(wallet):
        screen.exact(f"{family}: {account_of(wallet, chain)}")


def show_owners(screen: Screen, owners: Sequence[tuple[str, Credential]]) -> None:
    """``owners``: by the names that this client has for them."""
    screen.facts(
        [
            (tr("owner") if number == 0 else "", f"{name}  {fingerprint(of)}")
            for number, (name, of) in enumerate(owners)
        ]
    )


def fingerprint(credential: Credential) -> str:
    """The first 16 bytes of its digest, to be compared aloud."""
    text = credential_digest(credential)[:16].hex()
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def show_awake(screen: Screen, wallet: Wallet) -> None:
    """What a strict policy takes, before it is asked for."""
    count = len(wallet.request.devices)
    screen.line(
        tr(
            "While it is in force, {needed} of the wallet's {count} devices must be awake for whatever spends.",
            needed=witnesses_needed(wallet.request.threshold, count),
            count=count,
        )
    )


def show_terms(screen: Screen, threshold: int, devices: list[str], policy: Policy) -> None:
    facts = [(tr("devices"), f"{threshold} / {len(devices)}: {', '.join(devices)}")]
    if policy.strict:
        facts.append(
            (tr("awake for each transfer"), f"{witnesses_needed(threshold, len(devices))} / {len(devices)}")
        )
    screen.facts(facts)
    show_policy(screen, policy)
