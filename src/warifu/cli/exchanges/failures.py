"""What an exchange's no means for the owner, in the words of the command line."""

from __future__ import annotations

from warifu.errors import ExchangeRefused
from warifu.exchanges.failures import ExchangeFailed, OutcomeUnknown, Refused, TryAgain

_REMEDIES: dict[str, str] = {
    "address-not-allowed": "Put the address on the exchange's own list of withdrawal addresses first, on its site.",
    "authentication": "Check the API key at the exchange, and the clocks; if it was revoked or has expired: 'warifu "
    "exchange rotate'.",
    "banned": "Wait as long as it says: it shuts out who goes on asking.",
    "below-minimum": "Ask for more: 'warifu exchange market' shows the least.",
    "clock": "Set the clock of the device that carried it (NTP), and ask again.",
    "connection": "Check that the exchange is reachable from the service's machine, and ask again.",
    "decimals": "Write fewer digits: 'warifu exchange market' shows the steps.",
    "delisted": "The pair or the currency is not traded there any more.",
    "duplicate": "It was asked before under this identifier: look at its state.",
    "funds": "See 'warifu exchange balances'.",
    "identity": "The exchange wants to know more about you first: see its site.",
    "limits": "The account's own limits at the exchange are reached: see its site.",
    "maintenance": "Wait until the exchange is back.",
    "memo": "Ask the receiver for the memo, or say that there is none (--no-memo).",
    "network": "See which networks the exchange has for this currency.",
    "permission": "Give the key this permission at the exchange, or use another one: 'warifu exchange permissions'.",
    "rate-limit": "Wait a little.",
    "second-factor": "The exchange wants a second factor for this, which no API gives: change that on its site.",
    "travel-rule": "The exchange wants to know more about the receiver: 'warifu exchange withdraw --travel-rule FILE' "
    "says it, 'warifu exchange travel-rule' for what comes home by itself.",
}


def as_error(failure: ExchangeFailed, *, identifier: str = "") -> ExchangeRefused:
    """``identifier``: under which the exchange knows what was asked, where it was to change something."""
    words = f": {failure.words}" if failure.words else ""
    if isinstance(failure, OutcomeUnknown):
        ask = f"warifu exchange status {identifier}" if identifier else "warifu exchange orders"
        return ExchangeRefused(
            failure.reason,
            f"nobody knows what became of it ({failure.reason}{words})",
            not_done="It is not sent again: it may have happened.",
            remedy=f"Ask the exchange under the stored identifier: {ask}",
        )
    wait = failure.retry_after if isinstance(failure, TryAgain) else None
    what = (
        "the exchange refuses it" if isinstance(failure, Refused) else "it did not happen, and later it may"
    )
    return ExchangeRefused(
        failure.reason,
        f"{what} ({failure.reason}{words})",
        not_done="Nothing happened at the exchange.",
        remedy=_REMEDIES.get(failure.reason, "Ask again later." if isinstance(failure, TryAgain) else ""),
        retry_after=wait,
    )
