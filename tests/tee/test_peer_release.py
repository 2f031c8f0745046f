"""Peer release under attack, in a simulation: real dealing, messages, sealing and judging; the TEE is simulated."""

from __future__ import annotations

import msgspec
import pytest
from nacl.utils import random
from tests.support.attested import CLAIMS
from tests.support.peer_release import FORMAT, NOW, Home, SimulatedVerifier, evidence, reference

from warifu.attestation import pinning
from warifu.attestation.expectation import Expectation
from warifu.attestation.registry import VERIFIERS
from warifu.attestation.unsafe_software import statement
from warifu.errors import (
    AuthorizationRefused,
    InputRefused,
    PeerMisbehaved,
    PlatformRefused,
    ServiceRefused,
    WarifuError,
)
from warifu.protocol.attesting import Attestation, Evidence, Reference
from warifu.protocol.identity import IdentityKey
from warifu.protocol.release import (
    Ask,
    AskRelease,
    Challenge,
    Handing,
    Release,
    ReleaseKey,
    open_signed,
    seal_piece,
    sign,
)
from warifu.signer.store import Store
from warifu.tee.peer_release import Peer, Requester, boot_key, hand_out, read_record, write_record
from warifu.tee.release_keeper import CHALLENGE_LIFETIME, MAX_CHALLENGES, RELEASES_PER_HOUR, Keeper
from warifu.tee.unsafe_software import UnsafeSoftware
from warifu.threshold.release import new_secret

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def simulated_vendor(monkeypatch):
    monkeypatch.setitem(VERIFIERS, FORMAT, SimulatedVerifier())
    monkeypatch.setitem(pinning.PINNED, FORMAT, ("launch",))


@pytest.fixture
def home() -> Home:
    return Home()


def first(home: Home) -> bytes:
    return next(iter(home.keepers))


# --- honest ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("threshold", "keepers"), [(1, 1), (1, 2), (2, 2), (2, 3), (3, 5)])
def test_a_fresh_boot_gets_the_secret_back_and_what_it_sealed_opens(threshold, keepers):
    home = Home(threshold, keepers)
    before = home.released(home.boot())
    sealed = before.sealing_key("tdx", home.unlock_key).seal(b"share", b"c")
    after = home.released(home.boot())
    assert after.secret == home.secret
    assert after.sealing_key("tdx", home.unlock_key).unseal(sealed, b"c") == b"share"


def test_a_keeper_that_is_off_is_not_missed(home):
    off = first(home)
    reachable = {identity: keeper for identity, keeper in home.keepers.items() if identity != off}
    requester, refused = home.run(home.boot(), reachable)
    assert not refused
    assert requester.finish().secret == home.secret


def test_keepers_keep_their_pieces_and_their_count_over_a_restart(home):
    home.released(home.boot())
    for identity in list(home.keepers):
        home.restart(identity)
    again = home.released(home.boot())
    assert again.secret == home.secret
    assert {keeper.latest_boot(home.identity.public) for keeper in home.keepers.values()} == {2}


def test_the_signers_own_store_is_a_shelf(tmp_path):
    home, store = Home(1, 1), Store.open(tmp_path, UnsafeSoftware(bytes(32)))
    (identity,) = home.keepers
    home.keepers[identity] = Keeper(home.keys[identity], store, home._accepted)
    home.record = home.deal(1)
    home.released(home.boot())
    assert home.keepers[identity].latest_boot(home.identity.public) == 1
    store.close()
    reopened = Store.open(tmp_path, UnsafeSoftware(bytes(32)))
    home.keepers[identity] = Keeper(home.keys[identity], reopened, home._accepted)
    home.released(home.boot())
    assert home.keepers[identity].latest_boot(home.identity.public) == 2
    reopened.close()


# --- too little ------------------------------------------------------------------------------------------------------


def test_fewer_keepers_than_needed_open_nothing(home):
    alone = {first(home): home.keepers[first(home)]}
    requester, _ = home.run(home.boot(), alone)
    assert requester.needed == 1
    with pytest.raises(PlatformRefused) as refusal:
        requester.finish()
    assert refusal.value.code == "platform.release-incomplete"


def test_fewer_pieces_than_needed_are_refused_even_when_a_further_keeper_lies(home):
    liar = first(home)
    _lie(home, liar)
    reachable = dict(list(home.keepers.items())[:2])
    requester, refused = home.run(home.boot(), reachable)
    assert refused == {liar: "peer.release-piece"}
    with pytest.raises(PlatformRefused):
        requester.finish()


# --- the wrong boot --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"image": "v2"}, "peer.evidence"),
        ({"chip": "another"}, "peer.evidence"),
        ({"debug": True}, "peer.evidence"),
        (
            {"change": lambda shown: msgspec.structs.replace(shown, evidence=evidence(random(64)))},
            "peer.evidence",
        ),
        (
            {"change": lambda shown: msgspec.structs.replace(shown, evidence=Evidence(FORMAT, bytes(64)))},
            "peer.evidence",
        ),
        (
            {"change": lambda shown: msgspec.structs.replace(shown, evidence=Evidence("none", b""))},
            "peer.evidence",
        ),
        (
            {
                "change": lambda shown: msgspec.structs.replace(
                    shown, claims=msgspec.structs.replace(CLAIMS, release=b"\1" * 32)
                )
            },
            "peer.evidence",
        ),
    ],
    ids=[
        "another program",
        "another machine",
        "debug",
        "stale evidence",
        "forged",
        "none",
        "other claims beside it",
    ],
)
def test_only_what_the_owner_accepted_gets_a_piece(home, changes, code):
    requester, refused = home.run(home.boot(**changes))
    assert set(refused.values()) == {code}
    assert len(refused) == 3
    assert all(keeper.latest_boot(home.identity.public) == 0 for keeper in home.keepers.values())
    with pytest.raises(PlatformRefused):
        requester.finish()


def test_a_stolen_disk_without_the_unlock_key_does_not_even_read_its_record(home):
    with pytest.raises(AuthorizationRefused):
        home.boot(unlock_key=random(32)).requester()


def test_the_right_program_on_the_right_machine_with_another_unlock_key_gets_no_piece(home):
    """A thief who writes a record of his own for the set that he found."""
    thief = boot_key(random(32))
    found = read_record(home.record, boot_key(home.unlock_key))
    mine = msgspec.structs.replace(found, boot=thief.public)
    requester = Requester(mine, thief, home.boot().attest)
    with pytest.raises(InputRefused):
        home.keepers[first(home)].challenge(requester.first()[first(home)].set, NOW)
    # He asks for the true set and signs with his key.
    challenge = home.keepers[first(home)].challenge(found.id, NOW)
    forged = _ask(home, thief, open_signed(Challenge, challenge, first(home)), ReleaseKey())
    with pytest.raises(AuthorizationRefused) as refusal:
        home.answer(first(home), AskRelease(found.id, sign(thief, forged)))
    assert refusal.value.reason == "signature"


def test_an_upgraded_program_gets_its_piece_once_the_owner_accepted_it_and_the_old_one_none_any_more(home):
    assert home.run(home.boot(image="v2"))[1]
    home.reference = reference("v2")
    assert home.released(home.boot(image="v2")).secret == home.secret
    assert set(home.run(home.boot())[1].values()) == {"peer.evidence"}


@pytest.mark.parametrize(
    "accepted", [None, Reference(FORMAT, 0, b"", b"", (), unchecked=True)], ids=["nothing", "unchecked"]
)
def test_a_device_that_was_never_accepted_by_its_evidence_gets_nothing(home, accepted):
    home.reference = accepted
    assert set(home.run(home.boot())[1].values()) == {"policy.release-unchecked"}


def _software(home: Home):
    """The device's evidence is the statement that anybody can write."""
    home.reference = Reference("unsafe-software", 0, b"", b"", ())

    def attest(binding):
        return Attestation(Evidence("unsafe-software", statement(binding.report_data(CLAIMS))), (), CLAIMS)

    boot = home.boot()
    boot.attest = attest  # type: ignore[method-assign]
    return boot


def test_evidence_that_anybody_can_write_releases_nothing(home):
    assert set(home.run(_software(home))[1].values()) == {"policy.tier"}


def test_unless_a_simulation_says_so(home):
    simulation = Home(least_tier=0)
    assert simulation.released(_software(simulation)).secret == simulation.secret


# --- replay and relay ------------------------------------------------------------------------------------------------


def _ask(home: Home, boot: IdentityKey, challenge: Challenge, key: ReleaseKey) -> Ask:
    from warifu.protocol.release import ask_binding

    shown = home.boot().attest(ask_binding(challenge, boot.public, key.public))
    return Ask(challenge.keeper, challenge.set, challenge.nonce, challenge.boot_number, key.public, shown)


def test_a_request_works_once(home):
    _, asked = home.asked(home.boot(), first(home))
    home.answer(first(home), asked)
    with pytest.raises(AuthorizationRefused) as refusal:
        home.answer(first(home), asked)
    assert refusal.value.reason == "release-stale"
    assert home.keepers[first(home)].latest_boot(home.identity.public) == 1


def test_a_request_does_not_work_at_another_keeper(home):
    one, other = list(home.keepers)[:2]
    _, asked = home.asked(home.boot(), one)
    with pytest.raises(AuthorizationRefused):
        home.answer(other, asked)


@pytest.mark.parametrize(
    ("later", "works"), [(CHALLENGE_LIFETIME - 1, True), (CHALLENGE_LIFETIME, False), (10**6, False)]
)
def test_a_challenge_grows_old(home, later, works):
    _, asked = home.asked(home.boot(), first(home))
    home.now += later
    if works:
        home.answer(first(home), asked)
        return
    with pytest.raises(AuthorizationRefused) as refusal:
        home.answer(first(home), asked)
    assert refusal.value.reason == "release-stale"


def test_after_a_keepers_restart_its_old_challenges_are_worth_nothing(home):
    _, asked = home.asked(home.boot(), first(home))
    home.restart(first(home))
    with pytest.raises(AuthorizationRefused):
        home.answer(first(home), asked)


def test_of_two_boots_at_once_one_is_let_in(home):
    _, one = home.asked(home.boot(), first(home))
    _, other = home.asked(home.boot(), first(home))
    home.answer(first(home), one)
    with pytest.raises(AuthorizationRefused) as refusal:
        home.answer(first(home), other)
    assert refusal.value.reason == "release-boot"


def test_the_count_is_durable_before_a_piece_leaves(home):
    _, asked = home.asked(home.boot(), first(home))
    home.shelves[first(home)].failing = True
    with pytest.raises(OSError):
        home.answer(first(home), asked)
    assert home.keepers[first(home)].latest_boot(home.identity.public) == 0


def test_a_service_that_asks_for_many_challenges_gets_no_further(home):
    keeper = home.keepers[first(home)]
    _, asked = home.asked(home.boot(), first(home))
    for _ in range(MAX_CHALLENGES):
        keeper.challenge(asked.set, home.now)
    with pytest.raises(AuthorizationRefused):
        home.answer(first(home), asked)
    assert home.released(home.boot()).secret == home.secret


# --- the service in the middle ---------------------------------------------------------------------------------------


def test_a_service_that_puts_its_own_key_into_a_request_gets_nothing(home):
    """It cannot sign for the boot; and a boot's signature over another key does not make the evidence fit it."""
    _, asked = home.asked(home.boot(), first(home))
    ask = msgspec.msgpack.decode(asked.ask.statement, type=Ask)
    swapped = msgspec.structs.replace(ask, key=ReleaseKey().public)
    with pytest.raises(AuthorizationRefused) as refusal:
        home.answer(first(home), AskRelease(asked.set, sign(IdentityKey.generate(), swapped)))
    assert refusal.value.reason == "signature"
    _, asked = home.asked(home.boot(), first(home))
    ask = msgspec.msgpack.decode(asked.ask.statement, type=Ask)
    with pytest.raises(PeerMisbehaved) as evidence_refused:
        swapped = msgspec.structs.replace(ask, key=ReleaseKey().public)
        home.answer(first(home), AskRelease(asked.set, sign(boot_key(home.unlock_key), swapped)))
    assert evidence_refused.value.code == "peer.evidence"


@pytest.mark.parametrize("field", ["keeper", "set", "nonce", "boot_number"])
def test_every_field_of_a_request_is_bound(home, field):
    """Even whoever holds the boot key cannot use evidence for anything but what it was made for."""
    _, asked = home.asked(home.boot(), first(home))
    ask = msgspec.msgpack.decode(asked.ask.statement, type=Ask)
    changed = msgspec.structs.replace(ask, **{field: 7 if field == "boot_number" else random(32)})
    with pytest.raises(WarifuError):
        home.answer(first(home), AskRelease(asked.set, sign(boot_key(home.unlock_key), changed)))


def test_a_challenge_of_the_services_own_is_refused_by_the_boot(home):
    requester = home.boot().requester()
    own = IdentityKey.generate()
    for claimed in (first(home), own.public):
        forged = Challenge(claimed, requester.first()[first(home)].set, random(32), 1)
        with pytest.raises(AuthorizationRefused):
            requester.challenged(first(home), sign(own, forged))


def test_one_keepers_challenge_is_not_anothers(home):
    one, other = list(home.keepers)[:2]
    requester = home.boot().requester()
    signed = home.keepers[one].challenge(requester.first()[one].set, home.now)
    with pytest.raises(AuthorizationRefused):
        requester.challenged(other, signed)
    assert requester.challenged(one, signed)


def test_a_keepers_challenge_in_anothers_name_is_its_misdeed(home):
    requester = home.boot().requester()
    wrong = Challenge(random(32), requester.first()[first(home)].set, random(32), 1)
    with pytest.raises(PeerMisbehaved) as refusal:
        requester.challenged(first(home), sign(home.keys[first(home)], wrong))
    assert refusal.value.blame == first(home).hex()[:16]


def test_a_keepers_challenge_to_another_device_blames_nobody(home):
    """The service hands it to the wrong boot."""
    requester = home.boot().requester()
    other = sign(home.keys[first(home)], Challenge(first(home), random(32), random(32), 1))
    with pytest.raises(ServiceRefused) as refusal:
        requester.challenged(first(home), other)
    assert refusal.value.blame is None


@pytest.mark.slow
def test_a_challenge_and_its_answer_that_are_played_back_do_not_have_their_keeper_blamed(home):
    """By nonce and number the old answer fits the second request; only the key tells them apart."""
    keeper, requester = home.keepers[first(home)], home.boot().requester()
    challenge = keeper.challenge(requester.again(first(home)).set, home.now)
    released = home.answer(first(home), requester.challenged(first(home), challenge))
    requester.again(first(home))
    requester.challenged(first(home), challenge)
    with pytest.raises(ServiceRefused) as refusal:
        requester.released(first(home), released)
    assert refusal.value.blame is None and requester.needed == 2


def test_a_record_of_another_unlock_key_is_not_asked_for(home):
    other = boot_key(random(32))
    with pytest.raises(InputRefused) as refusal:
        Requester(read_record(home.record, boot_key(home.unlock_key)), other, home.boot().attest)
    assert refusal.value.reason == "release-record"


def test_a_second_challenge_is_refused(home):
    requester, _ = home.asked(home.boot(), first(home))
    again = home.keepers[first(home)].challenge(requester.first()[first(home)].set, home.now)
    with pytest.raises(PeerMisbehaved):
        requester.challenged(first(home), again)


def test_a_piece_of_the_services_own_is_refused_and_blames_nobody(home):
    requester, asked = home.asked(home.boot(), first(home))
    ask = msgspec.msgpack.decode(asked.ask.statement, type=Ask)
    forged = seal_piece(ask, boot_key(home.unlock_key).public, random(32))
    with pytest.raises(AuthorizationRefused) as refusal:
        requester.released(first(home), sign(IdentityKey.generate(), forged))
    assert refusal.value.reason == "signature"
    requester.released(first(home), home.answer(first(home), asked))
    assert requester.needed == 1, "the true answer is still taken"


def test_a_piece_for_another_boot_does_not_open_here(home):
    """The service hands one boot's sealed piece to another."""
    _, asked = home.asked(home.boot(), first(home))
    other, _ = home.asked(home.boot(), first(home))
    with pytest.raises(ServiceRefused) as refusal:
        other.released(first(home), home.answer(first(home), asked))
    assert (refusal.value.reason, refusal.value.blame) == ("release-answer", None), "the keeper did no wrong"
    assert other.needed == 2


def test_a_piece_counts_once(home):
    requester, asked = home.asked(home.boot(), first(home))
    released = home.answer(first(home), asked)
    requester.released(first(home), released)
    with pytest.raises(PeerMisbehaved):
        requester.released(first(home), released)
    assert requester.needed == 1


def test_a_piece_that_nobody_asked_for_is_refused(home):
    _, asked = home.asked(home.boot(), first(home))
    released = home.answer(first(home), asked)
    with pytest.raises(PeerMisbehaved):
        home.boot().requester().released(first(home), released)


def test_a_record_of_the_hosts_own_is_refused(home):
    """It would name keepers of the host's, and a secret that the host knows."""
    host = boot_key(random(32))
    record, _ = hand_out(new_secret(), 1, [Peer(IdentityKey.generate().public, opens_alone=True)], host)
    with pytest.raises(AuthorizationRefused):
        home.boot(record=write_record(record)).requester()
    altered = bytearray(home.record)
    altered[len(altered) // 2] ^= 1
    with pytest.raises(WarifuError):
        home.boot(record=bytes(altered)).requester()


def test_a_stranger_is_no_keeper(home):
    requester = home.boot().requester()
    with pytest.raises(InputRefused):
        requester.challenged(
            IdentityKey.generate().public,
            home.keepers[first(home)].challenge(requester.first()[first(home)].set, home.now),
        )


# --- a keeper that lies ----------------------------------------------------------------------------------------------


def _lie(home: Home, keeper: bytes) -> None:
    """The keeper releases something else than its piece, properly sealed and signed."""
    honest = home.keepers[keeper]

    class Liar:
        challenge = honest.challenge

        def release(self, asked: AskRelease, now: int):
            ask = msgspec.msgpack.decode(asked.ask.statement, type=Ask)
            wrong = seal_piece(ask, boot_key(home.unlock_key).public, new_secret().expose())
            return sign(home.keys[keeper], wrong)

    home.keepers[keeper] = Liar()  # type: ignore[assignment]


def test_a_wrong_piece_names_its_keeper_and_the_others_are_enough(home):
    _lie(home, first(home))
    requester, refused = home.run(home.boot())
    assert refused == {first(home): "peer.release-piece"}
    assert requester.finish().secret == home.secret


@pytest.mark.parametrize("field", ["set", "nonce", "boot_number", "key"])
def test_an_answer_to_another_request_blames_nobody_and_the_true_one_is_still_taken(home, field):
    """The keeper may have signed it for another boot, and the service plays it back."""
    requester, asked = home.asked(home.boot(), first(home))
    signed = home.answer(first(home), asked)
    released = msgspec.msgpack.decode(signed.statement, type=Release)
    changed = msgspec.structs.replace(released, **{field: 7 if field == "boot_number" else random(32)})
    with pytest.raises(ServiceRefused) as refusal:
        requester.released(first(home), sign(home.keys[first(home)], changed))
    assert refusal.value.blame is None
    requester.released(first(home), signed)
    assert requester.needed == 1


def test_a_keeper_that_was_off_or_refused_can_be_asked_again(home):
    requester, refused = home.run(home.boot(image="v2"))
    assert len(refused) == 3
    home.reference = reference("v2")
    for identity, keeper in home.keepers.items():
        asked = requester.challenged(identity, keeper.challenge(requester.again(identity).set, home.now))
        requester.released(identity, keeper.release(asked, home.now))
    with pytest.raises(InputRefused):
        requester.again(first(home))
    assert requester.finish().secret == home.secret


def test_what_is_asked_anew_is_not_answered_by_an_answer_to_the_former(home):
    requester, asked = home.asked(home.boot(), first(home))
    former = home.answer(first(home), asked)
    requester.challenged(
        first(home), home.keepers[first(home)].challenge(requester.again(first(home)).set, home.now)
    )
    with pytest.raises(ServiceRefused):
        requester.released(first(home), former)
    assert requester.needed == 2


def test_a_device_that_boots_again_and_again_has_to_wait(home):
    for _ in range(RELEASES_PER_HOUR):
        home.released(home.boot())
        home.now += 1
    assert set(home.run(home.boot())[1].values()) == {"authorization.release-often"}
    home.now += 3600 - RELEASES_PER_HOUR
    assert home.released(home.boot()).secret == home.secret


def test_every_wallet_that_the_device_is_in_has_to_accept_it(home):
    both = [Expectation("device", reference()), Expectation("device", reference("v2"))]
    for keeper in home.keepers.values():
        keeper._accepted = lambda _identity: both
    assert set(home.run(home.boot())[1].values()) == {"peer.evidence"}
    assert set(home.run(home.boot(image="v2"))[1].values()) == {"peer.evidence"}


@pytest.mark.parametrize("field", ["keeper", "encapsulated", "ciphertext"])
def test_an_altered_answer_is_the_keepers_own_misdeed(home, field):
    requester, asked = home.asked(home.boot(), first(home))
    released = msgspec.msgpack.decode(home.answer(first(home), asked).statement, type=Release)
    wrong = random(48) if field == "ciphertext" else random(32)
    changed = msgspec.structs.replace(released, **{field: wrong})
    with pytest.raises(PeerMisbehaved) as refusal:
        requester.released(first(home), sign(home.keys[first(home)], changed))
    assert refusal.value.blame == first(home).hex()[:16]
    assert requester.needed == 2


# --- dealing ---------------------------------------------------------------------------------------------------------


def _handing(home: Home, keeper: bytes) -> Handing:
    peers = [Peer(identity, opens_alone=True) for identity in home.keepers]
    return hand_out(home.secret, 2, peers, boot_key(home.unlock_key))[1][keeper]


def test_a_piece_that_does_not_fit_is_refused_when_it_is_handed_over(home):
    handing = msgspec.structs.replace(_handing(home, first(home)), piece=new_secret().expose())
    with pytest.raises(PeerMisbehaved) as refusal:
        home.keepers[first(home)].accept(home.identity.public, handing)
    assert refusal.value.blame == home.identity.public.hex()[:16]


def test_a_piece_for_another_keeper_is_refused(home):
    one, other = list(home.keepers)[:2]
    with pytest.raises(InputRefused):
        home.keepers[one].accept(home.identity.public, _handing(home, other))


def test_a_strangers_piece_is_not_kept(home):
    with pytest.raises(InputRefused) as refusal:
        home.keepers[first(home)].accept(IdentityKey.generate().public, _handing(home, first(home)))
    assert refusal.value.reason == "release-stranger"


def test_a_set_belongs_to_the_device_that_handed_it_over(home):
    """A keeper knows its own piece; were it to hand that over again as its own, it would take the set away."""
    keeper, friend = home.keepers[first(home)], IdentityKey.generate().public
    handing = _handing(home, first(home))
    keeper.accept(home.identity.public, handing)
    keeper._accepted = lambda identity: home._accepted(home.identity.public)
    with pytest.raises(InputRefused) as refusal:
        keeper.accept(friend, handing)
    assert refusal.value.reason == "release-set"


def _pieces(home: Home) -> int:
    return sum(name.startswith("release/piece/") for name in home.shelves[first(home)].values)


def test_a_device_that_deals_anew_does_not_fill_the_disk_nor_begin_to_count_anew(home):
    for _ in range(5):
        home.record = home.deal(2)
        home.released(home.boot())
        assert _pieces(home) == 1, "a boot that was let in by a set shows that it is the one in use"
    assert home.keepers[first(home)].latest_boot(home.identity.public) == 5


def test_dealings_that_break_off_half_way_never_push_out_the_set_in_use(home):
    home.put_to_use()
    for _ in range(5):
        peers = [Peer(identity, opens_alone=True) for identity in home.keepers]
        _, handings = hand_out(new_secret(), 2, peers, boot_key(home.unlock_key))
        for identity in list(home.keepers)[:2]:
            home.keepers[identity].accept(home.identity.public, handings[identity])
    assert _pieces(home) == 2
    assert home.released(home.boot()).secret == home.secret


def test_a_set_that_is_put_to_use_lets_the_earlier_one_go(home):
    home.put_to_use()
    earlier = home.boot()
    home.record = home.deal(2)
    assert home.released(earlier).secret == home.secret, "until then both are kept"
    home.put_to_use()
    assert _pieces(home) == 1
    assert set(home.run(earlier)[1].values()) == {"input.release-set"}
    assert home.released(home.boot()).secret == home.secret


def test_a_handing_that_comes_twice_changes_nothing(home):
    home.put_to_use()
    before = dict(home.shelves[first(home)].values)
    record, handings = hand_out(
        home.secret, 2, [Peer(each, opens_alone=True) for each in home.keepers], boot_key(home.unlock_key)
    )
    for _ in range(2):
        home.keepers[first(home)].accept(home.identity.public, handings[first(home)])
    assert _pieces(home) == 2
    home.keepers[first(home)].put_to_use(
        home.identity.public, read_record(write_record(record), boot_key(home.unlock_key)).id
    )
    home.keepers[first(home)].accept(home.identity.public, handings[first(home)])
    assert _pieces(home) == 1
    assert set(before) != set(home.shelves[first(home)].values)


@pytest.mark.parametrize("whose", ["another device's", "made up", "none"])
def test_only_a_device_itself_puts_its_set_to_use(home, whose):
    keeper, own = home.keepers[first(home)], read_record(home.record, boot_key(home.unlock_key)).id
    sender = random(32) if whose == "another device's" else home.identity.public
    with pytest.raises(InputRefused):
        keeper.put_to_use(sender, {"made up": random(32), "none": b""}.get(whose, own))


def test_devices_that_would_all_wait_for_each_other_are_no_keepers():
    waiting = [Peer(random(32), opens_alone=alone) for alone in (True, False, False)]
    with pytest.raises(InputRefused) as refusal:
        hand_out(new_secret(), 2, waiting, boot_key(bytes(32)))
    assert refusal.value.reason == "release-circle"


@pytest.mark.parametrize(("threshold", "keepers"), [(0, 2), (16, 16)])
def test_impossible_shapes_are_refused(threshold, keepers):
    peers = [Peer(random(32), opens_alone=True) for _ in range(keepers)]
    with pytest.raises(InputRefused):
        hand_out(new_secret(), threshold, peers, boot_key(bytes(32)))


def test_the_same_keeper_twice_is_refused():
    twice = [Peer(b"k" * 32, opens_alone=True)] * 2
    with pytest.raises(InputRefused) as refusal:
        hand_out(new_secret(), 2, twice, boot_key(bytes(32)))
    assert refusal.value.reason == "release-keeper"


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_no_secret_shows(home):
    handing, requester = _handing(home, first(home)), home.boot().requester()
    shown = (
        repr(handing) + repr(requester) + repr(home.keepers[first(home)]) + repr(home.released(home.boot()))
    )
    for secret in (handing.piece, home.secret.expose(), home.unlock_key):
        assert secret.hex() not in shown and repr(secret)[2:-1] not in shown


def test_after_the_end_the_pieces_are_gone(home):
    requester, _ = home.run(home.boot())
    pieces = list(requester._pieces.values())
    requester.finish()
    assert pieces and all(piece.wiped for piece in pieces)
    with pytest.raises(PlatformRefused):
        requester.finish()


def test_what_a_service_sees_holds_no_piece(home):
    seen = b""
    requester = home.boot().requester()
    for identity, keeper in home.keepers.items():
        challenge = keeper.challenge(requester.first()[identity].set, home.now)
        asked = requester.challenged(identity, challenge)
        released = keeper.release(asked, home.now)
        seen += msgspec.msgpack.encode([challenge, asked, released])
        requester.released(identity, released)
    pieces = [piece.expose() for piece in requester._pieces.values()]
    assert len(pieces) == 3
    assert not any(piece in seen for piece in pieces)
    assert requester.finish().secret.expose() not in seen
