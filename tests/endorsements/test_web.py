"""The network as a source, against servers on the loopback interface: the honest one, and those that waste time."""

from dataclasses import replace

import pytest
from tests.endorsements.test_refreshing import trusting
from tests.support import minted_dcap
from tests.support.rpc_server import Say, serving
from tests.support.vendor_services import Pcs, over_http

from warifu.attestation.evidence import Evidence
from warifu.endorsements.refreshing import kept_for, refresh
from warifu.endorsements.store import EndorsementStore
from warifu.endorsements.web import WebSource
from warifu.errors import EvidenceRefused, InputRefused

pytestmark = pytest.mark.real


@pytest.fixture
def source():
    made = WebSource()
    yield made
    made.close()


def test_a_pccs_at_home_is_asked_over_http_and_its_collateral_kept(source, tmp_path):
    machine = minted_dcap.Machine()
    store = EndorsementStore(tmp_path)
    evidence = Evidence("tdx", machine.quote())
    with serving(over_http(Pcs(machine, hexadecimal=True))) as server:
        addresses = replace(trusting(machine.root_der()), intel=server.url)
        refresh(evidence, source, store, minted_dcap.NOW, addresses)
        assert [asked.method for asked in server.asked] == ["GET"] * 4
        assert not any(asked.body or "Authorization" in asked.headers for asked in server.asked)
    assert kept_for(evidence, store)


@pytest.mark.parametrize(
    "say",
    [
        Say(b"", 404),
        Say(b"", 500),
        Say(b"", 302, {"Location": "http://127.0.0.1:1/elsewhere"}),
        Say(b"x" * 5000),
        Say(b"x", 200, {"X-Long": "y" * 40_000}),
        Say(b"x", 200, {"Content-Length": "10"}),
    ],
    ids=["404", "500", "elsewhere", "too long", "long header", "cut"],
)
def test_no_usable_answer_is_no_answer(source, say):
    with serving(lambda _asked: say) as server, pytest.raises(EvidenceRefused) as refused:
        source.get(f"{server.url}/tcb", 1000)
    assert refused.value.reason == "endorsements-unavailable"


def test_a_server_that_drips_does_not_hold_us(source, monkeypatch):
    monkeypatch.setattr("warifu.endorsements.web.DEADLINE", 0.3)
    with serving(lambda _asked: Say(b"x" * 500, drip=0.05)) as server, pytest.raises(EvidenceRefused):
        source.get(f"{server.url}/tcb", 1000)


@pytest.mark.parametrize(
    "url",
    [
        "http://pccs.example/tcb",
        "ftp://pccs.example/tcb",
        "https://",
        "file:///etc/passwd",
        "http://[",
        "tcb",
    ],
)
def test_an_address_over_which_anybody_could_answer_is_not_asked(source, url):
    with pytest.raises(InputRefused) as refused:
        source.get(url, 1000)
    assert refused.value.code == "input.source-address"


def test_nobody_there(source):
    with pytest.raises(EvidenceRefused):
        source.get("http://127.0.0.1:9/tcb", 1000)
