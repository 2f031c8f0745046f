"""Journals against what the service tells of the chain: what left has its entries, what was signed has an end."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from tests.support.journals import Journals, audited, taken

from warifu.audit.findings import Finding
from warifu.audit.onchain import Claim, ClaimedHead, Made, Seen, Spend, Told, check_chain
from warifu.audit.transfers import Deed, Transfers
from warifu.protocol.events.transfers import Started
from warifu.protocol.journal import decode_content
from warifu.protocol.request import Outflow

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Journals:
    return taken(tmp_path_factory.mktemp("household"))


@pytest.fixture(scope="module")
def started(journals: Journals) -> list[Started]:
    return list(audited(journals).transfers.requests().values())


@pytest.fixture
def honest(journals: Journals, started: list[Started]) -> Told:
    """Everything is in a block."""
    return Told(
        {each.request_id: Claim(each.request_id, each.chain, "confirmed", None) for each in started},
        [Spend(each.transaction, 100) for each in started],
        [
            ClaimedHead(name, journals.states[name].head.length, journals.states[name].head.hash)
            for name in journals.entries
        ],
    )


def found(journals: Journals, told: Told) -> list[Finding]:
    return list(audited(journals, told=told).findings)


def test_what_is_all_in_blocks_leaves_nothing_to_say(journals, honest):
    assert found(journals, honest) == []


def test_a_transaction_that_left_and_that_no_device_signed_is_wrong(journals, honest):
    told = replace(honest, spends=[*(honest.spends or ()), Spend(bytes(range(32)), 101)])
    (finding,) = found(journals, told)
    assert (finding.level, finding.code) == ("wrong", "left-without-entry")
    assert finding.values["txid"] == bytes(range(32))[::-1].hex()


def test_where_a_quorum_may_be_absent_its_journal_may_have_the_entry(journals, honest):
    """Two of three sign: with one journal nobody can tell what the other two did."""
    told = replace(honest, spends=[*(honest.spends or ()), Spend(bytes(32), 101)], heads=())
    levels = {finding.code: finding.level for finding in found(journals.alone("device1"), told)}
    assert levels["left-without-entry"] == "open"
    levels = {finding.code: finding.level for finding in found(journals.without("device1"), told)}
    assert levels["left-without-entry"] == "wrong"


def test_what_waits_for_a_block_is_said_to_be_pending(journals, honest, started):
    spends = [Spend(started[0].transaction, None), *[Spend(each.transaction, 100) for each in started[1:]]]
    (finding,) = found(journals, replace(honest, spends=spends))
    assert (finding.level, finding.code) == ("note", "pending")
    assert finding.values["transfer"] == started[0].request_id.hex()


def test_what_was_replaced_is_said_to_be(journals, honest, started):
    gone = started[0].request_id
    told = replace(
        honest,
        spends=[Spend(each.transaction, 100) for each in started[1:]],
        claims={**honest.claims, gone: Claim(gone, "bitcoin", "replaced", "ab" * 32)},
    )
    (finding,) = found(journals, told)
    assert (finding.level, finding.code, finding.values["by"]) == ("note", "replaced", "ab" * 32)


@pytest.mark.parametrize("state", ["broadcast", "rejected", "confirmed", None])
def test_what_was_signed_and_is_nowhere_on_the_chain_is_open_whatever_the_service_says(
    journals, honest, started, state
):
    gone = started[0].request_id
    claims = {each: claim for each, claim in honest.claims.items() if each != gone}
    if state is not None:
        claims[gone] = Claim(gone, "bitcoin", state, None)
    told = replace(honest, claims=claims, spends=[Spend(each.transaction, 9) for each in started[1:]])
    (finding,) = found(journals, told)
    assert (finding.level, finding.code) == ("open", "not-on-chain")
    assert finding.values["state"] == (state or "unknown")


def test_a_transfer_that_the_service_invents_is_wrong(journals, honest):
    told = replace(
        honest, claims={**honest.claims, bytes(16): Claim(bytes(16), "bitcoin", "confirmed", None)}
    )
    (finding,) = found(journals, told)
    assert (finding.level, finding.code) == ("wrong", "claimed-not-signed")


def test_a_transfer_that_was_refused_needs_no_entry(journals, honest):
    told = replace(honest, claims={**honest.claims, bytes(16): Claim(bytes(16), "bitcoin", "refused", None)})
    assert found(journals, told) == []


def test_a_head_that_the_service_tells_otherwise_is_its_word_against_a_signature(journals, honest):
    told = replace(honest, heads=[ClaimedHead("device0", 3, bytes(32))])
    (finding,) = found(journals, told)
    assert (finding.level, finding.code, finding.device) == ("open", "service-head-differs", "device0")


def test_what_could_not_be_asked_makes_the_audit_incomplete(journals, honest):
    result = audited(journals, told=replace(honest, refusals=["no backend answers"]))
    assert result.wrong == () and not result.whole


def test_without_the_service_the_audit_says_so(journals):
    assert [finding.code for finding in audited(journals).findings] == ["offline"]


def test_an_account_that_made_more_transactions_than_the_journals_have_is_wrong(journals, honest):
    told = replace(honest, sent={"eip155:1": 0})
    assert found(journals, told) == []
    (finding,) = found(journals, replace(honest, sent={"eip155:1": 1}))
    assert (finding.level, finding.code) == ("wrong", "more-sent-than-signed")
    assert (finding.values["sent"], finding.values["signed"]) == ("1", "0")


@pytest.mark.parametrize(
    ("replaces", "kinds", "most"),
    [
        ((None, None), ("payment", "payment"), 2),
        ((None, b"0" * 16), ("payment", "payment"), 1),  # of the two one can be executed
        ((None, b"?" * 16), ("payment", "payment"), 2),  # what it replaces was never started
        ((None, b"0" * 16), ("payment", None), 1),  # a cancellation pays nobody
        ((None, None), ("payment", "message"), 1),  # words use up no nonce
    ],
)
def test_how_many_transactions_can_have_come_of_what_was_started(
    journals, started, honest, replaces, kinds, most
):
    starts = [
        msgspec.structs.replace(
            started[0],
            request=bytes([number]) * 32,
            request_id=b"%d" % number * 16,
            session=bytes([number]) * 16,
            chain="eip155:1",
            replaces=before,
            outflows=(Outflow(kind, "", "1", "0x00"),) if kind is not None else (),
        )
        for number, (before, kind) in enumerate(zip(replaces, kinds, strict=True))
    ]
    transfers = Transfers(tuple(Deed("device0", 1, each) for each in starts), {})
    told = Told({}, [], (), {"eip155:1": most})
    assert not list(check_chain((), transfers, told, every_quorum=True))
    told = replace(told, sent={"eip155:1": most + 1})
    (finding,) = check_chain((), transfers, told, every_quorum=True)
    assert finding.code == "more-sent-than-signed"


# --- chains that list what names an account --------------------------------------------------------------------------


def solana(started: list[Started]) -> Transfers:
    """Two transfers there, signed."""
    starts = [
        msgspec.structs.replace(
            each,
            chain="solana",
            transaction=bytes([number]) * 32,
            outflows=(Outflow("payment", "", "1", "x"),),
        )
        for number, each in enumerate(started[:2])
    ]
    deeds = tuple(Deed("device0", 1, each) for each in starts)
    return Transfers(deeds, {each.request: ("device0",) for each in starts})


def made(*numbers: int, whole: bool = True, since: int | None = None) -> Told:
    seen = Seen([Made(f"tx{number}", bytes([number]) * 32) for number in numbers], whole, since)
    return Told({}, None, (), seen={"solana": seen})


def judged(transfers: Transfers, told: Told, *, every_quorum: bool = True, born: int | None = 100):
    return [
        (finding.level, finding.code, finding.values.get("txid", ""))
        for finding in check_chain((), transfers, told, every_quorum=every_quorum, born=born)
    ]


def test_what_the_key_signed_on_a_chain_that_lists_it_has_its_entry(started):
    assert judged(solana(started), made(0, 1)) == []
    assert judged(solana(started), made(0, 1, 7)) == [("wrong", "signed-without-entry", "tx7")]
    assert judged(solana(started), made(0, 1, 7), every_quorum=False) == [
        ("open", "signed-without-entry", "tx7")
    ]


def test_an_entry_of_another_chain_is_no_entry_of_this_one(started, honest, journals):
    bitcoin = audited(journals).transfers
    name = started[0].transaction
    told = Told(honest.claims, honest.spends, (), seen={"solana": Seen([Made("tx", name)], True, None)})
    assert judged(bitcoin, told) == [("wrong", "signed-without-entry", "tx")]


@pytest.mark.parametrize("state", ["confirmed", "broadcast", None])
def test_what_is_signed_and_not_listed_is_open_whatever_the_service_says_of_it(started, state):
    transfers, told = solana(started), made(0)
    gone = transfers.deeds[1].started.request_id
    if state is not None:
        told = replace(told, claims={gone: Claim(gone, "solana", state, None)})
    assert judged(transfers, told) == [("open", "not-on-chain", "")]


def test_where_the_list_is_not_whole_the_services_word_is_all_there_is(started):
    transfers = solana(started)
    gone = transfers.deeds[1].started.request_id
    told = replace(made(0, whole=False), claims={gone: Claim(gone, "solana", "confirmed", None)})
    assert judged(transfers, told) == []


@pytest.mark.parametrize(
    ("since", "born", "short"),
    [(None, 100, False), (None, None, False), (100, 100, False), (101, 100, True), (1, None, True)],
)
def test_a_history_that_begins_after_the_wallet_is_not_whole(started, since, born, short):
    found = judged(solana(started), made(0, 1, since=since), born=born)
    assert found == ([("missing", "history-short", "")] if short else [])


def test_the_wallets_first_day_is_what_its_journals_say(journals, honest):
    since = min(
        content.time
        for name in journals.entries
        for content in [decode_content(journals.first_of(name, "wallet-born").content)]
    )
    for moment, whole in ((since, True), (since + 1, False)):
        told = replace(honest, seen={"solana": Seen((), True, moment)})
        assert audited(journals, told=told).whole is whole
