"""Key generation for threshold ECDSA: ChillDKG over secp256k1, in a domain of its own and without a Taproot tweak.

A key serves one signature scheme: no transcript, proof of possession or share of this suite fits a BIP-340 key. The
tweak of the BIP-340 suite exists against hidden Taproot scripts, of which there are none here.
"""

from __future__ import annotations

from typing import ClassVar

from warifu.threshold.dkg.suite_bip340 import Bip340Suite
from warifu.threshold.group import Element


class EcdsaSuite(Bip340Suite):
    """Keys for ``warifu.threshold.ecdsa`` only. Proofs and host signatures are BIP-340's, under this suite's tag."""

    name: ClassVar[str] = "Warifu DKG(secp256k1, ECDSA)"
    tag: ClassVar[str] = "Warifu DKG ECDSA/"

    def key_tweak(self, _key: Element, /) -> int:
        return 0


ECDSA_DKG = EcdsaSuite()
