"""Two owners on two machines: one proposes, the other approves on his own client, and only then do devices sign."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.end_to_end.conftest import PASSPHRASE
from tests.support.chromium import CHROMIUM, Tab, browsing
from tests.support.terminal import Terminal, environment, script, terminal, warifu

from warifu.demo.scene import Scene
from warifu.units import Satoshi

pytestmark = [pytest.mark.real, pytest.mark.slow]
PAYEE = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
WORDS = PASSPHRASE.encode()


@pytest.fixture(scope="module")
def anna(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The other owner's profile, on another machine."""
    home = tmp_path_factory.mktemp("anna") / "owner"
    code, made = script(scene.home, "api-key", "create", "anna", "--scope", "read", "--scope", "transfer")
    assert code == 0, made
    connect(scene, home, made["key"])
    return home


@pytest.fixture(scope="module")
def family(scene: Scene, wallet: str, anna: Path, policy: Path, tmp_path_factory) -> str:
    """A wallet of both, of which every transfer needs both."""
    del wallet  # the devices are accepted by then
    card = tmp_path_factory.mktemp("card") / "anna.owner"
    code, exported = script(anna, "credential", "export", "--as", "anna", "--out", card)
    assert code == 0 and card.read_text().strip() == exported["card"]
    demanding = card.with_name("policy.toml")
    demanding.write_text("approvals_needed = 2\n" + policy.read_text())
    terms = ("--threshold", "2", "--memory-mib", "64", "--passes", "3", "--key", "bitcoin")
    devices = ("--device", "home,pi,friend", "--policy", demanding)
    code, refused = script(scene.home, "wallet", "create", "family", *terms, *devices, passphrase=WORDS)
    assert (code, refused["error"]["code"]) == (2, "input.owners"), "two must approve and there is one"
    code, made = script(
        scene.home, "wallet", "create", "family", *terms, *devices, "--owner", card, passphrase=WORDS
    )
    assert code == 0, made
    assert exported["digest"] in made["owners"] and len(made["owners"]) == 2
    code, given = script(scene.home, "address", "family")
    assert code == 0
    scene.chain.fund(given["address"], Satoshi(100_000_000))
    scene.chain.mine(1)
    code, refused = script(anna, "wallet", "adopt", "family")
    assert (code, refused["error"]["code"]) == (3, "authorization.unknown-credential")
    code, refused = script(anna, "wallet", "adopt", "family", "--id", "00" * 32)
    assert (code, refused["error"]["code"]) == (3, "authorization.other-wallet")
    code, adopted = script(anna, "wallet", "adopt", "family", "--id", made["id"])
    assert code == 0 and adopted | {"start_again": []} == made
    return "family"


def propose(scene: Scene, amount: str) -> str:
    code, proposed = script(scene.home, "send", "family", PAYEE, amount, "--fee-rate", "2", "--yes")
    assert (code, proposed["state"], proposed["needed"]) == (0, "proposed", 2), proposed
    return str(proposed["transfer"])


def test_from_the_proposal_to_the_mempool(scene, family, anna):
    transfer = propose(scene, "0.05 BTC")
    code, early = script(scene.home, "resume", family, transfer, passphrase=WORDS)
    assert (code, early["error"]["code"]) == (3, "authorization.approvals-missing")
    code, listed = script(anna, "approval", "list")
    assert code == 0
    (seen,) = [each for each in listed["proposals"] if each["id"] == transfer]
    assert (seen["wallet"], seen["missing"]) == (family, 1)
    assert seen["recipients"] == [{"address": PAYEE, "amount": 5_000_000}]
    person = terminal(anna, "approval", "give", transfer)
    person.until("as this client reads it")
    person.until(PAYEE)
    person.until("0.05000000 BTC")
    person.until(r"Approve this\?")
    person.type("y")
    person.until("Enough owners approved")
    assert person.end().code == 0
    code, sent = script(scene.home, "resume", family, transfer, passphrase=WORDS)
    assert code == 0, sent
    assert scene.chain.status(sent["txid"]) == (False, "")


def test_a_person_resumes_at_the_terminal_and_sees_once_more_what_for(scene, family, anna):
    scene.chain.mine(1)
    transfer = propose(scene, "0.03 BTC")
    assert script(anna, "approval", "give", transfer, "--yes")[0] == 0
    person = terminal(scene.home, "resume", family, transfer)
    person.until("This will be signed")
    person.until(PAYEE)
    person.until("0.03000000 BTC")
    person.until("Passphrase of the wallet: ")
    person.type(PASSPHRASE)
    person.until("Broadcast")
    assert person.end().code == 0


def test_a_no_is_seen_a_yes_takes_its_place_and_what_nobody_approves_is_withdrawn(scene, family, anna):
    scene.chain.mine(1)
    transfer = propose(scene, "0.02 BTC")
    code, refused = script(anna, "approval", "refuse", transfer, "--yes")
    assert code == 0 and len(refused["refused"]) == 1 and refused["missing"] == 1
    code, early = script(scene.home, "resume", family, transfer, passphrase=WORDS)
    assert (code, early["error"]["code"]) == (3, "authorization.approvals-missing")
    code, given = script(anna, "approval", "give", transfer, "--yes")
    assert code == 0 and given["refused"] == [] and given["missing"] == 0
    for home in (anna, scene.home):
        assert script(home, "approval", "refuse", transfer, "--yes")[0] == 0
    code, ended = script(scene.home, "resume", family, transfer, passphrase=WORDS)
    assert (code, ended["error"]["code"]) == (3, "authorization.withdrawn")


def test_the_approver_carries_it_out_where_he_knows_the_passphrase(scene, family, anna):
    scene.chain.mine(1)
    transfer = propose(scene, "0.01 BTC")
    assert script(anna, "approval", "give", transfer, "--yes")[0] == 0
    code, sent = script(anna, "resume", family, transfer, passphrase=WORDS)
    assert code == 0, sent
    assert scene.chain.status(sent["txid"]) == (False, "")


def test_somebody_else_has_no_word_in_it(scene, family, anna, tmp_path):
    """The first owner's client in a profile of its own, with an API key and another credential."""
    transfer = propose(scene, "0.001 BTC")
    stranger = tmp_path / "stranger"
    connect(scene, stranger, scene.profile.api_key())
    identifier = script(scene.home, "wallet", "show", family)[1]["id"]
    code, refused = script(stranger, "wallet", "adopt", family, "--id", identifier)
    assert (code, refused["error"]["code"]) == (3, "authorization.unknown-credential")
    code, refused = script(stranger, "approval", "give", transfer, "--yes")
    assert (code, refused["error"]["code"]) == (2, "input.unknown-wallet")


@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed (tools/setup-browser.sh)")
def test_one_person_approves_with_the_client_and_with_a_passkey(
    scene, wallet, policy, tmp_path, passkey_port
):
    """On two pages of a real browser: made on the one, used on the other; the signers want both credentials."""
    with browsing(tmp_path / "chromium") as tab:
        tab.add_authenticator()
        press(terminal(scene.home, "credential", "add", "laptop"), tab, "is yours")
        demanding = tmp_path / "policy.toml"
        demanding.write_text("approvals_needed = 2\n" + policy.read_text())
        code, made = script(
            scene.home,
            *("wallet", "create", "careful", "--threshold", "2", "--memory-mib", "64", "--passes", "3"),
            *("--key", "bitcoin", "--device", "home,pi,friend", "--policy", demanding, "--owner", "laptop"),
            passphrase=WORDS,
        )
        assert code == 0, made
        given = script(scene.home, "address", "careful")[1]["address"]
        scene.chain.fund(given, Satoshi(100_000_000))
        scene.chain.mine(1)
        code, proposed = script(scene.home, "send", "careful", PAYEE, "0.05 BTC", "--fee-rate", "2", "--yes")
        assert (code, proposed["state"]) == (0, "proposed"), proposed
        transfer = proposed["transfer"]
        code, refused = script(scene.home, "approval", "give", transfer, "--with", "laptop", "--yes")
        assert (code, refused["error"]["code"]) == (2, "input.confirmation"), "a passkey is used by a person"
        person = terminal(scene.home, "approval", "give", transfer, "--with", "laptop", "--yes")
        page = press(person, tab, "Enough owners approved")
        assert PAYEE in page and "0.05000000 BTC" in page
    code, sent = script(scene.home, "resume", "careful", transfer, passphrase=WORDS)
    assert code == 0, sent
    assert scene.chain.status(sent["txid"]) == (False, "")


@pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed (tools/setup-browser.sh)")
def test_an_owner_whose_only_credential_is_a_passkey_pays_changes_rules_and_refreshes(
    scene, wallet, policy, tmp_path, passkey_port
):
    """Her client has a key of its own, which the wallet does not obey: she need not name the passkey that it does."""
    home, card = tmp_path / "berta", tmp_path / "berta.owner"
    key = script(scene.home, "api-key", "create", "berta", *SCOPES)[1]["key"]
    connect(scene, home, key)
    tighter = tmp_path / "tighter.toml"
    with browsing(tmp_path / "chromium") as tab:
        tab.add_authenticator()
        press(terminal(home, "credential", "add", "phone"), tab, "is yours")
        assert script(home, "credential", "export", "phone", "--as", "berta", "--out", card)[0] == 0
        code, made = script(
            scene.home,
            *("wallet", "create", "hers", "--threshold", "2", "--memory-mib", "64", "--passes", "3"),
            *("--key", "bitcoin", "--device", "home,pi,friend", "--policy", policy, "--owner", card),
            passphrase=WORDS,
        )
        assert code == 0, made
        assert script(home, "wallet", "adopt", "hers", "--id", made["id"])[0] == 0
        code, given = script(home, "address", "hers")
        assert code == 0, given
        scene.chain.fund(given["address"], Satoshi(100_000_000))
        scene.chain.mine(1)
        person = terminal(home, "send", "hers", PAYEE, "0.05 BTC", "--fee-rate", "2", "--yes")
        page = press(typing(person), tab, "Broadcast")
        assert PAYEE in page and "0.05000000 BTC" in page
        tighter.write_text("approvals_needed = 2\n" + policy.read_text())
        page = press(terminal(home, "policy", "change", "hers", tighter, "--yes"), tab, "done")
        assert "tightens" in page
        press(
            typing(terminal(home, "wallet", "refresh", "hers", "--yes")),
            tab,
            "addresses and keys are the same",
        )


SCOPES = ("--scope", "read", "--scope", "draft", "--scope", "transfer", "--scope", "admin")


def typing(person: Terminal) -> Terminal:
    """The passphrase, once it is asked for."""
    person.until("Passphrase of the wallet: ")
    person.type(PASSPHRASE)
    return person


def connect(scene: Scene, home: Path, key: str) -> None:
    """A profile of somebody's own, for whom that API key was made."""
    service = scene.profile.content.service
    subprocess.run(
        [
            *warifu(home, "connect", "--no-pin", service.url, "--fingerprint", service.fingerprint.hex()),
            *("--network", "regtest"),
        ],
        input=key.encode() + b"\n",
        env=environment(home),
        capture_output=True,
        timeout=60,
        check=True,
    )


def press(person: Terminal, tab: Tab, ending: str) -> str:
    """Go to the page that the client tells, press yes there, see the client end; what stood on the page."""
    tab.go(person.until(r"http://localhost:24740/[0-9a-f]{32}"))
    page = str(tab.evaluate("document.body.innerText"))
    tab.click("yes")
    person.until(ending)
    assert person.end().code == 0
    return page
