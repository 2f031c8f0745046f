"""What a message does to the wallet, judged as a whole: the signer's answer to "what would I sign?".

Whom a token payment pays. ``TransferChecked`` names token accounts, the owner authorizes people's addresses. The two
meet only by proof: where the same message, before the payment, creates (idempotently) the associated token account of
some owner, and that is the account paid, the recipient is that owner: the address is derived again here, and the chain
fails the whole transaction if the account meanwhile belongs to somebody else. Without this the recipient is the token
account itself, by its own address, which an owner can authorize by naming exactly that.

A memo beside a payment belongs to that payment. Where nothing leaves, its words are all that is signed: a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from warifu.chains.reading import COIN, Kind, Outflow, Reading, Scheme, ToSign
from warifu.chains.solana import fees
from warifu.chains.solana.actions import (
    Action,
    AdvanceNonce,
    ApproveToken,
    CallProgram,
    ComputeLimit,
    ComputePrice,
    CreateNonce,
    CreateTokenAccount,
    InitializeNonce,
    Memo,
    PaySol,
    PayToken,
)
from warifu.chains.solana.address import associated_token_address, format_address, parse_address
from warifu.chains.solana.durable import PROOF_BYTES, check_proof, exclusion
from warifu.chains.solana.instructions import read_instruction
from warifu.chains.solana.message import MAX_MESSAGE_BYTES, Message, malformed, parse_prefix
from warifu.chains.solana.tokens import KNOWN_TOKENS
from warifu.errors import InputRefused, TransactionRefused, WarifuError

CHAIN = "solana"


@dataclass(frozen=True)
class SolanaReading:
    """A message that a signer would sign for ``account``, if policy and owner agree."""

    message: Message
    account: str
    actions: tuple[Action, ...]
    nonce: bytes | None
    """The nonce account whose value it uses up; None for a message that expires with its blockhash."""
    proven: bool
    """Whether that value is shown to be a durable nonce's, so that ``reading.excludes`` holds."""
    reading: Reading

    @property
    def memos(self) -> tuple[str, ...]:
        """Words that the chain would keep, in order."""
        return tuple(action.text for action in self.actions if isinstance(action, Memo))


def read(data: bytes, account: str) -> SolanaReading:
    """Understand an unsigned message for the wallet whose address is ``account``.

    ``data``: the message, and after it, at will, the 32-byte proof of its durable nonce (``durable``). ``InputRefused``
    (``message-form``, ``message-version``, ``too-long``, ``address``) for what is no message; ``TransactionRefused``
    for the first of ``faults``, and for what ``parse_message`` and ``check_proof`` refuse.
    """
    message, proof = split_proof(data)
    for fault in faults(message, account):
        raise fault
    actions = tuple(read_instruction(message, item)[0] for item in message.instructions)
    nonce = actions[0].nonce if isinstance(actions[0], AdvanceNonce) else None
    if proof:
        if nonce is None:
            raise malformed(f"{len(proof)} bytes follow its end")
        check_proof(message.blockhash, proof)
    proven = nonce is not None and bool(proof)
    reading = Reading(
        chain=CHAIN,
        scheme=Scheme.ED25519,
        name=message.name,
        outflows=tuple(_outflows(actions, message.keys[0])) or tuple(_log_in(actions)),
        fee=fees.most(actions, message.signers),
        to_sign=(ToSign(message.raw, ()),),
        excludes=(exclusion(nonce, message.blockhash) if nonce and proven else message.name,),
    )
    return SolanaReading(message, account, actions, nonce, proven, reading)


def split_proof(data: bytes) -> tuple[Message, bytes]:
    """The message, and the proof (32 bytes) or nothing. The proof is not checked here."""
    message, end = parse_prefix(data)
    proof = data[end:]
    if len(proof) not in (0, PROOF_BYTES):
        raise malformed(f"{len(proof)} bytes follow its end")
    return message, proof


def faults(message: Message, account: str) -> Iterator[TransactionRefused]:
    """Every reason why the wallet at ``account`` would not sign; none for a message that it would."""
    wallet = parse_address(account)
    if len(message.raw) > MAX_MESSAGE_BYTES:
        raise InputRefused("too-long", f"a message of {len(message.raw)} bytes fits in no transaction")
    if message.signers != 1:
        yield TransactionRefused("foreign-signer", f"it needs {message.signers} signers instead of one")
    if message.keys[0] != wallet:
        yield TransactionRefused("foreign-account", f"{format_address(message.keys[0])} pays, not the wallet")
    if not message.instructions:
        yield TransactionRefused("empty", "it does nothing but cost a fee")
    actions, changed, broken = _understood(message)
    yield from broken
    yield from _idle_keys(message)
    if not broken:
        yield from _wrong_flags(message, actions, changed)
        for check in (_nonces, _new_nonces, _budget, _token_accounts, _decimals):
            yield from check(actions, wallet)


def _understood(message: Message) -> tuple[list[Action], set[int], list[TransactionRefused]]:
    """The actions, the indexes of accounts that they change, and the refusals of single instructions."""
    actions: list[Action] = []
    changed, broken = {0}, []
    for item in message.instructions:
        try:
            action, writable = read_instruction(message, item)
        except TransactionRefused as fault:
            broken.append(fault)
            continue
        actions.append(action)
        changed |= writable
    return actions, changed, broken


def _idle_keys(message: Message) -> Iterator[TransactionRefused]:
    """What no instruction names has no business in a message, and is where something could be hidden."""
    used = {0}.union(*({item.program, *item.accounts} for item in message.instructions))
    for index in sorted(set(range(len(message.keys))) - used):
        key = format_address(message.keys[index])
        yield TransactionRefused("idle-account", f"it lists {key} and does nothing with it")


def _wrong_flags(
    message: Message, actions: Sequence[Action], changed: set[int]
) -> Iterator[TransactionRefused]:
    """The header's read-only counts must be what the instructions need: no less, and no more where all is known."""
    unknown = {key for action in actions if isinstance(action, CallProgram) for key in action.accounts}
    for index, key in enumerate(message.keys):
        writable = message.is_writable(index)
        if writable != (index in changed) and not (writable and key in unknown):
            stands = "writable" if writable else "read-only"
            yield TransactionRefused("account-flags", f"{format_address(key)} is {stands}, and should not be")


def _nonces(actions: Sequence[Action], _wallet: bytes) -> Iterator[TransactionRefused]:
    for place, action in enumerate(actions):
        if place and isinstance(action, AdvanceNonce):
            yield TransactionRefused("nonce-order", "AdvanceNonceAccount comes first, and once")


def _new_nonces(actions: Sequence[Action], _wallet: bytes) -> Iterator[TransactionRefused]:
    """Creation and initialisation are one: between the two, anybody could make himself the authority."""
    for place, action in enumerate(actions):
        follower = actions[place + 1] if place + 1 < len(actions) else None
        leader = actions[place - 1] if place else None
        if isinstance(action, CreateNonce):
            if not isinstance(follower, InitializeNonce) or follower.nonce != action.nonce:
                yield TransactionRefused("nonce-account", "a new durable nonce is left without its authority")
            if action.lamports > fees.NONCE_RENT:
                yield TransactionRefused(
                    "nonce-account",
                    f"a durable nonce needs {fees.NONCE_RENT} lamports, not {action.lamports}",
                )
        if isinstance(action, InitializeNonce) and not (
            isinstance(leader, CreateNonce) and leader.nonce == action.nonce
        ):
            yield TransactionRefused(
                "nonce-account", "it initialises a durable nonce that it does not create"
            )


def _budget(actions: Sequence[Action], _wallet: bytes) -> Iterator[TransactionRefused]:
    limits = sum(isinstance(action, ComputeLimit) for action in actions)
    prices = sum(isinstance(action, ComputePrice) for action in actions)
    if limits > 1 or prices > 1:
        yield TransactionRefused("compute-budget", "it sets its compute limit or price twice")
    if prices and not limits:
        yield TransactionRefused("compute-budget", "it offers a price without saying for how much compute")


def _token_accounts(actions: Sequence[Action], wallet: bytes) -> Iterator[TransactionRefused]:
    """An account that nobody is paid in is a gift of its rent to its owner, unless that is the wallet."""
    paid = {action.destination for action in actions if isinstance(action, PayToken)}
    for action in actions:
        if isinstance(action, CreateTokenAccount) and action.owner != wallet and action.address not in paid:
            yield TransactionRefused(
                "idle-account", f"it makes a token account for {format_address(action.owner)} for nothing"
            )


def _decimals(actions: Sequence[Action], _wallet: bytes) -> Iterator[TransactionRefused]:
    for action in actions:
        if isinstance(action, PayToken | ApproveToken):
            known = KNOWN_TOKENS.get(format_address(action.mint))
            if known is not None and known.decimals != action.decimals:
                yield TransactionRefused(
                    "decimals", f"{known.symbol} has {known.decimals} decimals, not {action.decimals}"
                )


def _outflows(actions: Sequence[Action], wallet: bytes) -> Iterator[Outflow]:
    owners: dict[bytes, bytes] = {}
    for action in actions:
        match action:
            case CreateTokenAccount(owner=owner, address=address):
                owners[address] = owner
            case PaySol(to, lamports) if to != wallet:
                yield Outflow(Kind.PAYMENT, COIN, lamports, format_address(to))
            case PayToken(program, mint, destination, amount):
                if destination != associated_token_address(wallet, mint, program):
                    to = owners.get(destination, destination)
                    yield Outflow(Kind.PAYMENT, format_address(mint), amount, format_address(to))
            case ApproveToken(mint=mint, delegate=delegate, amount=amount):
                yield Outflow(Kind.APPROVAL, format_address(mint), amount, format_address(delegate))
            case CallProgram(program=program):
                yield Outflow(Kind.CALL, COIN, 0, format_address(program))
            case _:
                pass


def _log_in(actions: Sequence[Action]) -> Iterator[Outflow]:
    """Sites let people log in by a transaction that does nothing and carries their words (for devices that sign no
    messages). Judged as the message that it is, or it would be signed where the policy allows none."""
    if any(isinstance(action, Memo) for action in actions):
        yield Outflow(Kind.MESSAGE, COIN, 0, "")


def refusal(error: WarifuError) -> dict[str, str]:
    """A refusal, ready for JSON."""
    return {"code": error.code, "message": error.message, "remedy": error.remedy}
