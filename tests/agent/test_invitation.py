"""Invitations: what the owner copies is read strictly, and leads only to an https service."""

import pytest

from warifu.agent.invitation import (
    PREFIX,
    Invitation,
    read_invitation,
    service_address,
    signers_url,
    write_invitation,
)
from warifu.errors import InputRefused

pytestmark = pytest.mark.unit

GOOD = Invitation("https://home.example:8443", bytes(range(32)), bytes(range(16)), "pi")


def test_what_is_written_is_read_back():
    text = write_invitation(GOOD)
    assert text.startswith(PREFIX)
    assert read_invitation(f"  {text}\n") == GOOD


def test_the_one_time_secret_is_in_no_repr():
    assert GOOD.secret.hex() not in repr(GOOD)


@pytest.mark.parametrize(
    "spoiled",
    [
        "",
        PREFIX,
        "https://home.example:8443",
        write_invitation(GOOD)[:-4],
        write_invitation(GOOD) + "AAAA",
        write_invitation(GOOD).replace(PREFIX, "other:"),
        PREFIX + "A" * 5000,
        PREFIX + "!!!!",
    ],
)
def test_anything_else_is_refused(spoiled):
    with pytest.raises(InputRefused) as caught:
        read_invitation(spoiled)
    assert caught.value.code == "input.invitation"


@pytest.mark.parametrize(
    "url",
    [
        "http://home.example",
        "https://",
        "https://user:word@home.example",
        "https://home.example/v1",
        "https://home.example?x=1",
        "https://home.example:99999",
        "wss://home.example",
        "https://[::1",
    ],
)
def test_only_a_plain_https_address_is_a_service(url):
    with pytest.raises(InputRefused):
        service_address(url)
    with pytest.raises(InputRefused):
        read_invitation(write_invitation(Invitation(url.ljust(9), bytes(32), bytes(16), "pi")))


def test_signers_connect_to_one_fixed_place():
    assert signers_url("https://[::1]:8443/") == "wss://[::1]:8443/v1/signers"
