"""``warifu quicknode``: the owner's QuickNode endpoints, looked at and closed from the real command line.

QuickNode is a stand-in on the loopback interface (tests/support/quicknode.py). Everything that any command says, on
either stream, is searched for the account's API key, for tokens and for addresses with tokens in them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support import quicknode_commands as commands
from tests.support.quicknode import API_KEY, StandIn, quicknode_stand_in
from tests.support.rpc_server import Asked, Say

from warifu.chains.quicknode.jwt import Algorithm, JwtKey
from warifu.chains.quicknode.methods import METHODS

pytestmark = pytest.mark.real

ENDPOINT = "1"
OURS = "1.1.1.1"
KEY = JwtKey.generate(Algorithm.ES256, "warifu-1")


class Owner:
    """Somebody with an account of one Ethereum endpoint, and all that was ever shown to them."""

    def __init__(self, stand_in: StandIn, home: Path) -> None:
        self.stand_in, self.home = stand_in, home
        self.shown: list[str] = []
        stand_in.account._create({"chain": "ethereum", "network": "mainnet"})
        stand_in.account.endpoints[ENDPOINT]["label"] = "warm wallet"
        self.token = str(self.security["tokens"][0]["token"])
        self.secrets = {API_KEY, self.token}

    @property
    def security(self) -> dict[str, Any]:
        found: dict[str, Any] = self.stand_in.account.endpoints[ENDPOINT]["security"]
        return found

    @property
    def changes(self) -> list[tuple[str, str]]:
        """Every request that was more than a question."""
        return [(asked.method, asked.path) for asked in self.stand_in.asked if asked.method != "GET"]

    def json(self, *arguments: str | Path, key: str = API_KEY) -> tuple[int, Any]:
        code, answer = commands.as_json(self.stand_in, self.home, *arguments, key=key)
        self.shown.append(str(answer))
        return code, answer

    def says(self, *arguments: str | Path, language: str = "C.UTF-8") -> tuple[int, str, str]:
        code, out, err = commands.by_script(self.stand_in, self.home, *arguments, language=language)
        self.shown += [out, err]
        return code, out, err

    def types(self, answer: str, *arguments: str | Path, question: str) -> tuple[int, str]:
        """At a terminal: the key, then ``answer`` to ``question``."""
        started = commands.at_terminal(self.stand_in, self.home, *arguments)
        started.until(question)
        started.type(answer)
        ended = started.end()
        self.shown.append(ended.text)
        return ended.code, ended.text

    def key_file(self, tmp_path: Path, text: str = KEY.public_pem) -> Path:
        file = tmp_path / "warifu-1.pem"
        file.write_text(text)
        return file

    def breaks(self, method: str, part: str, answer: Say) -> None:
        """From now on QuickNode says ``answer`` to such requests."""

        def say(asked: Asked) -> Say:
            return answer if asked.method == method and part in asked.path else self.stand_in.script(asked)

        assert self.stand_in.server is not None
        self.stand_in.server.script = say


@pytest.fixture
def owner(tmp_path):
    with quicknode_stand_in() as stand_in:
        owner = Owner(stand_in, tmp_path / "owner")
        yield owner
        owner.secrets |= {item["token"] for item in owner.security["tokens"]}
        for text in owner.shown:
            assert not [secret for secret in owner.secrets if secret in text], text
        assert not (tmp_path / "owner").exists(), "nothing of it is kept, and no profile is needed"


class TestEndpoints:
    def test_are_listed_with_their_host_alone(self, owner):
        code, shown = owner.json("endpoints")
        assert (code, shown) == (
            0,
            {
                "endpoints": [
                    {
                        "id": ENDPOINT,
                        "label": "warm wallet",
                        "chain": "ethereum",
                        "network": "mainnet",
                        "status": "active",
                        "host": "127.0.0.1",
                    }
                ]
            },
        )
        code, out, _ = owner.says("endpoints")
        assert code == 0
        assert "warm wallet" in out
        assert "ethereum/mainnet" in out

    def test_with_an_address_that_is_none_are_listed_all_the_same(self, owner):
        owner.stand_in.account.endpoints[ENDPOINT]["http_url"] = "https://[" + owner.token
        assert owner.json("endpoints")[1]["endpoints"][0]["host"] == "?"

    def test_that_would_redraw_the_screen_do_not(self, owner):
        owner.stand_in.account.endpoints[ENDPOINT]["label"] = "a\x1b[2Jb"
        _, out, _ = owner.says("endpoints")
        assert "a?[2Jb" in out


class TestUsage:
    def test_of_the_period(self, owner):
        code, shown = owner.json("usage")
        assert code == 0
        assert (shown["credits_used"], shown["credits_remaining"], shown["limit"]) == (60, 940, 1000)
        _, out, _ = owner.says("usage")
        assert "940" in out
        assert "2023-11-14 22:13 UTC - 2023-12-08 01:46 UTC" in out

    @pytest.mark.parametrize(
        ("by", "part"),
        [
            ("endpoint", {"name": "blue-moon-1", "chain": "ethereum/mainnet", "credits_used": 40}),
            ("method", {"name": "eth_call", "chain": "ethereum/mainnet", "credits_used": 40}),
            ("chain", {"name": "ethereum", "chain": "ethereum", "credits_used": 40}),
        ],
    )
    def test_by_what_it_went_to(self, owner, by, part):
        code, shown = owner.json("usage", "--by", by)
        assert (code, shown["by"], shown["parts"]) == (0, by, [part])

    def test_of_a_time_that_is_none(self, owner):
        usage = b'{"data":{"credits_used":1,"start_time":-1,"end_time":9000000000000000000},"error":null}'
        owner.breaks("GET", "/usage/rpc", Say(usage))
        code, out, _ = owner.says("usage")
        assert code == 0
        assert "? - ?" in out


class TestSecurity:
    def test_of_a_fresh_endpoint_is_too_open_for_a_warm_wallet(self, owner):
        code, shown = owner.json("security", ENDPOINT)
        assert code == 0
        assert shown["switches"]["tokens"] is True
        assert shown["switches"]["jwts"] is False
        assert shown["tokens"] == [{"id": "tok-1"}]
        assert shown["warnings"] == ["jwts-off", "ips-off", "methods-off"]

    def test_shows_what_the_checks_let_in(self, owner):
        owner.security["jwts"].append({"id": "j", "public_key": KEY.public_pem, "kid": "k-1", "name": "mine"})
        owner.security["ips"].append({"id": "i", "ip": "9.9.9.9"})
        owner.security["referrers"].append({"id": "r", "referrer": "shop.example"})
        owner.security["domain_masks"].append({"id": "d", "domain": "rpc.example"})
        owner.security["request_filters"].append({"id": "f", "method": ["eth_call"]})
        _, out, err = owner.says("security", ENDPOINT)
        for word in ("tok-1", "k-1 (mine)", "9.9.9.9", "shop.example", "rpc.example", "eth_call"):
            assert word in out
        assert "whoever finds a token gets in until it is revoked" in err
        _, shown = owner.json("security", ENDPOINT)
        assert shown["jwts"] == [{"id": "j", "kid": "k-1", "name": "mine"}]
        assert shown["methods"] == ["eth_call"]

    @pytest.mark.parametrize(
        ("on", "warnings"),
        [
            ({"tokens": False}, ["open", "ips-off", "methods-off"]),
            ({"jwts": True}, ["no-jwt-key", "ips-off", "methods-off"]),
            ({"ips": True}, ["jwts-off", "no-ip", "methods-off"]),
            ({"requestFilters": True}, ["jwts-off", "ips-off", "methods-missing"]),
            ({"request_filters": True}, ["jwts-off", "ips-off", "methods-missing"]),
            ({"ipCustomHeader": True}, ["jwts-off", "ips-off", "ip-header", "methods-off"]),
        ],
    )
    def test_warns_of_what_is_open_and_of_what_lets_nobody_in(self, owner, on, warnings):
        owner.security["options"].update(on)
        if "request_filters" in on:
            del owner.security["options"]["requestFilters"]
        assert owner.json("security", ENDPOINT)[1]["warnings"] == warnings

    def test_warns_of_methods_that_the_wallet_does_not_call_and_of_a_second_token(self, owner):
        owner.security["options"].update(jwts=True, ips=True, requestFilters=True)
        owner.security["jwts"].append({"id": "j", "public_key": KEY.public_pem, "kid": "k", "name": "n"})
        owner.security["ips"].append({"id": "i", "ip": OURS})
        methods = [*METHODS["eip155"], "debug_traceCall"]
        owner.security["request_filters"].append({"id": "f", "method": methods})
        owner.security["tokens"].append({"id": "tok-2", "token": "ab" * 20})
        assert owner.json("security", ENDPOINT)[1]["warnings"] == ["tokens", "methods-more"]

    def test_keeps_a_token_hidden_that_is_its_own_id(self, owner):
        owner.security["tokens"][0]["id"] = owner.token
        assert owner.json("security", ENDPOINT)[1]["tokens"] == [{"id": "[hidden]"}]


def test_limits_of_an_endpoint_and_of_methods(owner):
    owner.stand_in.account.endpoints[ENDPOINT]["method_limits"].append(
        {
            "id": "rl-1",
            "interval": "second",
            "methods": ["eth_call"],
            "rate": 5,
            "status": "enabled",
            "created": "",
        }
    )
    code, shown = owner.json("limits", ENDPOINT)
    assert code == 0
    assert shown["limits"] == [{"bucket": "rps", "rate_limit": 50, "source": "plan_default", "id": None}]
    assert [(item["methods"], item["rate"]) for item in shown["method_limits"]] == [(["eth_call"], 5)]
    _, out, _ = owner.says("limits", ENDPOINT)
    assert "plan_default" in out
    assert "eth_call" in out


def test_prices_of_a_chain_s_methods(owner):
    assert owner.json("prices", "ethereum") == (
        0,
        {"chain": "ethereum", "prices": [{"method": "eth_call", "credits": 20}]},
    )


class TestHarden:
    def test_closes_the_endpoint_to_all_but_the_wallet(self, owner, tmp_path):
        file = owner.key_file(tmp_path)
        code, shown = owner.json(
            "harden", ENDPOINT, "--jwt-key", file, "--jwt-kid", "warifu-1", "--ip", OURS, "--yes"
        )
        assert code == 0, shown
        assert [change["step"] for change in shown["changes"]] == ["methods", "jwt", "ip", "switch"]
        assert shown["tokens"] == [{"id": "tok-1"}]
        (key,), (ip,), (only,) = (owner.security[name] for name in ("jwts", "ips", "request_filters"))
        assert (key["public_key"], key["kid"], ip["ip"]) == (KEY.public_pem, "warifu-1", OURS)
        assert set(only["method"]) == set(METHODS["eip155"])
        assert owner.json("security", ENDPOINT)[1]["warnings"] == []

    def test_shows_what_will_change_and_asks_before_anything_is(self, owner, tmp_path):
        file = owner.key_file(tmp_path)
        arguments = ("harden", ENDPOINT, "--jwt-key", file, "--jwt-kid", "warifu-1")
        code, text = owner.types("n", *arguments, question=r"Change the endpoint so\?")
        assert (code, owner.changes) == (130, [])
        for words in (
            "warm wallet (1)",
            "1. Let these methods",
            "2. Register the JWT key",
            "4. Switch these checks",
        ):
            assert words in text
        code, text = owner.types("y", *arguments, question=r"Change the endpoint so\?")
        assert code == 0
        assert "Tokens that are left: tok-1" in text
        assert owner.security["options"]["jwts"] is True

    def test_asks_nothing_where_nothing_is_to_be_done(self, owner):
        assert owner.json("harden", ENDPOINT, "--yes")[0] == 0
        before = len(owner.changes)
        code, out, _ = owner.says("harden", ENDPOINT)
        assert (code, len(owner.changes)) == (0, before)
        assert "All of this is so already." in out

    def test_tells_of_other_keys_and_addresses_that_stay(self, owner, tmp_path):
        owner.security["jwts"].append({"id": "j", "public_key": "x", "kid": "k-old", "name": "n"})
        owner.security["ips"].append({"id": "i", "ip": "9.9.9.9"})
        file = owner.key_file(tmp_path)
        _, _, err = owner.says(
            "harden", ENDPOINT, "--jwt-key", file, "--jwt-kid", "warifu-1", "--ip", OURS, "--yes"
        )
        assert "Other keys that stay registered: k-old." in err
        assert "Other addresses that stay let in: 9.9.9.9." in err

    def test_that_fails_in_the_middle_says_how_far_it_came_and_goes_on_when_repeated(self, owner, tmp_path):
        file = owner.key_file(tmp_path)
        arguments = ("harden", ENDPOINT, "--jwt-key", file, "--jwt-kid", "warifu-1", "--ip", OURS, "--yes")
        before = dict(owner.security["options"])
        words = '{"error":"no more addresses on this plan, ' + API_KEY + '"}'
        owner.breaks("POST", "/security/ips", Say(words.encode(), 422))
        code, shown = owner.json(*arguments)
        error = shown["error"]
        assert (code, error["code"]) == (2, "input.quicknode-refused")
        assert "no more addresses" in error["message"]
        done, _, rest = error["not_done"].partition("Perhaps done: ")
        perhaps, _, not_done = rest.partition("Not done: ")
        assert done.startswith("Done: Let these methods through")
        assert "Register the JWT key warifu-1." in done
        assert perhaps.strip() == "Let requests from 1.1.1.1 in."
        assert "Switch these checks on: requestFilters, jwts, ips." in not_done
        assert "nothing is done twice" in error["remedy"]
        assert owner.security["options"] == before
        owner.breaks("NONE", "", Say(b""))
        code, shown = owner.json(*arguments)
        assert [change["step"] for change in shown["changes"]] == ["ip", "switch"]
        assert code == 0

    def test_that_loses_quicknode_in_the_middle_keeps_the_error_s_own_kind(self, owner):
        owner.breaks("PATCH", "/security_options", Say(b"<html>502</html>", 502))
        code, shown = owner.json("harden", ENDPOINT, "--yes")
        assert (code, shown["error"]["code"]) == (11, "chain.busy")
        assert shown["error"]["not_done"].endswith("Perhaps done: Switch these checks on: requestFilters.")

    @pytest.mark.parametrize(
        ("chain", "is_multichain", "said", "code"),
        [
            ("sui", False, (), "input.endpoint-chain"),
            ("ethereum", True, (), "input.endpoint-chain"),
            ("ethereum", False, ("--chain", "solana"), "input.endpoint-chain"),
            ("ethereum", False, ("--chain", "ethereum", "--chain", "solana"), "input.endpoint-chain"),
            ("ethereum", False, ("--chain", "dogecoin"), "input.unknown-chain"),
        ],
    )
    def test_makes_no_guess_that_could_lock_the_wallet_out(self, owner, chain, is_multichain, said, code):
        owner.stand_in.account.endpoints[ENDPOINT].update(chain=chain, is_multichain=is_multichain)
        exit_code, shown = owner.json("harden", ENDPOINT, "--yes", *said)
        assert (exit_code, shown["error"]["code"], owner.changes) == (2, code, [])

    def test_lets_the_methods_of_all_chains_through_that_the_wallet_uses_there(self, owner):
        owner.stand_in.account.endpoints[ENDPOINT].update(is_multichain=True)
        assert owner.json("harden", ENDPOINT, "--yes", "--chain", "base", "--chain", "bitcoin")[0] == 0
        (only,) = owner.security["request_filters"]
        assert set(only["method"]) == {*METHODS["eip155"], *METHODS["bitcoin"]}

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (("--ip", "192.168.1.2"), "input.ip-address"),
            (("--jwt-kid", "warifu-1"), "input.usage"),
            (("--jwt-key", "KEY"), "input.usage"),
            (("--jwt-key", "/nowhere.pem", "--jwt-kid", "warifu-1"), "input.file"),
        ],
    )
    def test_refuses_before_quicknode_is_asked(self, owner, tmp_path, arguments, code):
        file = str(owner.key_file(tmp_path))
        exit_code, shown = owner.json(
            "harden", ENDPOINT, "--yes", *(file if word == "KEY" else word for word in arguments)
        )
        assert (exit_code, shown["error"]["code"], owner.stand_in.asked) == (2, code, [])

    def test_takes_no_private_key_and_repeats_nothing_of_it(self, owner, tmp_path):
        private = KEY.private_pem().reveal()
        owner.secrets.add(private.splitlines()[1])
        file = owner.key_file(tmp_path, private)
        code, shown = owner.json("harden", ENDPOINT, "--jwt-key", file, "--jwt-kid", "warifu-1", "--yes")
        assert (code, shown["error"]["code"], owner.stand_in.asked) == (2, "input.jwt-key", [])


class TestRevokeToken:
    def test_revokes_the_one_that_is_named(self, owner):
        owner.security["tokens"].append({"id": "tok-2", "token": "ab" * 20})
        owner.secrets.add("ab" * 20)
        assert owner.json("revoke-token", ENDPOINT, "tok-2", "--yes") == (
            0,
            {"id": ENDPOINT, "token": "tok-2", "left": 1},
        )
        assert [item["id"] for item in owner.security["tokens"]] == ["tok-1"]

    def test_says_that_it_is_the_last_one_and_asks(self, owner):
        code, text = owner.types(
            "n",
            "revoke-token",
            ENDPOINT,
            "tok-1",
            question=r"Revoke token tok-1 of warm wallet \(1\), ethereum/mainnet\?",
        )
        assert (code, owner.changes) == (130, [])
        assert "the endpoint's last token" in text

    @pytest.mark.parametrize("wrong", ["tok-9", "../1", "[hidden]"])
    def test_of_an_id_that_is_none(self, owner, wrong):
        code, shown = owner.json("revoke-token", ENDPOINT, wrong, "--yes")
        assert (code, shown["error"]["code"], owner.changes) == (2, "input.quicknode-token", [])


def test_pause_and_resume(owner):
    code, _ = owner.types("n", "pause", ENDPOINT, question=r"Pause warm wallet \(1\), ethereum/mainnet\?")
    assert (code, owner.changes) == (130, [])
    assert owner.json("pause", ENDPOINT, "--yes") == (0, {"id": ENDPOINT, "status": "paused"})
    assert owner.stand_in.account.endpoints[ENDPOINT]["status"] == "paused"
    code, _ = owner.types("y", "resume", ENDPOINT, question=r"Resume warm wallet")
    assert (code, owner.stand_in.account.endpoints[ENDPOINT]["status"]) == (0, "active")


@pytest.mark.parametrize(
    "arguments",
    [("harden", ENDPOINT), ("revoke-token", ENDPOINT, "tok-1"), ("pause", ENDPOINT), ("resume", ENDPOINT)],
)
def test_a_script_that_does_not_say_yes_changes_nothing(owner, arguments):
    code, shown = owner.json(*arguments)
    assert (code, shown["error"]["code"], owner.changes) == (2, "input.confirmation", [])
    code, _, _ = owner.says(*arguments)
    assert (code, owner.changes) == (130, [])


class TestTheApiKey:
    def test_that_is_wrong(self, owner):
        owner.secrets.add("QN_ffffffffffffffff")
        code, shown = owner.json("endpoints", key="QN_ffffffffffffffff")
        assert (code, shown["error"]["code"]) == (11, "chain.credentials")

    @pytest.mark.parametrize(
        ("key", "code"), [("", "input.api-key"), ("ü", "input.api-key"), ("two words", "input.backend-token")]
    )
    def test_that_is_none(self, owner, key, code):
        exit_code, shown = owner.json("endpoints", key=key)
        assert (exit_code, shown["error"]["code"], owner.stand_in.asked) == (2, code, [])

    def test_is_not_seen_while_it_is_typed(self, owner):
        started = commands.at_terminal(owner.stand_in, owner.home, "endpoints")
        ended = started.end()
        owner.shown.append(ended.text)
        assert ended.code == 0
        assert "warm wallet" in ended.text


def test_japanese(owner):
    code, out, err = owner.says("security", ENDPOINT, language="ja_JP.UTF-8")
    assert code == 0
    assert "許されたメソッド" in out
    assert "どの IP アドレスからの要求も受け付けます。" in err
