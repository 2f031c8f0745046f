"""What a stolen disk shows: nothing. And what lies in its files after a passphrase was typed: not the passphrase.

The secrets are caught where they exist, by hooks that only this test puts in, and then looked for in every byte of
every file that the devices have.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.simulator import FRIEND, FRIEND_SCRIPT, PASSPHRASE, Household, signed

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.errors import WarifuError
from warifu.signer.sessions import frost as frost_module
from warifu.signer.vault import OpenLock
from warifu.threshold.frost.nonces import SecretNonce

pytestmark = pytest.mark.unit


def forms(secret: bytes) -> Iterator[bytes]:
    """As raw bytes, reversed (another byte order), and as text."""
    yield secret
    yield secret[::-1]
    yield secret.hex().encode()


def test_neither_passphrase_nor_share_nor_nonce_nor_history_is_in_any_file(tmp_path: Path, monkeypatch):
    caught: dict[str, set[bytes]] = {"share": set(), "nonce": set(), "lock": set()}
    original_lock, original_unlock = OpenLock.lock, OpenLock.unlock
    original_consume = SecretNonce.consume

    def lock(self, role, secret):
        caught["share"].add(secret.expose())
        caught["lock"].add(self._key.expose())
        return original_lock(self, role, secret)

    def unlock(self, role, record):
        secret = original_unlock(self, role, record)
        caught["share"].add(secret.expose())
        return secret

    def consume(self):
        halves = original_consume(self)
        caught["nonce"].update(half.expose() for half in halves)
        return halves

    monkeypatch.setattr(OpenLock, "lock", lock)
    monkeypatch.setattr(OpenLock, "unlock", unlock)
    monkeypatch.setattr(SecretNonce, "consume", consume)

    home = Household(tmp_path, 3)
    home.make_wallet(2)
    payment = home.pay(123_456)
    assert signed(payment, home.sign(payment))
    home.sign(home.pay(), passphrase="a wrong one")
    while_open = {name: device.disk() for name, device in home.devices.items()}
    home.close()
    after = {name: device.disk() for name, device in home.devices.items()}

    assert len(caught["share"]) == 6 and len(caught["nonce"]) == 4
    secrets = [*caught["share"], *caught["nonce"], *caught["lock"]]
    secrets += [PASSPHRASE.encode(), b"a wrong one", b"correct horse"]
    keys = home.keys
    assert keys is not None
    public = [
        FRIEND.encode(),
        FRIEND_SCRIPT[2:],
        keys.script(KeyPath(Branch.RECEIVE, 0))[2:],
        keys.address(KeyPath(Branch.RECEIVE, 0)).encode(),
        keys.threshold_public,
        keys.chain_code,
        payment.request.transaction,
        payment.request.request_id,
        home.owner.public,
        *(device.device.identity.public for device in home.devices.values()),
        b"device0",
        b"regtest",
        b"journal",
        b"CREATE TABLE",
    ]
    for disks in (while_open, after):
        for name, disk in disks.items():
            assert len(disk) > 10_000
            for secret in (*secrets, *public, home[name].device.identity.seed()):
                for form in forms(secret):
                    assert form not in disk, (name, form)


def test_the_share_is_wiped_when_its_session_ends(tmp_path, monkeypatch):
    seen = []
    original = frost_module.FrostCeremony.__init__

    def init(self, seat, task, share):
        seen.append(share)
        original(self, seat, task, share)

    monkeypatch.setattr(frost_module.FrostCeremony, "__init__", init)
    home = Household(tmp_path, 2)
    home.make_wallet(2)
    payment = home.pay()
    ceremonies: list[Any] = []
    openings = home.openings(payment.request, home.names, payment.unsigned)
    outcome = home.run(
        openings,
        opened=lambda: ceremonies.extend(
            device.signer._ceremonies._running.copy() for device in home.devices.values()
        ),
    )
    assert signed(payment, outcome)
    for ceremony in (ceremony for sessions in ceremonies for ceremony in sessions.values()):
        assert ceremony._share.wiped
        assert all(signing._share.wiped and signing._nonce.used for signing in ceremony._signing)
    assert len(seen) == 2 and all(share.wiped for share in seen)
    home.close()


def test_the_passphrase_buffer_is_wiped_whatever_comes_of_the_try(tmp_path, monkeypatch):
    buffers = []
    home = Household(tmp_path, 1)
    home.make_wallet(1)
    keys = home["device0"].device.envelope_keys
    original = type(keys).open

    def opened(self, envelope, request, now):
        passphrase = original(self, envelope, request, now)
        buffers.append(passphrase)
        return passphrase

    monkeypatch.setattr(type(keys), "open", opened)
    payment = home.pay()
    assert signed(payment, home.sign(payment))
    home.sign(home.pay(first_coin=2), passphrase="wrong")
    home.run(home.openings(home.new_wallet_request(1), ["device0"]))
    assert len(buffers) == 3
    assert all(buffer and not any(buffer) for buffer in buffers)
    home.close()


def test_no_error_ever_repeats_the_passphrase(tmp_path):
    home = Household(tmp_path, 1)
    home.make_wallet(1)
    errors: list[WarifuError] = list(home.sign(home.pay(), passphrase="tell-nobody").failed.values())
    assert len(errors) == 1
    for error in errors:
        assert "tell-nobody" not in repr(vars(error)) + str(error)
    home.close()
