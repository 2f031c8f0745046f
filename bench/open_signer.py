"""Signers with chosen layers of isolation, and a passphrase that one hash stretches, to measure what isolation costs.

``main("none")``: without any; ``"all"``: as in production; otherwise the names of layers, with commas between them.
A signer that exists for measuring and nowhere else.
"""

from __future__ import annotations

import dataclasses
import os

import msgspec
from bench.cheap_signer import stretch_cheaply

from warifu.signer.isolation import apply, birth, handover

ALL, NONE = "all", "none"
_BORN = {"user-namespace", "namespaces", "other-namespaces", "private-root"}
"""Layers that need namespaces from birth."""


def main(chosen: str) -> int:
    """The production signer without the layers that are not chosen. Returns the exit status."""
    if chosen != ALL:
        names = set() if chosen == NONE else set(chosen.split(","))
        apply.LAYERS = tuple(layer for layer in apply.LAYERS if layer.name in names)
        if not names & _BORN:
            handover.be_born = _not_born  # type: ignore[attr-defined]  # imported there by name
    received = handover.receive()
    if chosen != ALL:
        profile = msgspec.structs.replace(received.profile, required=())
        received = dataclasses.replace(received, profile=profile)
    from warifu.signer import running

    stretch_cheaply()
    return running.run(received)


def _not_born() -> birth.Born:
    birth._announce(os.getpid(), birth._NO_OWN_USERS)
    return birth.Born("left out by the bench", "left out by the bench")
