"""The owner's half of an enrolment, beside an honest device and beside a service in the middle."""

from typing import Any

import pytest

from warifu.agent.invitation import Invitation
from warifu.cli.enrolling import OwnerJoin, await_digits, confirm, invite
from warifu.cli.profile import Profile
from warifu.errors import InputRefused, PeerMisbehaved, ServiceRefused
from warifu.protocol.api import Join
from warifu.protocol.enrolment import authentication_string, commitment, new_nonce

pytestmark = pytest.mark.unit

URL = "https://127.0.0.1:8443"


@pytest.fixture
def profile(tmp_path):
    return Profile.create(tmp_path / "home", "regtest", URL, b"f" * 32)


def test_both_ends_show_the_same_digits(profile):
    identity, nonce = b"i" * 32, new_nonce()
    owner = OwnerJoin(profile.credential().public, "pi")
    credential, owner_nonce = owner.answer_commitment(commitment("pi", identity, nonce))
    assert credential == profile.credential().public
    on_device = authentication_string("pi", identity, nonce, credential, owner_nonce)
    assert owner.digits(identity, nonce) == on_device
    assert owner.identity == identity


def test_a_key_that_was_not_committed_to_is_refused(profile):
    owner = OwnerJoin(profile.credential().public, "pi")
    owner.answer_commitment(commitment("pi", b"i" * 32, b"n" * 32))
    for identity, nonce in ((b"j" * 32, b"n" * 32), (b"i" * 32, b"m" * 32)):
        with pytest.raises(PeerMisbehaved):
            owner.digits(identity, nonce)
    assert owner.identity is None


def test_a_commitment_for_another_name_is_refused(profile):
    owner = OwnerJoin(profile.credential().public, "pi")
    owner.answer_commitment(commitment("po", b"i" * 32, b"n" * 32))
    with pytest.raises(PeerMisbehaved):
        owner.digits(b"i" * 32, b"n" * 32)


def test_the_invitation_leads_to_what_this_client_knows_whatever_the_service_says(profile):
    class Service:
        def post(self, path, question, kind):
            return kind(name="other", secret=b"s" * 16, expires=0)

    service: Any = Service()
    invitation = invite(service, profile, "pi")
    assert invitation == Invitation(URL, b"f" * 32, b"s" * 16, "pi")
    elsewhere = invite(service, profile, "pi", "https://10.0.0.5:8443")
    assert (elsewhere.url, elsewhere.fingerprint) == ("https://10.0.0.5:8443", b"f" * 32)
    with pytest.raises(InputRefused):
        invite(service, profile, "pi", "http://10.0.0.5")


class Steps:
    """A service that tells these stages of an enrolment, one after the other."""

    def __init__(self, joins: tuple[Join, ...]) -> None:
        self.joins = list(joins)
        self.posted: list[Any] = []

    def get(self, path, kind, **query):
        return self.joins.pop(0)

    def post(self, path, question, kind):
        self.posted.append(question)
        return Join(name="pi", stage="owner-sent", expires=0)


def steps(*joins: Join) -> Any:
    return Steps(joins)


def stage(name: Any, **fields: Any) -> Join:
    return Join(name="pi", stage=name, expires=0, **fields)


def test_the_owner_speaks_only_after_the_device_is_committed(profile):
    committed = stage("committed", commitment=commitment("pi", b"i" * 32, b"n" * 32))
    revealed = stage("revealed", identity=b"i" * 32, nonce=b"n" * 32)
    service = steps(stage("invited"), committed, stage("owner-sent"), revealed)
    owner, digits = await_digits(service, profile, "pi")
    assert len(service.posted) == 1
    expected = authentication_string(
        "pi", b"i" * 32, b"n" * 32, profile.credential().public, service.posted[0].nonce
    )
    assert digits == expected
    confirm(service, profile, "pi", owner, same=True)
    assert profile.device("pi").identity == b"i" * 32


def test_a_device_whose_digits_differ_is_not_pinned(profile):
    committed = stage("committed", commitment=commitment("pi", b"i" * 32, b"n" * 32))
    revealed = stage("revealed", identity=b"i" * 32, nonce=b"n" * 32)
    service = steps(committed, revealed)
    owner, _ = await_digits(service, profile, "pi")
    confirm(service, profile, "pi", owner, same=False)
    assert not service.posted[-1].same
    with pytest.raises(InputRefused):
        profile.device("pi")


@pytest.mark.parametrize(
    "joins",
    [
        [stage("revealed", identity=b"i" * 32, nonce=b"n" * 32)],
        [stage("committed")],
        [stage("enrolled")],
        [stage("committed", commitment=bytes(32)), stage("revealed")],
        [stage("committed", commitment=bytes(32)), stage("invited")],
        [stage("committed", commitment=bytes(32)), stage("revealed", identity=b"i" * 32, nonce=b"n" * 32)],
    ],
    ids=["revealed first", "no commitment", "skipped", "nothing revealed", "backwards", "does not open"],
)
def test_a_service_that_tells_the_steps_out_of_order_is_refused(profile, joins):
    with pytest.raises(PeerMisbehaved):
        await_digits(steps(*joins), profile, "pi")


@pytest.mark.parametrize("end", ["expired", "refused"])
def test_an_enrolment_that_ended_is_told_as_such(profile, end):
    with pytest.raises(ServiceRefused) as caught:
        await_digits(steps(stage(end)), profile, "pi")
    assert caught.value.code == f"service.join-{end}"
