"""Whichever device is quicker and whichever link is slower: an honest ceremony comes to its end.

Each link from one device to another keeps its order. Between links there is none, and a hostile service would choose
the worst: a device hears a second one's answer to what it has not yet heard itself from a third.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from tests.support.refreshing import epochs, household, pays_ether, pays_sol, refresh, refreshed
from tests.support.simulator import signed

from warifu.protocol.frames import Relay
from warifu.signer.sessions.messages import Agreement, SessionMessage, ZeroShares
from warifu.signer.sessions.refreshing import RefreshCeremony

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@pytest.mark.parametrize("seed", range(6))
def test_every_ceremony_ends_well_in_any_order(tmp_path: Path, seed: int) -> None:
    home = household(tmp_path, 4, 3)
    home.choose = Random(seed).randrange
    for epoch in (1, 2):
        refreshed(home, refresh(home, epoch))
        payment = home.pay(first_coin=epoch)
        assert signed(payment, home.sign(payment, home.names[1:]))
        assert not home.correlate(1).failed
        pays_ether(home, home.names[:3])
        pays_sol(home, home.names[1:])
    home.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_wallet_is_born_in_any_order(tmp_path: Path, seed: int) -> None:
    home = household(tmp_path, 4, 3, ("bip340",))
    home.choose = Random(seed).randrange
    home.make_wallet(3, schemes=("bip340", "ecdsa", "ed25519"))
    home.close()


def test_an_agreement_about_a_dealer_who_was_not_heard_yet_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = household(tmp_path, 3, 2, ("bip340",))
    slow, quick, hearer = (home[name].identity for name in home.names)
    kinds: dict[bytes, type[SessionMessage]] = {}
    original = RefreshCeremony._say

    def say(self: RefreshCeremony, peer: bytes, message: SessionMessage) -> Relay:
        relay = original(self, peer, message)
        kinds[relay.body] = type(message)
        return relay

    monkeypatch.setattr(RefreshCeremony, "_say", say)
    held: list[tuple[bytes, Relay]] = []

    def slow_link(sender: bytes, receiver: bytes, frame: Relay) -> list[tuple[bytes, Relay]]:
        kind = kinds.get(frame.body)
        if (sender, receiver) == (slow, hearer) and (held or kind is ZeroShares):
            held.append((receiver, frame))
            return []
        if (sender, receiver, kind) == (quick, hearer, Agreement):
            late, held[:] = list(held), []
            return [(receiver, frame), *late]
        return [(receiver, frame)]

    refreshed(home, refresh(home, tamper=slow_link))
    assert epochs(home) == [1, 1, 1]
    home.close()
