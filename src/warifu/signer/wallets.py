"""What a device knows of its wallets. Public things as objects, locked things as they lie in the store."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from warifu.chains.bitcoin.descriptor import DEFAULT_WINDOW, MAX_WINDOW, WalletKeys
from warifu.chains.bitcoin.network import network_named
from warifu.errors import InputRefused, SessionAborted
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import MAX_BODY_BYTES, SignedBirth, WalletBirth
from warifu.protocol.policy import policy_hash
from warifu.protocol.request import WalletRequest, decode_request
from warifu.signer.store import Store
from warifu.signer.vault import Lock
from warifu.threshold.frost.key import ThresholdKey

MAX_WALLETS = 256


class Wallet:
    """A wallet of which this device has a share (``born``), or is about to get one."""

    def __init__(self, identifier: bytes, request: bytes, signed_birth: bytes | None) -> None:
        self.id = identifier
        decoded = decode_request(request)
        assert isinstance(decoded, WalletRequest), "only these are stored"
        self.request = decoded
        self.signed_birth = signed_birth

    @property
    def born(self) -> bool:
        return self.signed_birth is not None

    @cached_property
    def identities(self) -> tuple[bytes, ...]:
        """All devices in ascending order; the position is the participant identifier of BIP 445."""
        return tuple(sorted(device.identity for device in self.request.devices))

    @cached_property
    def names(self) -> dict[bytes, str]:
        """The devices' names, for people."""
        return {device.identity: device.name for device in self.request.devices}

    @cached_property
    def policy_hash(self) -> bytes:
        return policy_hash(self.request.policy)

    @cached_property
    def birth(self) -> WalletBirth:
        """The public outcome of key generation. Only of a wallet that is born."""
        assert self.signed_birth is not None
        signed = decode(SignedBirth, self.signed_birth, MAX_BODY_BYTES)
        return decode(WalletBirth, signed.birth, MAX_BODY_BYTES)

    @cached_property
    def keys(self) -> WalletKeys:
        """For derivation; remembers what it derived."""
        return WalletKeys(
            self.birth.threshold_public, self.birth.chain_code, network_named(self.request.network)
        )

    @cached_property
    def threshold_key(self) -> ThresholdKey:
        return ThresholdKey(
            self.request.threshold,
            len(self.identities),
            self.birth.threshold_public,
            self.birth.public_shares,
        )


@dataclass(frozen=True)
class Locked:
    """A wallet's lock and what lies behind it."""

    lock: Lock
    host_key: bytes
    share: bytes | None


class Wallets:
    """The table of wallets. Objects are kept, because what they derive is dear; what changes is read each time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[bytes, Wallet] = {}

    def get(self, identifier: bytes) -> Wallet | None:
        """The wallet with this id, or None."""
        if identifier not in self._known:
            rows = self._store.execute("SELECT request, birth FROM wallets WHERE id = ?", (identifier,))
            if not rows:
                return None
            request, birth = rows[0]
            wallet = Wallet(identifier, bytes(request), bytes(birth) if birth is not None else None)
            if not wallet.born:
                return wallet
            self._known[identifier] = wallet
        return self._known[identifier]

    def born(self, identifier: bytes) -> Wallet:
        """The wallet with this id, if it can sign; else ``InputRefused`` (``unknown-wallet``)."""
        wallet = self.get(identifier)
        if wallet is None or not wallet.born:
            raise InputRefused("unknown-wallet", "this device has no share of the wallet")
        return wallet

    def all(self) -> list[Wallet]:
        """Every wallet that is born, in no particular order."""
        rows = self._store.execute("SELECT id FROM wallets WHERE birth IS NOT NULL ORDER BY id")
        return [self.born(bytes(row[0])) for row in rows]

    def count(self) -> int:
        """How many there are, pending ones included."""
        return int(self._store.execute("SELECT count(*) FROM wallets")[0][0])

    def with_request_id(self, request_id: bytes) -> bytes | None:
        """The id of the wallet whose request had this ``request_id``, or None."""
        rows = self._store.execute("SELECT id FROM wallets WHERE request_id = ?", (request_id,))
        return bytes(rows[0][0]) if rows else None

    def locked(self, identifier: bytes) -> Locked:
        """What lies behind the locks of a wallet that is in the table."""
        lock, host_key, share = self._store.execute(
            "SELECT lock, host_key, share FROM wallets WHERE id = ?", (identifier,)
        )[0]
        return Locked(
            decode(Lock, bytes(lock), 64 * 1024), bytes(host_key), bytes(share) if share is not None else None
        )

    def put_pending(self, identifier: bytes, request: WalletRequest, lock: Lock, host_key: bytes) -> None:
        """Keep the host secret key of a key generation, in place of an earlier attempt's at the same wallet.

        Replacing loses nothing: a new attempt gets this far only if every device takes part in it, and none does that
        has finished the earlier one; and the owner accepts a birth only from all devices, this one included.
        Raises ``SessionAborted`` (``superseded``) where the wallet was born meanwhile.
        """
        known = self.get(identifier)
        if known is not None and known.born:
            raise SessionAborted("superseded", "this device has its share of the wallet already")
        self._store.execute("DELETE FROM wallets WHERE id = ? AND birth IS NULL", (identifier,))
        self._store.execute(
            "INSERT INTO wallets VALUES (?, ?, ?, ?, ?, NULL, NULL, 0, 0, 0)",
            (identifier, request.request_id, encode(request), encode(lock), host_key),
        )

    def put_born(
        self,
        identifier: bytes,
        request: WalletRequest,
        locked: Locked,
        signed_birth: bytes,
    ) -> None:
        """Keep the share, locked, and the signed birth. Written whole, so that share and lock always fit together."""
        self.put_pending(identifier, request, locked.lock, locked.host_key)
        self._store.execute(
            "UPDATE wallets SET share = ?, birth = ? WHERE id = ? AND birth IS NULL",
            (locked.share, signed_birth, identifier),
        )

    def window(self, identifier: bytes) -> int:
        """How many addresses of each branch count as the wallet's: beyond what was signed for, a thousand."""
        reached = self._store.execute("SELECT reached FROM wallets WHERE id = ?", (identifier,))[0][0]
        return min(int(reached) + DEFAULT_WINDOW, MAX_WINDOW)

    def reach(self, identifier: bytes, index: int) -> None:
        """Remember that an address with this index takes part in something that was signed."""
        self._store.execute("UPDATE wallets SET reached = max(reached, ?) WHERE id = ?", (index, identifier))
