"""Labels in BIP-329's form: one JSON object a line, so that they move to and from Sparrow and other wallets.

Pure: text in, labels out. A file that cannot be read whole is refused whole; fields that a later version of BIP-329
adds to a line are ignored, as it asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from warifu.depth import is_deep
from warifu.errors import InputRefused

MAX_FILE_CHARACTERS = 8 * 1024 * 1024
MAX_LABEL_CHARACTERS = 255
"""BIP-329's recommendation for what other wallets can be relied on to keep."""
MAX_LABELS = 20_000

LabelType = Literal["tx", "addr", "pubkey", "input", "output", "xpub"]

_TXID = re.compile(r"[0-9a-f]{64}")
_POINT = re.compile(r"[0-9a-f]{64}:(0|[1-9][0-9]{0,9})")
_WORD = re.compile(r"[0-9A-Za-z]{1,130}")
_REFERENCES = {"tx": _TXID, "input": _POINT, "output": _POINT, "addr": _WORD, "pubkey": _WORD, "xpub": _WORD}


class Label(msgspec.Struct, frozen=True, omit_defaults=True, rename={"kind": "type"}):
    """One line: what it names (``kind``, ``ref``), the text, and for outputs whether they may be spent.

    ``origin`` (a key origin such as ``tr([d34db33f/86'/0'/0'])``) tells wallets apart in one file.
    """

    kind: LabelType
    ref: str
    label: str = ""
    origin: str | None = None
    spendable: bool | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What makes two lines speak of the same thing."""
        return self.kind, self.ref


_decoder = msgspec.json.Decoder(Label)
_encoder = msgspec.json.Encoder()


def export_labels(labels: Iterable[Label]) -> str:
    """BIP-329 text, one line a label."""
    return "".join(f"{_encoder.encode(label).decode()}\n" for label in labels)


def import_labels(text: str) -> list[Label]:
    """The labels of a BIP-329 file; of several lines on the same thing the last one counts.

    Raises ``InputRefused`` (``labels``) naming the line.
    """
    if len(text) > MAX_FILE_CHARACTERS:
        raise _refusal("the file is too long")
    found: dict[tuple[str, str], Label] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            label = _line(line, number)
            found[label.key] = label
        if len(found) > MAX_LABELS:
            raise _refusal(f"more than {MAX_LABELS} labels")
    return list(found.values())


def check_label(label: Label) -> None:
    """Return only if ``label`` can be stored and exported; ``InputRefused`` (``labels``)."""
    if not _REFERENCES[label.kind].fullmatch(label.ref):
        raise _refusal(f"{label.ref[:80]!r} names no {label.kind}")
    if len(label.label) > MAX_LABEL_CHARACTERS or not label.label.isprintable():
        raise _refusal(f"a label has at most {MAX_LABEL_CHARACTERS} printable characters")
    if label.spendable is not None and label.kind != "output":
        raise _refusal("only an output can be marked spendable")
    if label.origin is not None and (
        len(label.origin) > MAX_LABEL_CHARACTERS or not label.origin.isprintable()
    ):
        raise _refusal("an origin is too long or not printable")


def _line(line: str, number: int) -> Label:
    if is_deep(line.encode("utf-8", "replace")):
        raise _refusal(f"line {number} is nested without end")
    try:
        label = _decoder.decode(line)
        check_label(label)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _refusal(f"line {number}: {error}") from None
    except InputRefused as error:
        raise _refusal(f"line {number}: {error.message}") from None
    return label


def _refusal(message: str) -> InputRefused:
    return InputRefused("labels", message, not_done="No label was changed.")
