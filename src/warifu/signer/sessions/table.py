"""The one table of sessions: which message is legal from a peer in which phase, and where it leads.

Each peer has a phase of its own, because peers are not in step: one that has everybody's nonces sends its partial
signatures while another still waits for a nonce. What is not in the table ends the session and names the peer.
"""

from __future__ import annotations

from enum import StrEnum

from warifu.errors import PeerMisbehaved


class Phase(StrEnum):
    """What a peer owes next."""

    HELLO = "hello"
    SHOWN = "shown"
    NONCES = "nonces"
    PARTIALS = "partials"
    STAMP = "stamp"
    GENERATION = "generation"
    HELD = "held"
    BASE_TRANSFERS = "base-transfers"
    EXTENDED_TRANSFERS = "extended-transfers"
    COMMITMENTS = "ecdsa-commitments"
    PRODUCTS = "ecdsa-products"
    SHARES = "ecdsa-shares"
    HANDING = "handing"
    KEPT = "kept"
    IN_USE = "in-use"
    ZERO_SHARES = "zero-shares"
    AGREEMENT = "agreement"
    WORD = "word"
    NOTHING = "nothing"


TABLE: dict[str, dict[tuple[Phase, str], Phase]] = {
    "frost": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.NONCES,
        (Phase.NONCES, "nonces"): Phase.PARTIALS,
        (Phase.PARTIALS, "partials"): Phase.NOTHING,
    },
    "correlating": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.HELD,
        (Phase.HELD, "held"): Phase.BASE_TRANSFERS,
        (Phase.BASE_TRANSFERS, "base-transfers"): Phase.EXTENDED_TRANSFERS,
        (Phase.EXTENDED_TRANSFERS, "extended-transfers"): Phase.NOTHING,
    },
    "ecdsa": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.HELD,
        (Phase.HELD, "held"): Phase.COMMITMENTS,
        (Phase.COMMITMENTS, "ecdsa-commitments"): Phase.PRODUCTS,
        (Phase.PRODUCTS, "ecdsa-products"): Phase.SHARES,
        (Phase.SHARES, "ecdsa-shares"): Phase.NOTHING,
    },
    "dealing": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.KEPT,
        (Phase.KEPT, "kept"): Phase.NOTHING,
    },
    "keeping": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.HANDING,
        # The set before this one, whose keeper may have missed that it is in use.
        (Phase.HANDING, "in-use"): Phase.HANDING,
        (Phase.HANDING, "handing"): Phase.IN_USE,
        (Phase.IN_USE, "in-use"): Phase.NOTHING,
    },
    "refresh": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.ZERO_SHARES,
        (Phase.ZERO_SHARES, "zero-shares"): Phase.AGREEMENT,
        # Instead of agreeing, with the proof that a third one dealt it a wrong share.
        (Phase.AGREEMENT, "complaint"): Phase.NOTHING,
        (Phase.AGREEMENT, "agreement"): Phase.WORD,
        (Phase.WORD, "word"): Phase.NOTHING,
    },
    # A call at an exchange, as its carrier sees the others ..
    "carrying": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.NONCES,
        (Phase.NONCES, "nonces"): Phase.PARTIALS,
        (Phase.PARTIALS, "partials"): Phase.NOTHING,
    },
    # .. as one of these sees the carrier ..
    "cosigning": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.STAMP,
        (Phase.STAMP, "stamped"): Phase.NOTHING,
    },
    # .. and the third ones, whose partial signatures are not for it.
    "beside": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.NONCES,
        (Phase.NONCES, "nonces"): Phase.NOTHING,
    },
    "telling": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.NOTHING,
    },
    "wallet": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.GENERATION,
        # The order within a key generation is ChillDKG's own table's business.
        (Phase.GENERATION, "generation"): Phase.GENERATION,
    },
    "exchange-key": {
        (Phase.HELLO, "hello"): Phase.SHOWN,
        (Phase.SHOWN, "shown"): Phase.GENERATION,
        (Phase.GENERATION, "generation"): Phase.GENERATION,
    },
}


def next_phase(ceremony: str, phase: Phase, message: str, peer: str) -> Phase:
    """Where ``message`` of ``peer`` (its name) leads; ``PeerMisbehaved`` (``out-of-turn``) where it is not legal."""
    following = TABLE[ceremony].get((phase, message))
    if following is None:
        raise PeerMisbehaved(
            "out-of-turn", f"device {peer} sent '{message}' where it owed '{phase.value}'", blame=peer
        )
    return following
