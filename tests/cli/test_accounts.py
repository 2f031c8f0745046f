"""The client on chains of accounts, beside a service that builds, or tells, something else than the owner asked for."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import coincurve
import msgspec
import pytest
from nacl.signing import SigningKey
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.message import Message as SoldersMessage
from solders.pubkey import Pubkey
from solders.system_program import (
    AdvanceNonceAccountParams,
    TransferParams,
    advance_nonce_account,
    create_nonce_account_with_seed,
)
from solders.system_program import transfer as system_transfer
from tests.chains.ethereum.typed_samples import PERMIT, as_json, changed, typed

from warifu.chains.ethereum.personal import personal_message
from warifu.chains.ethereum.transaction import Transaction, TxType
from warifu.chains.reading import Kind, Outflow
from warifu.chains.solana.programs import MEMO, SYSTEM, TOKEN
from warifu.chains.solana.reading import read as read_solana
from warifu.cli.accounts import (
    Watching,
    asset_named,
    canonical,
    check_replaces,
    draft_order,
    message_order,
    parse_amount,
    payment_order,
    preparation_order,
    proposed_order,
)
from warifu.cli.known_wallet import Wallet
from warifu.cli.order import Order
from warifu.cli.policy_terms import check_terms
from warifu.cli.signed import txid_of
from warifu.cli.wallet_keys import account_of
from warifu.errors import InputRefused, PeerMisbehaved, TransactionRefused
from warifu.protocol.api import AccountDraft, TransferBytes
from warifu.protocol.credential import DeviceKey
from warifu.protocol.frames import KeyBirth, WalletBirth
from warifu.protocol.identity import DeviceRef
from warifu.protocol.policy import ContractRule
from warifu.protocol.policy_text import read_policy
from warifu.protocol.request import Outflow as Authorized
from warifu.protocol.request import Stretching, TransferRequest, WalletRequest
from warifu.threshold.derivation import derive

pytestmark = pytest.mark.unit

USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
SHOP, THIEF = "0x90F8bf6A479f320ead074411a4B0e7944Ea8c9C1", "0xFFcf8FDEE72ac11b5c542428B35EEF5769C409f0"
CHAIN = "eip155:1"
ETHER = 10**18
POLICY = read_policy(f"""
passphrase_tries = 5
[ethereum]
per_transaction = "2 ETH"
per_day = "2 ETH"
fee_ceiling = "0.1 ETH"
destinations = "any"
[ethereum.tokens.USDC]
contract = "{USDC}"
decimals = 6
per_transaction = "100 USDC"
per_day = "100 USDC"
""")
SECRET, CHAIN_CODE = coincurve.PrivateKey(b"\x05" * 32), bytes(32)
SOLANA_KEY = SigningKey(b"\x06" * 32)
WALLET = Wallet(
    "savings",
    WalletRequest(
        bytes(16),
        "regtest",
        ("ecdsa", "ed25519"),
        2,
        (DeviceRef("home", bytes(32)), DeviceRef("pi", b"\x01" * 32)),
        (DeviceKey(bytes(32)),),
        POLICY,
        Stretching(64, 3),
        1,
        2,
    ),
    WalletBirth(
        bytes(32),
        (
            KeyBirth("ecdsa", SECRET.public_key.format(), CHAIN_CODE, (), bytes(32)),
            KeyBirth("ed25519", bytes(SOLANA_KEY.verify_key), CHAIN_CODE, (), bytes(32)),
        ),
    ),
)
ME = account_of(WALLET, CHAIN)
NOW = Watching(None, (), 0)


def account_key() -> coincurve.PrivateKey:
    """The whole key of the wallet's account, which exists in this test alone."""
    key = SECRET
    for tweak in derive(SECRET.public_key.format(), CHAIN_CODE, (0, 0)).tweaks:
        key = key.add(tweak)
    return key


def payment(
    to: str = SHOP, value: int = ETHER, nonce: int = 7, fee: int = 30 * 10**9, chain_id: int = 1
) -> Transaction:
    return Transaction(
        type=TxType.DYNAMIC_FEE,
        chain_id=chain_id,
        nonce=nonce,
        max_priority_fee=10**9,
        max_fee=fee,
        gas_limit=21_000,
        to=bytes.fromhex(to[2:]),
        value=value,
        data=b"",
    )


def draft_of(built: Transaction, **told: object) -> AccountDraft:
    honest = AccountDraft(
        chain=CHAIN,
        unsigned=built.serialize(),
        transaction=built.name.hex(),
        fee=str(built.fee),
        likely_fee="1",
        replaces=None,
    )
    return msgspec.structs.replace(honest, **told)


COIN = asset_named(WALLET, CHAIN, None)


def test_an_honest_draft_becomes_a_request_for_exactly_this_transaction() -> None:
    order = payment_order(WALLET, draft_of(payment()), SHOP, ETHER, COIN, NOW)
    request = order.request(WALLET, 1000)
    assert (request.chain, request.transaction) == (CHAIN, payment().name)
    assert request.outflows == (Authorized("payment", "", str(ETHER), SHOP),)
    assert request.fee_ceiling == str(21_000 * 30 * 10**9)


@pytest.mark.parametrize(
    "built",
    [payment(to=THIEF), payment(value=ETHER + 1), payment(to=ME), payment(chain_id=8453)],
    ids=["somebody else", "more", "nobody", "another chain"],
)
def test_a_draft_that_does_something_else_is_refused_before_it_is_shown(built: Transaction) -> None:
    with pytest.raises(TransactionRefused):
        payment_order(WALLET, draft_of(built), SHOP, ETHER, COIN, NOW)


@pytest.mark.parametrize("told", [{"fee": "1"}, {"fee": str(payment().fee + 1)}, {"transaction": "00" * 32}])
def test_a_service_that_tells_something_else_than_it_built_is_named(told: dict[str, object]) -> None:
    with pytest.raises(PeerMisbehaved) as caught:
        payment_order(WALLET, draft_of(payment(), **told), SHOP, ETHER, COIN, NOW)
    assert caught.value.blame == "service"


@pytest.mark.parametrize("nonce", [0, 7, 2**63])
def test_the_owner_sees_whose_turn_a_payment_waits_for(nonce: int) -> None:
    """The service chooses the account nonce, and holds back what it gives one that is not due."""
    order = payment_order(WALLET, draft_of(payment(nonce=nonce)), SHOP, ETHER, COIN, NOW)
    assert order.facts[-2:] == (
        ("Account nonce", str(nonce)),
        ("What is signed", payment(nonce=nonce).name.hex()),
    )
    solana = payment_order(
        WALLET, solana_draft(PAY_SHOP), str(SOLANA_SHOP), 5_000_000, asset_named(WALLET, "solana", None), NOW
    )
    assert "Account nonce" not in dict(solana.facts)


@pytest.mark.parametrize("chain_id", [8453, 10, 424242], ids=["Base", "OP Mainnet", "by configuration"])
def test_where_data_on_ethereum_costs_something_beside_the_fee_the_owner_sees_both(chain_id: int) -> None:
    chain, built = f"eip155:{chain_id}", payment(chain_id=chain_id)
    draft = draft_of(built, chain=chain, fee=str(built.fee + 10**15))
    order = payment_order(WALLET, draft, SHOP, ETHER, asset_named(WALLET, chain, None), NOW)
    assert (order.fee, order.ceiling, order.described["fee"]) == (built.fee + 10**15,) * 2 + (
        str(built.fee + 10**15),
    )
    assert dict(order.facts)["Of it for data on Ethereum, as the service says"].startswith("0.001 ETH")
    with pytest.raises(TransactionRefused) as caught:
        payment_order(WALLET, draft, SHOP, ETHER, COIN, Watching(built.fee, (), 0))
    assert caught.value.reason == "fee-over-ceiling"
    with pytest.raises(PeerMisbehaved):
        payment_order(WALLET, draft_of(built, chain=chain, fee=str(built.fee - 1)), SHOP, ETHER, COIN, NOW)


def test_a_new_payment_that_would_take_the_place_of_an_earlier_one_is_refused() -> None:
    """Of two payments to one shop only one would happen."""
    with pytest.raises(PeerMisbehaved) as caught:
        payment_order(WALLET, draft_of(payment(), replaces="00" * 16), SHOP, ETHER, COIN, NOW)
    assert caught.value.reason == "not-a-replacement"


def test_a_fee_over_the_owners_ceiling_is_refused() -> None:
    with pytest.raises(TransactionRefused) as caught:
        payment_order(WALLET, draft_of(payment()), SHOP, ETHER, COIN, Watching(1, (), 0))
    assert caught.value.reason == "fee-over-ceiling"


def test_a_token_payment_is_read_from_its_call() -> None:
    call = bytes.fromhex("a9059cbb") + bytes(12) + bytes.fromhex(SHOP[2:]) + (25_000_000).to_bytes(32, "big")
    built = replace(payment(to=USDC, value=0), data=call, gas_limit=60_000)
    usdc = asset_named(WALLET, CHAIN, "usdc")
    order = payment_order(WALLET, draft_of(built), SHOP, parse_amount(CHAIN, usdc, "25 USDC"), usdc, NOW)
    assert order.outflows == (Authorized("payment", USDC, "25000000", SHOP),)
    assert ("Amount", f"25 USDC  [{USDC}]") in order.facts
    with pytest.raises(TransactionRefused):
        payment_order(WALLET, draft_of(built), SHOP, 25_000_001, usdc, NOW)


def test_a_fee_that_nothing_can_be_compared_with_wants_a_persons_look_or_a_ceiling() -> None:
    """Else the service would choose it for a script, up to the policy's ceiling, each time."""
    usdc = asset_named(WALLET, CHAIN, "USDC")
    call = bytes.fromhex("a9059cbb") + bytes(12) + bytes.fromhex(SHOP[2:]) + (25).to_bytes(32, "big")
    token = replace(payment(to=USDC, value=0), data=call)
    nobody = payment(to=ME, value=0)

    def orders(watching: Watching) -> list[Order]:
        return [
            payment_order(WALLET, draft_of(token), SHOP, 25, usdc, watching),
            draft_order(WALLET, draft_of(nobody), (), watching),
        ]

    def wants_eyes(order: Order) -> bool:
        try:
            order.check_unseen()
        except InputRefused as error:
            return error.reason == "dear-fee"
        return False

    for order in orders(NOW):
        assert wants_eyes(order) and not order.dear
    for order in orders(Watching(payment().fee, (), 0)):
        assert not wants_eyes(order)
    fitting, dear = 21 * payment().fee, 19 * payment().fee
    for value, wants in ((fitting, False), (dear, True)):
        order = payment_order(WALLET, draft_of(payment(value=value)), SHOP, value, COIN, NOW)
        assert (wants_eyes(order), order.dear) == (wants, wants)
    assert not wants_eyes(message_order(WALLET, CHAIN, personal_message("free"), NOW))


def test_only_tokens_of_the_policy_can_be_named() -> None:
    assert asset_named(WALLET, CHAIN, USDC).symbol == "USDC"
    for token in ("DAI", SHOP, ""):
        with pytest.raises(InputRefused):
            asset_named(WALLET, CHAIN, token)
    with pytest.raises(InputRefused):
        asset_named(WALLET, "eip155:8453", "USDC")


@pytest.mark.parametrize("amount", ["25", "25 ETH", "0 USDC", "0.0000001 USDC", "-1 USDC"])
def test_what_is_no_amount_of_the_token_is_refused(amount: str) -> None:
    with pytest.raises(InputRefused):
        parse_amount(CHAIN, asset_named(WALLET, CHAIN, "USDC"), amount)


def test_addresses_are_taken_in_their_one_form_only() -> None:
    assert canonical(CHAIN, SHOP) == SHOP
    for wrong in (SHOP.lower(), SHOP[:-1], "", "bc1qsomething"):
        with pytest.raises(InputRefused):
            canonical(CHAIN, wrong)


# --- replacements -----------------------------------------------------------------------------------------------------

FIRST = payment()
REMEMBERED = payment_order(WALLET, draft_of(FIRST), SHOP, ETHER, COIN, NOW).request(WALLET, 1000)
THAT_ONE = REMEMBERED.request_id.hex()


def replacing(built: Transaction, replaces: str = THAT_ONE, *, cancel: bool = False):
    wanted = () if cancel else (Outflow(Kind.PAYMENT, "", ETHER, SHOP),)
    order = draft_order(WALLET, draft_of(built, replaces=replaces), wanted, NOW)
    check_replaces(WALLET, order, FIRST.serialize(), REMEMBERED)
    return order


def test_a_bump_takes_the_same_nonce_and_a_cancellation_pays_nobody() -> None:
    assert replacing(payment(fee=40 * 10**9)).replaces == REMEMBERED.request_id
    assert replacing(payment(to=ME, value=0, fee=40 * 10**9), cancel=True).outflows == ()


@pytest.mark.parametrize(
    ("built", "replaces"),
    [
        (payment(nonce=8, fee=40 * 10**9), THAT_ONE),  # both could happen: the shop is paid twice
        (payment(fee=40 * 10**9), "00" * 16),
        (FIRST, THAT_ONE),
    ],
    ids=["another nonce", "another transfer", "the same again"],
)
def test_what_only_calls_itself_a_replacement_is_refused(built: Transaction, replaces: str) -> None:
    with pytest.raises(PeerMisbehaved):
        replacing(built, replaces)


def test_a_cancellation_that_pays_somebody_is_refused() -> None:
    with pytest.raises(TransactionRefused):
        replacing(payment(to=THIEF, value=1, fee=40 * 10**9), cancel=True)


def test_a_service_that_shows_another_transaction_as_the_replaced_one_is_caught() -> None:
    order = draft_order(WALLET, draft_of(payment(nonce=8), replaces=THAT_ONE), None, NOW)
    with pytest.raises(PeerMisbehaved) as caught:
        check_replaces(WALLET, order, payment(nonce=8, value=5).serialize(), REMEMBERED)
    assert caught.value.reason == "other-transaction"


# --- what came back --------------------------------------------------------------------------------------------------


def signed(transaction: Transaction, key: coincurve.PrivateKey) -> bytes:
    signature = key.sign_recoverable(transaction.name, hasher=None)
    return transaction.with_signature(signature, ME if key.secret == account_key().secret else THIEF).raw


def came_back(raw: bytes, unsigned: bytes = FIRST.serialize()) -> TransferBytes:
    return TransferBytes(unsigned=unsigned, raw=raw)


def test_the_txid_is_the_owners_own_reading_of_what_was_signed() -> None:
    raw = signed(FIRST, account_key())
    told = txid_of(WALLET, REMEMBERED, came_back(raw))
    assert told.startswith("0x") and len(told) == 66
    with pytest.raises(TransactionRefused):
        txid_of(WALLET, REMEMBERED, came_back(signed(payment(nonce=8), account_key())))
    with pytest.raises((TransactionRefused, InputRefused)):
        txid_of(WALLET, REMEMBERED, came_back(raw[:-1]))


def test_a_signature_of_somebody_else_is_not_the_wallets() -> None:
    stranger = coincurve.PrivateKey(b"\x09" * 32)
    signature = stranger.sign_recoverable(FIRST.name, hasher=None)
    from warifu.chains.ethereum.address import address_of

    raw = FIRST.with_signature(signature, address_of(stranger.public_key.format())).raw
    with pytest.raises(TransactionRefused):
        txid_of(WALLET, REMEMBERED, came_back(raw))


def message_signature(key: coincurve.PrivateKey, digest: bytes) -> bytes:
    """With v = 27 or 28, as wallets hand it out."""
    signature = key.sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([27 + signature[64]])


def test_a_message_is_signed_and_not_sent() -> None:
    order = message_order(WALLET, CHAIN, personal_message("I own this account"), NOW)
    assert not order.sent
    assert [outflow.kind for outflow in order.outflows] == ["message"]
    request = order.request(WALLET, 1000)
    good = message_signature(account_key(), order.transaction)
    assert txid_of(WALLET, request, came_back(good, order.unsigned)) == ""
    for bad in (
        message_signature(coincurve.PrivateKey(b"\x09" * 32), order.transaction),
        message_signature(account_key(), bytes(range(32))),
        account_key().sign_recoverable(order.transaction, hasher=None),
        good[:-1],
        good + b"\0",
    ):
        with pytest.raises((TransactionRefused, InputRefused)):
            txid_of(WALLET, request, came_back(bad, order.unsigned))


@pytest.mark.parametrize(
    "unsigned", [FIRST.serialize(), personal_message("only words")], ids=["as requested", "as words"]
)
def test_a_payment_does_not_come_back_as_a_message_that_is_sent_nowhere(unsigned: bytes) -> None:
    """The bare signature of a payment is all that somebody needs to send it."""
    signature = message_signature(account_key(), FIRST.name)
    with pytest.raises((TransactionRefused, InputRefused)):
        txid_of(WALLET, REMEMBERED, came_back(signature, unsigned))


def test_a_signed_permit_is_a_message_though_something_leaves_by_it() -> None:
    permit = as_json(changed(PERMIT, "message/owner", ME))
    order = message_order(WALLET, CHAIN, permit, NOW)
    assert [outflow.kind for outflow in order.outflows] == ["approval"]
    signature = message_signature(account_key(), order.transaction)
    assert txid_of(WALLET, order.request(WALLET, 1000), came_back(signature, permit)) == ""


def test_the_owner_sees_all_that_a_message_says() -> None:
    """Nobody else judges an order of an exchange: without its fields the owner would sign an address and a hash."""
    facts = message_order(WALLET, CHAIN, as_json(SALE), NOW).facts
    assert [fact for fact in facts if fact[0].startswith(("primaryType", "domain", "message"))] == [
        ("primaryType", "Sale"),
        ("domain.name", "Exchange"),
        ("domain.version", "2"),
        ("domain.chainId", "1"),
        ("domain.verifyingContract", SHOP),
        ("message.give[0].token", USDC),
        ("message.give[0].amount", "5000000"),
        ("message.give[0].all", "true"),
        ("message.to", THIEF),
        ("message.data", "0x1234"),
        ("message.none", "[]"),
    ]
    text = message_order(WALLET, CHAIN, personal_message("I own this\naccount"), NOW).facts
    assert ("EIP-191", "I own this") in text
    assert ("", "account") in text


DYDX = typed(
    "dYdX",
    {"dYdX": "string action"},
    {"action": "dYdX Chain Onboarding"},
    name="dYdX Chain",
    version=None,
    verifyingContract=None,
)


@pytest.mark.parametrize(
    "message",
    [
        personal_message("Access zkSync account.\n\nOnly sign this message for a trusted client!"),
        personal_message(f"Sign this message to access Loopring Exchange: {SHOP} with key nonce: 0"),
        personal_message("Only sign this request if you\u2019ve initiated an action with Immutable X."),
        as_json(DYDX),
    ],
    ids=["zkSync Lite", "Loopring", "StarkEx", "dYdX"],
)
def test_the_owner_is_warned_of_a_signature_that_becomes_a_key(message: bytes) -> None:
    """Signatures of a threshold differ each time: the key, and what it holds, could never be had again."""
    assert message_order(WALLET, CHAIN, message, NOW).makes_a_key
    for other in (personal_message("I own this account"), as_json(changed(DYDX, "message/action", "dYdX"))):
        assert not message_order(WALLET, CHAIN, other, NOW).makes_a_key


SALE = typed(
    "Sale",
    {
        "Item": "address token,uint256 amount,bool all",
        "Sale": "Item[] give,address to,bytes data,string[] none",
    },
    {
        "give": [{"token": USDC, "amount": "5000000", "all": True}],
        "to": THIEF,
        "data": "0x1234",
        "none": [],
    },
    name="Exchange",
    verifyingContract=SHOP,
)


@pytest.mark.parametrize("data", [b"", b"\x02" + bytes(40), FIRST.serialize(), bytes(32)])
def test_what_is_no_message_is_not_signed_as_one(data: bytes) -> None:
    """A transaction that is smuggled in as a message would be shown as one, and signed."""
    with pytest.raises((InputRefused, TransactionRefused)):
        message_order(WALLET, CHAIN, data, NOW)


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def solana_draft(*instructions: Instruction) -> AccountDraft:
    message = bytes(SoldersMessage.new_with_blockhash(list(instructions), SOLANA_ME, Hash(b"\x11" * 32)))
    fee = str(read_solana(message, str(SOLANA_ME)).reading.fee)
    return AccountDraft(
        chain="solana",
        unsigned=message,
        transaction=hashlib.sha256(message).hexdigest(),
        fee=fee,
        likely_fee=fee,
        replaces=None,
    )


SOLANA_ME = Pubkey.from_bytes(bytes(SOLANA_KEY.verify_key))
SOLANA_SHOP = Pubkey.from_bytes(bytes(SigningKey(b"\x07" * 32).verify_key))
PAY_SHOP = system_transfer(TransferParams(from_pubkey=SOLANA_ME, to_pubkey=SOLANA_SHOP, lamports=5_000_000))
BESIDE = {
    "a memo, by which an exchange may credit somebody else": Instruction(
        Pubkey.from_bytes(MEMO), b"credit customer 666", []
    ),
    "the end of an approval": Instruction(
        Pubkey.from_bytes(TOKEN),
        bytes([5]),
        [AccountMeta(SOLANA_SHOP, False, True), AccountMeta(SOLANA_ME, True, False)],
    ),
}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE.keys())
def test_a_draft_with_more_in_it_than_was_asked_for_is_refused_though_nothing_more_leaves(
    beside: Instruction,
) -> None:
    coin = asset_named(WALLET, "solana", None)
    assert payment_order(WALLET, solana_draft(PAY_SHOP), str(SOLANA_SHOP), 5_000_000, coin, NOW)
    with pytest.raises(PeerMisbehaved) as caught:
        payment_order(WALLET, solana_draft(PAY_SHOP, beside), str(SOLANA_SHOP), 5_000_000, coin, NOW)
    assert (caught.value.reason, caught.value.blame) == ("unasked", "service")


def make_nonce(seed: str = "warifu-nonce-0") -> tuple[Instruction, Instruction]:
    nonce = Pubkey.create_with_seed(SOLANA_ME, seed, Pubkey.from_bytes(SYSTEM))
    return create_nonce_account_with_seed(SOLANA_ME, nonce, SOLANA_ME, seed, SOLANA_ME, 1_447_680)


ADVANCE = advance_nonce_account(
    AdvanceNonceAccountParams(
        nonce_pubkey=Pubkey.create_with_seed(SOLANA_ME, "warifu-nonce-0", Pubkey.from_bytes(SYSTEM)),
        authorized_pubkey=SOLANA_ME,
    )
)
PAY_MYSELF = system_transfer(TransferParams(from_pubkey=SOLANA_ME, to_pubkey=SOLANA_ME, lamports=1))


def test_a_preparation_makes_one_account_for_durable_nonces() -> None:
    budget = [set_compute_unit_limit(10_000), set_compute_unit_price(1)]
    for instructions in (make_nonce(), (*budget, *make_nonce())):
        assert preparation_order(WALLET, solana_draft(*instructions), NOW).outflows == ()


@pytest.mark.parametrize(
    "instructions",
    [
        (ADVANCE,),
        (ADVANCE, *make_nonce("warifu-nonce-1")),
        (PAY_MYSELF,),
        (*make_nonce(), PAY_MYSELF),
        (*make_nonce(), *make_nonce("warifu-nonce-1")),
    ],
    ids=["an advance", "an advance before it", "a payment to itself", "more beside it", "two"],
)
def test_what_pays_nobody_is_no_preparation_for_that(instructions: tuple[Instruction, ...]) -> None:
    """Each would cost more than was asked for, and the advance of a nonce in use cancels a payment that waits."""
    with pytest.raises(PeerMisbehaved) as caught:
        preparation_order(WALLET, solana_draft(*instructions), NOW)
    assert (caught.value.reason, caught.value.blame) == ("unasked", "service")


def test_a_cancellation_is_no_preparation() -> None:
    with pytest.raises(PeerMisbehaved):
        preparation_order(WALLET, draft_of(payment(to=ME, value=0)), NOW)
    with pytest.raises(PeerMisbehaved) as caught:
        told = msgspec.structs.replace(solana_draft(*make_nonce()), replaces="00" * 16)
        preparation_order(WALLET, told, NOW)
    assert caught.value.reason == "not-a-replacement"


def test_solana_results_are_verified_here() -> None:
    me, shop = SOLANA_ME, SOLANA_SHOP
    draft = solana_draft(PAY_SHOP)
    message = draft.unsigned
    coin = asset_named(WALLET, "solana", None)
    order = payment_order(WALLET, draft, str(shop), 5_000_000, coin, NOW)
    request = order.request(WALLET, 1000)
    signature = SOLANA_KEY.sign(message).signature
    assert txid_of(WALLET, request, came_back(b"\x01" + signature + message, message))
    for bad in (b"\x01" + flipped(signature) + message, b"\x01" + signature + flipped(message)):
        with pytest.raises((TransactionRefused, InputRefused)):
            txid_of(WALLET, request, came_back(bad, message))
    with pytest.raises(TransactionRefused):
        payment_order(WALLET, draft, str(me), 5_000_000, coin, NOW)


def test_a_policys_addresses_are_checked_before_any_device_is_asked() -> None:
    check_terms(POLICY, "regtest")
    text = (
        'passphrase_tries = 5\n[{}]\nper_transaction = "1 {}"\nper_day = "1 {}"\n'
        'fee_ceiling = "1 {}"\ndestinations = ["{}"]'
    )
    for chain, unit, address in (
        ("ethereum", "ETH", SHOP.lower()),
        ("solana", "SOL", SHOP),
        ("bitcoin", "BTC", "BCRT1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KYGT080"),
        ("bitcoin", "BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ):
        with pytest.raises(InputRefused):
            check_terms(read_policy(text.format(chain, unit, unit, unit, address)), "regtest")


@pytest.mark.parametrize(
    ("chain", "symbol", "place", "decimals", "told"),
    [
        ("ethereum", "USDC", f'contract = "{USDC}"', 18, "has 6 decimals, not 18"),
        ("ethereum", "dollar", f'contract = "{USDC}"', 8, "has 6 decimals, not 8"),
        ("ethereum", "usdc", f'contract = "{THIEF}"', 6, "which is known"),
        ("solana", "USDC", 'mint = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"', 9, "has 6 decimals"),
        ("solana", "USDC", 'mint = "586Z7H2vpX9qNhN2T4e9Utugie3ogjbxzGaMtM3E6HR5"', 6, "which is known"),
    ],
)
def test_a_policy_that_divides_a_known_token_otherwise_or_borrows_its_name_makes_no_wallet(
    chain: str, symbol: str, place: str, decimals: int, told: str
) -> None:
    unit = "ETH" if chain == "ethereum" else "SOL"

    def policy(symbol: str, decimals: int) -> None:
        text = (
            f'passphrase_tries = 5\n[{chain}]\nper_transaction = "1 {unit}"\nper_day = "1 {unit}"\n'
            f'fee_ceiling = "1 {unit}"\ndestinations = "any"\n[{chain}.tokens.{symbol}]\n{place}\n'
            f'decimals = {decimals}\nper_transaction = "5 {symbol}"\nper_day = "5 {symbol}"\n'
        )
        check_terms(read_policy(text), "regtest")

    with pytest.raises(InputRefused, match=told) as caught:
        policy(symbol, decimals)
    assert caught.value.code == "input.policy"
    policy("mine", 6)


def test_a_token_with_limits_is_no_contract_that_may_be_called_with_anything() -> None:
    """``transferAndCall``, ``burn``, ``transferWithAuthorization``: no device counts what they move."""
    (rules,) = POLICY.chains
    check_terms(POLICY, "regtest")
    for contract, fine in ((SHOP, True), (USDC, False)):
        contracts = (ContractRule(contract, (), True),)
        policy = msgspec.structs.replace(
            POLICY, chains=(msgspec.structs.replace(rules, contracts=contracts),)
        )
        if fine:
            check_terms(policy, "regtest")
            continue
        with pytest.raises(InputRefused, match="has limits") as caught:
            check_terms(policy, "regtest")
        assert caught.value.code == "input.policy"


# --- what another owner asks for -----------------------------------------------------------------------------------


def asked_for(order: Order, **changed: object) -> TransferRequest:
    return msgspec.structs.replace(order.request(WALLET, 1000), **changed)


def test_another_owners_request_is_read_like_ones_own() -> None:
    orders = (
        payment_order(WALLET, draft_of(payment()), SHOP, ETHER, COIN, NOW),
        message_order(WALLET, CHAIN, personal_message("I own this account"), NOW),
        payment_order(
            WALLET,
            solana_draft(PAY_SHOP),
            str(SOLANA_SHOP),
            5_000_000,
            asset_named(WALLET, "solana", None),
            NOW,
        ),
    )
    for order in orders:
        seen = proposed_order(WALLET, asked_for(order), order.unsigned)
        assert (seen.outflows, seen.transaction, seen.sent) == (order.outflows, order.transaction, order.sent)
        assert dict(order.facts).items() <= dict(seen.facts).items()


@pytest.mark.parametrize(
    "built",
    [payment(to=THIEF), payment(value=ETHER + 1), payment(nonce=8), payment(chain_id=8453)],
    ids=["somebody else", "more", "another nonce", "another chain"],
)
def test_other_bytes_than_another_owner_asked_for_are_never_shown(built: Transaction) -> None:
    request = asked_for(payment_order(WALLET, draft_of(payment()), SHOP, ETHER, COIN, NOW))
    with pytest.raises(TransactionRefused):
        proposed_order(WALLET, request, built.serialize())


@pytest.mark.parametrize(
    "changed",
    [
        {"outflows": (Authorized("payment", "", str(ETHER), THIEF),)},
        {"outflows": (Authorized("approval", "", str(ETHER), SHOP),)},
        {"outflows": ()},
        {"fee_ceiling": str(payment().fee - 1)},
        {"transaction": bytes(32)},
        {"chain": "eip155:8453"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_request_that_its_bytes_do_not_bear_out_is_never_shown(changed: dict[str, object]) -> None:
    request = asked_for(payment_order(WALLET, draft_of(payment()), SHOP, ETHER, COIN, NOW), **changed)
    with pytest.raises(TransactionRefused):
        proposed_order(WALLET, request, payment().serialize())


def test_a_message_is_never_shown_as_another_one() -> None:
    request = asked_for(message_order(WALLET, CHAIN, personal_message("I own this account"), NOW))
    with pytest.raises(TransactionRefused):
        proposed_order(WALLET, request, personal_message("I owe you this account"))


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE.keys())
def test_what_nobody_is_shown_is_in_no_proposal(beside: Instruction) -> None:
    """A memo would not stand among the facts, and decides whom an exchange credits."""
    draft = solana_draft(PAY_SHOP, beside)
    coin = asset_named(WALLET, "solana", None)
    order = payment_order(WALLET, solana_draft(PAY_SHOP), str(SOLANA_SHOP), 5_000_000, coin, NOW)
    request = asked_for(order, transaction=bytes.fromhex(draft.transaction), fee_ceiling=draft.fee)
    with pytest.raises(PeerMisbehaved):
        proposed_order(WALLET, request, draft.unsigned)
