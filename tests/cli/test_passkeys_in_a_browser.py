"""A passkey is made and used in a real browser, on the page that the client itself serves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.support.chromium import CHROMIUM, Tab, browsing

from warifu.cli.webauthn.browser import Browser
from warifu.cli.webauthn.ceremony import approve_with, make_passkey
from warifu.errors import AuthorizationRefused, InputRefused
from warifu.protocol.credential import Approval, check_approval

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="Debian's chromium is not installed (tools/setup-browser.sh)"
    ),
    pytest.mark.usefixtures("passkey_port"),
]

FACTS = [("To", "bcrt1qfriend <script>alert(1)</script>"), ("Amount", "0.015 BTC")]
ASKED = bytes([7]) * 32


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    with browsing(tmp_path / "chromium") as made:
        yield made


def pressing(tab: Tab, button: str, seen: list[str] | None = None) -> Browser:
    """A browser in which somebody looks at the page and presses ``button``."""

    def look_and_press(address: str) -> None:
        def work() -> None:
            tab.go(address)
            if seen is not None:
                seen.append(tab.evaluate("document.body.innerText"))
            tab.click(button)

        tab.somebody(work)

    return Browser(look_and_press, timeout=60)


def test_a_passkey_is_made_and_approves_what_the_page_shows(tab):
    tab.add_authenticator()
    passkey = make_passkey(pressing(tab, "yes"), "laptop", (), FACTS)
    assert (passkey.rp_id, passkey.origin) == ("localhost", "http://localhost:24740")
    seen: list[str] = []
    counters = []
    for _ in range(2):
        approval = approve_with(pressing(tab, "yes", seen), passkey, FACTS, "approval", ASKED)
        counters.append(check_approval(approval, "approval", ASKED))
    assert "bcrt1qfriend <script>alert(1)</script>" in seen[0] and "0.015 BTC" in seen[0]
    assert counters[0] is not None and counters[1] is not None and 0 < counters[0] < counters[1]
    with pytest.raises(AuthorizationRefused):
        check_approval(approval, "approval", bytes(32))


def test_a_no_on_the_page_is_a_no(tab):
    tab.add_authenticator()
    passkey = make_passkey(pressing(tab, "yes"), "laptop", (), FACTS)
    with pytest.raises(AuthorizationRefused) as refused:
        approve_with(pressing(tab, "no"), passkey, FACTS, "approval", ASKED)
    assert refused.value.code == "authorization.declined"


def test_the_same_authenticator_is_not_enrolled_twice(tab):
    tab.add_authenticator()
    passkey = make_passkey(pressing(tab, "yes"), "laptop", (), FACTS)
    browser = Browser(lambda address: tab.somebody(partial(failing, tab, address)), timeout=60)
    with pytest.raises(AuthorizationRefused):
        make_passkey(browser, "laptop", [passkey], FACTS)


def failing(tab: Tab, address: str) -> None:
    """Press yes, see the browser refuse, and give up."""
    tab.go(address)
    tab.click("yes")
    tab.until("document.getElementById('said').textContent.includes('InvalidStateError')")
    tab.click("no")


def test_an_authenticator_that_verifies_nobody_makes_no_passkey(tab):
    tab.add_authenticator(verifies=False)

    def give_up(address: str) -> None:
        def work() -> None:
            tab.go(address)
            tab.click("yes")
            tab.until("document.getElementById('said').textContent !== ''")
            tab.click("no")

        tab.somebody(work)

    with pytest.raises((AuthorizationRefused, InputRefused)):
        make_passkey(Browser(give_up, timeout=60), "laptop", (), FACTS)


def test_another_page_of_the_machine_gets_nothing_that_counts(tab, tmp_path):
    """A page on another port may ask for the same RP id; what the key signs there says so."""
    tab.add_authenticator()
    passkey = make_passkey(pressing(tab, "yes"), "laptop", (), FACTS)
    from warifu.cli.webauthn import browser as module

    elsewhere = "http://localhost:24741"
    patch = pytest.MonkeyPatch()
    with patch.context() as change:
        change.setattr(module, "PORT", 24741)
        change.setattr(module, "ORIGIN", elsewhere)
        change.setattr(module, "_HOST", "localhost:24741")
        with pytest.raises(AuthorizationRefused) as refused:
            approve_with(pressing(tab, "yes"), passkey, FACTS, "approval", ASKED)
    assert refused.value.code == "authorization.assertion"
    assert "another page" in refused.value.message
    approval: Approval = approve_with(pressing(tab, "yes"), passkey, FACTS, "approval", ASKED)
    assert check_approval(approval, "approval", ASKED)
