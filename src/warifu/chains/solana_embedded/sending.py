"""Methods about transactions: simulate, send, and what became of those that were sent."""

from __future__ import annotations

import base64
from collections.abc import Callable

from solders.transaction import VersionedTransaction

from warifu.chains.solana.address import format_address, parse_address
from warifu.chains.solana.base58 import decode_base58
from warifu.chains.solana_embedded.chain import FINAL_AFTER, EmbeddedChain, Landed, Rejected, parse
from warifu.chains.solana_embedded.refusals import (
    INVALID_PARAMS,
    PREFLIGHT_FAILURE,
    SIGNATURE_FAILURE,
    Config,
    Refused,
    config,
    in_context,
    text,
    texts,
)

MAX_STATUSES = 256
MAX_SIGNATURES = 1000
MAX_ENCODED = 1700
_WORDS = {
    "BlockhashNotFound": "Blockhash not found",
    "AlreadyProcessed": "This transaction has already been processed",
    "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
    "InsufficientFundsForFee": "Insufficient funds for fee",
}


class Sending:
    """Over one chain."""

    def __init__(self, chain: EmbeddedChain) -> None:
        self._chain = chain

    def methods(self) -> dict[str, Callable[..., object]]:
        """By their names in JSON-RPC."""
        return {
            "simulateTransaction": self._simulate,
            "sendTransaction": self._send,
            "getSignatureStatuses": self._statuses,
            "getTransaction": self._transaction,
            "getSignaturesForAddress": self._signatures,
        }

    def _simulate(self, encoded: object, options: object = None) -> object:
        how = config(options)
        if how.replace_recent_blockhash and how.sig_verify:
            raise Refused(INVALID_PARAMS, "sigVerify may not be used with replaceRecentBlockhash")
        transaction = _decoded(encoded, how)
        try:
            meta = self._chain.simulate(transaction, check_signature=how.sig_verify)
        except Rejected as rejected:
            return in_context(self._chain, _simulated(rejected.error, rejected.logs, rejected.units))
        return in_context(self._chain, _simulated(None, meta.logs(), meta.compute_units_consumed()))

    def _send(self, encoded: object, options: object = None) -> object:
        """Without preflight a node takes everything, and what cannot be executed is silently dropped."""
        how = config(options)
        transaction = _decoded(encoded, how)
        if not how.skip_preflight:
            if not all(transaction.verify_with_results()):
                raise Refused(SIGNATURE_FAILURE, "Transaction signature verification failure")
            self._preflight(transaction)
        try:
            self._chain.execute(transaction)
        except Rejected as rejected:
            if not how.skip_preflight:
                raise _preflight_failure(rejected) from None
        return str(transaction.signatures[0])

    def _preflight(self, transaction: VersionedTransaction) -> None:
        try:
            self._chain.simulate(transaction, check_signature=True)
        except Rejected as rejected:
            raise _preflight_failure(rejected) from None

    def _statuses(self, signatures: object, _options: object = None) -> object:
        wanted = texts(signatures, "the signatures", MAX_STATUSES)
        return in_context(
            self._chain, [self._status(self._chain.history.get(signature)) for signature in wanted]
        )

    def _status(self, landed: Landed | None) -> object:
        if landed is None:
            return None
        depth = self._chain.slot - 1 - landed.slot
        final = depth >= FINAL_AFTER
        return {
            "slot": landed.slot,
            "confirmations": None if final else depth,
            "confirmationStatus": "finalized" if final else "confirmed",
            "err": landed.error,
            "status": {"Ok": None} if landed.error is None else {"Err": landed.error},
        }

    def _transaction(self, signature: object, options: object = None) -> object:
        landed = self._chain.history.get(text(signature, "the signature"))
        if landed is None or (config(options).final and landed.slot > self._chain.height(final=True)):
            return None
        return {
            "slot": landed.slot,
            "blockTime": None,
            "transaction": [base64.b64encode(landed.raw).decode("ascii"), "base64"],
            "meta": {
                "err": landed.error,
                "fee": landed.fee,
                "logMessages": list(landed.logs),
                "computeUnitsConsumed": landed.units,
                "preBalances": [before for before, _ in landed.balances],
                "postBalances": [after for _, after in landed.balances],
            },
        }

    def _signatures(self, address: object, options: object = None) -> object:
        """Newest first, older than ``before`` and newer than ``until``. Of a ``before`` that it does not know, a node
        without long-term storage says that nothing is older."""
        how, wanted = config(options), format_address(parse_address(text(address, "the address")))
        if not 0 < how.limit <= MAX_SIGNATURES:
            raise Refused(INVALID_PARAMS, f"Invalid limit; max {MAX_SIGNATURES}")
        if how.commitment not in ("finalized", "confirmed"):
            raise Refused(INVALID_PARAMS, "Method does not support commitment below `confirmed`")
        found: list[dict[str, object]] = []
        newest, behind = self._chain.height(final=how.final), how.before is None
        for signature, landed in reversed(self._chain.history.items()):
            if signature == how.until or len(found) == how.limit:
                break
            if behind and landed.slot <= newest and wanted in landed.keys:
                found.append(self._listed(signature, landed))
            behind = behind or signature == how.before
        return found

    def _listed(self, signature: str, landed: Landed) -> dict[str, object]:
        final = landed.slot <= self._chain.height(final=True)
        return {
            "signature": signature,
            "slot": landed.slot,
            "err": landed.error,
            "memo": None,
            "blockTime": None,
            "confirmationStatus": "finalized" if final else "confirmed",
        }


def _decoded(encoded: object, how: Config) -> VersionedTransaction:
    """A transaction in base58 (the default) or base64."""
    written = text(encoded, "the transaction")
    if len(written) > MAX_ENCODED:
        raise Refused(INVALID_PARAMS, f"too large: {len(written)} characters (max {MAX_ENCODED})")
    if how.encoding == "base64":
        try:
            return parse(base64.b64decode(written, validate=True))
        except ValueError:
            raise Refused(INVALID_PARAMS, "invalid base64 encoding") from None
    raw = decode_base58(written)
    if raw is None:
        raise Refused(INVALID_PARAMS, "invalid base58 encoding")
    return parse(raw)


def _simulated(error: object, logs: list[str], units: int) -> dict[str, object]:
    return {
        "err": error,
        "logs": logs,
        "unitsConsumed": units,
        "accounts": None,
        "returnData": None,
    }


def _preflight_failure(rejected: Rejected) -> Refused:
    words = _WORDS.get(str(rejected.error), f"Error processing transaction: {rejected}")
    return Refused(
        PREFLIGHT_FAILURE,
        f"Transaction simulation failed: {words}",
        _simulated(rejected.error, rejected.logs, rejected.units),
    )
