"""Visits: funds that are at an exchange for a while and come home. How they stand, each device says for itself."""

from __future__ import annotations

from warifu.protocol.api.errors import ErrorBody
from warifu.protocol.api.shapes import Answer, EncodedAuthorization, Question
from warifu.protocol.encoding import Bytes32


class NewVisit(Question, frozen=True):
    """``POST /wallets/{name}/visits`` (transfer) -> ``VisitsShown``: open a visit, or end it.

    ``authorization``: of a ``VisitRequest`` or an ``EndVisitRequest``, with no envelopes. Every connected device is
    told; the others as long as the request has not expired.
    """

    authorization: EncodedAuthorization


class SweepVisits(Question, frozen=True):
    """``POST /wallets/{name}/visits/sweep`` (transfer) -> ``VisitsShown``: look after the visits now, and sweep what
    is to come home, instead of when it is next tried."""


class VisitsOf(Answer, frozen=True):
    """What one device says."""

    device: str
    identity: Bytes32
    answer: bytes
    """An encoded ``exchange_visits.Visits``, signed by the device; empty where it refused."""
    refusal: ErrorBody | None
    """Why it did not."""


class VisitsShown(Answer, frozen=True):
    """``GET /wallets/{name}/visits`` (read): asked of every connected device of the wallet now. Of ``NewVisit``: what
    each made of it."""

    devices: tuple[VisitsOf, ...]
