"""A policy's addresses, checked before any device is asked: what is mistyped in it could never be paid."""

from __future__ import annotations

from warifu.chains.bitcoin.address import canonical_address
from warifu.chains.bitcoin.network import network_named
from warifu.cli.accounts import canonical
from warifu.errors import InputRefused
from warifu.protocol.chains import BITCOIN, spoken
from warifu.protocol.policy import Policy
from warifu.protocol.request import Network


def check_terms(policy: Policy, network: Network) -> None:
    """Return if every address is one of its chain, in its one text form. Raises ``InputRefused``."""
    for rules in policy.chains:
        tokens = [asset.token for asset in rules.assets if asset.token]
        for address in (*rules.destinations, *rules.contracts, *tokens):
            form = (
                canonical_address(address, network_named(network))
                if rules.chain == BITCOIN
                else canonical(rules.chain, address)
            )
            if form != address:
                raise InputRefused(
                    "policy",
                    f"the policy for {spoken(rules.chain)} has {address} where it must have {form}",
                    not_done="No wallet was made.",
                )
