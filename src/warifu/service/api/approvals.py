"""``/proposals`` and ``/transfers/{id}/approvals``: what waits for several owners, and what they say."""

from __future__ import annotations

import asyncio

from litestar import Router, get, post
from litestar.params import JSONBody

from warifu.protocol.api import Accepted, NewApproval, NewProposal, Proposal, Proposals
from warifu.service.api.access import needs
from warifu.service.api.inputs import IdPath, strictly
from warifu.service.doors import body_digest, check_unsigned, proposed_request, read_word
from warifu.service.service import Service
from warifu.service.store import approvals as store
from warifu.service.store import transfers
from warifu.service.store.instructions import owners_of
from warifu.service.store.wallets import wallet_with_id


def router(service: Service) -> Router:
    """The routes of this group."""
    database = service.database

    def take(data: NewProposal) -> Accepted:
        request = proposed_request(data.request)
        wallet = wallet_with_id(database, request.wallet_id)
        word = read_word(data.approval, request, owners_of(database, wallet), refuses=False)
        road = service.roads.of(request.chain)
        found = check_unsigned(road, wallet.name, data.unsigned, request)
        new = transfers.NewTransferRow(
            id=request.request_id.hex(),
            wallet=wallet.name,
            chain=request.chain,
            body=body_digest(data.request, (), data.unsigned),
            request=data.request,
            transaction=request.transaction,
            txid=found.txid,
            unsigned=data.unsigned,
            sends=found.sends,
            slot=found.slot,
            expires=request.expires,
            authorization=b"",
            envelopes=(),
            participants=(),
            replaces=request.replaces.hex() if request.replaces is not None else None,
            proposal=(word, data.approval),
        )
        if transfers.add_transfer(database, new):
            road.hold(wallet.name, data.unsigned)
        return Accepted(id=new.id)

    def take_word(identifier: str, data: NewApproval) -> Proposal:
        transfer = transfers.read_transfer(database, identifier)
        wallet = wallet_with_id(database, transfer.asked.wallet_id)
        word = read_word(data.approval, transfer.asked, owners_of(database, wallet), refuses=data.refuses)
        if store.add_word(database, identifier, word, data.approval, refuses=data.refuses):
            service.roads.of(transfer.chain).release(transfer.wallet, transfer.unsigned)
        return store.show_proposal(database, identifier)

    @post(
        "/proposals",
        guards=[needs(database, "transfer")],
        status_code=202,
        before_request=strictly(NewProposal),
    )
    async def propose(data: JSONBody[NewProposal]) -> Accepted:
        """Lay a transfer before the other owners."""
        accepted = await asyncio.to_thread(take, data)
        service.bell.ring()
        return accepted

    @post(
        "/transfers/{transfer:str}/approvals",
        guards=[needs(database, "transfer")],
        status_code=200,
        before_request=strictly(NewApproval),
    )
    async def give(transfer: IdPath, data: JSONBody[NewApproval]) -> Proposal:
        """An owner's yes or no."""
        proposal = await asyncio.to_thread(take_word, transfer, data)
        service.bell.ring()
        return proposal

    @get("/transfers/{transfer:str}/approvals", guards=[needs(database, "read")], sync_to_thread=True)
    def show(transfer: IdPath) -> Proposal:
        """A transfer and the owners' words on it."""
        return store.show_proposal(database, transfer)

    @get("/proposals", guards=[needs(database, "read")], sync_to_thread=True)
    def show_all() -> Proposals:
        """What waits for approvals."""
        return Proposals(proposals=store.open_proposals(database))

    return Router("", route_handlers=[propose, give, show, show_all], tags=["approvals"])
