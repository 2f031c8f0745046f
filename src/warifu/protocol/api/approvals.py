"""Requests that wait for the approvals of several owners. The service keeps them and passes them on; who trusts one
checks it himself, and the signers do."""

from __future__ import annotations

from typing import Annotated

import msgspec

from warifu.protocol.api.shapes import Answer, EncodedApproval, Id16, Question
from warifu.protocol.api.transfers import TransferState
from warifu.protocol.chains import Chain
from warifu.protocol.encoding import Seconds
from warifu.protocol.frames import MAX_UNSIGNED_BYTES
from warifu.protocol.request import MAX_REQUEST_BYTES


class NewProposal(Question, frozen=True):
    """``POST /proposals`` (transfer) -> ``Accepted``, whose id is the request's ``request_id`` in hex.

    A transfer is in the state ``proposed`` then. It holds its coins or its account nonce until its request expires.
    A change of the rules or the end of a freeze comes without ``unsigned``; once it is approved, an owner hands it in
    as an instruction.

    ``approval``: the proposer's own (``protocol.authorization.approve_request``). Once enough owners approved, one of
    them authorizes the transfer with the passphrase (``POST /transfers/{id}/authorize``).
    """

    request: Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_REQUEST_BYTES)]
    unsigned: Annotated[bytes, msgspec.Meta(max_length=MAX_UNSIGNED_BYTES)]
    approval: EncodedApproval


class NewApproval(Question, frozen=True):
    """``POST /proposals/{id}/approvals`` (transfer) -> ``Proposal``: an owner's approval of a request that is not
    carried out yet, or, where ``refuses``, his signed no. A credential's newest word stands; a proposal that nobody
    approves any more is withdrawn."""

    approval: EncodedApproval
    refuses: bool = False


class GivenApproval(Answer, frozen=True):
    """One owner's word."""

    approval: bytes
    refuses: bool
    given: Seconds


class Proposal(Answer, frozen=True):
    """``GET /proposals/{id}`` (read): a request as other owners need it to judge it, and their words. Any transfer has
    one."""

    id: Id16
    wallet: str
    chain: Chain | None
    """Of a transfer."""
    state: TransferState
    request: bytes
    unsigned: bytes
    words: tuple[GivenApproval, ...]
    created: Seconds
    expires: Seconds


class Proposals(Answer, frozen=True):
    """``GET /proposals`` (read): what waits for approvals, newest first."""

    proposals: tuple[Proposal, ...]
