"""Refreshes of a household's wallet, and what everybody can do with the shares afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from nacl.signing import VerifyKey
from nacl.utils import random
from tests.support.accounts import (
    ETHER,
    LOCAL,
    SOL,
    account_request,
    ether_payment,
    ethereum_rules,
    sol_payment,
    solana_rules,
)
from tests.support.founding import founded
from tests.support.simulator import (
    PASSPHRASE,
    Household,
    Outcome,
    Spend,
    Tamper,
    bitcoin_policy,
    honest,
    signed,
)

from warifu.chains.ethereum.transaction import parse_unsigned
from warifu.protocol.chains import Scheme
from warifu.protocol.encoding import decode
from warifu.protocol.epochs import EpochStatement, check_certificate
from warifu.protocol.frames import TransferSignatures
from warifu.protocol.request import RefreshRequest
from warifu.signer.sessions.ceremony import LIFETIME
from warifu.signer.sessions.messages import Word, ZeroShares
from warifu.signer.sessions.refreshing import RefreshCeremony, _digest

ALL: tuple[Scheme, ...] = ("bip340", "ecdsa", "ed25519")


def household(root: Path, n: int = 3, t: int = 2, schemes: Sequence[Scheme] = ALL) -> Household:
    """With a wallet that can pay on the chains of its keys."""
    others = [ethereum_rules()] if "ecdsa" in schemes else []
    others += [solana_rules()] if "ed25519" in schemes else []
    return founded(root, t, bitcoin_policy(others=others), n=n, schemes=schemes)


def refresh_request(home: Household, epoch: int = 1) -> RefreshRequest:
    assert home.birth is not None
    return RefreshRequest(random(16), home.birth.wallet_id, epoch, home.clock(), home.clock() + 600)


def refresh(
    home: Household, epoch: int = 1, tamper: Tamper = honest, passphrase: str = PASSPHRASE
) -> Outcome:
    """The whole way of a refresh through all devices."""
    request = refresh_request(home, epoch)
    return home.run(home.openings(request, home.names, passphrase=passphrase), tamper)


def refreshed(home: Household, outcome: Outcome) -> EpochStatement:
    """What all devices came to, as a client checks it."""
    assert home.wallet_request is not None and home.birth is not None
    assert not outcome.failed, {name: str(error) for name, error in outcome.failed.items()}
    (certificate,) = set(outcome.finished.values())
    identities = sorted(device.identity for device in home.wallet_request.devices)
    return check_certificate(certificate, home.birth.wallet_id, identities, home.wallet_request.schemes)


def epochs(home: Household) -> list[int]:
    """In force on each device."""
    return [device.status().wallets[0].epoch for device in home.devices.values()]


def every_pair_pays(home: Household, names: Sequence[str] = (), first: int = 100) -> None:
    """On every chain of the wallet, with each two of the named devices (all, if none)."""
    assert home.wallet_request is not None and home.birth is not None
    schemes = home.wallet_request.schemes
    for number, pair in enumerate(combinations(names or home.names, home.wallet_request.threshold)):
        bitcoin = home.pay(1_000, first_coin=first + number)
        assert signed(bitcoin, home.sign(bitcoin, pair))
        if "ecdsa" in schemes:
            assert not home.correlate(1, pair).failed
            pays_ether(home, pair)
        if "ed25519" in schemes:
            pays_sol(home, pair)


def pays_ether(home: Household, who: Sequence[str]) -> None:
    assert home.birth is not None
    account = home[who[0]].device.wallets.born(home.birth.wallet_id).ethereum
    unsigned = ether_payment(ETHER // 1000)
    request = account_request(home.birth.wallet_id, LOCAL, unsigned, account, home.clock())
    payment = Spend(request, unsigned)
    made = _one_signature(home.sign(payment, who))
    raw = parse_unsigned(unsigned).with_signature(made, account).raw
    assert Account.recover_transaction(raw) == account


def pays_sol(home: Household, who: Sequence[str]) -> None:
    assert home.birth is not None
    account = home[who[0]].device.wallets.born(home.birth.wallet_id).solana
    unsigned = sol_payment(account, SOL // 1000)
    request = account_request(home.birth.wallet_id, "solana", unsigned, account, home.clock())
    made = _one_signature(home.sign(Spend(request, unsigned), who))
    VerifyKey(home.birth.key("ed25519").threshold_public).verify(unsigned, made)


def _one_signature(outcome: Outcome) -> bytes:
    assert not outcome.failed, {name: str(error) for name, error in outcome.failed.items()}
    (result,) = set(outcome.finished.values())
    (made,) = decode(TransferSignatures, result, 2**20).signatures
    return made


Change = Callable[[RefreshCeremony, str, Any], Any]
"""(the villain's ceremony, receiver's name, message) -> what is said instead."""


def cheating(patch: pytest.MonkeyPatch, home: Household, villain: str, change: Change) -> None:
    """The device ``villain`` says what ``change`` makes of its messages."""
    original = RefreshCeremony._say
    identity = home[villain].identity

    def say(self: RefreshCeremony, peer: bytes, message: Any) -> Any:
        if self.seat.key.public == identity:
            message = change(self, self.seat.names[peer], message)
        return original(self, peer, message)

    patch.setattr(RefreshCeremony, "_say", say)


def dealt(
    ceremony: RefreshCeremony, receiver: str, commitments: Sequence[bytes], evaluations: Sequence[bytes]
) -> ZeroShares:
    """What its dealer deals to one device, with the signatures that belong to it."""
    (to,) = [identity for identity, name in ceremony.seat.names.items() if name == receiver]
    named = _digest(commitments)
    return ZeroShares(
        tuple(commitments),
        tuple(evaluations),
        ceremony._sign("refresh-committed", named),
        ceremony._sign("refresh-dealt", named, to, *evaluations),
    )


def without_words_to(home: Household, names: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """A refresh in which the words of the others do not reach these."""
    lost = {home[name].identity for name in names}
    words: set[bytes] = set()
    original = RefreshCeremony._say

    def say(self: RefreshCeremony, peer: bytes, message: Any) -> Any:
        relay = original(self, peer, message)
        if isinstance(message, Word) and peer in lost:
            words.add(relay.body)
        return relay

    with monkeypatch.context() as patch:
        patch.setattr(RefreshCeremony, "_say", say)
        outcome = refresh(
            home,
            epochs(home)[0] + 1,
            lambda _sender, receiver, frame: [] if frame.body in words else [(receiver, frame)],
        )
    assert set(outcome.finished) == set(home.names) - set(names)
    home.clock.pass_(LIFETIME)
    for device in home.devices.values():
        device.tick()
    return outcome


def without_the_last_word_to(home: Household, name: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The certificate that the others have."""
    (certificate,) = set(without_words_to(home, [name], monkeypatch).finished.values())
    return certificate
