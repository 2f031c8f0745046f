"""What came back from the devices: the owner's own reading of it, whatever the service says that it is."""

from __future__ import annotations

import hashlib

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from warifu.chains.ethereum.reading import parse
from warifu.chains.ethereum.signature import signature_of
from warifu.chains.ethereum.transaction import Transaction, parse_signed
from warifu.chains.solana import address as solana
from warifu.chains.solana.transaction import parse_transaction
from warifu.cli.known_wallet import Wallet
from warifu.cli.wallet_keys import account_of
from warifu.errors import TransactionRefused
from warifu.protocol.api import TransferBytes
from warifu.protocol.chains import family_of
from warifu.protocol.request import TransferRequest


def txid_of(wallet: Wallet, request: TransferRequest, told: TransferBytes) -> str:
    """The id of the signed transaction ``told.raw``, if it is the requested one under the wallet's signature.

    For a message (whose ``raw`` is the signature): empty. Which of the two was requested says ``told.unsigned``, whose
    name is in the request: else a service could hand the bare signature of a payment to the owner, as of a message that
    is sent nowhere. Raises ``InputRefused``, ``TransactionRefused``.
    """
    account, raw = account_of(wallet, request.chain), told.raw
    if family_of(request.chain) == "solana":
        return _solana_txid(request, raw, account)
    requested = parse(told.unsigned)
    if requested.name != request.transaction:
        raise _other_transaction()
    if not isinstance(requested, Transaction):
        if len(raw) != 65:
            raise TransactionRefused("signature", "the signature of a message has 65 bytes")
        # As wallets hand out message signatures: v is 27 or 28 in place of the recovery id.
        signature_of(raw[:64] + bytes([(raw[64] - 27) & 0xFF]), request.transaction, account)
        return ""
    signed = parse_signed(raw)
    if (signed.transaction.name, signed.sender) != (request.transaction, account):
        raise _other_transaction()
    return signed.txid


def _other_transaction() -> TransactionRefused:
    return TransactionRefused("other-transaction", "it is not the transaction that was authorized")


def _solana_txid(request: TransferRequest, raw: bytes, account: str) -> str:
    signed = parse_transaction(raw)
    message = signed.message.raw
    if hashlib.sha256(message).digest() != request.transaction:
        raise _other_transaction()
    try:
        VerifyKey(solana.parse_address(account)).verify(message, signed.signature)
    except BadSignatureError:
        raise TransactionRefused("signature", "its signature is not the wallet's") from None
    return signed.txid
