"""Making a wallet: who may ask for one, what all devices come to hold, and how a crash at the end is mended."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from nacl.utils import random
from tests.support.limits import limits
from tests.support.simulator import FRIEND, PASSPHRASE, START, Household, bitcoin_policy, signed

from warifu.chains.bitcoin.descriptor import WalletKeys
from warifu.chains.bitcoin.network import Network
from warifu.chains.reading import Scheme
from warifu.errors import WarifuError
from warifu.protocol.credential import DeviceKey
from warifu.protocol.encoding import Bytes32, Message, decode, digest
from warifu.protocol.frames import Finished, SignedBirth, WalletBirth, error_of
from warifu.protocol.identity import DeviceRef, IdentityKey, verify
from warifu.protocol.policy import ChainRules, Policy
from warifu.protocol.request import Stretching, request_digest
from warifu.signer.sessions.messages import Generation
from warifu.threshold.bip340 import SIGNATURE_BYTES
from warifu.threshold.dkg.recovery import coordinator_recover

pytestmark = [pytest.mark.unit, pytest.mark.slow]


@pytest.fixture
def home(tmp_path: Path):
    household = Household(tmp_path, 3)
    yield household
    household.close()


class Morse(Message, frozen=True, tag="morse"):
    public: Bytes32


def other_chain(chain: str, destination: str) -> Policy:
    coin = limits("", "COIN", 9, 1, 1)
    return bitcoin_policy(others=[ChainRules(chain, "1", False, (destination,), (coin,), (), False)])


def create(home: Household, **fields: object):
    request = msgspec.structs.replace(home.new_wallet_request(2), **fields)
    return home.run(home.openings(request, home.names))


@pytest.mark.parametrize(("t", "n"), [(1, 1), (1, 2), (2, 2), (2, 3), (3, 5)])
def test_every_device_states_the_same_birth_under_its_own_identity(tmp_path, t, n):
    home = Household(tmp_path, n)
    request = home.new_wallet_request(t)
    outcome = home.run(home.openings(request, home.names))
    births = {name: decode(SignedBirth, outcome.finished[name], 2**18) for name in home.names}
    for name, birth in births.items():
        verify(home[name].identity, birth.signature, "birth", birth.birth)
    assert len({birth.birth for birth in births.values()}) == 1
    assert len({birth.recovery for birth in births.values()}) == 1
    first = births["device0"]
    stated = decode(WalletBirth, first.birth, 2**18)
    assert stated.wallet_id == request_digest(request)
    (key,) = stated.keys
    assert key.chain_code == digest("chain-code", first.recovery[0])
    assert key.recovery_digest == hashlib.sha256(first.recovery[0]).digest()
    public = coordinator_recover(first.recovery[0])
    assert (public.threshold_pubkey, public.pubshares) == (key.threshold_public, key.public_shares)
    assert (public.t, public.n) == (t, n)
    home.close()


def test_two_wallets_on_the_same_devices_have_nothing_in_common(home):
    first, second = home.make_wallet(2), home.make_wallet(2)
    assert first.keys[0].threshold_public != second.keys[0].threshold_public
    assert not set(first.keys[0].public_shares) & set(second.keys[0].public_shares)


def test_a_wallet_may_live_on_some_of_the_devices(home):
    home.make_wallet(2, names=["device0", "device2"])
    payment = home.pay()
    assert signed(payment, home.sign(payment, ["device0", "device2"]))
    assert home["device1"].status().wallets == ()


def stranger() -> DeviceRef:
    return DeviceRef("stranger", random(32))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda home, refs: {"devices": (*refs[:2], stranger())}, "input.devices"),
        (lambda home, refs: {"devices": (*refs, DeviceRef("again", refs[0].identity))}, "input.devices"),
        (
            lambda home, refs: {"devices": (refs[0], refs[1], DeviceRef("device0", refs[2].identity))},
            "input.devices",
        ),
        (lambda home, refs: {"threshold": 4}, "input.threshold"),
        (lambda home, refs: {"owners": (DeviceKey(random(32)),)}, "input.owners"),
        (
            lambda home, refs: {
                "owners": (
                    DeviceKey(home.owner.public),
                    cast("Any", Morse(random(32))),
                )
            },
            "input.malformed",
        ),
        (lambda home, refs: {"created": START - 7200, "expires": START - 1}, "authorization.expired"),
        (
            lambda home, refs: {
                "policy": bitcoin_policy(destinations=["bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"])
            },
            "input.wrong-network",
        ),
        (lambda home, refs: {"policy": bitcoin_policy(destinations=[FRIEND.upper()])}, "input.policy"),
        (
            # A capital is wrong: it could never be what a transaction pays.
            lambda home, refs: {
                "policy": other_chain("eip155:1", "0xa0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48")
            },
            "input.address",
        ),
        (lambda home, refs: {"policy": other_chain("solana", FRIEND)}, "input.address"),
    ],
)
def test_a_wallet_that_makes_no_sense_is_not_made(home, change, code):
    refs = tuple(home[name].ref for name in home.names)
    outcome = create(home, **change(home, refs))
    assert code in outcome.codes.values() and not outcome.finished
    assert all("wallet-pending" not in device.kinds() for device in home.devices.values())


def test_weak_stretching_is_refused(home):
    outcome = create(home, stretching=Stretching(63, 3))
    assert outcome.code.startswith("input.")


def test_only_the_enrolled_owner_can_have_a_wallet_made(home):
    other = IdentityKey.generate()
    request = msgspec.structs.replace(home.new_wallet_request(2), owners=(DeviceKey(other.public),))
    outcome = home.run(home.openings(request, home.names, key=other))
    assert outcome.code == "authorization.unknown-credential"


def test_a_device_without_an_owner_makes_nothing(tmp_path):
    home = Household(tmp_path, 1, joined=False)
    request = home.new_wallet_request(1)
    assert home.run(home.openings(request, ["device0"])).code == "authorization.not-enrolled"
    home.close()


def test_all_devices_take_part_or_none(home):
    request = home.new_wallet_request(2)
    outcome = home.run(home.openings(request, ["device0", "device1"]))
    assert outcome.code == "input.participants"


def test_asking_again_returns_the_same_birth_even_after_the_request_expired(home):
    home.make_wallet(2)
    before = home["device1"].result(home.birth.wallet_id)
    home.clock.pass_(10**6)
    home["device1"].restart()
    openings = home.openings(home.wallet_request, home.names)
    (answer,) = home["device1"].send(openings["device1"])
    assert isinstance(answer, Finished)
    assert before.state == "finished" and answer.result == before.result
    assert home["device1"].kinds().count("wallet-born") == 1


def test_a_request_id_never_serves_a_wallet_and_something_else(home):
    home.make_wallet(2)
    other = msgspec.structs.replace(
        home.new_wallet_request(2), request_id=home.wallet_request.request_id, threshold=1
    )
    assert home.run(home.openings(other, home.names)).code == "authorization.replayed"


# --- crashes and recovery --------------------------------------------------------------------------------------------


def coordinator(home: Household) -> str:
    return min(home.names, key=lambda name: home[name].identity)


def lose_the_end(home: Household, straggler: str, keys: int = 1):
    """Tamper: the coordinator's last messages to ``straggler`` are lost, one for each key."""
    count = iter(range(100))
    first, last = home[coordinator(home)].identity, home[straggler].identity

    def tamper(sender, receiver, frame):
        lost = (
            sender == first and receiver == last and next(count) > keys + 1
        )  # behind Hello, Shown and each CMSG1
        return [] if lost else [(receiver, frame)]

    return tamper


@pytest.fixture
def straggling(home):
    """A wallet that all devices but one hold; that one crashed in the last round. (household, name, recovery data)"""
    straggler = max(home.names, key=lambda name: home[name].identity)
    request = home.new_wallet_request(2)
    outcome = home.run(home.openings(request, home.names), lose_the_end(home, straggler))
    assert set(outcome.finished) == set(home.names) - {straggler}
    home[straggler].restart()
    home.wallet_request = request
    birth = decode(SignedBirth, next(iter(outcome.finished.values())), 2**18)
    home.birth = decode(WalletBirth, birth.birth, 2**18)
    return home, straggler, birth.recovery


def code_of(function: Any, *arguments: Any) -> str:
    try:
        function(*arguments)
    except WarifuError as error:
        return error.code
    return ""


def test_a_straggler_is_pending_and_cannot_sign(straggling):
    home, straggler, _ = straggling
    assert home[straggler].kinds()[-1] == "wallet-pending"
    assert home[straggler].result(home.birth.wallet_id).state == "started"
    assert home[straggler].status().wallets == ()


def test_a_straggler_recovers_its_share_from_a_peers_public_recovery_data(straggling):
    home, straggler, data = straggling
    birth = home.recover(straggler, home.wallet_request, data)
    assert decode(WalletBirth, birth.birth, 2**18) == home.birth
    verify(home[straggler].identity, birth.signature, "birth", birth.birth)
    home[straggler].restart()
    home.keys = WalletKeys(
        home.birth.keys[0].threshold_public, home.birth.keys[0].chain_code, Network.REGTEST
    )
    payment = home.pay()
    assert signed(payment, home.sign(payment, [straggler, coordinator(home)]))


def test_recovery_works_long_after_the_request_expired(straggling):
    home, straggler, data = straggling
    home.clock.pass_(10**7)
    assert home.recover(straggler, home.wallet_request, data)
    assert home.recover(straggler, home.wallet_request, data)  # and is answered from memory the second time


def test_recovery_needs_the_passphrase_and_counts_tries(straggling):
    home, straggler, data = straggling
    assert code_of(home.recover, straggler, home.wallet_request, data, "wrong") == "passphrase.wrong"
    for _ in range(4):
        home.clock.pass_(10_000)
        code_of(home.recover, straggler, home.wallet_request, data, "wrong")
    home.clock.pass_(10_000)
    assert code_of(home.recover, straggler, home.wallet_request, data) == "passphrase.locked-out"


def test_recovery_data_of_another_wallet_or_altered_is_refused(straggling):
    home, straggler, data = straggling
    (of_key,) = data
    at = len(of_key) - SIGNATURE_BYTES
    flipped = of_key[:at] + bytes([of_key[at] ^ 1]) + of_key[at + 1 :]
    for bad in ((flipped,), (of_key[:-1],), (b"",), (random(len(of_key)),), (of_key, of_key)):
        assert code_of(home.recover, straggler, home.wallet_request, bad) == "input.recovery-data"
        assert home[straggler].result(home.birth.wallet_id).state == "started"
    assert home.recover(straggler, home.wallet_request, data)


def test_nobody_but_the_owner_has_a_device_recover(straggling):
    home, straggler, data = straggling
    home.owner = IdentityKey.generate()
    assert code_of(home.recover, straggler, home.wallet_request, data) == "authorization.unknown-credential"


def test_a_device_that_took_no_part_recovers_nothing(straggling):
    home, straggler, data = straggling
    other = home.new_wallet_request(2)
    assert code_of(home.recover, straggler, other, data) == "input.unknown-wallet"


def test_a_key_generation_that_all_lost_can_be_made_anew(home):
    request = home.new_wallet_request(2)
    lost = home.run(home.openings(request, home.names), lambda *_: [])
    assert not lost.finished
    again = home.run(home.openings(request, home.names))
    assert {error_of_superseded.code for error_of_superseded in again.failed.values()} <= {
        "session.superseded"
    }
    assert set(again.finished) == set(home.names)


def test_a_second_key_generation_for_a_wallet_ends_the_first_on_the_same_device(home):
    request = home.new_wallet_request(2)
    first = home.openings(request, home.names)
    home["device0"].send(first["device0"])
    second = home.openings(request, home.names)
    answers = home["device0"].send(second["device0"])
    assert answers[0].session == first["device0"].session
    assert error_of(answers[0].refusal).code == "session.superseded"
    assert {frame.session for frame in answers[1:]} == {second["device0"].session}


# --- hostile peers ---------------------------------------------------------------------------------------------------


ALL = ("bip340", "ecdsa", "ed25519")


def with_cheat(home: Household, cheat: str, change, schemes=("bip340",)):
    """Key generation in which ``cheat`` sends ``change(message)`` in place of each of its ChillDKG messages."""
    openings = home.openings(home.new_wallet_request(2, schemes=schemes), home.names)

    def take_over():
        ceremony: Any = home[cheat].signer._ceremonies._running[openings[cheat].session]
        say = ceremony._say
        ceremony._say = lambda peer, message: say(
            peer, change(message) if isinstance(message, Generation) else message
        )

    return home.run(openings, opened=take_over)


def altered(phase: int, position: int):
    def change(message: Generation) -> Generation:
        if message.phase != phase:
            return message
        body = bytearray(message.body)
        body[position] ^= 1
        return Generation(message.scheme, message.phase, bytes(body))

    return change


@pytest.mark.parametrize(("phase", "position"), [(1, 5), (3, 0), (3, -1)])
def test_a_participant_that_cheats_gets_no_wallet_made(home, phase, position):
    cheat = max(home.names, key=lambda name: home[name].identity)
    outcome = with_cheat(home, cheat, altered(phase, position))
    assert not outcome.finished
    blamed = {error.blame for error in outcome.failed.values()}
    assert blamed & {cheat, None}
    assert not blamed - {cheat, coordinator(home), None}


@pytest.mark.parametrize("position", [-1, -33])
def test_a_wrong_secret_share_is_investigated_and_its_sender_named_first(home, position):
    """The last two scalars of a first message are the encrypted shares for the second and the third participant."""
    by_index = sorted(home.names, key=lambda name: home[name].identity)
    victim = by_index[2 if position == -1 else 1]
    cheat = by_index[1 if position == -1 else 2]
    outcome = with_cheat(home, cheat, altered(1, position))
    assert set(outcome.failed) == {victim}  # the coordinator leaves the first word to the one that knows
    assert outcome.failed[victim].blame == cheat
    assert "made it look so" in outcome.failed[victim].message
    assert not outcome.finished


@pytest.mark.parametrize(("phase", "position"), [(2, 5), (2, -1), (4, 0)])
def test_a_coordinator_that_cheats_can_stop_the_wallet_and_nothing_else(home, phase, position):
    outcome = with_cheat(home, coordinator(home), altered(phase, position))
    victims = [name for name in home.names if name != coordinator(home)]
    assert not any(name in outcome.finished for name in victims)
    assert all(
        outcome.failed[name].family in ("peer", "session") for name in victims if name in outcome.failed
    )


def test_messages_out_of_turn_name_their_sender(home):
    cheat = max(home.names, key=lambda name: home[name].identity)
    outcome = with_cheat(home, cheat, lambda message: Generation(message.scheme, 4, message.body))
    assert outcome.failed[coordinator(home)].blame == cheat


def test_a_host_key_that_is_no_point_names_its_device(home):
    cheat = max(home.names, key=lambda name: home[name].identity)
    openings = home.openings(home.new_wallet_request(2), home.names)

    device = home[cheat]
    original = device.signer._births.open

    def opened(frame, request, seat):
        ceremony = original(frame, request, seat)
        ceremony._host_public = {Scheme.BIP340: b"\x02" + b"\xff" * 32}
        return ceremony

    device.signer._births.open = opened
    outcome = home.run(openings)
    assert outcome.failed[coordinator(home)].code == "peer.host-key"
    assert outcome.failed[coordinator(home)].blame == cheat


def only(scheme: str, change):
    """``change`` for the messages of one key; the other keys' are honest."""
    return lambda message: change(message) if message.scheme == scheme else message


@pytest.mark.parametrize("scheme", ALL)
@pytest.mark.parametrize(("phase", "position"), [(1, 5), (3, 0)])
def test_a_wallet_is_born_with_all_of_its_keys_or_not_at_all(home, scheme, phase, position):
    cheat = max(home.names, key=lambda name: home[name].identity)
    outcome = with_cheat(home, cheat, only(scheme, altered(phase, position)), ALL)
    assert not outcome.finished
    assert all(not device.status().wallets for device in home.devices.values())
    assert {error.blame for error in outcome.failed.values()} & {cheat, None}


@pytest.mark.parametrize("scheme", ALL)
def test_a_coordinator_that_cheats_with_one_key_can_stop_the_wallet_and_nothing_else(home, scheme):
    outcome = with_cheat(home, coordinator(home), only(scheme, altered(4, 0)), ALL)
    victims = [name for name in home.names if name != coordinator(home)]
    assert not any(name in outcome.finished for name in victims)


def test_a_message_of_one_key_is_none_of_another(home):
    cheat = max(home.names, key=lambda name: home[name].identity)

    def moved(message: Generation) -> Generation:
        others: dict[str, Any] = {"bip340": "ecdsa", "ecdsa": "bip340"}
        return Generation(others.get(message.scheme, message.scheme), message.phase, message.body)

    outcome = with_cheat(home, cheat, moved, ALL)
    assert not outcome.finished
    assert outcome.failed[coordinator(home)].blame == cheat


def test_a_message_of_a_key_that_the_wallet_does_not_have_names_its_sender(home):
    cheat = max(home.names, key=lambda name: home[name].identity)
    outcome = with_cheat(home, cheat, lambda message: Generation("ed25519", message.phase, message.body))
    assert outcome.failed[coordinator(home)].code == "peer.malformed"
    assert outcome.failed[coordinator(home)].blame == cheat


def test_the_three_keys_of_a_wallet_have_nothing_in_common(home):
    birth = home.make_wallet(2, schemes=ALL)
    assert [key.scheme for key in birth.keys] == list(ALL)
    assert [len(key.threshold_public) for key in birth.keys] == [33, 33, 32]
    for values in ([key.threshold_public for key in birth.keys], [key.chain_code for key in birth.keys]):
        assert len(set(values)) == 3
    shares = [share for key in birth.keys for share in key.public_shares]
    assert len(set(shares)) == 9


def test_a_straggler_recovers_all_of_its_keys(home):
    straggler = max(home.names, key=lambda name: home[name].identity)
    request = home.new_wallet_request(2, schemes=ALL)
    outcome = home.run(home.openings(request, home.names), lose_the_end(home, straggler, len(ALL)))
    assert set(outcome.finished) == set(home.names) - {straggler}
    home[straggler].restart()
    finished = decode(SignedBirth, next(iter(outcome.finished.values())), 2**18)
    swapped = (finished.recovery[1], finished.recovery[0], finished.recovery[2])
    for bad in (finished.recovery[:2], swapped):
        assert code_of(home.recover, straggler, request, bad) == "input.recovery-data"
    assert home.recover(straggler, request, finished.recovery).birth == finished.birth


def test_the_passphrase_of_the_birth_is_the_one_that_signs(home):
    request = home.new_wallet_request(2)
    home.run(home.openings(request, home.names, passphrase="first choice"))
    home.wallet_request = request
    home.birth = decode(
        WalletBirth,
        decode(SignedBirth, home["device0"].result(request_digest(request)).result, 2**18).birth,
        2**18,
    )
    home.keys = WalletKeys(
        home.birth.keys[0].threshold_public, home.birth.keys[0].chain_code, Network.REGTEST
    )
    payment = home.pay()
    assert home.sign(payment, passphrase=PASSPHRASE).code == "passphrase.wrong"
    assert signed(payment, home.sign(payment, passphrase="first choice"))
