"""A policy's addresses and tokens, checked before any device is asked.

What is mistyped in an address could never be paid. A wrong number of decimals moves every limit of a token, and every
amount that the owner types, by powers of ten, and no device could know it.
"""

from __future__ import annotations

from warifu.chains.bitcoin.address import canonical_address
from warifu.chains.bitcoin.network import network_named
from warifu.chains.ethereum.tokens import TOKENS
from warifu.chains.solana.tokens import KNOWN_TOKENS
from warifu.cli.accounts import canonical
from warifu.errors import InputRefused
from warifu.protocol.chains import BITCOIN, evm_chain_id, family_of, spoken
from warifu.protocol.policy import ChainRules, Policy
from warifu.protocol.request import Network


def check_terms(policy: Policy, network: Network) -> None:
    """Return if every address is one of its chain, in its one text form, and every token that is known is called and
    divided as it is known. Raises ``InputRefused`` (``policy``)."""
    for rules in policy.chains:
        for address in rules.addresses:
            form = (
                canonical_address(address, network_named(network))
                if rules.chain == BITCOIN
                else canonical(rules.chain, address)
            )
            if form != address:
                raise _refused(
                    f"the policy for {spoken(rules.chain)} has {address} where it must have {form}",
                    "Write it in that form.",
                )
        _check_tokens(rules)


def _check_tokens(rules: ChainRules) -> None:
    known = _known(rules.chain)
    called = {item.contract for item in rules.contracts}
    by_symbol = {symbol.casefold(): address for address, (symbol, _) in known.items()}
    for asset in rules.assets:
        if not asset.token:
            continue
        if asset.token in called:
            raise _refused(
                f"{asset.symbol} ({asset.token}) has limits, and is a contract that may be called",
                "Take it from the contracts: a call that no device understands would move it past its limits.",
            )
        _, decimals = known.get(asset.token, ("", asset.decimals))
        if asset.decimals != decimals:
            raise _refused(
                f"{asset.symbol} ({asset.token}) has {decimals} decimals, not {asset.decimals}",
                "Correct the number: with another one every limit and amount would be another.",
            )
        namesake = by_symbol.get(asset.symbol.casefold())
        if asset.token not in known and namesake is not None:
            raise _refused(
                f"{asset.token} is called {asset.symbol}, as {namesake} is, which is known on {spoken(rules.chain)}",
                "If you are sure of this token, give it a name of your own.",
            )


def _known(chain: str) -> dict[str, tuple[str, int]]:
    """Symbol and decimals of the tokens that are shipped, by address."""
    if chain == BITCOIN:
        return {}
    if family_of(chain) == "solana":
        return {mint: (token.symbol, token.decimals) for mint, token in KNOWN_TOKENS.items()}
    listed = TOKENS.get(evm_chain_id(chain), {})
    return {address: (token.symbol, token.decimals) for address, token in listed.items()}


def _refused(what: str, remedy: str) -> InputRefused:
    return InputRefused("policy", what, not_done="No wallet was made.", remedy=remedy)
