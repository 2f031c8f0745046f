"""``/instructions``: what owners tell the devices about a wallet itself."""

from __future__ import annotations

import asyncio

from litestar import Router, get, post
from litestar.params import JSONBody

from warifu.errors import InputRefused
from warifu.protocol.api import Instruction, Instructions, NewInstruction
from warifu.protocol.exchange_requests import RemoveAccountRequest
from warifu.protocol.request import Instruction as Kinds
from warifu.service.api.access import needs
from warifu.service.api.inputs import NamePath, strictly
from warifu.service.doors import Authorized, check_owner, read_authorized
from warifu.service.service import Service
from warifu.service.store.instructions import list_instructions, owners_of
from warifu.service.store.wallets import StoredWallet, wallet_named, wallet_with_id


def router(service: Service) -> Router:
    """The routes of this group."""
    database = service.database

    def read(data: NewInstruction) -> tuple[StoredWallet, Authorized]:
        authorized = read_authorized(data.authorization, data.envelopes)
        request = authorized.request
        if not isinstance(request, Kinds) or isinstance(
            request, RemoveAccountRequest
        ):  # it has a door of its own
            raise InputRefused("request", "this says nothing about a wallet itself")
        wallet = wallet_with_id(database, request.wallet_id)
        check_owner(authorized, owners_of(database, wallet))
        if not set(authorized.envelopes) <= {device.identity for device in wallet.request.devices}:
            raise InputRefused(
                "envelopes", "a passphrase envelope is for a device that has no part in the wallet"
            )
        return wallet, authorized

    @post(
        "/instructions",
        guards=[needs(database, "transfer", "admin")],
        status_code=200,
        before_request=strictly(NewInstruction),
    )
    async def instruct(data: JSONBody[NewInstruction]) -> Instruction:
        """Tell the wallet's devices."""
        wallet, authorized = await asyncio.to_thread(read, data)
        return await service.instructor.instruct(wallet, authorized)

    @get("/wallets/{name:str}/instructions", guards=[needs(database, "read")], sync_to_thread=True)
    def show_all(name: NamePath) -> Instructions:
        """What owners said, and what each device made of it."""
        return Instructions(instructions=list_instructions(database, wallet_named(database, name)))

    return Router("", route_handlers=[instruct, show_all], tags=["instructions"])
