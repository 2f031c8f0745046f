"""What each error means, in Japanese, by its stable code: what happened, and what to do where something can be done.

Messages come from many machines, in English, and carry the values of the case; these sentences say the kind of case,
and are shown above them. ``tests/cli/test_errors_ja.py`` demands one for each code that ``docs/errors.md`` lists.
Loaded where an error is shown in Japanese, and at no other time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warifu.cli.errors_ja.authorization import AUTHORIZATION
from warifu.cli.errors_ja.broadcast import BROADCAST
from warifu.cli.errors_ja.chain import CHAIN
from warifu.cli.errors_ja.evidence import EVIDENCE
from warifu.cli.errors_ja.exchange import EXCHANGE
from warifu.cli.errors_ja.host import HOST
from warifu.cli.errors_ja.input_a_to_e import INPUT_A_TO_E
from warifu.cli.errors_ja.input_f_to_o import INPUT_F_TO_O
from warifu.cli.errors_ja.input_p_to_z import INPUT_P_TO_Z
from warifu.cli.errors_ja.not_done import NOT_DONE
from warifu.cli.errors_ja.passphrase import PASSPHRASE
from warifu.cli.errors_ja.peer import PEER
from warifu.cli.errors_ja.platform import PLATFORM
from warifu.cli.errors_ja.policy import POLICY
from warifu.cli.errors_ja.service import SERVICE
from warifu.cli.errors_ja.session import SESSION
from warifu.cli.errors_ja.store import STORE
from warifu.cli.errors_ja.transaction import TRANSACTION

FAMILIES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "authorization": AUTHORIZATION,
    "broadcast": BROADCAST,
    "chain": CHAIN,
    "evidence": EVIDENCE,
    "exchange": EXCHANGE,
    "host": HOST,
    "input": {**INPUT_A_TO_E, **INPUT_F_TO_O, **INPUT_P_TO_Z},
    "passphrase": PASSPHRASE,
    "peer": PEER,
    "platform": PLATFORM,
    "policy": POLICY,
    "service": SERVICE,
    "session": SESSION,
    "store": STORE,
    "transaction": TRANSACTION,
}
_BORROWED = {"input": "transaction"}
"""What every signer would refuse is refused in a draft by the same reason, as a mistake in what was asked for."""


@dataclass(frozen=True)
class Said:
    """In Japanese. ``remedy`` is empty where nothing is to be done, or it depends on the case alone."""

    gist: str
    remedy: str


def japanese(code: str) -> Said | None:
    """What an error with this code means; None for one that this program does not know (of a newer service)."""
    family, _, reason = code.partition(".")
    for place in (family, _BORROWED.get(family, "")):
        found = FAMILIES.get(place, {}).get(reason)
        if found is not None:
            return Said(*found)
    return None


def not_done(english: str) -> str:
    """What was not done, in Japanese; in English where the sentence bears values, or is not known here."""
    return NOT_DONE.get(english, english)
