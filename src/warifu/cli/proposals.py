"""Requests that are laid before the other owners, and what these say of them. A word that does not verify is none."""

from __future__ import annotations

from dataclasses import dataclass

from warifu.cli.client import Client, segment
from warifu.cli.known_wallet import Wallet
from warifu.errors import WarifuError
from warifu.protocol.api import Accepted, NewProposal, Proposal
from warifu.protocol.authorization import APPROVAL, REFUSAL
from warifu.protocol.credential import MAX_APPROVAL_BYTES, Approval, Credential, check_approval
from warifu.protocol.encoding import decode, encode
from warifu.protocol.request import Shared, request_digest


@dataclass(frozen=True)
class Words:
    """What owners said of one request; each verified."""

    approvals: tuple[Approval, ...]
    refused: tuple[Credential, ...]

    @property
    def approved(self) -> tuple[Credential, ...]:
        """Who approved."""
        return tuple(approval.credential for approval in self.approvals)


def propose(client: Client, request: Shared, unsigned: bytes, approval: Approval) -> str:
    """Lay ``request`` before the other owners, with this one's ``approval``; its id."""
    question = NewProposal(request=encode(request), unsigned=unsigned, approval=encode(approval))
    return client.post("/proposals", question, Accepted).id


def fetch_words(client: Client, wallet: Wallet, request: Shared) -> Words:
    """What the service has of the owners' words on ``request``, which this client knows."""
    path = f"/proposals/{segment(request.request_id.hex())}"
    return words_on(wallet, request, client.get(path, Proposal))


def words_on(wallet: Wallet, request: Shared, proposal: Proposal) -> Words:
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
