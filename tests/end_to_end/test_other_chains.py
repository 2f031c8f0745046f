"""The owner's commands on Ethereum and Solana: real devices, threshold signatures, real engines (py-evm, LiteSVM)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from tests.end_to_end.conftest import PASSPHRASE
from tests.support.terminal import script, terminal

from warifu.cli.wallet_keys import account_of
from warifu.demo.account_chains import ETHEREUM, SOLANA, TOKEN_SYMBOL
from warifu.demo.accounts import ETHEREUM_PAYEE, SOLANA_PAYEE
from warifu.demo.scene import Scene

from .waiting import wait_until

pytestmark = [pytest.mark.real, pytest.mark.slow]

SECRET = PASSPHRASE.encode()
ETHER, SOL = 10**18, 10**9


def owner(scene: Scene, *arguments: str | Path) -> dict[str, Any]:
    """One of the owner's commands that succeeds."""
    asks = arguments[0] in ("send", "bump", "cancel", "sign-message") or "prepare" in arguments
    code, shown = script(scene.home, *map(str, arguments), passphrase=SECRET if asks else None)
    assert code == 0, shown
    return shown


def refused(scene: Scene, *arguments: str) -> str:
    asks = arguments[0] in ("send", "bump", "cancel", "sign-message")
    code, shown = script(scene.home, *arguments, passphrase=SECRET if asks else None)
    assert code != 0
    told: str = shown["error"]["code"]
    return told


@pytest.fixture(scope="module")
def funded(scene: Scene, wallet: str) -> str:
    """Five ether, five hundred tokens and five SOL, at the addresses that the command line shows."""
    mine = owner(scene, "address", wallet, "--chain", ETHEREUM)["address"]
    theirs = owner(scene, "address", wallet, "--chain", SOLANA)["address"]
    assert (mine, theirs) == (account_of(scene.born, ETHEREUM), account_of(scene.born, SOLANA))
    scene.ethereum.fund(mine, 5 * ETHER)
    scene.ethereum.mint(scene.token, mine, 500_000_000)
    scene.solana.airdrop(theirs, 5 * SOL)
    wait_until(lambda: assets(scene, wallet, SOLANA)[""] >= 5 * SOL, "the deposits", 30)
    return wallet


def assets(scene: Scene, wallet: str, chain: str) -> dict[str, int]:
    for account in owner(scene, "balance", wallet)["accounts"]:
        if account["chain"] == chain:
            return {asset["token"]: int(asset["amount"]) for asset in account["assets"]}
    raise AssertionError(chain)


def state_of(scene: Scene, wallet: str, transfer: str) -> dict[str, Any]:
    told = owner(scene, "history", wallet, "--transfers")["transfers"]
    return next(item for item in told if item["id"] == transfer)


def test_ether_moves_as_it_was_shown(scene, funded):
    before = scene.ethereum.balance(ETHEREUM_PAYEE)
    person = terminal(scene.home, "send", funded, ETHEREUM_PAYEE, "0.1 ETH", "--chain", ETHEREUM)
    person.until("This will be signed")
    person.until(ETHEREUM_PAYEE)
    person.until("0.1 ETH")
    person.until("Most in fees")
    person.until("Account nonce")
    person.until(r"Sign and send this\?")
    person.type("y")
    person.until("Passphrase of the wallet: ")
    person.type(PASSPHRASE)
    for step in ("Request", "Authorization", "Judgement", "Signature", "Broadcast", "Network"):
        person.until(step)
    shown = person.end()
    assert shown.code == 0, shown.text
    assert PASSPHRASE not in shown.text
    scene.ethereum.mine()
    wait_until(lambda: scene.ethereum.balance(ETHEREUM_PAYEE) == before + ETHER // 10, "its execution", 20)


def test_a_token_of_the_policy_moves_by_its_symbol(scene, funded):
    before = scene.ethereum.balance(ETHEREUM_PAYEE, scene.token)
    sent = owner(
        scene,
        *(
            "send",
            funded,
            ETHEREUM_PAYEE,
            f"12.5 {TOKEN_SYMBOL}",
            "--chain",
            ETHEREUM,
            "--token",
            TOKEN_SYMBOL,
        ),
        *("--yes", "--fee-ceiling", "0.01 ETH"),
    )
    scene.ethereum.mine()
    done = owner(scene, "resume", funded, sent["transfer"], "--wait", "1")
    assert (done["state"], done["txid"]) == ("confirmed", sent["txid"])
    assert scene.ethereum.balance(ETHEREUM_PAYEE, scene.token) == before + 12_500_000
    assert assets(scene, funded, ETHEREUM)[scene.token] == 500_000_000 - 12_500_000


def test_of_a_bump_and_its_original_exactly_one_happens(scene, funded):
    before = scene.ethereum.balance(ETHEREUM_PAYEE)
    first = owner(scene, "send", funded, ETHEREUM_PAYEE, "0.02 ETH", "--chain", ETHEREUM, "--yes")
    second = owner(
        scene, "bump", funded, first["transfer"], "--chain", ETHEREUM, "--yes", "--fee-ceiling", "0.01 ETH"
    )
    assert second["txid"] != first["txid"]
    scene.ethereum.mine()
    assert owner(scene, "resume", funded, second["transfer"], "--wait", "1")["state"] == "confirmed"
    wait_until(lambda: state_of(scene, funded, first["transfer"])["state"] == "replaced", "its end", 20)
    assert state_of(scene, funded, first["transfer"])["replaced_by"] == second["txid"]
    assert scene.ethereum.balance(ETHEREUM_PAYEE) == before + ETHER // 50


def test_a_cancelled_transfer_pays_nobody(scene, funded):
    before = scene.ethereum.balance(ETHEREUM_PAYEE)
    first = owner(scene, "send", funded, ETHEREUM_PAYEE, "0.03 ETH", "--chain", ETHEREUM, "--yes")
    cancel = ("cancel", funded, first["transfer"], "--chain", ETHEREUM, "--yes", "--fee-ceiling", "0.01 ETH")
    tried = owner(scene, *cancel, "--dry-run")
    assert all(each["allowed"] for each in tried["decisions"])
    cancelled = owner(scene, *cancel, "--rehearse")
    scene.ethereum.mine()
    assert owner(scene, "resume", funded, cancelled["transfer"], "--wait", "1")["state"] == "confirmed"
    wait_until(lambda: state_of(scene, funded, first["transfer"])["state"] == "replaced", "its end", 20)
    assert scene.ethereum.balance(ETHEREUM_PAYEE) == before


def test_sol_moves_and_a_durable_nonce_makes_a_transfer_patient(scene, funded):
    before = scene.solana.balance(SOLANA_PAYEE)
    sent = owner(scene, "send", funded, SOLANA_PAYEE, "0.25 SOL", "--chain", SOLANA, "--yes", "--wait", "1")
    assert sent["state"] == "confirmed"
    assert scene.solana.balance(SOLANA_PAYEE) == before + SOL // 4
    unasked = ("--yes", "--fee-ceiling", "0.01 SOL")
    prepared = owner(scene, "wallet", "prepare", funded, "--chain", SOLANA, *unasked, "--wait", "1")
    assert prepared["state"] == "confirmed"
    patient = owner(
        scene, "send", funded, SOLANA_PAYEE, "0.05 SOL", "--chain", SOLANA, "--yes", "--wait", "1"
    )
    assert patient["state"] == "confirmed"
    assert scene.solana.balance(SOLANA_PAYEE) == before + SOL // 4 + SOL // 20


def test_a_dry_run_tells_each_rule_and_signs_nothing(scene, funded):
    shown = owner(scene, "send", funded, ETHEREUM_PAYEE, "1.2 ETH", "--chain", ETHEREUM, "--dry-run")
    assert [decision["allowed"] for decision in shown["decisions"]] == [False, False, False]
    assert shown["decisions"][0]["refusal"]["code"] == "policy.per-transaction-limit"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((ETHEREUM_PAYEE, "1.2 ETH", "--chain", ETHEREUM), "policy.per-transaction-limit"),
        ((ETHEREUM_PAYEE.lower(), "0.1 ETH", "--chain", ETHEREUM), "input.address"),
        ((SOLANA_PAYEE, "0.1 ETH", "--chain", ETHEREUM), "input.address"),
        ((ETHEREUM_PAYEE, "0.1 SOL", "--chain", SOLANA), "input.address"),
        ((ETHEREUM_PAYEE, "0.1 BTC", "--chain", ETHEREUM), "input.amount-form"),
        ((ETHEREUM_PAYEE, "0.1", "--chain", ETHEREUM), "input.amount-form"),
        ((ETHEREUM_PAYEE, "1 DAI", "--chain", ETHEREUM, "--token", "DAI"), "input.unknown-token"),
        ((ETHEREUM_PAYEE, "0.1 ETH", "--chain", "dogecoin"), "input.unknown-chain"),
        ((ETHEREUM_PAYEE, "0.1 ETH", "--chain", ETHEREUM, "--fee-rate", "2"), "input.fee-rate"),
        (
            (ETHEREUM_PAYEE, f"1 {TOKEN_SYMBOL}", "--chain", ETHEREUM, "--token", TOKEN_SYMBOL),
            "input.dear-fee",
        ),
        (
            (ETHEREUM_PAYEE, "0.1 ETH", "--chain", ETHEREUM, "--fee-ceiling", "1 wei"),
            "transaction.fee-over-ceiling",
        ),
    ],
)
def test_mistakes_are_told_with_their_code_and_cost_nothing(scene, funded, arguments, code):
    assert refused(scene, "send", funded, *arguments, "--yes") == code


def test_an_account_of_another_chain_is_not_asked_for_what_it_does_not_have(scene, funded):
    assert refused(scene, "send", funded, ETHEREUM_PAYEE, "0.1 ETH", "--chain", "base", "--yes").split(".")[
        0
    ] in (
        "service",
        "chain",
        "input",
    )


# --- messages -------------------------------------------------------------------------------------------------------


def permit(scene: Scene, value: int) -> dict[str, Any]:
    """An ERC-2612 permit: who has it may take from the account without another signature."""
    mine = account_of(scene.born, ETHEREUM)
    members = {
        "owner": "address",
        "spender": "address",
        "value": "uint256",
        "nonce": "uint256",
        "deadline": "uint256",
    }
    domain = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in domain.items()],
            "Permit": [{"name": name, "type": kind} for name, kind in members.items()],
        },
        "primaryType": "Permit",
        "domain": {"name": "Demo Dollar", "version": "1", "chainId": 31337, "verifyingContract": scene.token},
        "message": {
            "owner": mine,
            "spender": ETHEREUM_PAYEE,
            "value": str(value),
            "nonce": "0",
            "deadline": "9999999999",
        },
    }


def test_a_permit_within_the_limits_is_signed_and_judged_as_spending(scene, funded, tmp_path):
    file = tmp_path / "permit.json"
    file.write_text(json.dumps(permit(scene, 1_000_000)))
    signed = owner(scene, "sign-message", funded, file, "--chain", ETHEREUM, "--yes")
    readable = encode_typed_data(full_message=permit(scene, 1_000_000))
    assert Account.recover_message(readable, signature=signed["signature"]) == account_of(
        scene.born, ETHEREUM
    )
    file.write_text(json.dumps(permit(scene, 2**256 - 1)))
    assert refused(scene, "sign-message", funded, str(file), "--chain", ETHEREUM, "--yes") == (
        "policy.per-transaction-limit"
    )


def test_words_are_not_signed_where_the_policy_is_silent(scene, funded):
    arguments = ("sign-message", funded, "--text", "I own this account", "--chain", ETHEREUM, "--yes")
    assert refused(scene, *arguments) == "policy.message"


# --- independent eyes -----------------------------------------------------------------------------------------------


def test_decode_shows_what_a_signer_would_see(scene, funded, tmp_path):
    file = tmp_path / "permit.json"
    file.write_text(json.dumps(permit(scene, 5)))
    seen = owner(scene, "decode", file)
    assert seen["outflows"][0]["kind"] == "approval"
    assert seen["outflows"][0]["to"] == ETHEREUM_PAYEE
    whose = owner(scene, "decode", file, "--wallet", funded)
    assert whose["refusals"] == []


def test_the_devices_tell_what_is_prepared_and_what_moved(scene, funded):
    wallets = owner(scene, "signer", "status", "home")["wallets"]
    (told,) = [each for each in wallets if each["wallet_id"] == scene.born.birth.wallet_id.hex()]
    assert set(told["correlations"]) == {"home", "pi", "friend"}
    assert ETHEREUM in {spent["chain"] for spent in told["spent_today"]}


def test_an_audit_finds_every_transaction_of_the_accounts_in_the_journals(scene, funded):
    """Payments, a bump, a cancellation, a durable nonce and a permit went before: the chain counts no more than the
    journals have."""
    code, shown = script(scene.home, "audit", "verify", funded)
    assert code == 0, [each for each in shown["findings"] if each["level"] in ("wrong", "missing")]
    started = shown["transfers"]
    scene.ethereum.fund(account_of(scene.born, ETHEREUM), ETHER)
    sent = owner(scene, "send", funded, ETHEREUM_PAYEE, "0.01 ETH", "--chain", ETHEREUM, "--yes")
    scene.ethereum.mine()
    owner(scene, "resume", funded, sent["transfer"], "--wait", "1")
    code, shown = script(scene.home, "audit", "verify", funded)
    assert (code, shown["transfers"]) == (0, started + 1)
    open_ones = {each["values"].get("transfer") for each in shown["findings"] if each["level"] == "open"}
    assert sent["transfer"] not in open_ones
