"""What waits for several owners, read here: transactions and rules by this client's own eyes, words by signatures.

The service hands over a request, bytes and other owners' words. Nothing of it is believed: the bytes must be exactly
what the request says, and a word that does not verify is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warifu.cli.accounts import proposed_order
from warifu.cli.known_wallet import Wallet
from warifu.cli.order import Order
from warifu.cli.paying import proposed_bitcoin_order
from warifu.cli.profile import Profile
from warifu.cli.proposals import Words, words_on
from warifu.cli.text import tr
from warifu.errors import AuthorizationRefused, InputRefused, TransactionRefused
from warifu.protocol.api import Proposal
from warifu.protocol.attesting import Reference, reference_digest
from warifu.protocol.chains import BITCOIN
from warifu.protocol.comparing import comparison_digits
from warifu.protocol.exchange_requests import CallRequest, VisitRequest
from warifu.protocol.request import (
    AfterCall,
    AtExchange,
    DeviceRequest,
    HandOutRequest,
    ReferenceRequest,
    RulesRequest,
    Shared,
    TransferRequest,
    UnfreezeRequest,
    decode_request,
    request_digest,
)
from warifu.protocol.rules import rules_hash
from warifu.signer.policy.compare import compare


@dataclass(frozen=True)
class Asked:
    """A request that waits for approvals, as this client read it."""

    wallet: Wallet
    request: Shared
    facts: tuple[tuple[str, str], ...]
    gist: str
    """The same in one line."""
    described: dict[str, Any]
    """For scripts."""
    warnings: tuple[str, ...]
    words: Words
    needed: int

    @property
    def missing(self) -> int:
        """How many owners have to approve yet."""
        return max(0, self.needed - len(self.words.approvals))


def approvals_needed(wallet: Wallet, order: Order) -> int:
    """How many owners must approve, by the policy that this client knows. The signers decide."""
    leaving = {"": order.fee}
    for outflow in order.outflows:
        leaving[outflow.token] = leaving.get(outflow.token, 0) + int(outflow.amount)
    return wallet.rules.policy.approvals_for(order.chain, leaving)


def read_proposal(profile: Profile, proposal: Proposal, call: Path | None = None) -> Asked:
    """``call``: the file with what a request at an exchange names by its digest.

    Raises ``InputRefused`` (``unknown-wallet``, ``proposal``), ``AuthorizationRefused`` (``rules-stale``), or
    ``TransactionRefused`` where it is not what it says."""
    request = decode_request(proposal.request)
    if not isinstance(request, Shared) or request.request_id.hex() != proposal.id:
        raise InputRefused("proposal", "the service's record is not of that request")
    wallet = next((each for each in profile.wallets() if each.wallet_id == request.wallet_id), None)
    if wallet is None:
        raise InputRefused(
            "unknown-wallet",
            "this client does not know the wallet that it is about",
            remedy="Take it up first: 'warifu wallet adopt'.",
        )
    words = words_on(wallet, request, proposal)
    if isinstance(request, TransferRequest):
        return _transfer(wallet, request, read_proposed(wallet, request, proposal.unsigned), words)
    if isinstance(request, DeviceRequest):
        return _about_a_device(profile, wallet, request, words)
    if isinstance(request, AtExchange):
        return _at_an_exchange(wallet, request, words, call)
    return _about_rules(wallet, request, words)


def _transfer(wallet: Wallet, request: TransferRequest, order: Order, words: Words) -> Asked:
    telling = (
        tr("To"),
        tr("Amount"),
        tr("May take from now on"),
        tr("Calls, not understood"),
        tr("Message for"),
    )
    gist = ", ".join(value for name, value in order.facts if name in telling) or order.facts[0][1]
    needed = approvals_needed(wallet, order)
    return Asked(wallet, request, order.facts, gist, order.described, order.warnings, words, needed)


def _about_rules(wallet: Wallet, request: RulesRequest | UnfreezeRequest, words: Words) -> Asked:
    """A change of the rules, compared here with those that this client knows; or the end of a freeze."""
    if isinstance(request, UnfreezeRequest):
        facts = [(tr("Wallet"), wallet.name), (tr("Wanted"), tr("the end of its freeze"))]
        described: dict[str, Any] = {"unfreeze": True}
    else:
        if request.replaces != rules_hash(wallet.rules):
            raise AuthorizationRefused(
                "rules-stale",
                "it would change other rules than those that this client knows, so nobody can say what it changes",
                not_done="Nothing was approved.",
                remedy="Bring this client to the rules in force ('warifu policy sync'), then look again.",
            )
        changes = compare(wallet.rules, request.rules)
        said = [(change.effect, change.rule, change.words) for change in changes]
        facts = [(tr("Wallet"), wallet.name), (tr("Wanted"), tr("other rules"))]
        facts += [(f"{effect} ({rule})", words) for effect, rule, words in said]
        described = {
            "changes": [{"effect": effect, "rule": rule, "words": words} for effect, rule, words in said]
        }
    gist = "; ".join(value for _, value in facts[1:])
    return Asked(wallet, request, tuple(facts), gist, described, (), words, wallet.rules.owners_needed)


def _about_a_device(profile: Profile, wallet: Wallet, request: DeviceRequest, words: Words) -> Asked:
    """Whom the wallet shall trust. ``InputRefused`` (``proposal``) where it names devices that are none of its own."""
    names = {device.identity: device.name for device in wallet.request.devices}
    keepers = request.keepers if isinstance(request, HandOutRequest) else ()
    if not {request.identity, *keepers} <= names.keys():
        raise InputRefused("proposal", "it is about a device that has no part in the wallet")
    name = names[request.identity]
    described: dict[str, Any] = {"device": name}
    warnings: tuple[str, ...] = ()
    if isinstance(request, ReferenceRequest):
        wanted = tr("to take this device as something else than before:")
        more = _facts_of_reference(request.reference)
        described |= {"accept": reference_digest(request.reference).hex()}
        known = reference_digest(accepted_as(profile, wallet, request.identity))
        if known not in (request.replaces, reference_digest(request.reference)):
            warnings = (tr("this client does not know as what {name} was accepted before", name=name),)
    elif isinstance(request, HandOutRequest):
        chosen = sorted(names[identity] for identity in request.keepers)
        wanted = tr("to hand this device's sealing secret out:")
        how = tr(
            "any {threshold} of {names} open {name} when it starts",
            threshold=request.threshold,
            names=", ".join(chosen),
            name=name,
        )
        more = [(tr("Keepers"), how)]
        described |= {"keepers": chosen, "threshold": request.threshold}
    else:
        wanted = tr("to take this device back as it is:")
        more = [(tr("Entries in its journal"), str(request.head.length))]
        described |= {"take_back": request.head.length}
    facts = ((tr("Wallet"), wallet.name), (tr("Wanted"), f"{wanted} {name}"), *more)
    needed = wallet.rules.owners_needed
    return Asked(wallet, request, facts, f"{wanted} {name}", described, warnings, words, needed)


def _at_an_exchange(wallet: Wallet, request: AtExchange, words: Words, file: Path | None) -> Asked:
    """A credential, a key, a call, a visit, or what was called. What reads exchanges' requests is loaded where one is
    looked at."""
    from warifu.cli.exchanges.proposed import (
        account_in_words,
        after_call_in_words,
        call_in_words,
        read_call_file,
        visit_in_words,
    )

    if isinstance(request, AfterCall):
        told = after_call_in_words(wallet, request)
    elif isinstance(request, CallRequest):
        call = None if file is None else read_call_file(file, request)
        told = call_in_words(wallet, request, call)
    elif isinstance(request, VisitRequest):
        told = visit_in_words(wallet, request)
    else:
        told = account_in_words(wallet, request)
    return Asked(wallet, request, told.facts, told.gist, told.described, (), words, told.needed)


def _facts_of_reference(reference: Reference) -> list[tuple[str, str]]:
    kind = f"{reference.format}, {tr('tier')} {reference.tier}"
    facts = [(tr("Runs on"), kind + (f", {tr('cannot be checked')}" if reference.unchecked else ""))]
    facts += [(name, measured.hex()) for name, measured in reference.measurements]
    return [*facts, (tr("digest"), reference_digest(reference).hex())]


def accepted_as(profile: Profile, wallet: Wallet, identity: bytes) -> Reference | None:
    """As what this client knows the device: by its own record, else by what the wallet was made with."""
    devices = (device.identity for device in wallet.request.devices)
    given = dict(zip(devices, wallet.request.references, strict=False))
    return profile.reference(identity) or given.get(identity)


def read_proposed(wallet: Wallet, request: TransferRequest, unsigned: bytes) -> Order:
    """The order that ``unsigned`` is, if it does exactly what ``request`` says. ``TransactionRefused``."""
    read = proposed_bitcoin_order if request.chain == BITCOIN else proposed_order
    order = read(wallet, request, unsigned)
    if order.transaction != request.transaction:
        raise TransactionRefused("other-transaction", "the bytes are of another transaction than the request")
    return order


def facts_of_words(profile: Profile, asked: Asked) -> list[tuple[str, str]]:
    """Who said what, by the names that this client knows."""
    names = [profile.credential_name(credential) for credential in asked.words.approved]
    facts = [
        (
            tr("Approved by"),
            tr(
                "{given} of {needed}: {names}",
                given=len(names),
                needed=asked.needed,
                names=", ".join(names) or "-",
            ),
        )
    ]
    if isinstance(asked.request, TransferRequest):  # devices show no others
        facts.append((tr("Digits to compare"), comparison_digits(request_digest(asked.request))))
    if asked.words.refused:
        refused = ", ".join(profile.credential_name(credential) for credential in asked.words.refused)
        facts.append((tr("Refused by"), refused))
    return facts
