"""``warifu evidence refresh``: from a service on the loopback interface into the cache, from there into a verdict."""

from __future__ import annotations

import json

import pytest
from tests.support import minted_dcap
from tests.support.rpc_server import Say, serving
from tests.support.vendor_services import Pcs, over_http

from warifu.cli.main import main, run
from warifu.cli.screen import Screen
from warifu.errors import EvidenceRefused

pytestmark = pytest.mark.real

MOMENT = ("--now", str(minted_dcap.NOW))


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine whose quote and root are files; the clock stands where its collateral is valid."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr("warifu.cli.commands.evidence.clock", lambda: minted_dcap.NOW)
    made = minted_dcap.Machine()
    (tmp_path / "quote.bin").write_bytes(made.quote())
    (tmp_path / "root.der").write_bytes(made.root_der())
    return made


@pytest.fixture
def command(tmp_path, capsys):
    def command(verb, *arguments):
        asked = [
            "evidence", verb, str(tmp_path / "quote.bin"), "--format", "dcap",
            "--root", str(tmp_path / "root.der"), *map(str, arguments), "--json",
        ]  # fmt: skip
        code = run(main, asked, Screen(True))
        return code, json.loads(capsys.readouterr().out)

    return command


def test_what_was_fetched_judges_offline_afterwards(machine, command):
    assert command("verify", *MOMENT)[1]["first_failed_check"] == "collateral"
    with serving(over_http(Pcs(machine, hexadecimal=True))) as server:
        code, found = command("refresh", "--from", server.url)
        assert (code, [each["new"] for each in found["documents"]]) == (0, [True])
        assert command("refresh", "--from", f"{server.url}/")[1]["documents"][0]["new"] is False
    assert found["documents"][0]["renew_at"] == machine.next_update
    code, verdict = command("verify", "--kept", *MOMENT)
    assert (code, verdict["affirmed"]) == (0, True)
    assert command("verify", *MOMENT)[0] == EvidenceRefused.exit_code, "only what was asked for is used"


def test_a_service_that_gives_something_else_changes_nothing_and_is_named(machine, command):
    with serving(lambda _asked: Say(b"<html>sign in</html>")) as server:
        code, found = command("refresh", "--from", server.url)
    assert (code, found["error"]["code"]) == (EvidenceRefused.exit_code, "evidence.endorsements-refused")
    with serving(lambda _asked: Say(b"", 503)) as server:
        code, found = command("refresh", "--from", server.url)
    assert (code, found["error"]["code"]) == (EvidenceRefused.exit_code, "evidence.endorsements-unavailable")


def test_an_address_without_tls_is_refused(machine, command):
    code, found = command("refresh", "--from", "http://pccs.example")
    assert (code, found["error"]["code"]) == (2, "input.source-address")
