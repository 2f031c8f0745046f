"""What waits for several owners, read here: the transaction by this client's own eyes, each word by its signature.

The service hands over a request, bytes and other owners' words. Nothing of it is believed: the bytes must be exactly
what the request says, and a word that does not verify is none.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.cli.accounts import proposed_order
from warifu.cli.client import Client, segment
from warifu.cli.order import Order
from warifu.cli.paying import proposed_bitcoin_order
from warifu.cli.profile import Profile, Wallet
from warifu.cli.text import tr
from warifu.errors import AuthorizationRefused, InputRefused, TransactionRefused, WarifuError
from warifu.protocol.api import Proposal
from warifu.protocol.authorization import APPROVAL, REFUSAL
from warifu.protocol.chains import BITCOIN
from warifu.protocol.credential import MAX_APPROVAL_BYTES, Approval, Credential, check_approval
from warifu.protocol.encoding import decode
from warifu.protocol.request import TransferRequest, decode_request, request_digest


@dataclass(frozen=True)
class Words:
    """What owners said of one request; each verified."""

    approvals: tuple[Approval, ...]
    refused: tuple[Credential, ...]

    @property
    def approved(self) -> tuple[Credential, ...]:
        """Who approved."""
        return tuple(approval.credential for approval in self.approvals)


@dataclass(frozen=True)
class Asked:
    """A transfer that waits for approvals, as this client read it."""

    wallet: Wallet
    request: TransferRequest
    order: Order
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


def read_proposal(profile: Profile, proposal: Proposal) -> Asked:
    """Raises ``InputRefused`` (``unknown-wallet``, ``proposal``), or ``TransactionRefused`` where it is not what it
    says."""
    request = decode_request(proposal.request)
    if not isinstance(request, TransferRequest) or request.request_id.hex() != proposal.id:
        raise InputRefused("proposal", "the service's record is not of that transfer")
    wallet = next((each for each in profile.wallets() if each.wallet_id == request.wallet_id), None)
    if wallet is None:
        raise InputRefused(
            "unknown-wallet",
            "this client does not know the wallet that would pay",
            remedy="Take it up first: 'warifu wallet adopt'.",
        )
    order = read_proposed(wallet, request, proposal.unsigned)
    return Asked(wallet, request, order, words_on(wallet, request, proposal), approvals_needed(wallet, order))


def read_proposed(wallet: Wallet, request: TransferRequest, unsigned: bytes) -> Order:
    """The order that ``unsigned`` is, if it does exactly what ``request`` says. ``TransactionRefused``."""
    read = proposed_bitcoin_order if request.chain == BITCOIN else proposed_order
    order = read(wallet, request, unsigned)
    if order.transaction != request.transaction:
        raise TransactionRefused("other-transaction", "the bytes are of another transaction than the request")
    return order


def fetch_words(client: Client, wallet: Wallet, request: TransferRequest) -> Words:
    """What the service has of the owners' words on ``request``, which this client knows."""
    path = f"/transfers/{segment(request.request_id.hex())}/approvals"
    return words_on(wallet, request, client.get(path, Proposal))


def words_on(wallet: Wallet, request: TransferRequest, proposal: Proposal) -> Words:
    """Those that owners of the wallet really said, one for each."""
    said: dict[Credential, tuple[Approval, bool]] = {}
    for word in proposal.words:
        try:
            approval = decode(Approval, word.approval, MAX_APPROVAL_BYTES)
            check_approval(approval, REFUSAL if word.refuses else APPROVAL, request_digest(request))
        except WarifuError:
            continue
        if approval.credential in wallet.rules.owners:
            said[approval.credential] = approval, word.refuses
    return Words(
        tuple(approval for approval, refuses in said.values() if not refuses),
        tuple(credential for credential, (_, refuses) in said.items() if refuses),
    )


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
    if asked.words.refused:
        refused = ", ".join(profile.credential_name(credential) for credential in asked.words.refused)
        facts.append((tr("Refused by"), refused))
    return facts


def require_owner(wallet: Wallet, credential: Credential) -> None:
    """``AuthorizationRefused`` where the wallet does not obey ``credential``: nobody would count its approval."""
    if credential not in wallet.rules.owners:
        raise AuthorizationRefused(
            "unknown-credential",
            f"the wallet {wallet.name!r} does not obey that credential",
            remedy="Approve with another one ('--with NAME', see 'warifu credential list').",
        )
