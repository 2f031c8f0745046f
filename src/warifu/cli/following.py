"""What the service tells of a ceremony or a transfer, event by event, until it comes to rest."""

from __future__ import annotations

from collections.abc import Callable

from warifu.cli.client import Client, segment
from warifu.errors import PeerMisbehaved, SessionAborted, WarifuError
from warifu.protocol.api import Ceremony, ErrorBody, Event, Refresh, Transfer, error_from

_WAIT = 20
_RESTING = frozenset({"proposed", "needs-authorization", "refused", "rejected", "replaced"})
_SENT = frozenset({"broadcast", "confirmed"})

Show = Callable[[Event], None]


def follow_ceremony(client: Client, ceremony: str, show: Show) -> Ceremony:
    """Show each event of a key generation; return it finished, or raise why it was refused."""
    seen = 0
    while True:
        now = client.get(f"/ceremonies/{segment(ceremony)}", Ceremony, after=seen, wait=_WAIT)
        seen = _show_all(now.events, seen, show)
        if now.state == "finished":
            return now
        if now.state == "refused":
            raise _why(now.refusal)
        if now.state == "partial":
            raise SessionAborted(
                "partial",
                f"only {len(now.births)} devices finished the key generation: {_why(now.refusal).message}",
                not_done="The wallet was not added to your profile, and no address of it was shown.",
                remedy="Send no coins to it yet. Connect the devices that are missing ('warifu signer list'), then "
                f"bring each home: warifu wallet recover {now.wallet} --device NAME",
            )


def follow_refresh(client: Client, refresh: str, show: Show) -> Refresh:
    """Show each event of a refresh; return it finished, or raise why it was refused."""
    seen = 0
    while True:
        now = client.get(f"/refreshes/{segment(refresh)}", Refresh, after=seen, wait=_WAIT)
        seen = _show_all(now.events, seen, show)
        if now.state == "finished":
            return now
        if now.state == "refused":
            raise _why(now.refusal)


def follow_transfer(
    client: Client, transfer: str, show: Show, confirmations: int = 0, after: int = 0
) -> tuple[Transfer, int]:
    """Show each event of a transfer after number ``after``, until it rests (a message does once it is signed), or was
    sent and has as many ``confirmations``. Returns its state and the number of the last event."""
    seen = after
    while True:
        now = client.get(f"/transfers/{segment(transfer)}", Transfer, after=seen, wait=_WAIT)
        seen = _show_all(now.events, seen, show)
        if (
            now.settled
            or now.state in _RESTING
            or (now.state in _SENT and now.confirmations >= confirmations)
        ):
            return now, seen


def refusal_error(transfer: Transfer) -> WarifuError | None:
    """Why the transfer ended without being sent; None where it did not."""
    return _why(transfer.refusal) if transfer.state in ("refused", "rejected") else None


def _show_all(events: tuple[Event, ...], seen: int, show: Show) -> int:
    for event in events:
        if event.number <= seen:
            continue  # a service that repeats itself must not keep this client busy for ever
        seen = event.number
        show(event)
    return seen


def _why(refusal: ErrorBody | None) -> WarifuError:
    if refusal is None:
        return PeerMisbehaved(
            "no-reason", "the service says that it was refused, but not why", blame="service"
        )
    return error_from(refusal)
