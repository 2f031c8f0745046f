"""The second owner's client beside a service that tells something else than the first owner asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.authenticator import Authenticator
from tests.support.bitcoin_coins import (
    COIN,
    FRIEND,
    FRIEND_SCRIPT,
    KEYS,
    THIEF,
    THIEF_SCRIPT,
    change,
    pay,
    spend,
)
from tests.support.simulator import bitcoin_policy

from warifu.chains.bitcoin.transaction import display_hash
from warifu.cli.approving import Asked, approvals_needed, read_proposal, read_proposed
from warifu.cli.credential_card import PREFIX, CredentialCard, read_card, write_card
from warifu.cli.known_wallet import Wallet
from warifu.cli.profile import Profile
from warifu.cli.proposals import words_on
from warifu.errors import InputRefused, TransactionRefused, WarifuError
from warifu.protocol.api import GivenApproval, Proposal
from warifu.protocol.attesting import Reference, SignedHead, reference_digest
from warifu.protocol.authorization import approve_request, authorize, refuse_request
from warifu.protocol.credential import Approval, DeviceKey, approver
from warifu.protocol.encoding import encode
from warifu.protocol.frames import KeyBirth, WalletBirth
from warifu.protocol.identity import DeviceRef, IdentityKey
from warifu.protocol.policy import ApprovalTier
from warifu.protocol.request import (
    FreezeRequest,
    HandOutRequest,
    Outflow,
    ReferenceRequest,
    RestoredRequest,
    RulesRequest,
    Stretching,
    TransferRequest,
    UnfreezeRequest,
    WalletRequest,
    request_digest,
)
from warifu.protocol.rules import rules_hash

pytestmark = pytest.mark.unit

AMOUNT, CHANGE, FEE = 60_000, 39_000, 1_000
ME, PARTNER, STRANGE = (IdentityKey(bytes([number]) * 32) for number in (1, 2, 3))
KEY = Authenticator()
POLICY = msgspec.structs.replace(bitcoin_policy(), approvals_needed=2)
FOUNDING = WalletRequest(
    bytes(16),
    "regtest",
    ("bip340",),
    1,
    (DeviceRef("pi", bytes(32)),),
    (DeviceKey(ME.public), DeviceKey(PARTNER.public), KEY.credential),
    POLICY,
    Stretching(64, 3),
    1,
    2,
)
WALLET = Wallet(
    "family",
    FOUNDING,
    WalletBirth(
        request_digest(FOUNDING),
        (KeyBirth("bip340", KEYS.threshold_public, KEYS.chain_code, (KEYS.threshold_public,), bytes(32)),),
    ),
)
HONEST = spend([(COIN, AMOUNT + CHANGE + FEE)], [pay(FRIEND_SCRIPT, AMOUNT), change(CHANGE)])
REQUEST = TransferRequest(
    bytes([7]) * 16,
    WALLET.wallet_id,
    "bitcoin",
    (Outflow("payment", "", str(AMOUNT), FRIEND),),
    str(FEE),
    HONEST.transaction.txid,
    None,
    1000,
    2000,
)


class Home:
    """A profile with one wallet."""

    def wallets(self) -> list[Wallet]:
        return [WALLET]

    def reference(self, _identity: bytes) -> Reference | None:
        return BEFORE


def proposal(request: Any = REQUEST, *words: GivenApproval, **told: Any) -> Proposal:
    honest = Proposal(
        id=request.request_id.hex(),
        wallet="family",
        chain="bitcoin",
        state="proposed",
        request=encode(request),
        unsigned=HONEST.serialize(),
        words=words,
        created=1000,
        expires=2000,
    )
    return msgspec.structs.replace(honest, **told)


def word(approval: Approval, *, refuses: bool = False) -> GivenApproval:
    return GivenApproval(approval=encode(approval), refuses=refuses, given=1)


def read(given: Proposal) -> Asked:
    return read_proposal(Home(), given)  # type: ignore[arg-type]  # all of a profile that is needed


def yes(key: IdentityKey, request: Any = REQUEST) -> GivenApproval:
    return word(approve_request(approver(key), request))


def test_an_honest_proposal_is_shown_as_it_was_read() -> None:
    asked = read(proposal(REQUEST, yes(PARTNER)))
    assert (asked.needed, asked.missing, asked.words.approved) == (2, 1, (DeviceKey(PARTNER.public),))
    assert any(FRIEND in value for _, value in asked.facts)
    assert FRIEND in asked.gist
    assert asked.described["txid"] == display_hash(REQUEST.transaction)


@pytest.mark.parametrize(
    ("outputs", "code"),
    [
        ([pay(THIEF_SCRIPT, AMOUNT), change(CHANGE)], "transaction.swapped-output"),
        ([pay(FRIEND_SCRIPT, AMOUNT + 1), change(CHANGE - 1)], "transaction.wrong-amount"),
        ([pay(FRIEND_SCRIPT, AMOUNT), pay(THIEF_SCRIPT, CHANGE)], "transaction.extra-output"),
        ([pay(FRIEND_SCRIPT, AMOUNT), change(CHANGE - 1)], "transaction.fee-over-ceiling"),
        ([pay(FRIEND_SCRIPT, AMOUNT), change(CHANGE + 1)], "transaction.other-transaction"),
    ],
)
def test_bytes_that_are_not_what_the_request_says_are_never_shown_for_approval(outputs, code) -> None:
    other = spend([(COIN, AMOUNT + CHANGE + FEE)], outputs)
    with pytest.raises(TransactionRefused) as refused:
        read(proposal(unsigned=other.serialize()))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("change_of", "code"),
    [
        ({"outflows": (Outflow("payment", "", str(AMOUNT), THIEF),)}, "transaction.swapped-output"),
        ({"outflows": (Outflow("payment", "", str(AMOUNT + 1), FRIEND),)}, "transaction.wrong-amount"),
        ({"outflows": (Outflow("payment", "a-token", str(AMOUNT), FRIEND),)}, "transaction.wrong-kind"),
        ({"outflows": (Outflow("approval", "", str(AMOUNT), FRIEND),)}, "transaction.wrong-kind"),
        ({"fee_ceiling": str(FEE - 1)}, "transaction.fee-over-ceiling"),
        ({"transaction": bytes(32)}, "transaction.other-transaction"),
        ({"wallet_id": bytes(32)}, "input.unknown-wallet"),
    ],
)
def test_a_request_that_is_not_what_the_bytes_say_is_never_shown_for_approval(change_of, code) -> None:
    with pytest.raises(WarifuError) as refused:
        read(proposal(msgspec.structs.replace(REQUEST, **change_of)))
    assert refused.value.code == code


def test_the_record_of_another_transfer_is_refused() -> None:
    with pytest.raises(InputRefused) as refused:
        read(proposal(id="00" * 16))
    assert refused.value.code == "input.proposal"


def test_only_owners_words_on_this_very_transfer_count() -> None:
    other = msgspec.structs.replace(REQUEST, request_id=bytes(16))
    first = authorize(approver(PARTNER), REQUEST, encode(REQUEST), []).approvals[0]
    no = refuse_request(approver(PARTNER), REQUEST)
    useless = [
        yes(STRANGE),
        yes(PARTNER, other),
        word(first),
        word(no),
        word(approve_request(approver(PARTNER), REQUEST), refuses=True),
        word(KEY.approval("approval", request_digest(REQUEST), flags=1)),
        GivenApproval(approval=b"rubbish", refuses=False, given=1),
        GivenApproval(approval=b"", refuses=False, given=1),
    ]
    words = words_on(WALLET, REQUEST, proposal(REQUEST, *useless))
    assert (words.approvals, words.refused) == ((), ())
    good = [yes(PARTNER), yes(PARTNER), word(KEY.approval("approval", request_digest(REQUEST)))]
    words = words_on(WALLET, REQUEST, proposal(REQUEST, *useless, *good))
    assert set(words.approved) == {DeviceKey(PARTNER.public), KEY.credential}
    words = words_on(WALLET, REQUEST, proposal(REQUEST, yes(PARTNER), word(no, refuses=True)))
    assert (words.approved, words.refused) == ((), (DeviceKey(PARTNER.public),))


RULES = WALLET.rules
LOOSER = msgspec.structs.replace(
    RULES,
    revision=2,
    owners=(*RULES.owners, DeviceKey(STRANGE.public)),
    policy=msgspec.structs.replace(RULES.policy, approvals_needed=1),
)
CHANGE_OF_RULES = RulesRequest(bytes([8]) * 16, WALLET.wallet_id, rules_hash(RULES), LOOSER, 1000, 2000)


def test_other_rules_are_shown_as_this_client_compares_them() -> None:
    given = proposal(CHANGE_OF_RULES, yes(PARTNER, CHANGE_OF_RULES), unsigned=b"")
    asked = read(given)
    assert (asked.needed, asked.missing) == (2, 1)
    shown = {(name, value) for name, value in asked.facts}
    assert ("loosens (owners)", "an owner's credential is added") in shown
    assert any(name == "loosens (approvals)" for name, _ in shown)


def test_rules_that_this_client_cannot_compare_are_never_shown_for_approval() -> None:
    """Else a service that hides the rules in force would have a loosening look like a tightening."""
    other = msgspec.structs.replace(CHANGE_OF_RULES, replaces=bytes(32))
    with pytest.raises(WarifuError) as refused:
        read(proposal(other, unsigned=b""))
    assert refused.value.code == "authorization.rules-stale"


def test_the_end_of_a_freeze_is_asked_for_like_a_loosening() -> None:
    request = UnfreezeRequest(bytes([9]) * 16, WALLET.wallet_id, 1000, 2000)
    asked = read(proposal(request, yes(PARTNER, request), yes(ME, request), unsigned=b""))
    assert (asked.needed, asked.missing, asked.described) == (2, 0, {"unfreeze": True})


PI = bytes(32)
BEFORE = Reference("tpm", 1, b"key", b"", (("pcr0", b"a" * 32),))
AFTER = msgspec.structs.replace(BEFORE, measurements=(("pcr0", b"b" * 32),))
HEAD = SignedHead(12, bytes(32), bytes(64))


def accepting(replaces: Reference | None = BEFORE, identity: bytes = PI) -> ReferenceRequest:
    digest = reference_digest(replaces)
    return ReferenceRequest(bytes([9]) * 16, WALLET.wallet_id, identity, AFTER, digest, 1000, 2000)


def test_a_device_that_is_to_be_accepted_as_something_else_is_shown_as_what() -> None:
    asked = read(proposal(accepting(), yes(PARTNER, accepting()), unsigned=b""))
    assert (asked.needed, asked.missing, asked.warnings) == (2, 1, ())
    shown = dict(asked.facts)
    assert "pi" in shown["Wanted"] and shown["Runs on"] == "tpm, tier 1"
    assert shown["pcr0"] == (b"b" * 32).hex() and shown["digest"] == reference_digest(AFTER).hex()


def test_who_knows_the_device_as_something_else_is_warned() -> None:
    """A service that holds an acceptance back shows a request that was made before it."""
    asked = read(proposal(accepting(AFTER), unsigned=b""))
    assert len(asked.warnings) == 1 and "pi" in asked.warnings[0]


@pytest.mark.parametrize(
    "request_made",
    [
        accepting(identity=bytes([5]) * 32),
        RestoredRequest(bytes([9]) * 16, WALLET.wallet_id, bytes([5]) * 32, HEAD, 1000, 2000),
        HandOutRequest(bytes([9]) * 16, WALLET.wallet_id, PI, (bytes([5]) * 32,), 1, 1000, 2000),
    ],
    ids=["accepted", "taken back", "a keeper"],
)
def test_what_is_about_a_device_that_is_none_of_the_wallets_is_not_shown_for_approval(request_made) -> None:
    with pytest.raises(InputRefused) as refused:
        read(proposal(request_made, unsigned=b""))
    assert refused.value.code == "input.proposal"


def test_a_device_that_is_to_be_taken_back_is_shown_with_how_far_its_journal_is() -> None:
    request = RestoredRequest(bytes([9]) * 16, WALLET.wallet_id, PI, HEAD, 1000, 2000)
    asked = read(proposal(request, unsigned=b""))
    assert asked.described == {"device": "pi", "take_back": 12} and asked.needed == 2


def test_what_one_owner_may_do_alone_is_not_asked_of_others() -> None:
    request = FreezeRequest(bytes([9]) * 16, WALLET.wallet_id, "lost my laptop", 1000, 2000)
    with pytest.raises(InputRefused) as refused:
        read(proposal(request, unsigned=b""))
    assert refused.value.code == "input.proposal"


def test_the_client_counts_the_owners_that_the_policy_wants() -> None:
    (rules,) = POLICY.chains
    tiers = (ApprovalTier(str(AMOUNT + FEE - 1), 3),)
    coin = msgspec.structs.replace(rules.assets[0], approvals=tiers)
    chains = (msgspec.structs.replace(rules, assets=(coin,)),)
    order = read_proposed(WALLET, REQUEST, HONEST.serialize())
    assert approvals_needed(WALLET, order) == 2
    tiered = msgspec.structs.replace(FOUNDING, policy=msgspec.structs.replace(POLICY, chains=chains))
    assert approvals_needed(Wallet("family", tiered, WALLET.birth), order) == 3


@pytest.mark.parametrize("credential", [DeviceKey(ME.public), KEY.credential], ids=["device key", "passkey"])
def test_a_card_arrives_as_it_was_written(credential, tmp_path: Path) -> None:
    card = CredentialCard("anna", credential)
    assert read_card(write_card(card)) == card
    (tmp_path / "anna.owner").write_text(write_card(card) + "\n")
    assert read_card(str(tmp_path / "anna.owner")) == card


CARD = write_card(CredentialCard("anna", DeviceKey(ME.public)))


@pytest.mark.parametrize(
    "text",
    [
        PREFIX,
        CARD[:-1],
        CARD + "A",
        CARD + "=",
        CARD + "\n",
        CARD.replace(PREFIX, "warifu-invite:"),
        PREFIX + "A" * 20_000,
        PREFIX + "\u00e9",
        "no such file",
    ],
)
def test_what_is_no_card_is_refused(text) -> None:
    with pytest.raises(InputRefused):
        read_card(text)


def test_one_name_is_for_one_credential(tmp_path: Path) -> None:
    profile = Profile.create(tmp_path / "home", "regtest", "https://127.0.0.1:1", bytes(32))
    anna, other = DeviceKey(PARTNER.public), DeviceKey(STRANGE.public)
    profile.name_owner("anna", anna)
    assert profile.credential_name(anna) == "anna"
    assert profile.credential_name(other) != "anna"
    with pytest.raises(InputRefused) as refused:
        profile.name_owner("anna", other)
    assert refused.value.code == "input.name-taken"
    assert profile.credential_name(other) != "anna"
    profile.name_owner("anne", anna)
    profile.name_owner("anna", other)
    assert (profile.credential_name(anna), profile.credential_name(other)) == ("anne", "anna")
    assert profile.credential_name(profile.device_key) == "this-client"
