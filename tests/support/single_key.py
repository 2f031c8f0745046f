"""A wallet of one ordinary key, to stand in for the signers where only the chain is under test."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import coincurve

from warifu.chains.bitcoin.descriptor import Branch, KeyPath, WalletKeys
from warifu.chains.bitcoin.finalize import signed_transaction
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.psbt import parse_psbt
from warifu.chains.bitcoin.sighash import KeyPathSighash
from warifu.chains.bitcoin_network.persistence import ChangeSetStore, MemoryStore
from warifu.chains.bitcoin_network.wallet import DescriptorWallet

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class SingleKey:
    """One secret, from a name; its wallet has the descriptors that a threshold wallet has."""

    name: str
    network: Network = Network.REGTEST

    @property
    def _secret(self) -> int:
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest(), "big") % _ORDER

    @property
    def keys(self) -> WalletKeys:
        public = coincurve.PrivateKey.from_int(self._secret).public_key.format()
        return WalletKeys(public, hashlib.sha256(b"chain code").digest(), self.network)

    def wallet(self, store: ChangeSetStore | None = None, **options) -> DescriptorWallet:
        receive, change = (self.keys.descriptor(branch) for branch in (Branch.RECEIVE, Branch.CHANGE))
        return DescriptorWallet(receive, change, self.network, store or MemoryStore(), **options)

    def sign(self, psbt: bytes) -> bytes:
        """The signed transaction of a PSBT."""
        parsed = parse_psbt(psbt)
        spent = parsed.spent()
        assert spent is not None
        digests = KeyPathSighash(parsed.transaction, spent)
        signatures = []
        for index, coin in enumerate(spent):
            path = self.keys.find(coin.script, 300)
            assert path is not None, "not a coin of this key"
            signatures.append(self._key_at(path).sign_schnorr(digests.digest(index)))
        return signed_transaction(parsed, signatures).serialize()

    def _key_at(self, path: KeyPath) -> coincurve.PrivateKey:
        secret = self._secret
        for tweak, xonly in self.keys.key(path).tweaks:
            if xonly and coincurve.PrivateKey.from_int(secret).public_key.format()[0] == 3:
                secret = _ORDER - secret
            secret = (secret + int.from_bytes(tweak, "big")) % _ORDER
        return coincurve.PrivateKey.from_int(secret)


def with_corrupted_witness(raw: bytes) -> bytes:
    """The same transaction id with a signature that cannot verify (of the last input)."""
    return raw[:-10] + bytes([raw[-10] ^ 1]) + raw[-9:]
