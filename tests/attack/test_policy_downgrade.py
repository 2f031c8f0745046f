"""The service wants weaker rules in force: forged ones, old ones, ones of which it keeps back the veto, the same wallet
again under others. What loosens takes the owner, the passphrase and the wait, on each device, by its own clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from nacl.utils import random
from tests.support.attacker import PAIR, Attacker
from tests.support.founding import founded
from tests.support.instructing import Owner
from tests.support.simulator import BTC, PASSPHRASE, START, Household, bitcoin_policy, signed

from warifu.protocol.credential import DeviceKey
from warifu.protocol.encoding import encode
from warifu.protocol.frames import Instruct
from warifu.protocol.identity import IdentityKey
from warifu.protocol.policy import Policy
from warifu.protocol.rules import Rules, rules_hash

pytestmark = [pytest.mark.unit, pytest.mark.slow]

POLICY = bitcoin_policy(per_transaction=100_000)
LOOSE = bitcoin_policy(per_transaction=10 * BTC)
TIGHT = bitcoin_policy(per_transaction=50_000)
WAIT = POLICY.loosening_delay


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Household]:
    household = founded(tmp_path, 2, POLICY)
    yield household
    household.close()


@pytest.fixture
def owner(home: Household) -> Owner:
    return Owner(home)


def still_in_force(home: Household, attacker: Attacker, owner: Owner) -> None:
    """The wallet's own limit is what each device goes by, now and after any wait."""
    for wait in (0, WAIT + 1):
        home.clock.pass_(wait)
        for device in home.devices.values():
            device.tick()
        too_much = home.pay(BTC, first_coin=40 + bool(wait))
        attacker.refused("policy.per-transaction-limit", home.sign, too_much)
        assert {owner.status(name).rules_hash for name in home.names} == {rules_hash(owner.rules)}


@pytest.mark.parametrize("policy", [LOOSE, TIGHT], ids=["looser", "tighter"])
def test_rules_that_no_owner_asked_for(home: Household, attacker: Attacker, owner: Owner, policy: Policy):
    """Tighter ones as well: the service cannot even lock the owner out."""
    request = owner.change(policy)
    forged = Instruct(9, owner.yes(request, key=IdentityKey.generate()), None)
    notes = attacker.refused("authorization.unknown-credential", attacker.send, "device0", forged)
    assert {note.by.kind for note in notes} == {"service"}
    still_in_force(home, attacker, owner)


def test_a_change_of_the_owners_that_was_altered_on_its_way(
    home: Household, attacker: Attacker, owner: Owner
):
    request = owner.change(TIGHT)
    yes = owner.yes(request)
    for other in (
        msgspec.structs.replace(request, rules=msgspec.structs.replace(request.rules, policy=LOOSE)),
        msgspec.structs.replace(request, request_id=bytes(16)),
        msgspec.structs.replace(request, expires=request.expires + 1),
    ):
        altered = Instruct(9, msgspec.structs.replace(yes, request=encode(other)), None)
        attacker.refused("authorization.signature", attacker.send, "device0", altered)
    still_in_force(home, attacker, owner)


def test_a_loosening_by_the_owners_stolen_credential_without_the_passphrase(
    home: Household, attacker: Attacker, owner: Owner
):
    bare = owner.frame("device0", owner.change(LOOSE))
    notes = attacker.refused("authorization.passphrase-needed", attacker.send, "device0", bare)
    assert {note.by.kind for note in notes} == {"owner"}
    guess = owner.frame("device0", owner.change(LOOSE), "a guess")
    attacker.refused("passphrase.wrong", attacker.send, "device0", guess)
    assert owner.status("device0").tries_left == POLICY.passphrase_tries - 1
    still_in_force(home, attacker, owner)


def test_a_genuine_loosening_before_its_time(home: Household, attacker: Attacker, owner: Owner):
    """The service says that it is time. Nobody asks it."""
    owner.tell_all(owner.change(LOOSE), PASSPHRASE)
    home.clock.pass_(WAIT - 1)
    attacker.refused("policy.per-transaction-limit", home.sign, home.pay(BTC))
    home.clock.pass_(1)
    payment = home.pay(BTC, first_coin=1)
    assert signed(payment, home.sign(payment)), "and in its time the owner has it"


def test_old_rules_that_the_owner_once_asked_for(home: Household, attacker: Attacker, owner: Owner):
    """Everything that was ever authorized is played again once the rules are tighter."""
    first = owner.change(bitcoin_policy(per_transaction=90_000))
    recorded = [owner.frame(name, first) for name in home.names]
    for name, frame in zip(home.names, recorded, strict=True):
        home[name].send(frame)
    owner.adopt(first)
    second = owner.change(TIGHT)
    owner.tell_all(second)
    owner.adopt(second)
    for name, frame in zip(home.names, recorded, strict=True):
        attacker.refused("authorization.rules-stale", attacker.send, name, frame)
    payment = home.pay(60_000)
    attacker.refused("policy.per-transaction-limit", home.sign, payment)


@pytest.mark.parametrize("revision", [1, 2, 3, 2**31])
def test_a_revision_of_the_services_choice(home: Household, attacker: Attacker, owner: Owner, revision):
    """Signed by the owner, for rules that are not in force: of another wallet, or of a history that never was."""
    other = Owner(home)
    other.rules = Rules(7, owner.rules.owners, LOOSE)
    request = other.asks(Rules(revision, owner.rules.owners, TIGHT))
    attacker.refused("authorization.rules-stale", attacker.send, "device0", owner.frame("device0", request))
    still_in_force(home, attacker, owner)


def test_an_owner_of_the_services_making(home: Household, attacker: Attacker, owner: Owner):
    """It adds its own credential, by its own word; then by the owner's, which was meant for something else."""
    own = IdentityKey.generate()
    rules = Rules(2, (*owner.rules.owners, DeviceKey(own.public)), owner.rules.policy)
    request = owner.asks(rules)
    for yes in (
        owner.yes(request, key=own),
        msgspec.structs.replace(owner.yes(owner.change(TIGHT)), request=encode(request)),
    ):
        attacker.refused(
            {"authorization.unknown-credential", "authorization.signature"},
            attacker.send,
            "device0",
            Instruct(9, yes, None),
        )
    payment = home.pay(10_000)
    attacker.refused(
        "authorization.unknown-credential",
        home.run,
        home.openings(payment.request, PAIR, payment.unsigned, key=own),
    )


def test_a_second_loosening_slipped_in_while_the_first_waits(
    home: Household, attacker: Attacker, owner: Owner
):
    """The owner looked at the first one and let it be."""
    owner.loosen("device0", passphrase_tries=6)
    second = owner.frame("device0", owner.change(LOOSE), PASSPHRASE)
    attacker.refused("policy.change-waits", attacker.send, "device0", second)


def test_a_veto_is_not_undone_by_playing_the_change_again(home: Household, attacker: Attacker, owner: Owner):
    request = owner.change(LOOSE)
    recorded = {name: owner.frame(name, request, PASSPHRASE) for name in home.names}
    for name in home.names:
        home[name].send(recorded[name])
        owner.tell(name, owner.veto(request))
    again = owner.frame("device0", request, PASSPHRASE)
    attacker.refused("authorization.vetoed", attacker.send, "device0", again)
    still_in_force(home, attacker, owner)


def test_a_veto_that_the_service_keeps_from_a_device_comes_with_the_next_session(
    home: Household, attacker: Attacker, owner: Owner
):
    request = owner.change(LOOSE)
    owner.tell_all(request, PASSPHRASE)
    owner.tell("device1", owner.veto(request))
    payment = home.pay(10_000)
    home.sign(payment, PAIR)
    home.clock.pass_(WAIT + 1)
    attacker.refused("policy.per-transaction-limit", home.sign, home.pay(BTC, first_coin=2), PAIR)


def test_a_corrupted_signer_that_has_put_weaker_rules_in_force_for_itself(
    home: Household, attacker: Attacker, owner: Owner
):
    attacker.corrupt("device1")
    attacker.refused("policy.per-transaction-limit", home.sign, home.pay(BTC), PAIR)


def test_the_same_wallet_again_under_weaker_rules_is_another_wallet(
    home: Household, attacker: Attacker, owner: Owner
):
    """The owner is talked into making it; what lies in the old one stays under the old rules."""
    assert home.wallet_request is not None
    coins = home.pay(BTC)
    attacker.refused("policy.per-transaction-limit", home.sign, coins)
    home.make_wallet(2, LOOSE)
    assert home.birth is not None
    moved = msgspec.structs.replace(coins.request, wallet_id=home.birth.wallet_id, request_id=random(16))
    coins.request = moved
    attacker.refused("transaction.foreign-input", home.sign, coins)


def test_a_transfers_authorization_is_no_instruction_and_an_instructions_no_transfer(
    home: Household, attacker: Attacker, owner: Owner
):
    payment = home.pay(10_000)
    transfer, envelopes = home.authorized(payment.request, PAIR)
    attacker.refused(
        "input.request-kind", attacker.send, "device0", Instruct(9, transfer, envelopes["device0"])
    )
    change = owner.change(TIGHT)
    authorization, sealed = home.authorized(change, PAIR)
    attacker.refused(
        "input.request-kind", home.run, home.openings_of(authorization, sealed, payment.unsigned)
    )


def test_weaker_rules_from_a_day_that_has_not_come(home: Household, attacker: Attacker, owner: Owner):
    """An owner's machine whose clock was set ahead, so that the wait would seem to be over."""
    late = msgspec.structs.replace(owner.change(LOOSE), created=START + WAIT, expires=START + WAIT + 3600)
    attacker.refused(
        "authorization.not-yet", attacker.send, "device0", owner.frame("device0", late, PASSPHRASE)
    )
    still_in_force(home, attacker, owner)
