"""``/proposals``: what waits for several owners, and what they say."""

from __future__ import annotations

import asyncio
import time

import msgspec
from litestar import Router, get, post
from litestar.params import JSONBody

from warifu.errors import InputRefused, ServiceRefused
from warifu.protocol.api import Accepted, GivenApproval, NewApproval, NewProposal, Proposal, Proposals
from warifu.protocol.request import TransferRequest
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
        if not isinstance(request, TransferRequest):
            if data.unsigned:
                raise InputRefused("unsigned", "only a transfer has something to be signed")
            identifier = store.add_asked(
                database, wallet.name, data.request, word, data.approval, request.expires
            )
            return Accepted(id=identifier)
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
        before = store.show_proposal(database, identifier)
        request = proposed_request(before.request)
        wallet = wallet_with_id(database, request.wallet_id)
        word = read_word(data.approval, request, owners_of(database, wallet), refuses=data.refuses)
        ended = store.add_word(database, identifier, word, data.approval, refuses=data.refuses)
        if ended is not None:
            service.roads.of(ended.chain).release(ended.wallet, ended.unsigned)
        given = GivenApproval(approval=data.approval, refuses=data.refuses, given=int(time.time()))
        try:
            return store.show_proposal(database, identifier)
        except ServiceRefused:  # its last approval was taken back
            return msgspec.structs.replace(before, words=(given,))

    @post(
        "/proposals",
        guards=[needs(database, "transfer")],
        status_code=202,
        before_request=strictly(NewProposal),
    )
    async def propose(data: JSONBody[NewProposal]) -> Accepted:
        """Lay a request before the other owners."""
        accepted = await asyncio.to_thread(take, data)
        service.bell.ring()
        return accepted

    @post(
        "/proposals/{proposal:str}/approvals",
        guards=[needs(database, "transfer")],
        status_code=200,
        before_request=strictly(NewApproval),
    )
    async def give(proposal: IdPath, data: JSONBody[NewApproval]) -> Proposal:
        """An owner's yes or no."""
        shown = await asyncio.to_thread(take_word, proposal, data)
        service.bell.ring()
        return shown

    @get("/proposals/{proposal:str}", guards=[needs(database, "read")], sync_to_thread=True)
    def show(proposal: IdPath) -> Proposal:
        """A request and the owners' words on it."""
        return store.show_proposal(database, proposal)

    @get("/proposals", guards=[needs(database, "read")], sync_to_thread=True)
    def show_all() -> Proposals:
        """What waits for approvals."""
        return Proposals(proposals=store.open_proposals(database))

    return Router("", route_handlers=[propose, give, show, show_all], tags=["approvals"])
