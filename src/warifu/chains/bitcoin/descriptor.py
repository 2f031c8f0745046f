"""The wallet's own keys and scripts: BIP-86 outputs on branch 0 (receive) and 1 (change) below the threshold key.

From the public threshold key and its chain code alone, every signer and the owner's client derive each address
themselves. What belongs to the wallet is decided here by derivation; what a PSBT says about it is at most a hint
about where to look first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from enum import IntEnum

from warifu.chains.bitcoin.address import address_for, is_p2tr, p2tr_script
from warifu.chains.bitcoin.network import Network
from warifu.chains.bitcoin.text_forms import descriptor_checksum
from warifu.errors import InputRefused
from warifu.threshold.derivation import Derived, ExtendedKey, derive, encode_extended_key
from warifu.threshold.errors import InvalidInput
from warifu.threshold.taproot import Bip86Key, bip86_key

DEFAULT_WINDOW = 1000
"""Indices per branch that count as the wallet's own where nobody knows how far it was used."""
MAX_WINDOW = 100_000
_REMEMBERED_KEYS = 64
"""A transfer asks for each of its keys three times."""


class Branch(IntEnum):
    """The two chains of addresses (BIP-44's words: external and internal)."""

    RECEIVE = 0
    CHANGE = 1


@dataclass(frozen=True, order=True)
class KeyPath:
    """Where an address of the wallet stands: branch, and index from 0."""

    branch: Branch
    index: int

    def __str__(self) -> str:
        return f"{int(self.branch)}/{self.index}"


@dataclass(frozen=True)
class WalletKeys:
    """A wallet's 33-byte threshold key, its 32-byte chain code, and its network. All public.

    Raises ``InputRefused`` (``wallet-keys``) where the key is no point or a length is wrong. Derived scripts are
    remembered, so keep the object; it is not for use by several threads at once.
    """

    threshold_public: bytes
    chain_code: bytes
    network: Network
    _branches: dict[Branch, Derived] = field(init=False, repr=False, compare=False)
    _paths: dict[bytes, KeyPath] = field(default_factory=dict, init=False, repr=False, compare=False)
    _reached: dict[Branch, int] = field(init=False, repr=False, compare=False)
    _keys: OrderedDict[KeyPath, Bip86Key] = field(
        default_factory=OrderedDict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        try:
            branches = {
                branch: derive(self.threshold_public, self.chain_code, (branch,)) for branch in Branch
            }
        except InvalidInput as error:
            raise InputRefused("wallet-keys", f"these are no keys of a wallet: {error}") from None
        object.__setattr__(self, "_branches", branches)
        object.__setattr__(self, "_reached", dict.fromkeys(Branch, 0))

    @property
    def xpub(self) -> str:
        """The threshold key as an extended public key (BIP-32 root: depth 0)."""
        network = "main" if self.network is Network.BITCOIN else "test"
        return encode_extended_key(ExtendedKey(self.threshold_public, self.chain_code, network))

    def descriptor(self, branch: Branch) -> str:
        """The output descriptor of one branch with its checksum (BIP-380, BIP-386), for BDK, Core or Sparrow."""
        text = f"tr({self.xpub}/{int(branch)}/*)"
        return f"{text}#{descriptor_checksum(text)}"

    def key(self, path: KeyPath) -> Bip86Key:
        """Internal key, output key, and the tweaks that lead there from the threshold key, for a signing session."""
        known = self._keys.get(path)
        if known is None:
            branch = self._branches[path.branch]
            below = bip86_key(branch.public_key, branch.chain_code, (_checked(path.index),))
            leading = tuple((step, False) for step in branch.tweaks)
            known = self._keys[path] = replace(below, tweaks=(*leading, *below.tweaks))
            if len(self._keys) > _REMEMBERED_KEYS:
                self._keys.popitem(last=False)
        return known

    def script(self, path: KeyPath) -> bytes:
        """The output script at ``path``, 34 bytes."""
        return p2tr_script(self.key(path).output_key)

    def address(self, path: KeyPath) -> str:
        """The address at ``path``."""
        address = address_for(self.script(path), self.network)
        assert address is not None, "a P2TR script has an address"
        return address

    def find(self, script: bytes, window: int, hint: KeyPath | None = None) -> KeyPath | None:
        """Where ``script`` stands among the first ``window`` indices of either branch; None for a foreign script.

        ``window`` is a bound of safety, also for hinted paths: change at index two billion would belong to the wallet
        and yet be found by no recovery. A true ``hint`` saves deriving the whole window, a false one costs one
        derivation and changes nothing. Raises ``InputRefused`` (``window``) outside 1 .. 100,000.
        """
        if not 1 <= window <= MAX_WINDOW:
            raise InputRefused("window", f"the window is from 1 to {MAX_WINDOW} addresses")
        if not is_p2tr(script):
            return None
        if script not in self._paths and not self._confirms(hint, script, window):
            self._derive_up_to(window)
        path = self._paths.get(script)
        return path if path is not None and path.index < window else None

    def _confirms(self, hint: KeyPath | None, script: bytes, window: int) -> bool:
        if hint is None or not 0 <= hint.index < window or self.script(hint) != script:
            return False
        self._paths[script] = hint
        return True

    def _derive_up_to(self, window: int) -> None:
        for branch in Branch:
            for index in range(self._reached[branch], window):
                path = KeyPath(branch, index)
                self._paths[self.script(path)] = path
            self._reached[branch] = max(self._reached[branch], window)


def _checked(index: int) -> int:
    if not 0 <= index < 2**31:
        raise InputRefused("window", "an address index is from 0 to 2^31 - 1")
    return index
