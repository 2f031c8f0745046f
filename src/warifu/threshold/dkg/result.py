"""What a key generation yields."""

from __future__ import annotations

from dataclasses import dataclass

from warifu.threshold.dkg.params import SessionParams
from warifu.threshold.frost.key import ThresholdKey
from warifu.threshold.wiping import Secret


@dataclass(frozen=True)
class GeneratedKey:
    """What everybody may know of the new key. The same for all participants and the coordinator."""

    params: SessionParams
    threshold_pubkey: bytes
    """33 bytes on secp256k1, 32 on Ed25519."""
    pubshares: tuple[bytes, ...]
    """One for each participant, in their order; as long as ``threshold_pubkey``."""
    recovery_data: bytes
    """With it and a host secret key :func:`~warifu.threshold.dkg.recovery.recover` gives that participant's share."""

    @property
    def t(self) -> int:
        return self.params.t

    @property
    def n(self) -> int:
        return self.params.n

    @property
    def key(self) -> ThresholdKey:
        """What signing sessions need; InvalidInput for more participants than can sign (255)."""
        return ThresholdKey(self.t, self.n, self.threshold_pubkey, self.pubshares)

    @property
    def params_id(self) -> bytes:
        """32 bytes, see :attr:`SessionParams.id`."""
        return self.params.id


@dataclass(frozen=True)
class DkgResult(GeneratedKey):
    """One participant's outcome: the key, its own place ``index``, and its secret share, f(index + 1)."""

    index: int
    share: Secret
    """32 bytes in the group's byte order. Seal it, then wipe it."""
