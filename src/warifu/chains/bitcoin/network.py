"""The four Bitcoin networks, and the prefixes by which their addresses are told apart."""

from __future__ import annotations

from enum import Enum

from warifu.errors import InputRefused


class Network(Enum):
    """A Bitcoin network; the value is its name in requests, profiles and on the command line.

    Testnet 3, testnet 4 and signet share all their prefixes, and regtest shares all but the bech32 one: an address
    cannot tell them apart, so what keeps test coins apart is that they are worth nothing.
    """

    BITCOIN = "bitcoin"
    TESTNET = "testnet"
    SIGNET = "signet"
    REGTEST = "regtest"

    @property
    def hrp(self) -> str:
        """Human-readable part of segwit addresses (BIP-173)."""
        return {"bitcoin": "bc", "regtest": "bcrt"}.get(self.value, "tb")

    @property
    def p2pkh_version(self) -> int:
        """Version byte of base58 pay-to-public-key-hash addresses."""
        return 0x00 if self is Network.BITCOIN else 0x6F

    @property
    def p2sh_version(self) -> int:
        """Version byte of base58 pay-to-script-hash addresses."""
        return 0x05 if self is Network.BITCOIN else 0xC4


def network_named(name: str) -> Network:
    """The network with this name; ``InputRefused`` (``network``) for any other."""
    try:
        return Network(name)
    except ValueError:
        known = ", ".join(network.value for network in Network)
        raise InputRefused("network", f"{name[:40]!r} is not one of the networks {known}") from None
