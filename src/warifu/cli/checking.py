"""``warifu policy check``: a request that is in a file or at the service, judged by every device of its wallet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from warifu.cli.client import Client, segment
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.cli.saved_request import read_saved
from warifu.errors import InputRefused, ServiceRefused
from warifu.protocol.api import Proposal
from warifu.protocol.request import TransferRequest, decode_request

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class ToCheck:
    """A request, the transaction that it names, and the owners' approvals so far (encoded)."""

    request: TransferRequest
    unsigned: bytes
    approvals: tuple[bytes, ...]


def find_request(client: Client, named: str) -> ToCheck:
    """By the id of a transfer at the service, or else in the file of that name. Raises ``InputRefused``."""
    if not _ID.fullmatch(named):
        request, unsigned = read_saved(Path(named))
        return ToCheck(request, unsigned, ())
    told = client.get(f"/proposals/{segment(named)}", Proposal)
    asked = decode_request(told.request)
    if not isinstance(asked, TransferRequest):
        raise InputRefused(
            "request-kind", "devices judge transfers; that is none", not_done="Nothing was asked."
        )
    if asked.request_id.hex() != named:
        raise ServiceRefused(
            "answer", "the service told of another request than was asked for", blame="service"
        )
    return ToCheck(asked, told.unsigned, tuple(word.approval for word in told.words if not word.refuses))


def wallet_of_request(profile: Profile, request: TransferRequest) -> Wallet:
    """The wallet that it is of. ``InputRefused`` (``unknown-wallet``) for one that this client does not know."""
    for wallet in profile.wallets():
        if wallet.wallet_id == request.wallet_id:
            return wallet
    raise InputRefused(
        "unknown-wallet",
        "the request is of a wallet that this client does not know",
        not_done="Nothing was asked.",
    )
