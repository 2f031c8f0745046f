"""The key-value maps of a PSBT, and the names of their fields (BIP-174, BIP-370, BIP-371 and later extensions)."""

from __future__ import annotations

from typing import Literal, TypeAlias

from warifu.chains.bitcoin.reader import Reader, compact_size, sized_bytes
from warifu.errors import InputRefused

Map: TypeAlias = dict[bytes, bytes]
Scope = Literal["global", "input", "output"]

GLOBAL_UNSIGNED_TX = b"\x00"
GLOBAL_XPUB = b"\x01"
GLOBAL_VERSION = b"\xfb"
IN_NON_WITNESS_UTXO = b"\x00"
IN_WITNESS_UTXO = b"\x01"
IN_SIGHASH_TYPE = b"\x03"
IN_FINAL_WITNESS = b"\x08"
IN_TAP_KEY_SIG = b"\x13"
IN_TAP_ORIGIN = b"\x16"
IN_TAP_INTERNAL_KEY = b"\x17"
OUT_TAP_INTERNAL_KEY = b"\x05"
OUT_TAP_ORIGIN = b"\x07"

MAX_KEY_BYTES = 10_000
MAX_VALUE_BYTES = 1024 * 1024
_NAMES: dict[Scope, dict[int, str]] = {
    "global": {
        0x00: "UNSIGNED_TX",
        0x01: "XPUB",
        0x02: "TX_VERSION",
        0x03: "FALLBACK_LOCKTIME",
        0x04: "INPUT_COUNT",
        0x05: "OUTPUT_COUNT",
        0x06: "TX_MODIFIABLE",
        0x07: "SP_ECDH_SHARE",
        0x08: "SP_DLEQ",
        0x09: "GENERIC_SIGNED_MESSAGE",
        0xFB: "VERSION",
        0xFC: "PROPRIETARY",
    },
    "input": {
        0x00: "NON_WITNESS_UTXO",
        0x01: "WITNESS_UTXO",
        0x02: "PARTIAL_SIG",
        0x03: "SIGHASH_TYPE",
        0x04: "REDEEM_SCRIPT",
        0x05: "WITNESS_SCRIPT",
        0x06: "BIP32_DERIVATION",
        0x07: "FINAL_SCRIPTSIG",
        0x08: "FINAL_SCRIPTWITNESS",
        0x09: "POR_COMMITMENT",
        0x0A: "RIPEMD160",
        0x0B: "SHA256",
        0x0C: "HASH160",
        0x0D: "HASH256",
        0x0E: "PREVIOUS_TXID",
        0x0F: "OUTPUT_INDEX",
        0x10: "SEQUENCE",
        0x11: "REQUIRED_TIME_LOCKTIME",
        0x12: "REQUIRED_HEIGHT_LOCKTIME",
        0x13: "TAP_KEY_SIG",
        0x14: "TAP_SCRIPT_SIG",
        0x15: "TAP_LEAF_SCRIPT",
        0x16: "TAP_BIP32_DERIVATION",
        0x17: "TAP_INTERNAL_KEY",
        0x18: "TAP_MERKLE_ROOT",
        0x1A: "MUSIG2_PARTICIPANT_PUBKEYS",
        0x1B: "MUSIG2_PUB_NONCE",
        0x1C: "MUSIG2_PARTIAL_SIG",
        0x1D: "SP_ECDH_SHARE",
        0x1E: "SP_DLEQ",
        0xFC: "PROPRIETARY",
    },
    "output": {
        0x00: "REDEEM_SCRIPT",
        0x01: "WITNESS_SCRIPT",
        0x02: "BIP32_DERIVATION",
        0x03: "AMOUNT",
        0x04: "SCRIPT",
        0x05: "TAP_INTERNAL_KEY",
        0x06: "TAP_TREE",
        0x07: "TAP_BIP32_DERIVATION",
        0x08: "MUSIG2_PARTICIPANT_PUBKEYS",
        0x09: "SP_V0_INFO",
        0x0A: "SP_V0_LABEL",
        0x35: "DNSSEC_PROOF",
        0xFC: "PROPRIETARY",
    },
}


def field_name(scope: Scope, key: bytes) -> str:
    """How documents call the field with this key, with its type number: ``TAP_MERKLE_ROOT (input type 0x18)``."""
    kind = Reader(key, "psbt").compact_size()
    return f"{_NAMES[scope].get(kind, 'without a name')} ({scope} type {kind:#04x})"


def read_map(reader: Reader) -> Map:
    """One map up to its separator. A second value for a key is refused: readers would differ on which one counts."""
    entries: Map = {}
    while key := reader.sized_bytes(MAX_KEY_BYTES):
        Reader(key, "psbt").compact_size()  # the type must be readable, so that it can be named
        if key in entries:
            raise reader.refusal(f"the key {key[:40].hex()} occurs twice in one map")
        entries[key] = reader.sized_bytes(MAX_VALUE_BYTES)
    return entries


def fixed(entries: Map, key: bytes, where: str, *lengths: int) -> bytes:
    """Take the value of ``key`` out of ``entries``: one of ``lengths`` bytes long, or empty where it is absent."""
    value = entries.pop(key, None)
    if value is None:
        return b""
    if len(value) not in lengths:
        raise InputRefused(
            "psbt-form", f"not a valid psbt: a field of {where} has {len(value)} bytes, not {lengths[0]}"
        )
    return value


def witness_bytes(witness: tuple[bytes, ...]) -> bytes:
    """A witness stack with its item count."""
    return compact_size(len(witness)) + b"".join(map(sized_bytes, witness))
