"""The shares of a wallet that are in force, and new ones beside them, each locked as it is and never opened here.

A device that gave its word for new shares keeps them until those of a greater position are in force: somebody may hold
the words of all. More than one set waits beside those in force only where refreshes broke off.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from warifu.protocol.encoding import decode, encode
from warifu.protocol.epochs import position, statement_in
from warifu.protocol.frames import MAX_BODY_BYTES, SignedBirth
from warifu.signer.store import Store
from warifu.signer.vault import Role
from warifu.signer.wallets import Wallet, Wallets

MAX_KEPT = 16
"""Sets of new shares that wait for the words of all: refreshes that broke off at their very end, one after another."""


class Shares:
    """The tables ``epochs`` and ``kept_shares``, and what of ``keys`` a refresh changes. Inside transactions."""

    def __init__(self, store: Store, wallets: Wallets) -> None:
        self._store = store
        self._wallets = wallets

    def kept(self, wallet: bytes) -> dict[bytes, bytes]:
        """The encoded statements of the sets that wait, by position."""
        rows = self._store.execute(
            "SELECT DISTINCT position, statement FROM kept_shares WHERE wallet = ?", (wallet,)
        )
        return {bytes(place): bytes(statement) for place, statement in rows}

    def keep(self, wallet: Wallet, statement: bytes, records: Mapping[Role, bytes]) -> None:
        """Lay these (locked) shares of the encoded ``statement`` beside those in force."""
        for scheme in wallet.request.schemes:
            self._store.execute(
                "INSERT INTO kept_shares VALUES (?, ?, ?, ?, ?)",
                (wallet.id, position(statement), statement, scheme, records[Role("share", scheme)]),
            )

    def put_in_force(self, wallet: Wallet, certificate: bytes) -> None:
        """Use the set with this (checked) certificate, which waits, from now on.

        The shares that were in force are deleted, and what gives the shares of birth: the host secret keys, and the
        recovery data in the signed birth. So are sets of a lower position: whoever puts one of those in force goes on
        to this one. A set of a greater one stays, because it may be certified as well.
        """
        place = position(statement_in(certificate))
        waiting = self._store.execute(
            "DELETE FROM kept_shares WHERE wallet = ? AND position = ? RETURNING scheme, share",
            (wallet.id, place),
        )
        self._store.execute("DELETE FROM kept_shares WHERE wallet = ? AND position < ?", (wallet.id, place))
        assert {scheme for scheme, _ in waiting} == set(wallet.request.schemes), "a set is kept whole"
        for scheme, share in waiting:
            self._store.execute(
                "UPDATE keys SET share = ?, host_key = NULL WHERE wallet = ? AND scheme = ?",
                (share, wallet.id, scheme),
            )
        self._store.execute("INSERT OR REPLACE INTO epochs VALUES (?, ?)", (wallet.id, certificate))
        self._store.execute(
            "UPDATE wallets SET birth = ? WHERE id = ?", (_without_recovery(wallet), wallet.id)
        )
        self._wallets.forget(wallet.id)


def _without_recovery(wallet: Wallet) -> bytes:
    assert wallet.signed_birth is not None, "only a wallet that is born is refreshed"
    signed = decode(SignedBirth, wallet.signed_birth, MAX_BODY_BYTES)
    return encode(msgspec.structs.replace(signed, recovery=(b"",) * len(signed.recovery)))
