"""Whether rules can be kept: what nobody could ever satisfy is refused while its owner still looks at it."""

from __future__ import annotations

from warifu.chains.bitcoin.address import canonical_address
from warifu.chains.bitcoin.network import Network, network_named
from warifu.chains.ethereum import address as ethereum
from warifu.chains.solana import address as solana
from warifu.errors import InputRefused
from warifu.protocol import request
from warifu.protocol.chains import family_of
from warifu.protocol.policy import Policy
from warifu.protocol.rules import Rules


def check_rules(rules: Rules, network: request.Network) -> None:
    """``InputRefused``: ``owners`` (one twice, or fewer than must approve), ``policy`` or ``address``."""
    if len(set(rules.owners)) != len(rules.owners):
        raise InputRefused("owners", "an owner's credential is among the owners twice")
    if rules.policy.most_approvals > len(rules.owners):
        raise InputRefused(
            "owners",
            f"the policy asks for the approval of {rules.policy.most_approvals} owners, and there are "
            f"{len(rules.owners)}",
        )
    _check_policy(rules.policy, network_named(network))


def _check_policy(policy: Policy, network: Network) -> None:
    """Every address in the policy means something on its chain, and is in its one text form: one that is not would
    never be equal to what a transaction pays, and the owner would learn it when it is late."""
    for rules in policy.chains:
        family = family_of(rules.chain)
        for address in rules.addresses:
            if family == "bitcoin":
                _check_bitcoin(address, network)
            elif family == "eip155":
                ethereum.parse_address(address)
            else:
                solana.parse_address(address)


def _check_bitcoin(address: str, network: Network) -> None:
    if canonical_address(address, network) != address:
        raise InputRefused(
            "policy", f"the address {address!r} in the policy is not in its one form (lower case)"
        )
