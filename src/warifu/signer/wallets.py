"""What a device knows of its wallets. Public things as objects, locked things as they lie in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from warifu.chains.bitcoin.address import address_for, script_for
from warifu.chains.bitcoin.descriptor import DEFAULT_WINDOW, MAX_WINDOW, WalletKeys
from warifu.chains.bitcoin.network import network_named
from warifu.chains.ethereum.address import address_of
from warifu.chains.ethereum.reading import PATH as ETHEREUM_PATH
from warifu.chains.reading import Scheme
from warifu.chains.solana.address import format_address
from warifu.errors import InputRefused, SessionAborted
from warifu.protocol.attesting import Reference
from warifu.protocol.chains import family_of
from warifu.protocol.encoding import decode, encode
from warifu.protocol.epochs import AT_BIRTH, EpochStatement, position, read_statement, statement_in
from warifu.protocol.frames import MAX_BODY_BYTES, KeyBirth, SignedBirth, WalletBirth
from warifu.protocol.request import WalletRequest, decode_request
from warifu.protocol.rules import Rules
from warifu.signer.store import Store
from warifu.signer.vault import Lock, Role
from warifu.threshold.derivation import derive
from warifu.threshold.frost.key import ThresholdKey

MAX_WALLETS = 256


class Wallet:
    """A wallet of whose keys this device has shares (``born``), or is about to get them."""

    def __init__(
        self, identifier: bytes, request: bytes, signed_birth: bytes | None, certificate: bytes = b""
    ) -> None:
        """``certificate``: of the epoch in force; empty where its shares were never refreshed."""
        self.id = identifier
        self.certificate = certificate
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
    def rules(self) -> Rules:
        """Those that it was made with. Which are in force now: ``signer.rules``."""
        return self.request.rules

    @cached_property
    def birth(self) -> WalletBirth:
        """The public outcome of key generation. Only of a wallet that is born."""
        assert self.signed_birth is not None
        signed = decode(SignedBirth, self.signed_birth, MAX_BODY_BYTES)
        return decode(WalletBirth, signed.birth, MAX_BODY_BYTES)

    @cached_property
    def epoch(self) -> EpochStatement | None:
        """What the shares in force are; None: those of its birth."""
        return read_statement(statement_in(self.certificate)) if self.certificate else None

    @cached_property
    def position(self) -> bytes:
        """Where the shares in force stand among all of this wallet (``protocol.epochs``)."""
        return position(statement_in(self.certificate)) if self.certificate else AT_BIRTH

    def key(self, scheme: Scheme) -> KeyBirth:
        """Its key for ``scheme``. ``InputRefused`` (``no-key``) where it has none."""
        return self.birth.key(scheme)

    def threshold_key(self, scheme: Scheme) -> ThresholdKey:
        """What signing sessions need. ``InputRefused`` (``no-key``)."""
        key, epoch = self.key(scheme), self.epoch
        shares = epoch.shares(scheme.value) if epoch is not None else key.public_shares
        return ThresholdKey(self.request.threshold, len(self.identities), key.threshold_public, shares)

    def tweaks(self, scheme: Scheme, path: tuple[int, ...]) -> tuple[bytes, ...]:
        """The plain tweaks that lead from the key for ``scheme`` along ``path``."""
        if not path:
            return ()
        key = self.key(scheme)
        return derive(key.threshold_public, key.chain_code, path).tweaks

    @cached_property
    def bitcoin(self) -> WalletKeys:
        """For deriving addresses; remembers what it derived. ``InputRefused`` (``no-key``)."""
        key = self.key(Scheme.BIP340)
        return WalletKeys(key.threshold_public, key.chain_code, network_named(self.request.network))

    @cached_property
    def ethereum(self) -> str:
        """The address of its account on every EVM chain. ``InputRefused`` (``no-key``)."""
        key = self.key(Scheme.ECDSA)
        return address_of(derive(key.threshold_public, key.chain_code, ETHEREUM_PATH).public_key)

    @cached_property
    def solana(self) -> str:
        """The address of its account on Solana. ``InputRefused`` (``no-key``)."""
        return format_address(self.key(Scheme.ED25519).threshold_public)

    def owns(self, chain: str, address: str, window: int) -> bool:
        """Whether an address in its one text form is the wallet's, by derivation. ``window``: how many Bitcoin
        addresses of each branch count as its own."""
        try:
            match family_of(chain):
                case "bitcoin":
                    script = script_for(address, self.bitcoin.network)
                    canonical = address_for(script, self.bitcoin.network) == address
                    return canonical and self.bitcoin.find(script, window) is not None
                case "eip155":
                    return address == self.ethereum
                case "solana":
                    return address == self.solana
        except InputRefused:  # no such key, or no address there
            return False


@dataclass(frozen=True)
class Locked:
    """A wallet's lock and what lies behind it, each record by its role."""

    lock: Lock
    records: Mapping[Role, bytes]


class Wallets:
    """The table of wallets. Objects are kept, because what they derive is dear; what changes is read each time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[bytes, Wallet] = {}

    def get(self, identifier: bytes) -> Wallet | None:
        """The wallet with this id, or None."""
        if identifier not in self._known:
            rows = self._store.execute(
                "SELECT request, birth, certificate FROM wallets LEFT JOIN epochs ON wallet = id WHERE id = ?",
                (identifier,),
            )
            if not rows:
                return None
            request, birth, certificate = rows[0]
            wallet = Wallet(
                identifier,
                bytes(request),
                bytes(birth) if birth is not None else None,
                bytes(certificate or b""),
            )
            if not wallet.born:
                return wallet
            self._known[identifier] = wallet
        return self._known[identifier]

    def forget(self, identifier: bytes) -> None:
        """Read this wallet anew the next time: what it is made of changed."""
        self._known.pop(identifier, None)

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
        (row,) = self._store.execute("SELECT lock FROM wallets WHERE id = ?", (identifier,))
        keys = self._store.execute("SELECT scheme, host_key, share FROM keys WHERE wallet = ?", (identifier,))
        records = {
            Role("host-key", scheme): bytes(host_key) for scheme, host_key, _ in keys if host_key is not None
        }
        records |= {Role("share", scheme): bytes(share) for scheme, _, share in keys if share is not None}
        return Locked(decode(Lock, bytes(row[0]), 64 * 1024), records)

    def put_pending(self, identifier: bytes, request: WalletRequest, locked: Locked) -> None:
        """Keep the host secret keys of a key generation, in place of an earlier attempt's at the same wallet.

        Replacing loses nothing: a new attempt gets this far only if every device takes part in it, and none does that
        has finished the earlier one; and the owner accepts a birth only from all devices, this one included.
        Raises ``SessionAborted`` (``superseded``) where the wallet was born meanwhile.
        """
        known = self.get(identifier)
        if known is not None and known.born:
            raise SessionAborted("superseded", "this device has its share of the wallet already")
        self._store.execute("DELETE FROM keys WHERE wallet = ?", (identifier,))
        self._store.execute("DELETE FROM wallets WHERE id = ?", (identifier,))
        self._store.execute(
            "INSERT INTO wallets VALUES (?, ?, ?, ?, NULL, 0, 0, 0)",
            (identifier, request.request_id, encode(request), encode(locked.lock)),
        )
        for scheme in request.schemes:
            self._store.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?)",
                (
                    identifier,
                    scheme,
                    locked.records[Role("host-key", scheme)],
                    locked.records.get(Role("share", scheme)),
                ),
            )

    def put_born(
        self, identifier: bytes, request: WalletRequest, locked: Locked, signed_birth: bytes
    ) -> None:
        """Keep the shares, locked, and the signed birth. Written whole, so that share and lock always fit together."""
        assert all(Role("share", scheme) in locked.records for scheme in request.schemes)
        self.put_pending(identifier, request, locked)
        self._store.execute("UPDATE wallets SET birth = ? WHERE id = ?", (signed_birth, identifier))

    def references(self, identifier: bytes) -> dict[bytes, Reference]:
        """What devices were accepted as after the wallet was made, by identity."""
        rows = self._store.execute("SELECT identity, reference FROM accepted WHERE wallet = ?", (identifier,))
        return {bytes(identity): decode(Reference, bytes(kept), 64 * 1024) for identity, kept in rows}

    def accept(self, identifier: bytes, identity: bytes, reference: Reference) -> None:
        """From now on the device ``identity`` of the wallet is expected to be this."""
        self._store.execute(
            "INSERT OR REPLACE INTO accepted VALUES (?, ?, ?)", (identifier, identity, encode(reference))
        )

    def window(self, identifier: bytes) -> int:
        """How many addresses of each branch count as the wallet's: beyond what was signed for, a thousand."""
        reached = self._store.execute("SELECT reached FROM wallets WHERE id = ?", (identifier,))[0][0]
        return min(int(reached) + DEFAULT_WINDOW, MAX_WINDOW)

    def reach(self, identifier: bytes, index: int) -> None:
        """Remember that an address with this index takes part in something that was signed."""
        self._store.execute(
            "UPDATE wallets SET reached = ? WHERE id = ? AND reached < ?", (index, identifier, index)
        )
