"""Orders on chains of accounts (Ethereum and its kin, Solana): drafts and messages, read as the signers read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from warifu.chains import authorized, reading
from warifu.chains.ethereum import address as ethereum
from warifu.chains.ethereum.message_words import Fact, content_of, makes_a_key
from warifu.chains.ethereum.networks import NETWORKS, DataFee
from warifu.chains.ethereum.reading import EvmReading
from warifu.chains.ethereum.reading import read as read_ethereum
from warifu.chains.reading import COIN, Kind, Reading
from warifu.chains.solana import address as solana
from warifu.chains.solana.actions import (
    ComputeLimit,
    ComputePrice,
    CreateNonce,
    InitializeNonce,
    Memo,
    RevokeToken,
)
from warifu.chains.solana.reading import SolanaReading
from warifu.chains.solana.reading import read as read_solana
from warifu.cli.account_facts import described, facts_of, turn_of
from warifu.cli.asked import check_new, otherwise
from warifu.cli.known_wallet import Wallet
from warifu.cli.order import Order, as_authorized
from warifu.cli.text import tr
from warifu.cli.wallet_keys import account_of
from warifu.errors import InputRefused, PeerMisbehaved
from warifu.protocol.api import AccountDraft
from warifu.protocol.chains import coin_decimals, coin_symbol, coin_units, evm_chain_id, family_of, spoken
from warifu.protocol.policy import AssetLimits, Window
from warifu.protocol.request import TransferRequest
from warifu.units import parse_quantity


@dataclass(frozen=True)
class Watching:
    """How the owner wants an order carried out."""

    fee_ceiling: int | None
    devices: tuple[str, ...]
    confirmations: int


def asset_named(wallet: Wallet, chain: str, token: str | None) -> AssetLimits:
    """The chain's own coin, or the token that the owner named by its symbol or address.

    Only assets of the wallet's policy: the devices sign for no others, and the policy is where a symbol and its
    decimals come from, which a hostile service could otherwise choose. ``InputRefused`` (``unknown-token``).
    """
    rules = wallet.rules.policy.rules(chain)
    assets = rules.assets if rules is not None else ()
    if token is None:
        return next(
            (asset for asset in assets if asset.token == COIN),
            AssetLimits(COIN, coin_symbol(chain), coin_decimals(chain), "0", (Window(24, "0"),)),
        )
    found = [
        asset
        for asset in assets
        if asset.token and token.lower() in (asset.symbol.lower(), asset.token.lower())
    ]
    if len(found) != 1:
        known = ", ".join(f"{asset.symbol} ({asset.token})" for asset in assets if asset.token) or "-"
        raise InputRefused(
            "unknown-token",
            f"the wallet's policy has no single token {token[:64]!r} on {spoken(chain)}",
            remedy=f"Its tokens there: {known}.",
        )
    return found[0]


def parse_amount(chain: str, asset: AssetLimits, text: str) -> int:
    """What the owner typed, in the asset's smallest unit; the unit must be said. ``InputRefused``."""
    units = {asset.symbol.lower(): asset.decimals} if asset.token else coin_units(chain)
    amount = parse_quantity(text, units)
    if amount == 0:
        raise InputRefused("amount-range", "an amount of zero is no payment")
    return amount


def canonical(chain: str, address: str) -> str:
    """``address`` in the one text form of its chain; ``InputRefused`` (``address``)."""
    if family_of(chain) == "solana":
        return solana.format_address(solana.parse_address(address))
    return ethereum.format_address(ethereum.parse_address(address))


def payment_order(
    wallet: Wallet, draft: AccountDraft, to: str, amount: int, asset: AssetLimits, watching: Watching
) -> Order:
    """The order to pay exactly this, beside all that was paid before. Raises ``TransactionRefused`` or
    ``PeerMisbehaved`` where the draft does anything else."""
    check_new(draft.replaces)
    wanted = (reading.Outflow(Kind.PAYMENT, asset.token, amount, to),)
    return draft_order(wallet, draft, wanted, watching)


def preparation_order(wallet: Wallet, draft: AccountDraft, watching: Watching) -> Order:
    """The order to make one durable nonce of the wallet's own, and nothing else.

    What pays nobody is not harmless: the advance of a nonce in use, or an account's next nonce, is the cancellation of
    a payment that waits. ``PeerMisbehaved`` (``unasked``, ``not-a-replacement``), or as ``draft_order``.
    """
    check_new(draft.replaces)
    order = draft_order(wallet, draft, (), watching)
    understood = _understood(wallet, draft.chain, draft.unsigned)
    does = [
        type(action)
        for action in (understood.actions if isinstance(understood, SolanaReading) else ())
        if not isinstance(action, ComputeLimit | ComputePrice)
    ]
    if does != [CreateNonce, InitializeNonce]:
        raise otherwise("unasked", "it does not make an account for durable nonces")
    return order


def draft_order(
    wallet: Wallet, draft: AccountDraft, wanted: Sequence[reading.Outflow] | None, watching: Watching
) -> Order:
    """The order to carry out ``draft``, if its outflows are exactly ``wanted`` (None: whatever they are, to be shown).

    Raises ``TransactionRefused``, or ``PeerMisbehaved`` where the service says something else of it than it is.
    """
    understood = _understood(wallet, draft.chain, draft.unsigned)
    read = understood.reading
    beside = int(draft.fee) - read.fee
    if read.name.hex() != draft.transaction or beside < 0 or (beside and not _has_fee_beside(draft.chain)):
        raise PeerMisbehaved(
            "draft",
            "the service built another transaction than it says",
            remedy="The service is broken or hostile; the wallet itself is unharmed.",
            blame="service",
        )
    _check_nothing_beside(wallet, draft.chain, draft.unsigned)
    if wanted is not None:
        authorized.check_authorized(
            read, chain=draft.chain, outflows=wanted, fee_ceiling=read.fee, name=read.name
        )
    replaces = bytes.fromhex(draft.replaces) if draft.replaces is not None else None
    turn = turn_of(understood)
    return _order(wallet, draft.chain, draft.unsigned, read, replaces, watching, beside=beside, more=turn)


def _check_nothing_beside(wallet: Wallet, chain: str, unsigned: bytes) -> None:
    """What takes nothing out of the wallet is no outflow, and the owner asked for none of it.

    The words of a memo decide whom an exchange credits with a payment to an address that its customers share.
    ``PeerMisbehaved`` (``unasked``).
    """
    if family_of(chain) != "solana":
        return
    for action in read_solana(unsigned, account_of(wallet, chain)).actions:
        if isinstance(action, Memo | RevokeToken):
            what = "words to be kept on the chain" if isinstance(action, Memo) else "the end of an approval"
            raise otherwise("unasked", f"it carries {what}")


def _has_fee_beside(chain: str) -> bool:
    """Whether the account may be charged for something that no transaction names: the OP stack's L1 data fee.

    There the service's word on it is all that there is; elsewhere a draft that costs more than it says itself is a lie.
    """
    if family_of(chain) != "eip155":
        return False
    known = NETWORKS.get(evm_chain_id(chain))
    return known is None or known.data_fee is DataFee.OP_STACK


def outflows_of(wallet: Wallet, chain: str, unsigned: bytes) -> tuple[reading.Outflow, ...]:
    """What an unsigned transaction does, for comparison with the one that replaces it."""
    return _read(wallet, chain, unsigned).outflows


def check_replaces(wallet: Wallet, order: Order, replaced: bytes, remembered: TransferRequest) -> None:
    """Return if ``order`` and the transaction ``replaced`` exclude each other on the chain, and ``replaced`` is the one
    of the ``remembered`` request.

    Otherwise both could happen, and the "fee bump" of a hostile service would pay a second time.
    ``PeerMisbehaved`` (``other-transaction``, ``not-a-replacement``).
    """
    before, after = _read(wallet, order.chain, replaced), _read(wallet, order.chain, order.unsigned)
    if (before.chain, before.name) != (remembered.chain, remembered.transaction):
        raise otherwise("other-transaction", "it replaces another transaction than the one of that transfer")
    if order.replaces != remembered.request_id:
        raise otherwise("other-transaction", "it replaces another transfer")
    if set(before.excludes).isdisjoint(after.excludes) or before.name == after.name:
        raise otherwise("not-a-replacement", "both transactions could happen")


def proposed_order(wallet: Wallet, request: TransferRequest, unsigned: bytes) -> Order:
    """The order that another owner's ``request`` is, if the transaction or message does exactly what it says.

    Raises ``TransactionRefused``, or ``PeerMisbehaved`` (``unasked``).
    """
    watching = Watching(int(request.fee_ceiling), (), 0)
    if unsigned[:1] in (b"{", b"\x19") and family_of(request.chain) == "eip155":
        order = message_order(wallet, request.chain, unsigned, watching)
        understood = _understood(wallet, request.chain, unsigned)
    else:
        _check_nothing_beside(wallet, request.chain, unsigned)
        understood = _understood(wallet, request.chain, unsigned)
        read, turn = understood.reading, turn_of(understood)
        order = _order(wallet, request.chain, unsigned, read, request.replaces, watching, more=turn)
    wanted = tuple(
        reading.Outflow(Kind(each.kind), each.token, int(each.amount), each.to) for each in request.outflows
    )
    authorized.check_authorized(
        understood.reading,
        chain=request.chain,
        outflows=wanted,
        fee_ceiling=int(request.fee_ceiling),
        name=request.transaction,
    )
    return order


def message_order(wallet: Wallet, chain: str, message: bytes, watching: Watching) -> Order:
    """The order to sign a message (EIP-712 JSON, or a personal message with its EIP-191 prefix)."""
    if family_of(chain) != "eip155":
        raise InputRefused("message", "messages are signed on Ethereum and its kin only")
    if message[:1] not in (b"{", b"\x19"):
        raise InputRefused("message", "this is no message: EIP-712 is JSON, and begins with {")
    read = read_ethereum(message, account_of(wallet, chain), chain)
    content = content_of(read.subject)
    order = _order(wallet, chain, message, read.reading, None, watching, sent=False, more=content)
    return replace(order, makes_a_key=makes_a_key(read.subject))


def _read(wallet: Wallet, chain: str, unsigned: bytes) -> Reading:
    return _understood(wallet, chain, unsigned).reading


def _understood(wallet: Wallet, chain: str, unsigned: bytes) -> EvmReading | SolanaReading:
    account = account_of(wallet, chain)
    if family_of(chain) == "solana":
        return read_solana(unsigned, account)
    return read_ethereum(unsigned, account, chain)


def _order(
    wallet: Wallet,
    chain: str,
    unsigned: bytes,
    read: Reading,
    replaces: bytes | None,
    watching: Watching,
    *,
    beside: int = 0,
    sent: bool = True,
    more: tuple[Fact, ...] = (),
) -> Order:
    """``beside``: what the service says that the chain charges beside the fee that can be read. ``more``: facts beside
    those that every reading has."""
    return Order(
        chain=chain,
        unsigned=unsigned,
        transaction=read.name,
        outflows=tuple(map(as_authorized, read.outflows)),
        fee=read.fee + beside,
        fee_ceiling=watching.fee_ceiling,
        replaces=replaces,
        facts=(
            *facts_of(wallet, read, beside, replaces, watching.fee_ceiling),
            *more,
            (tr("What is signed"), read.name.hex()),
        ),
        described=described(read, beside),
        devices=watching.devices,
        confirmations=watching.confirmations,
        sent=sent,
    )
