"""What devices remember of each other, so that none of them can go back in time.

In each session that an owner authorized every device writes an entry about it into its journal and shows the head,
signed. Its peers keep that, and show it again at the next session. A device whose old disk was put back, even together
with its platform's own state (a simulated TPM is a file), finds there its own signature on a head that its journal
does not have: it knows then that it forgot something, freezes itself, and takes part in nothing until its operator
looked into it. A device that shows an older head than it did, or a lower count of its platform's counter, is refused by
whoever remembers. A session that nobody authorized (``sessions.correlating``) leaves no entry, or whoever runs the
service could fill the disk and wear out the chip that counts: there the head is shown as it is.

Sessions run side by side, and Hellos may be late, so heads arrive in another order than they were made in. What is
shown is compared with what was remembered when this device entered the session, before its Hello left: the other shows
its head after it has that Hello, so an honest one shows none that is older. One that was put back since is told by what
this device knows when it shows itself, which is the newest.

What this cannot see: a device that met nobody since the copy was made; one that was copied between its entry about a
session and the end of that session, and put back after it; and devices that were all put back together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from warifu.attestation.expectation import Expectation
from warifu.attestation.verifier import Verified
from warifu.errors import AuthorizationRefused, PeerMisbehaved, StoreDamaged
from warifu.protocol.attesting import Binding, SignedHead
from warifu.protocol.encoding import decode, encode
from warifu.protocol.events.sessions import HeadsSeen, Met, PeerHead
from warifu.protocol.identity import verify
from warifu.protocol.journal import Asker
from warifu.protocol.journal import peer as a_peer
from warifu.protocol.notes import Told
from warifu.signer.epoch import Epoch
from warifu.signer.evidence import Attester
from warifu.signer.freezing import Freeze
from warifu.signer.journal import Journal
from warifu.signer.remembered import Remembered
from warifu.signer.sessions.messages import Shown
from warifu.signer.store import Store

_COUNTER = "counter"
_MAX_HEAD = 256
_MAX_COUNT = 2**63
"""No chip counts so far in its life; a made-up one that says so would not fit into the store."""


@dataclass(frozen=True)
class Known:
    """What a peer showed when it was last met."""

    head: SignedHead
    count: int | None


class Peers:
    """The table of what is remembered."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known = Remembered(store, self._read)

    def known(self, peer: bytes) -> Known | None:
        """What ``peer`` (its identity) last showed; None where it was never met."""
        return self._known.get(peer)

    def _read(self, peer: bytes) -> Known | None:
        rows = self._store.execute("SELECT head, count FROM peers WHERE identity = ?", (peer,))
        return Known(decode(SignedHead, bytes(rows[0][0]), _MAX_HEAD), rows[0][1]) if rows else None

    def heads(self) -> list[tuple[bytes, SignedHead]]:
        """(identity, head) of every peer that was met, in ascending order."""
        rows = self._store.execute("SELECT identity, head FROM peers ORDER BY identity")
        return [(bytes(identity), decode(SignedHead, bytes(head), _MAX_HEAD)) for identity, head in rows]

    def take_back(self, peer: bytes, head: SignedHead) -> None:
        """Inside a transaction: ``peer`` is at this head now, whatever it showed before, and has no count yet."""
        self._store.execute("INSERT OR REPLACE INTO peers VALUES (?, ?, NULL)", (peer, encode(head)))
        self._known.forget(peer)

    def remember(self, met: Mapping[bytes, Known], write_down: Callable[[], None]) -> None:
        """Keep what these peers showed, all of it or nothing, unless more is known from a session beside this one.

        ``write_down``: what belongs to it in the journal."""
        with self._store.transaction():
            write_down()
            for peer, known in met.items():
                before = self.known(peer)
                if before is not None and before.head.length > known.head.length:
                    continue
                self._store.execute(
                    "INSERT OR REPLACE INTO peers VALUES (?, ?, ?)", (peer, encode(known.head), known.count)
                )
                self._known.forget(peer)


class Exchange(Protocol):
    """The notes of one wallet, in one session (``signer.taking``)."""

    def told(self, peer: bytes) -> Told:
        """What ``peer`` is told."""

    def hear(self, peer: bytes, name: str, told: Told) -> None:
        """Look at what ``peer`` tells; ``PeerMisbehaved`` (``note``)."""

    def take_in(self) -> None:
        """Inside a transaction: what was heard counts from now on."""


@dataclass
class Meeting:
    """One session's: what this device shows, and what it makes of what the others show."""

    identity: bytes
    attester: Attester
    journal: Journal
    epoch: Epoch
    peers: Peers
    freeze: Freeze
    expected: Mapping[bytes, Expectation]
    now: int
    exchange: Exchange | None
    """None in a session of no wallet that is born."""
    _before: dict[bytes, Known | None] = field(init=False)
    """What was remembered of each when this device entered the session."""
    _met: dict[bytes, Known] = field(default_factory=dict)
    _entry: tuple[Met, Asker] | None = None

    def __post_init__(self) -> None:
        self._before = {peer: self.peers.known(peer) for peer in self.expected}

    def show(
        self, entry: tuple[Met, Asker] | None, binding: Binding, to: Sequence[bytes]
    ) -> dict[bytes, Shown]:
        """For each of ``to``. ``entry``: about a session that an owner authorized, and who that was; it is durable, and
        no old disk undoes it, before anything is shown."""
        self._entry = entry
        if entry is not None:
            with self.epoch.lasting():
                self.journal.append(entry[0], self.now, entry[1])
        attestation, head = self.attester.attest(binding), self.journal.signed_head()
        known = {peer: self.peers.known(peer) for peer in to}
        return {
            peer: Shown(
                attestation,
                head,
                last.head if last is not None else None,
                self.exchange.told(peer) if self.exchange is not None else None,
            )
            for peer, last in known.items()
        }

    def judge(self, peer: bytes, shown: Shown, binding: Binding, now: int) -> None:
        """``PeerMisbehaved`` (``evidence``, ``rolled-back``, ``note``), ``PolicyDenied``, ``StoreDamaged``
        (``rolled-back``)."""
        expectation = self.expected[peer]
        verified = expectation.require(shown.attestation, binding, now)
        self._look_at_own_past(peer, shown.remembered, expectation.name, now)
        self._met[peer] = self._judged(peer, shown.head, verified, expectation.name)
        if self.exchange is not None and shown.told is not None:
            self.exchange.hear(peer, expectation.name, shown.told)

    def meet(self) -> None:
        """Everybody has shown itself, and nobody was refused."""
        self.peers.remember(self._met, self._write_down)

    def _write_down(self) -> None:
        self._write_heads_down()
        if self.exchange is not None:
            self.exchange.take_in()

    def _write_heads_down(self) -> None:
        """Of a session that an owner authorized, or whoever runs the service could fill the disk with heads."""
        if self._entry is None:
            return
        met, by = self._entry
        heads = tuple(PeerHead(identity, self._met[identity].head) for identity in sorted(self._met))
        self.journal.append(HeadsSeen(met.wallet, met.session, heads), self.now, by)

    def _look_at_own_past(self, peer: bytes, remembered: SignedHead | None, name: str, now: int) -> None:
        """A head that this device signed and does not have was signed by a later state of it. Without its signature a
        peer could make it believe that. It keeps what it learnt: the next peer may have met no later state of it."""
        if remembered is None or self.journal.has(remembered.length, remembered.hash):
            return
        try:
            verify(self.identity, remembered.signature, "journal-head", *remembered.stated)
        except AuthorizationRefused:
            raise PeerMisbehaved(
                "remembered",
                f"device {name} claims to remember what this one never showed",
                blame=name,
            ) from None
        found = f"device {name} remembers entry {remembered.length} of its journal, which it does not have"
        self.freeze.freeze(f"an old state of this device was put back: {found}", now, a_peer(peer))
        raise StoreDamaged(
            "rolled-back",
            f"an old state of this device was put back: {found}",
            remedy="Put its newest store back. If there is none, sign with the other devices and replace this one.",
        )

    def _judged(self, peer: bytes, head: SignedHead, verified: Verified | None, name: str) -> Known:
        try:
            verify(peer, head.signature, "journal-head", *head.stated)
        except AuthorizationRefused:
            raise PeerMisbehaved(
                "journal-head", f"device {name} did not sign the head of its journal", blame=name
            ) from None
        before = self._before[peer]
        count = verified.tcb.get(_COUNTER) if verified is not None else None
        if count is not None and count >= _MAX_COUNT:
            raise PeerMisbehaved("count", f"device {name} shows a count that no counter reaches", blame=name)
        if before is not None:
            if _is_older(head, before.head):
                raise _rolled_back(name, f"{head.length} entries in its journal", str(before.head.length))
            if before.count is not None and (count is None or count < before.count):
                shown = "no count any more" if count is None else f"the count {count}"
                raise _rolled_back(name, shown, str(before.count))
        return Known(head, count)


def _is_older(head: SignedHead, known: SignedHead) -> bool:
    """Whether ``known`` cannot be of the journal whose head this is, or of what it was before."""
    if head.length == known.length:
        return head.hash != known.hash
    return head.length < known.length


def _rolled_back(name: str, shown: str, before: str) -> PeerMisbehaved:
    return PeerMisbehaved(
        "rolled-back",
        f"device {name} shows {shown}, and has shown {before} before: an old state of it was put back",
        remedy="Do not sign with it any more: what it remembers of limits and used nonces is old. Replace it; or, if "
        "you put an older disk back yourself, take it back ('warifu devices take-back').",
        blame=name,
    )
