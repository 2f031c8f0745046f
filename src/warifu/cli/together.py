"""What several owners have to want, beside transfers: laid before the others, approved by them, carried out by one.

No device hears of it before somebody carries it out, with the passphrase and all approvals.
"""

from __future__ import annotations

from typing import Literal

from warifu.cli.approvers import OwnCredential
from warifu.cli.approving import Asked
from warifu.cli.client import Client
from warifu.cli.known_wallet import Wallet
from warifu.cli.proposals import propose
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import AuthorizationRefused
from warifu.protocol.authorization import approve_request
from warifu.protocol.credential import Approval
from warifu.protocol.request import DeviceRequest, RulesRequest, UnfreezeRequest


def lay_before(
    client: Client,
    screen: Screen,
    own: OwnCredential,
    wallet: Wallet,
    request: RulesRequest | UnfreezeRequest | DeviceRequest,
    group: Literal["policy", "devices"],
) -> dict[str, object]:
    """Lay ``request`` before the other owners, with the approval of ``own``. ``group``: of the command that carries it
    out. Returned is what scripts are told."""
    identifier = propose(client, request, b"", approve_request(own.approve, request))
    needed = wallet.rules.owners_needed
    screen.line(
        tr("This takes {needed} owners, as the largest payment does. Yours is the first.", needed=needed)
    )
    screen.line(tr("The others approve it with: warifu approval give {transfer}", transfer=identifier))
    screen.line(tr("Then go on with: warifu {group} carry {identifier}", group=group, identifier=identifier))
    return {"id": identifier, "state": "proposed", "approvals": 1, "needed": needed}


def further_words(asked: Asked, own: OwnCredential) -> list[Approval]:
    """The other owners' approvals, if they are enough with the word of ``own``, which goes along with the passphrase.
    ``AuthorizationRefused`` (``approvals-missing``)."""
    given = len({own.credential, *asked.words.approved})
    if given < asked.needed:
        raise AuthorizationRefused(
            "approvals-missing",
            f"{given} of {asked.needed} owners approved it so far",
            not_done="Nothing was asked for.",
            remedy=f"Another owner approves it with 'warifu approval give {asked.request.request_id.hex()}'.",
        )
    return [each for each in asked.words.approvals if each.credential != own.credential]
