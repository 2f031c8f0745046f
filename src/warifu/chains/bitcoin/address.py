"""Addresses and the scripts they stand for: P2TR, P2WPKH, P2WSH (BIP-173, BIP-350), P2PKH and P2SH (Base58Check).

Refuses the address of another network, and every form whose spending rules are not known today: coins sent to a
future witness version can be taken by anybody.
"""

from __future__ import annotations

import coincurve

from warifu.chains.bitcoin.bech32 import MAX_CHARACTERS, decode_segwit, encode_segwit
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.text_forms import decode_base58check, encode_base58check
from warifu.errors import InputRefused

_MAX_BASE58_CHARACTERS = 35


def script_for(address: str, network: Network) -> bytes:
    """The output script that pays ``address``.

    Raises ``InputRefused``: ``address`` (form, checksum, mixed case, unknown kind, a Taproot key that is no key) or
    ``wrong-network``, whose message names the network that the address is of.
    """
    if not 0 < len(address) <= MAX_CHARACTERS:
        raise InputRefused("address", f"an address has at most {MAX_CHARACTERS} characters")
    if any(address.lower().startswith(f"{other.hrp}1") for other in Network):
        return _segwit_script(address, network)
    return _base58_script(address, network)


def _segwit_script(address: str, network: Network) -> bytes:
    if address not in (address.lower(), address.upper()):
        raise InputRefused("address", f"{address!r} mixes upper and lower case: it was altered or mistyped")
    witness = decode_segwit(address)
    if witness is None:
        raise InputRefused(
            "address", f"the checksum of {address!r} is wrong", remedy="Copy the whole address again."
        )
    if witness.hrp != network.hrp:
        raise _wrong_network(address, [other for other in Network if other.hrp == witness.hrp], network)
    if (witness.version, len(witness.program)) not in ((0, 20), (0, 32), (1, 32)):
        raise InputRefused("address", f"{address!r} is of a kind whose spending rules are not known yet")
    if witness.version == 1 and not _is_public_key(witness.program):
        raise InputRefused("address", f"{address!r} holds no valid key: coins sent there are lost")
    return _witness_script(witness.version, witness.program)


def _base58_script(address: str, network: Network) -> bytes:
    payload = decode_base58check(address) if len(address) <= _MAX_BASE58_CHARACTERS else None
    if payload is None or len(payload) != 21:
        raise InputRefused(
            "address", f"{address!r} is not a Bitcoin address", remedy="Copy the whole address again."
        )
    version, digest = payload[0], payload[1:]
    if version == network.p2pkh_version:
        return b"\x76\xa9\x14" + digest + b"\x88\xac"
    if version == network.p2sh_version:
        return b"\xa9\x14" + digest + b"\x87"
    others = [other for other in Network if version in (other.p2pkh_version, other.p2sh_version)]
    if others:
        raise _wrong_network(address, others, network)
    raise InputRefused("address", f"{address!r} is not an address of Bitcoin")


def _wrong_network(address: str, others: list[Network], network: Network) -> InputRefused:
    names = " or ".join(other.value for other in others)
    return InputRefused("wrong-network", f"{address!r} is an address of {names}, not of {network.value}")


def address_for(script: bytes, network: Network) -> str | None:
    """The one address of ``script``; None where it has none (a bare script, OP_RETURN, a future witness version)."""
    if is_p2tr(script):
        return encode_segwit(network.hrp, 1, script[2:])
    if script[:1] == b"\x00" and (len(script), script[1:2]) in ((22, b"\x14"), (34, b"\x20")):
        return encode_segwit(network.hrp, 0, script[2:])
    if len(script) == 25 and script.startswith(b"\x76\xa9\x14") and script.endswith(b"\x88\xac"):
        return encode_base58check(bytes([network.p2pkh_version]) + script[3:23])
    if len(script) == 23 and script.startswith(b"\xa9\x14") and script.endswith(b"\x87"):
        return encode_base58check(bytes([network.p2sh_version]) + script[2:22])
    return None


def canonical_address(address: str, network: Network) -> str:
    """``address`` as ``address_for`` writes it (QR codes carry upper case); raises as ``script_for``."""
    canonical = address_for(script_for(address, network), network)
    assert canonical is not None, "every script of an address has one"
    return canonical


def p2tr_script(output_key: bytes) -> bytes:
    """The script that pays a 32-byte x-only output key (BIP-341), 34 bytes."""
    return _witness_script(1, output_key)


def is_p2tr(script: bytes) -> bool:
    """Whether ``script`` is a Taproot output."""
    return len(script) == 34 and script.startswith(b"\x51\x20")


def dust_limit(script: bytes) -> int:
    """Least satoshi that nodes relay to ``script``: what it costs to make and spend it at 3 sat/vB (Bitcoin Core)."""
    segwit = address_for(script, Network.BITCOIN) is not None and script[0] in (0x00, 0x51)
    spending = 32 + 4 + 1 + (107 // 4 if segwit else 107) + 4
    return 3 * (8 + 1 + len(script) + spending)


def _witness_script(version: int, program: bytes) -> bytes:
    opcode = 0x50 + version if version else 0
    return bytes([opcode, len(program)]) + program


def _is_public_key(xonly: bytes) -> bool:
    try:
        coincurve.PublicKeyXOnly(xonly)
    except ValueError:
        return False
    return True
