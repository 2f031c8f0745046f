"""An audit against a real Solana chain (LiteSVM): what the wallet's key signed has its entry in a journal, or is found.

Signers and journals are real, the chain's network half too; only the service between them is played.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from nacl.signing import SigningKey
from nacl.utils import random
from tests.chains.ethereum_network.test_embedded_chain import transaction
from tests.chains.ethereum_network.worlds import Account
from tests.chains.solana_network.lying import LyingNode
from tests.cli.test_auditing import Owner, Service, audit, codes
from tests.support.accounts import LOCAL, SOL, account_request, sol_payment, solana_rules
from tests.support.dealer import Dealt
from tests.support.signing import Ceremony
from tests.support.simulator import PASSPHRASE, Household, Spend, bitcoin_policy

from warifu.audit.findings import Finding
from warifu.audit.onchain import Told
from warifu.chains.ethereum.transaction import parse_signed
from warifu.chains.rpc.endpoints import Endpoints
from warifu.chains.solana.address import parse_address
from warifu.chains.solana.base58 import encode_base58
from warifu.chains.solana.transaction import parse_transaction
from warifu.chains.solana_embedded.chain import EmbeddedChain, parse
from warifu.chains.solana_embedded.faucet import Faucet
from warifu.chains.solana_embedded.server import serving
from warifu.chains.solana_network import listing as paging
from warifu.chains.solana_network.chain import SolanaChain
from warifu.chains.solana_network.clusters import Cluster
from warifu.cli.audits.auditing import NOT_WHOLE, WRONG, Audited
from warifu.cli.audits.chains import name_what_is_missing
from warifu.errors import WarifuError
from warifu.protocol import api
from warifu.protocol.encoding import decode
from warifu.protocol.frames import TransferSignatures
from warifu.signer.vault import Role
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.frost.rfc9591 import FROST_ED25519

pytestmark = [pytest.mark.real, pytest.mark.slow]

SOLANA = "solana"


class ChainService(Service):
    """Carries questions to the devices and to the chain's nodes."""

    def __init__(self, home: Household, chain: SolanaChain, address: str) -> None:
        super().__init__(home)
        self.chain, self.address = chain, address
        self.bytes_of = chain.transaction

    def get(self, path: str, kind: type, **query: str) -> object:
        if kind is api.Accounts:
            account = api.Account(chain=SOLANA, address=self.address, assets=(), height=1, refusal=None)
            return api.Accounts(accounts=(account,))
        if kind is api.AccountListing:
            assert (path, query) == ("/wallets/savings/account-listing", {"chain": SOLANA})
            found = self.chain.listing(self.address)
            return api.AccountListing(txids=found.txids, since=found.since)
        return super().get(path, kind, **query)

    def post(self, path: str, question: object, kind: type) -> Any:
        if isinstance(question, api.AccountBytesQuestion):
            assert path == "/wallets/savings/account-bytes"
            return api.AccountBytes(transactions=tuple(self.bytes_of(txid) or b"" for txid in question.txids))
        return super().post(path, question, kind)


class World:
    """Two devices that must both sign, and their account on a chain."""

    def __init__(self, root: Path, url: str, chain: EmbeddedChain) -> None:
        self.embedded = chain
        self.node = LyingNode(url, "node")
        self.network = SolanaChain(Endpoints([self.node]), Cluster.LOCAL)
        self.home = Household(root / "devices", 2)
        self.home.make_wallet(
            2, bitcoin_policy(others=[solana_rules(10 * SOL, 100 * SOL)]), schemes=("bip340", "ed25519")
        )
        assert self.home.birth is not None
        self.wallet = self.home.birth.wallet_id
        self.address = self.home["device0"].device.wallets.born(self.wallet).solana
        Faucet(chain).airdrop(parse_address(self.address), 100 * SOL)
        (root / "owner").mkdir(mode=0o700)
        self.owner = Owner(root / "owner", self.home)
        self.service = self.owner.service = ChainService(self.home, self.network, self.address)

    def message(self, lamports: int = SOL) -> bytes:
        blockhash = bytes(self.embedded.latest_blockhash()[0])
        return sol_payment(self.address, lamports, blockhash=blockhash)

    def pay(self) -> str:
        """As an owner does, through the devices."""
        message = self.message()
        request = account_request(self.wallet, SOLANA, message, self.address, self.home.clock())
        outcome = self.home.sign(Spend(request, message))
        (result,) = set(outcome.finished.values())
        (signature,) = decode(TransferSignatures, result, 2**20).signatures
        return self.send(signature, message)

    def send(self, signature: bytes, message: bytes) -> str:
        raw = b"\x01" + signature + message
        self.network.broadcast(raw)
        return parse_transaction(raw).txid

    def steal(self, lamports: int = 3 * SOL) -> str:
        """Whoever has t shares and the passphrase signs what no journal knows, with the library alone, and hands it to
        a leader himself: no node looks at it first."""
        opened = []
        for device in (member.device for member in self.home.devices.values()):
            locked = device.wallets.locked(self.wallet)
            role = Role("share", "ed25519")
            with device.vault.open(self.wallet, locked.lock, bytearray(PASSPHRASE.encode())) as lock:
                opened.append((device.identity.public, lock.unlock(role, locked.records[role])))
        shares = tuple(share for _, share in sorted(opened, key=lambda item: item[0]))
        assert self.home.birth is not None
        born = self.home.birth.key("ed25519")
        key = ThresholdKey(2, 2, born.threshold_public, born.public_shares)
        message = self.message(lamports)
        signature = Ceremony(Dealt(key, shares, shares[0]), [0, 1], message, scheme=FROST_ED25519).finish()
        raw = b"\x01" + signature + message
        self.embedded.execute(parse(raw))
        return parse_transaction(raw).txid

    def deposit(self, lamports: int = SOL) -> str:
        """Somebody pays the wallet, which so stands in his transaction."""
        payer = SigningKey.generate()
        account = bytes(payer.verify_key)
        Faucet(self.embedded).airdrop(account, 10 * SOL)
        blockhash = bytes(self.embedded.latest_blockhash()[0])
        message = sol_payment(encode_base58(account), lamports, self.address, blockhash)
        return self.send(payer.sign(message).signature, message)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    chain = EmbeddedChain()
    with serving(chain) as url:
        made = World(tmp_path, url, chain)
        monkeypatch.setattr("warifu.cli.audits.auditing.now", made.home.clock)
        yield made
        made.network.close()
        made.home.close()


def texts(audited: Audited, code: str) -> list[str]:
    return [finding.values.get("txid", "") for finding in audited.result.findings if finding.code == code]


def test_an_honest_wallet_shows_nothing(world):
    """Payments out and in."""
    world.deposit()
    world.pay()
    world.home.clock.pass_(60)
    world.pay()
    audited = audit(world.owner)
    assert codes(audited) == set() and audited.exit_code == 0


def test_what_the_wallets_key_signed_and_no_journal_has_is_found(world):
    world.pay()
    stolen = world.steal()
    audited = audit(world.owner)
    assert codes(audited) == {("wrong", "signed-without-entry", "")}
    assert texts(audited, "signed-without-entry") == [stolen]
    assert audited.exit_code == WRONG


def test_a_theft_whose_execution_failed_is_found_all_the_same(world):
    """More than there is: the fee is gone, and somebody has the shares."""
    stolen = world.steal(1_000 * SOL)
    assert world.embedded.history[stolen].error is not None
    assert texts(audit(world.owner), "signed-without-entry") == [stolen]


def test_a_history_longer_than_a_page_is_checked_to_its_end(world, monkeypatch):
    monkeypatch.setattr(paging, "SIGNATURES", 2)
    monkeypatch.setattr("warifu.cli.audits.chains.MAX_BYTES_ASKED", 2)
    stolen = world.steal()
    for number in range(5):
        world.deposit(SOL + number)
    assert texts(audit(world.owner), "signed-without-entry") == [stolen]


def lie_about_signatures(world: World, lie: Any) -> None:
    world.node.lies["getSignaturesForAddress"] = lie


def repeats(params: Any, truth: Any) -> Any:
    return truth or [{"signature": params[1]["before"], "slot": 5}] if "before" in params[1] else truth


def endless(_params: Any, _truth: Any) -> Any:
    return [{"signature": encode_base58(random(64)), "slot": 5}]


@pytest.mark.parametrize("lie", [repeats, endless])
def test_a_node_that_repeats_itself_or_never_ends_leaves_the_chain_unchecked(world, lie):
    world.pay()
    lie_about_signatures(world, lie)
    audited = audit(world.owner)
    assert ("missing", "service-unread", "") in codes(audited)
    assert audited.exit_code == NOT_WHOLE


def test_what_a_node_hides_of_the_wallets_own_is_missed(world):
    """It says that a transfer is nowhere, of which the devices have the signature."""
    world.pay()
    lie_about_signatures(world, lambda _params, _truth: [])
    audited = audit(world.owner)
    assert codes(audited) == {("open", "not-on-chain", "")}


def test_a_history_that_begins_after_the_wallet_does_not_make_it_clean(world):
    world.pay()
    world.node.lies["getFirstAvailableBlock"] = lambda _params, _truth: 250_000
    for since, found in ((world.home.clock() + 1, {("missing", "history-short", "")}), (1, set())):
        world.node.lies["getBlockTime"] = lambda _params, _truth, since=since: since
        audited = audit(world.owner)
        assert codes(audited) == found
        assert audited.exit_code == (NOT_WHOLE if found else 0)


def test_a_service_that_shows_another_transaction_or_none_is_not_believed(world):
    """It would have a theft pass for a deposit."""
    stolen, deposit = world.steal(), world.deposit()
    true = world.network.transaction
    for shown in (lambda _txid: true(deposit), lambda _txid: None, lambda _txid: b"rubbish"):
        world.service.bytes_of = shown
        audited = audit(world.owner)
        assert ("missing", "service-unread", "") in codes(audited)
        assert audited.exit_code == NOT_WHOLE
        (why,) = [each.values["why"] for each in audited.result.findings if each.code == "service-unread"]
        assert stolen in why or deposit in why


def test_a_chain_of_the_rules_of_which_nobody_tells_is_not_checked(world):
    world.service.get = lambda path, kind, **query: (
        api.Accounts(accounts=()) if kind is api.Accounts else Service.get(world.service, path, kind, **query)
    )
    audited = audit(world.owner)
    assert ("missing", "service-unread", "") in codes(audited)
    assert audited.exit_code == NOT_WHOLE


def test_a_chain_that_cannot_be_asked_is_not_checked(world):
    def silent(_address: str) -> Any:
        raise WarifuError("gone", "no node answers")

    world.service.chain.listing = silent
    audited = audit(world.owner)
    assert ("missing", "service-unread", "") in codes(audited)


# --- chains that count -----------------------------------------------------------------------------------------------


class CountingService:
    """Of an account that made more than the journals have it names two."""

    def __init__(self, *raw: bytes) -> None:
        self.raw = {parse_signed(each).txid: each for each in raw}

    def get(self, _path: str, kind: type, **_query: str) -> api.AccountListing:
        assert kind is api.AccountListing
        return api.AccountListing(txids=tuple(self.raw), since=None)

    def post(self, _path: str, question: api.AccountBytesQuestion, _kind: type) -> api.AccountBytes:
        return api.AccountBytes(transactions=tuple(self.raw[txid] for txid in question.txids))


def test_what_an_account_that_counts_made_beside_the_journals_is_named(monkeypatch):
    mine, other = Account(), Account()
    built = [transaction(nonce=nonce) for nonce in (0, 1)]
    raw = [each.with_signature(mine.sign(each.name), mine.address).raw for each in built]
    raw.append(built[0].with_signature(other.sign(built[0].name), other.address).raw)
    monkeypatch.setattr("warifu.cli.audits.chains.account_of", lambda _wallet, _chain: mine.address)
    wallet = cast("Any", SimpleNamespace(name="savings"))
    short = [Finding("wrong", "more-sent-than-signed", values={"chain": LOCAL})]
    told = Told({}, None, (), {LOCAL: 2})
    client = cast("Any", CountingService(*raw))
    named = name_what_is_missing(client, wallet, told, cast("Any", SimpleNamespace(findings=short)))
    made = {each.txid: each.name for each in named.seen[LOCAL].made}
    assert made == {
        parse_signed(each).txid: one.name for each, one in zip(raw, built, strict=False)
    }  # the other account's is not among them
    assert name_what_is_missing(client, wallet, told, cast("Any", SimpleNamespace(findings=()))) is told
