"""This device as a keeper: pieces of other devices' sealing secrets, in its store, released to the right boot.

``tee.release_keeper`` judges. Here it gets the store as its shelf, what the owner accepts each device as in every
wallet that both share, and the journal. A release is counted and written down before the piece leaves, in a transaction
that no old disk undoes where the platform has a counter. A frozen device releases nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Literal

from warifu.attestation.expectation import Expectation
from warifu.protocol.events.device import PieceKept, PieceReleased
from warifu.protocol.frames import AskPiece
from warifu.protocol.journal import peer
from warifu.protocol.release import AskChallenge, Signed
from warifu.signer.device import Device
from warifu.signer.epoch import Epoch
from warifu.signer.expecting import accepted
from warifu.signer.store import Store
from warifu.tee.release_keeper import Keeper


class _Shelf:
    """The store, with lasting transactions: a count that an old disk takes back would let a copy in again."""

    def __init__(self, store: Store, epoch: Epoch) -> None:
        self._store = store
        self._epoch = epoch

    def get(self, name: str) -> bytes | None:
        return self._store.get(name)

    def put(self, name: str, value: bytes) -> None:
        self._store.put(name, value)

    def remove(self, name: str) -> None:
        self._store.remove(name)

    def transaction(self) -> AbstractContextManager[None]:
        return self._epoch.lasting()


def keeper_of(device: Device) -> Keeper:
    """The keeper that this device is. Challenges that it has open are forgotten with it."""

    def note(deed: Literal["kept", "released"], of: bytes, set_id: bytes, boot: int) -> None:
        event = PieceKept(of, set_id) if deed == "kept" else PieceReleased(of, set_id, boot)
        device.journal.append(event, device.clock.now(), peer(of))

    return Keeper(
        device.identity, _Shelf(device.store, device.epoch), lambda of: expected_of(device, of), note=note
    )


def expected_of(device: Device, identity: bytes) -> Sequence[Expectation]:
    """What the owner accepts the device ``identity`` as, once for each wallet that it and this device share."""
    wallets = [wallet for wallet in device.wallets.all() if identity in wallet.names]
    return [accepted(device, wallet)[identity] for wallet in wallets]


def answer_boot(device: Device, keeper: Keeper, message: AskPiece) -> Signed:
    """Answer another device's boot. Raises what ``Keeper`` refuses with, ``PolicyDenied`` (``frozen``)."""
    device.freeze.require_none()
    now, question = device.clock.now(), message.question
    if isinstance(question, AskChallenge):
        return keeper.challenge(question.set, now)
    return keeper.release(question, now)
