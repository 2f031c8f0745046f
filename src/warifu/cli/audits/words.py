"""What an audit found, in sentences."""

from __future__ import annotations

from warifu.audit.findings import Finding
from warifu.cli.text import tr


def level_word(finding: Finding) -> str:
    """How grave it is."""
    match finding.level:
        case "wrong":
            return tr("WRONG")
        case "missing":
            return tr("NOT READ")
        case "open":
            return tr("open")
        case "note":
            return tr("note")


def sentence(finding: Finding) -> str:
    """One line that names device and entry."""
    where = {"device": finding.device, "entry": finding.entry, **finding.values}
    return _SAID[finding.code]().format(**where)


_SAID = {
    "not-read": lambda: tr("the journal of {device} could not be read"),
    "entry-missing": lambda: tr("{device}: entries {entry} to {last} are missing"),
    "entry-out-of-order": lambda: tr("{device}: entry {entry} stands where it does not belong"),
    "entry-forged": lambda: tr("{device}: entry {entry} is not signed by the device"),
    "entry-altered": lambda: tr(
        "{device}: entry {entry} was altered, or does not follow from the one before it"
    ),
    "entry-unreadable": lambda: tr("{device}: entry {entry} cannot be read"),
    "head-forged": lambda: tr("{device}: the end of its journal is not signed by the device"),
    "head-differs": lambda: tr("{device}: entry {entry} is not the one that the device says is the last"),
    "truncated": lambda: tr(
        "{device}: entries {entry} to {last} were cut off: the device says that it has them"
    ),
    "beyond-head": lambda: tr(
        "{device}: entries {entry} to {last} are more than the device says that it has"
    ),
    "memory-forged": lambda: tr(
        "{device} (entry {entry}) claims to remember of {of} what that device never signed"
    ),
    "forked": lambda: tr(
        "{device} signed two journals that differ at entry {entry} or before; one was shown to {witnesses}"
    ),
    "rewritten": lambda: tr(
        "{device} rewrote its journal: something in entries {entry} to {last} is not what it showed to {witnesses}"
    ),
    "shorter-than-known": lambda: tr(
        "{device}: entries {entry} to {last} are gone; it had shown them to {witnesses}"
    ),
    "restored": lambda: tr(
        "{device} was taken back with an older disk on its owners' word, as {by} wrote down"
    ),
    "finish-without-start": lambda: tr("{device}: entry {entry} tells of signatures that it never started"),
    "start-differs": lambda: tr(
        "{device} (entry {entry}) and {other} tell of the same session otherwise: {fields}"
    ),
    "two-transactions": lambda: tr(
        "{device} (entry {entry}) and {other} signed two transactions for one request"
    ),
    "start-denied": lambda: tr(
        "{device} does not have the start of transfer {transfer}, which {other} (entry {other_entry}) finished with it"
    ),
    "session-denied": lambda: tr(
        "{device} does not have the session of transfer {transfer}, in which {other} (entry {other_entry}) met it"
    ),
    "head-of-no-session": lambda: tr(
        "{device}: entry {entry} is another than the session in which {other} (entry {other_entry}) was shown it"
    ),
    "note-denied": lambda: tr(
        "{device} does not have the spend of which {other} (entry {other_entry}) has its signed note"
    ),
    "unfinished": lambda: tr(
        "{device} (entry {entry}) started transfer {transfer}, and no device has its signatures"
    ),
    "call-twice": lambda: tr("{device}: entry {entry} starts call {call} once more"),
    "call-differs": lambda: tr(
        "{device} (entry {entry}) and {other} (entry {other_entry}) tell of call {call} otherwise: {fields}"
    ),
    "calls-of-one-id": lambda: tr(
        "{device} (entry {entry}) and {other} signed two calls for the one id {call}"
    ),
    "too-few-signed": lambda: tr(
        "{device}: entry {entry} tells of call {call}, which {count} devices cannot have signed"
    ),
    "call-session-denied": lambda: tr(
        "{device} does not have the session of call {call}, in which {other} (entry {other_entry}) met it"
    ),
    "call-part-denied": lambda: tr(
        "{device} does not have its part in call {call}, which {other} (entry {other_entry}) carried with its signature"
    ),
    "call-denied": lambda: tr(
        "{device} does not have call {call}, which {other} (entry {other_entry}) signed for it to carry, and "
        "{finder} (entry {found_entry}) found at the exchange"
    ),
    "call-not-carried": lambda: tr(
        "{device} does not have call {call}, which {other} (entry {other_entry}) signed for it to carry; nobody looked "
        "at the exchange whether it did"
    ),
    "call-without-end": lambda: tr(
        "{device} (entry {entry}) carried call {call}, and nobody knows what came of it"
    ),
    "end-without-call": lambda: tr(
        "{device}: entry {entry} tells of the end of a call that it never started"
    ),
    "end-contradicted": lambda: tr(
        "{device} (entry {entry}) says that the exchange answered a call with {said}; {other} (entry {other_entry}) "
        "looked afterwards and found {found}"
    ),
    "found-other": lambda: tr(
        "{device} (entry {entry}) found at the exchange something else than it signed for {carrier} to carry: {found}"
    ),
    "not-frozen": lambda: tr(
        "{device}: entry {entry} tells of something else at the exchange, and the wallet was not frozen for it"
    ),
    "comparison-skipped": lambda: tr(
        "{device}: entry {entry} signs again, though call {call} (entry {before}) was not compared at the exchange"
    ),
    "comparison-owed": lambda: tr(
        "{device} (entry {entry}) signed call {call}, and has not compared it at the exchange yet"
    ),
    "account-not-kept": lambda: tr(
        "{device}: entry {entry} is a call with the account {account}, which it did not keep then"
    ),
    "account-removed-elsewhere": lambda: tr(
        "{device} (entry {entry}) used the account {account} after {other} had removed it"
    ),
    "banned-carrier": lambda: tr(
        "{device}: entry {entry} signs call {call} for a carrier that an owner had banned"
    ),
    "exchange-unread": lambda: tr("the exchange of account {account} could not be asked for all: {why}"),
    "made-unsigned": lambda: tr(
        "at the exchange of account {account} is {kind} {id} ({what}), and no device signed for it: was it you?"
    ),
    "signed-not-there": lambda: tr(
        "{device} (entry {entry}) has call {call}, which the exchange of account {account} took and does not list"
    ),
    "rules-chain": lambda: tr("{device}: entry {entry} replaces rules that were not in force there"),
    "unknown-rules": lambda: tr("{device}: entry {entry} was judged by rules that were not in force there"),
    "signed-while-frozen": lambda: tr("{device}: entry {entry} was started while it was frozen"),
    "veto-ignored": lambda: tr(
        "{device}: entry {entry} put a change in force that {other} knows to be vetoed"
    ),
    "rules-behind": lambda: tr("{device} works by revision {revision} of the rules, others by {newest}"),
    "rules-not-known": lambda: tr(
        "{device} works by revision {revision} of the rules, which this client does not know"
    ),
    "birth-missing": lambda: tr("{device}: its journal does not have the birth of this wallet"),
    "birth-differs": lambda: tr("{device}: entry {entry} tells of other keys than this client verified"),
    "unknown-owner": lambda: tr(
        "{device}: entry {entry} names an owner {credential} that the wallet does not have"
    ),
    "left-without-entry": lambda: tr(
        "transaction {txid} spent the wallet's coins, as the service tells it, and no journal has it"
    ),
    "signed-without-entry": lambda: tr(
        "transaction {txid} on {chain} carries the wallet's own signature, and no journal has it"
    ),
    "history-short": lambda: tr(
        "the backends of {chain} have no history of the wallet's first days: what left then was not checked"
    ),
    "more-sent-than-signed": lambda: tr(
        "the account on {chain} made {sent} transactions, as the service tells it, and the journals have {signed}"
    ),
    "claimed-not-signed": lambda: tr(
        "the service says that transfer {transfer} is {state}, and no journal has its start"
    ),
    "not-on-chain": lambda: tr(
        "transfer {transfer} was signed and is not seen on the chain; the service says: {state}"
    ),
    "pending": lambda: tr("transfer {transfer} waits for a block, as the service tells it"),
    "replaced": lambda: tr("transfer {transfer} was replaced by {by}, as the service tells it"),
    "service-head-differs": lambda: tr(
        "{device}: the service says that entry {entry} was another one; nobody signed that"
    ),
    "service-unread": lambda: tr("the chain could not be asked through the service: {why}"),
    "offline": lambda: tr("the chain and the service were not asked"),
}
