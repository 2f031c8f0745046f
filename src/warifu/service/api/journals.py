"""``/journals``: carries what devices seal to their owner."""

from __future__ import annotations

from litestar import Router, post
from litestar.params import JSONBody

from warifu.protocol.api import JournalPage, JournalQuestion
from warifu.protocol.frames import AskJournal
from warifu.service.api.access import needs
from warifu.service.api.inputs import strictly
from warifu.service.doors import read_authorized
from warifu.service.service import Service


def router(service: Service) -> Router:
    """The routes of this group."""
    database, hub = service.database, service.hub

    @post(
        "/journals",
        guards=[needs(database, "read", "admin")],
        status_code=200,
        before_request=strictly(JournalQuestion),
    )
    async def journals(data: JSONBody[JournalQuestion]) -> JournalPage:
        """A page of a device's journal, for its owner alone."""
        authorization = read_authorized(data.authorization, ()).authorization
        page = await hub.call(data.identity, lambda call: AskJournal(call, authorization, data.first))
        return JournalPage(page=page)

    return Router("", route_handlers=[journals], tags=["journals"])
