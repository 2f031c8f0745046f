"""Refreshing a wallet's shares among real signers: the same key and addresses, new shares, and who cheats is named."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.keyless import Home
from tests.support.peer_release import FORMAT, SimulatedVerifier
from tests.support.refreshing import (
    Change,
    cheating,
    dealt,
    epochs,
    every_pair_pays,
    household,
    pays_ether,
    refresh,
    refresh_request,
    refreshed,
    without_the_last_word_to,
    without_words_to,
)
from tests.support.simulator import PASSPHRASE, Household, Outcome, bitcoin_policy, signed

from warifu.attestation import pinning
from warifu.attestation.registry import VERIFIERS
from warifu.protocol.channel import Channel
from warifu.protocol.credential import DeviceKey
from warifu.protocol.encoding import decode, encode
from warifu.protocol.epochs import EpochCertificate, certify, position, read_statement, statement_in
from warifu.protocol.frames import CallRefused, Relay, Reply, SessionFailed, ShowEpoch, SignedBirth
from warifu.protocol.identity import IdentityKey
from warifu.protocol.operator import FreezeDevice
from warifu.signer import refreshes
from warifu.signer.epoch import Epoch
from warifu.signer.refreshes import Refreshes
from warifu.signer.sessions.messages import Agreement, Complaint, Word, ZeroShares
from warifu.signer.sessions.refreshing import RefreshCeremony
from warifu.signer.vault import Role
from warifu.threshold.polynomial import evaluate, interpolating_coefficient
from warifu.threshold.refresh.zero_sharing import ZeroSharing
from warifu.threshold.secp256k1 import SECP256K1
from warifu.threshold.wiping import Secret

pytestmark = [pytest.mark.unit, pytest.mark.slow]
VILLAIN = "device2"


@pytest.fixture
def home(tmp_path: Path):
    made = household(tmp_path, schemes=("bip340",))
    yield made
    made.close()


@pytest.fixture
def on_all_chains(tmp_path: Path):
    made = household(tmp_path)
    yield made
    made.close()


def records(home: Household, name: str) -> dict[Role, bytes]:
    assert home.birth is not None
    return dict(home[name].device.wallets.locked(home.birth.wallet_id).records)


# --- what it does ----------------------------------------------------------------------------------------------------


def test_every_pair_pays_on_every_chain_before_and_after_two_refreshes(on_all_chains):
    home = on_all_chains
    every_pair_pays(home)
    for epoch in (1, 2):
        statement = refreshed(home, refresh(home, epoch))
        assert statement.epoch == epoch and epochs(home) == [epoch] * 3
        for key in statement.keys:
            wallet = home["device0"].device.wallets.born(home.birth.wallet_id)
            born = home.birth.key(key.scheme)
            assert set(key.public_shares).isdisjoint(born.public_shares)
            assert wallet.key(key.scheme).threshold_public == born.threshold_public
        every_pair_pays(home, first=200 * epoch)


def test_one_owner_refreshes_alone_where_every_payment_takes_two(tmp_path):
    """The same devices, keys and rules come out: nothing is trusted that was not before."""
    home = Household(tmp_path, 2)
    policy = msgspec.structs.replace(bitcoin_policy(), approvals_needed=2)
    home.make_wallet(2, policy, others=[DeviceKey(IdentityKey.generate().public)])
    assert home.sign(home.pay()).code == "policy.approvals"
    assert refreshed(home, refresh(home)).epoch == 1
    home.close()


def test_the_devices_sign_after_a_restart_as_before(home):
    refreshed(home, refresh(home))
    for device in home.devices.values():
        device.restart()
    assert epochs(home) == [1, 1, 1]
    every_pair_pays(home)


def test_what_gives_the_old_share_is_gone(home):
    before = {name: records(home, name) for name in home.names}
    refreshed(home, refresh(home))
    for name in home.names:
        after = records(home, name)
        assert set(after) == {Role("share", "bip340")}
        assert after[Role("share", "bip340")] != before[name][Role("share", "bip340")]
        device = home[name].device
        born = decode(SignedBirth, device.wallets.born(home.birth.wallet_id).signed_birth, 2**20)
        assert born.recovery == (b"",)
        assert device.store.execute("SELECT count(*) FROM kept_shares") == [(0,)]
        (log,) = home[name].directory.rglob("*-wal")
        assert log.stat().st_size == 0, "the log, too, has the old share no more"


def test_prepared_ecdsa_signatures_are_dropped_and_made_anew(on_all_chains):
    home = on_all_chains
    assert not home.correlate(3).failed
    refreshed(home, refresh(home))
    assert all(set(device.status().wallets[0].correlations) == {0} for device in home.devices.values())
    assert not home.correlate(2).failed
    pays_ether(home, ("device1", "device2"))


def test_five_devices_of_which_three_sign(tmp_path):
    home = household(tmp_path, 5, 3, ("bip340",))
    refreshed(home, refresh(home))
    payment = home.pay()
    assert signed(payment, home.sign(payment, ["device4", "device0", "device2"]))
    home.close()


def test_the_journal_tells_of_both_steps(home):
    refreshed(home, refresh(home))
    kinds = home["device0"].kinds()
    assert kinds[-2:] == ["shares-kept", "shares-refreshed"]


def test_sixteen_devices_of_which_nine_sign(tmp_path):
    home = household(tmp_path, 16, 9, ("bip340",))
    refreshed(home, refresh(home))
    payment = home.pay()
    assert signed(payment, home.sign(payment, home.names[7:]))
    home.close()


def test_no_old_disk_takes_back_what_a_device_gave_its_word_for(home, monkeypatch):
    """Where the platform counts, both steps are counted before anything that depends on them leaves."""
    lasting, device = Epoch.lasting, home["device0"]
    counted: list[str] = []

    @contextmanager
    def noting(self):
        with lasting(self):
            yield
        if self is device.device.epoch:
            counted.append(device.kinds()[-1])

    monkeypatch.setattr(Epoch, "lasting", noting)
    refreshed(home, refresh(home))
    assert counted[-2:] == ["shares-kept", "shares-refreshed"]


# --- what it refuses -------------------------------------------------------------------------------------------------


def test_a_wallet_of_which_every_device_holds_the_whole_key(tmp_path):
    home = household(tmp_path, 2, 1, ("bip340",))
    assert refresh(home).code == "input.threshold"
    home.close()


@pytest.mark.parametrize("epoch", [2, 7])
def test_an_epoch_that_does_not_follow(home, epoch):
    assert refresh(home, epoch).code == "authorization.epoch-stale"
    assert epochs(home) == [0, 0, 0]


def test_the_same_epoch_again_and_the_same_request_again(home):
    request = refresh_request(home)
    openings = home.openings(request, home.names)
    certificate = set(home.run(openings).finished.values())
    assert refresh(home, 1).code == "authorization.epoch-stale"
    # A service that lost the answer asks with the same authorization, and gets the same answer.
    again = home.run(
        {name: msgspec.structs.replace(each, session=bytes(16)) for name, each in openings.items()}
    )
    assert set(again.finished.values()) == certificate and not again.failed


def test_devices_are_missing(home):
    request = refresh_request(home)
    outcome = home.run(home.openings(request, ["device0", "device1"]))
    assert outcome.code == "input.participants"


def test_a_wrong_passphrase(home):
    outcome = refresh(home, passphrase="wrong passphrase")
    assert set(outcome.codes.values()) == {"passphrase.wrong"}
    assert epochs(home) == [0, 0, 0]


def test_another_owners_credential(home):
    outcome = home.run(home.openings(refresh_request(home), home.names, key=IdentityKey.generate()))
    assert outcome.code == "authorization.unknown-credential"


def test_a_frozen_device(home):
    openings = home.openings(refresh_request(home), home.names)
    home["device1"].operator(FreezeDevice("for a test"))
    assert home.run(openings).codes["device1"] == "policy.frozen"
    assert epochs(home) == [0, 0, 0]


# --- what a device runs on -------------------------------------------------------------------------------------------


@pytest.fixture
def attested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two devices without, and one with a TEE whose measurement the owner accepted when the wallet was made."""
    monkeypatch.setitem(VERIFIERS, FORMAT, SimulatedVerifier())
    monkeypatch.setitem(pinning.PINNED, FORMAT, ("launch",))
    made = Home(tmp_path)
    yield made
    made.close()


def test_devices_that_are_what_the_owner_accepted_refresh(attested):
    refreshed(attested.household, refresh(attested.household))


@pytest.mark.parametrize(
    ("machine", "check"),
    [
        (("v2", "chip", False), "reference-measurement"),
        (("v1", "another chip", False), "reference-hardware"),
        (("v1", "chip", True), "debug"),
    ],
    ids=["changed measurement", "another chip", "debug"],
)
def test_a_device_that_became_another_stops_the_refresh_at_each_peer(attested, machine, check):
    """Its envelope was sealed before it changed, or by a client that did not look: the peers do."""
    home = attested.household
    attested.server.simulated._shown = machine
    outcome = refresh(home)
    refused = {name: error for name, error in outcome.failed.items() if name != "server"}
    assert set(refused) == {"keeper0", "keeper1"}
    assert {(error.code, error.blame) for error in refused.values()} == {("peer.evidence", "server")}
    assert all(check in error.message for error in refused.values())
    assert epochs(home) == [0, 0, 0]
    # Nothing was dealt to anybody.
    assert not any("shares-kept" in device.kinds() for device in home.devices.values())


# --- who cheats ------------------------------------------------------------------------------------------------------


def proven(home: Household, outcome: Outcome, reason: str, villain: str = VILLAIN) -> None:
    """Every honest device ends by itself, names the villain, and uses the shares that it had."""
    honest = {name: error for name, error in outcome.failed.items() if name != villain}
    assert set(honest) == set(home.names) - {villain}
    assert {(error.blame, error.reason) for error in honest.values()} == {(villain, reason)}
    assert not outcome.finished and epochs(home) == [0, 0, 0]


def only(kind: type, to: str, change: Any) -> Change:
    """Change messages of this kind to this receiver."""
    return lambda ceremony, receiver, message: (
        change(ceremony, message) if isinstance(message, kind) and receiver == to else message
    )


def flipped(share: bytes) -> bytes:
    return share[:31] + bytes([share[31] ^ 1])


def test_a_share_that_its_dealer_did_not_sign(home, monkeypatch):
    """Nobody else is shown it: it proves nothing to anybody."""

    def unsigned(_ceremony, shares):
        return msgspec.structs.replace(shares, evaluations=(flipped(shares.evaluations[0]),))

    cheating(monkeypatch, home, VILLAIN, only(ZeroShares, "device0", unsigned))
    outcome = refresh(home)
    assert (outcome.failed["device0"].blame, outcome.failed["device0"].reason) == (VILLAIN, "refresh-share")
    assert epochs(home) == [0, 0, 0]
    monkeypatch.undo()
    every_pair_pays(home)


def test_a_wrong_share_to_one_device_is_proven_to_the_others(home, monkeypatch):
    """The victim shows what the dealer signed; the third one sees by itself that it does not fit."""

    def wrong(ceremony, shares):
        return dealt(ceremony, "device0", shares.commitments, [flipped(shares.evaluations[0])])

    cheating(monkeypatch, home, VILLAIN, only(ZeroShares, "device0", wrong))
    proven(home, refresh(home), "refresh-share")


def test_a_constant_term_by_which_the_key_would_change(home, monkeypatch):
    coefficients = [SECP256K1.random_secret() for _ in range(2)]
    commitment = SECP256K1.base_mul(coefficients[1]).encoded

    def bent(ceremony, receiver, message):
        if not isinstance(message, ZeroShares):
            return message
        place = ceremony.seat.participants.index(home[receiver].identity)
        return dealt(
            ceremony, receiver, [commitment], [evaluate(SECP256K1, coefficients, place + 1).expose()]
        )

    cheating(monkeypatch, home, VILLAIN, bent)
    outcome = refresh(home)
    assert {error.blame for name, error in outcome.failed.items() if name != VILLAIN} == {VILLAIN}
    assert epochs(home) == [0, 0, 0]


def test_a_coefficient_too_many(home, monkeypatch):
    def longer(ceremony, shares):
        return dealt(ceremony, "device0", [shares.commitments[0] * 2], shares.evaluations)

    cheating(monkeypatch, home, VILLAIN, only(ZeroShares, "device0", longer))
    proven(home, refresh(home), "refresh-share")


def test_two_faces_of_a_dealer_are_proven_by_its_two_signatures(home, monkeypatch):
    """What each device was dealt fits, so nobody sees it alone: the agreement puts both commitments side by side."""

    def other_face(ceremony, _shares):
        sharing = ZeroSharing(SECP256K1, 2)
        place = ceremony.seat.participants.index(home["device0"].identity)
        evaluation = sharing.share_for(place).expose()
        return dealt(ceremony, "device0", [sharing.commitment.encode()], [evaluation])

    cheating(monkeypatch, home, VILLAIN, only(ZeroShares, "device0", other_face))
    proven(home, refresh(home), "refresh-two-faces")


def test_a_complaint_without_a_reason_falls_back(home, monkeypatch):
    """About what was dealt well, about itself, and with what nobody signed."""

    def complain(about):
        def instead(ceremony, receiver, message):
            if not isinstance(message, Agreement):
                return message
            identity = home[about].identity
            shares = dealt(ceremony, VILLAIN, [b"\x02" + bytes(32)], [bytes(32)])
            return Complaint(identity, shares)

        return instead

    for about in ("device0", VILLAIN):
        with monkeypatch.context() as patch:
            cheating(patch, home, VILLAIN, complain(about))
            proven(home, refresh(home), "refresh-complaint")


def test_a_true_dealing_is_no_reason_to_complain(home, monkeypatch):
    got: list[ZeroShares] = []
    original = RefreshCeremony._take_shares

    def remembered(self, dealer, shares):
        if self.seat.names[self.seat.key.public] == VILLAIN and dealer == home["device0"].identity:
            got.append(shares)
        return original(self, dealer, shares)

    def instead(_ceremony, _receiver, message):
        return Complaint(home["device0"].identity, got[0]) if isinstance(message, Agreement) else message

    monkeypatch.setattr(RefreshCeremony, "_take_shares", remembered)
    cheating(monkeypatch, home, VILLAIN, instead)
    proven(home, refresh(home), "refresh-complaint")


def test_an_agreement_on_what_nobody_dealt(home, monkeypatch):
    def made_up(_ceremony, _receiver, message):
        if not isinstance(message, Agreement):
            return message
        return Agreement(((bytes(32), bytes(64)), *message.seen[1:]))

    cheating(monkeypatch, home, VILLAIN, made_up)
    proven(home, refresh(home), "refresh-agreement")


def test_a_word_for_other_shares(home, monkeypatch):
    """The honest ones keep the new shares beside the old, and sign with the old."""
    cheating(
        monkeypatch,
        home,
        VILLAIN,
        lambda _ceremony, _receiver, message: Word(bytes(64)) if isinstance(message, Word) else message,
    )
    outcome = refresh(home)
    assert {error.reason for name, error in outcome.failed.items() if name != VILLAIN} == {"refresh-word"}
    monkeypatch.undo()
    assert epochs(home)[:2] == [0, 0]
    bitcoin = home.pay()
    assert signed(bitcoin, home.sign(bitcoin, ["device0", "device1"]))


def test_a_round_of_an_earlier_refresh_opens_nowhere(home):
    """Recorded by the service and played back: another session, another transcript, other keys."""
    recorded: dict[tuple[bytes, bytes], list[Relay]] = {}

    def record(sender, receiver, frame):
        recorded.setdefault((sender, receiver), []).append(frame)
        return [(receiver, frame)]

    refreshed(home, refresh(home, 1, record))
    played: dict[tuple[bytes, bytes], int] = {}

    def replay(sender, receiver, frame):
        number = played[sender, receiver] = played.get((sender, receiver), -1) + 1
        if number < 2:  # its Hello, and what it runs on
            return [(receiver, frame)]
        old = recorded[sender, receiver][number]
        return [(receiver, Relay(frame.session, frame.peer, old.body))]

    outcome = refresh(home, 2, replay)
    assert set(outcome.codes.values()) == {"peer.record"} and not outcome.finished
    assert epochs(home) == [1, 1, 1]


# --- who was not there at the end ------------------------------------------------------------------------------------


def test_a_device_that_missed_the_end_is_shown_it_by_its_peer_and_signs_the_next_time(home, monkeypatch):
    without_the_last_word_to(home, "device0", monkeypatch)
    assert epochs(home) == [0, 1, 1]
    pair = ["device1", "device2"]
    bitcoin = home.pay()
    assert signed(bitcoin, home.sign(bitcoin, pair))  # those who finished do not wait for it
    behind = home.pay(first_coin=7)
    outcome = home.sign(behind, ["device0", "device1"])
    assert set(outcome.codes.values()) == {"session.epoch-differs"}
    assert {error.blame for error in outcome.failed.values()} == {"device0"}
    assert epochs(home) == [1, 1, 1]
    assert signed(behind, home.sign(behind, ["device0", "device1"]))


def test_a_device_that_missed_the_end_is_shown_it_by_the_service(home, monkeypatch):
    certificate = without_the_last_word_to(home, "device0", monkeypatch)
    home["device0"].restart()
    show = ShowEpoch(9, home.birth.wallet_id, certificate)
    assert home["device0"].send(ShowEpoch(8, home.birth.wallet_id, b"")) == [Reply(8, b"")]
    assert home["device0"].send(show) == [Reply(9, certificate)]
    assert epochs(home) == [1, 1, 1]
    assert home["device0"].send(show) == [Reply(9, certificate)]  # again: nothing
    assert home["device0"].send(ShowEpoch(8, home.birth.wallet_id, b"")) == [Reply(8, certificate)]
    assert home["device0"].kinds().count("shares-refreshed") == 1
    every_pair_pays(home)


def test_a_session_that_works_with_the_old_shares_ends_with_them(home, monkeypatch):
    certificate = without_the_last_word_to(home, "device0", monkeypatch)
    payment = home.pay()
    openings = home.openings(payment.request, ["device0", "device1"], payment.unsigned)
    home["device0"].send(openings["device0"])
    *_, failed = home["device0"].send(ShowEpoch(9, home.birth.wallet_id, certificate))
    assert isinstance(failed, SessionFailed) and failed.refusal.reason == "superseded"


@pytest.mark.parametrize(
    "lie", ["a signature", "one word less", "another wallet", "another share", "nonsense"]
)
def test_what_is_no_certificate_changes_nothing(home, monkeypatch, lie):
    certificate = decode(EpochCertificate, without_the_last_word_to(home, "device0", monkeypatch), 2**14)
    statement = read_statement(certificate.statement)
    other = {
        "another wallet": msgspec.structs.replace(statement, wallet_id=bytes(32)),
        "another share": msgspec.structs.replace(statement, transcript=bytes(32)),
    }.get(lie, statement)
    words = list(certificate.signatures)
    if lie == "a signature":
        words[1] = words[0]
    elif lie == "one word less":
        del words[2]
    shown = b"nonsense" if lie == "nonsense" else certify(encode(other), words)
    (answer,) = home["device0"].send(ShowEpoch(9, home.birth.wallet_id, shown))
    assert isinstance(answer, CallRefused)
    assert epochs(home) == [0, 1, 1]


def test_a_peer_that_claims_an_epoch_that_it_cannot_show_is_named(home, monkeypatch):
    original = Channel.__init__

    def lying(self, key, *rest):
        original(self, key, *rest)
        if key.public == home[VILLAIN].identity:
            self._epoch = (1).to_bytes(8, "big") + bytes(32)

    monkeypatch.setattr(Channel, "__init__", lying)
    outcome = home.sign(home.pay(), ["device0", VILLAIN])
    assert (outcome.failed["device0"].code, outcome.failed["device0"].blame) == ("peer.epoch", VILLAIN)


def test_an_attempt_that_broke_off_is_kept_and_the_next_one_counts(home, monkeypatch):
    """Nobody has all words of the first one; whoever gave its own keeps what it gave it for until then."""
    without_words_to(home, home.names, monkeypatch)
    every_pair_pays(home)
    count = "SELECT count(DISTINCT position) FROM kept_shares"
    assert home["device0"].device.store.execute(count) == [(1,)]
    refreshed(home, refresh(home, 1))
    assert epochs(home) == [1, 1, 1]
    every_pair_pays(home, first=200)
    refreshed(home, refresh(home, 2))
    assert home["device0"].device.store.execute(count) == [(0,)]


def test_two_certified_attempts_at_one_epoch_split_nobody(home, monkeypatch):
    """The one attack that a hostile device has on the key itself: it collects all words, holds them back, lets the
    owner try again, and shows one end to one device and the other end to the other. All honest devices have the shares
    of both, and agree on the greater one."""
    certificates = []
    for _ in range(2):
        certificates.append(all_words_to_the_villain_alone(home, monkeypatch))
    assert epochs(home)[:2] == [0, 0]
    lower, greater = sorted(certificates, key=lambda each: position(statement_in(each)))
    home["device0"].send(ShowEpoch(1, home.birth.wallet_id, lower))
    home["device1"].send(ShowEpoch(1, home.birth.wallet_id, greater))
    assert epochs(home)[:2] == [1, 1]
    payment = home.pay()
    assert home.sign(payment, ["device0", "device1"]).code == "session.epoch-differs"
    assert signed(payment, home.sign(payment, ["device0", "device1"]))
    # .. and never back.
    home["device1"].send(ShowEpoch(2, home.birth.wallet_id, lower))
    again = home.pay(first_coin=3)
    assert signed(again, home.sign(again, ["device0", "device1"]))


def all_words_to_the_villain_alone(home: Household, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The villain signs for everybody and tells nobody; it does not use the shares itself either."""
    made: list[bytes] = []
    with monkeypatch.context() as patch:
        cheating(
            patch,
            home,
            VILLAIN,
            lambda _c, _r, message: Word(bytes(64)) if isinstance(message, Word) else message,
        )
        original = Refreshes._put_in_force

        def held_back(self, wallet_id, certificate, by):
            made.append(certificate)
            if self._device.name != VILLAIN:
                original(self, wallet_id, certificate, by)

        patch.setattr(Refreshes, "_put_in_force", held_back)
        refresh(home)
    (certificate,) = made
    return certificate


def test_an_old_disk_that_lost_the_shares_it_gave_its_word_for_freezes_the_device(
    home, monkeypatch, tmp_path
):
    home["device0"].close()
    copy = tmp_path / "copy"
    shutil.copytree(home["device0"].directory, copy)
    home["device0"].start()
    certificate = without_the_last_word_to(home, "device0", monkeypatch)
    home["device0"].close()
    shutil.rmtree(home["device0"].directory)
    shutil.copytree(copy, home["device0"].directory)
    home["device0"].start()
    (answer,) = home["device0"].send(ShowEpoch(9, home.birth.wallet_id, certificate))
    assert isinstance(answer, CallRefused) and answer.refusal.reason == "rolled-back"
    assert home["device0"].status().frozen


def test_too_many_attempts_are_refused_before_the_envelope_is_opened(home, monkeypatch):
    monkeypatch.setattr(refreshes, "MAX_KEPT", 1)
    without_words_to(home, home.names, monkeypatch)
    assert refresh(home).code == "session.refresh-attempts"
    assert home["device0"].status().wallets[0].tries_left == 5
    every_pair_pays(home)


# --- a thief ---------------------------------------------------------------------------------------------------------


def test_a_stolen_old_share_and_a_new_one_are_useless_together(home):
    """A 2-of-3 wallet: with the passphrase and one device before the refresh, and another device after it."""
    old = opened(home, "device0")
    refreshed(home, refresh(home))
    new = opened(home, "device1")
    places = {
        name: sorted(d.identity for d in home.devices.values()).index(home[name].identity) + 1
        for name in home.names
    }
    public = home.birth.key("bip340").threshold_public

    def combined(shares: dict[str, Secret]) -> bytes:
        chosen = [places[name] for name in shares]
        return SECP256K1.element_add(
            *(
                SECP256K1.element_mul_public(
                    SECP256K1.base_mul(share), interpolating_coefficient(SECP256K1, chosen, places[name])
                )
                for name, share in shares.items()
            )
        ).encoded

    assert combined({"device0": old, "device1": new}) != public
    assert combined({"device2": opened(home, "device2"), "device1": new}) == public


def opened(home: Household, name: str) -> Secret:
    """What somebody gets who has the device and the passphrase."""
    assert home.birth is not None
    device, wallet, role = home[name].device, home.birth.wallet_id, Role("share", "bip340")
    locked = device.wallets.locked(wallet)
    with device.vault.open(wallet, locked.lock, bytearray(PASSPHRASE.encode())) as lock:
        return lock.unlock(role, locked.records[role])
