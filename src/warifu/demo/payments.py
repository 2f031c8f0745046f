"""Acts three and four: the eight steps of a transfer; and the same with one device switched off."""

from __future__ import annotations

import json
from collections.abc import Sequence

from warifu.chains.bitcoin.decode import decode
from warifu.cli.approvers import this_client
from warifu.cli.authorizing import ask_envelope_keys, authorized
from warifu.cli.client import segment
from warifu.cli.context import now
from warifu.cli.following import follow_transfer, refusal_error
from warifu.cli.paying import Reading, Recipient, bitcoin_order, read_draft
from warifu.cli.text import tr
from warifu.cli.wallet_keys import keys_of
from warifu.demo.scene import DEVICES, FIRST_AMOUNT, LABEL, SECOND_AMOUNT, WALLET, Scene, wait_until
from warifu.demo.telling import Telling
from warifu.errors import WarifuError
from warifu.protocol.api import (
    Accepted,
    Devices,
    Draft,
    DraftRecipient,
    Labels,
    NewDraft,
    NewLabels,
    NewTransfer,
    Transfer,
)
from warifu.protocol.request import TransferRequest
from warifu.units import format_bitcoin_amount, satoshi

PAYEE = "bcrt1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqvg32hk"
"""Where the demo pays to: somebody else's Taproot address (BIP-86's first test vector, on regtest)."""


def draft(scene: Scene, amount: int, address: str = PAYEE) -> Reading:
    """Have the service build a transaction, and read it as the owner's client does."""
    question = NewDraft(recipients=(DraftRecipient(address=address, amount=amount),), fee_rate=2000)
    built = scene.client.post(f"/wallets/{segment(WALLET)}/drafts", question, Draft)
    return read_draft(scene.born, built)


def requested(scene: Scene, reading: Reading, amount: int) -> TransferRequest:
    """What the owner authorizes: the transaction as read, if it pays what he wants."""
    recipients = (Recipient(PAYEE, satoshi(amount)),)
    return bitcoin_order(scene.born, reading, recipients, None, (), 0).request(scene.born, now())


def sealed(
    scene: Scene, request: TransferRequest, devices: Sequence[str], passphrase: bytearray
) -> tuple[bytes, tuple[bytes, ...]]:
    """The owner's authorization of ``request`` for these devices."""
    profile = scene.profile
    chosen = [profile.device(name) for name in devices]
    wallet = profile.wallet(WALLET)
    keys = ask_envelope_keys(scene.client, profile, chosen, wallet.request, (wallet.rules,), now())
    return authorized(profile, this_client(profile), request, keys, passphrase)


def hand_in(
    scene: Scene, request: TransferRequest, unsigned: bytes, devices: Sequence[str], passphrase: bytearray
) -> str:
    """Authorize ``request`` and hand it in with its unsigned transaction; the transfer's id."""
    authorization, envelopes = sealed(scene, request, devices, passphrase)
    question = NewTransfer(authorization=authorization, envelopes=envelopes, unsigned=unsigned)
    return scene.client.post("/transfers", question, Accepted).id


def send(
    scene: Scene, request: TransferRequest, reading: Reading, devices: Sequence[str], passphrase: bytearray
) -> tuple[Transfer, int]:
    """Hand it in and follow it to where it rests or is sent; raises why it was refused."""
    identifier = hand_in(scene, request, reading.psbt, devices, passphrase)
    state, seen = follow_transfer(
        scene.client, identifier, lambda event: scene.telling.step(identifier, event)
    )
    refusal: WarifuError | None = refusal_error(state)
    if refusal is not None:
        raise refusal
    return state, seen


def pay_with_three(scene: Scene) -> None:
    """Act three."""
    telling = scene.telling
    telling.act(tr("The eight steps of a transfer, signed by '{a}' and '{b}'", a=DEVICES[0], b=DEVICES[2]))
    _transfer(scene, FIRST_AMOUNT, (DEVICES[0], DEVICES[2]))
    line = json.dumps({"type": "tx", "ref": scene.txids[-1], "label": LABEL}) + "\n"
    labels = scene.client.put(f"/wallets/{segment(WALLET)}/labels", NewLabels(labels=line), Labels)
    telling.check("label", LABEL in labels.labels, tr("the owner labels it: {label}", label=LABEL))


def pay_with_two(scene: Scene) -> None:
    """Act four."""
    telling, gone = scene.telling, DEVICES[2]
    telling.act(tr("'{name}' is switched off; the other two sign", name=gone))
    scene.processes.stop(gone)
    wait_until(lambda: not _is_connected(scene, gone), "the end of its connection", 20)
    telling.say(tr("The processes of '{name}' have ended.", name=gone))
    _transfer(scene, SECOND_AMOUNT, (DEVICES[0], DEVICES[1]))


def _is_connected(scene: Scene, name: str) -> bool:
    devices = scene.client.get("/devices", Devices).devices
    return any(device.connected for device in devices if device.name == name)


def _transfer(scene: Scene, amount: int, devices: Sequence[str]) -> None:
    telling = scene.telling
    reading = draft(scene, amount)
    request = requested(scene, reading, amount)
    _show(telling, reading, amount)
    sighashes = decode(reading.psbt, reading.keys.network, keys_of(scene.born))["inputs"]
    telling.say(tr("each device computes what it signs itself: {digest}", digest=sighashes[0]["sighash"]))
    state, seen = send(scene, request, reading, devices, scene.passphrase)
    telling.check("sent", state.state == "broadcast", tr("accepted: {txid}", txid=state.txid))
    scene.txids.append(state.txid)
    block = scene.chain.mine()
    state, _ = follow_transfer(
        scene.client, state.id, lambda event: telling.step(state.id, event), confirmations=1, after=seen
    )
    confirmed, found = scene.chain.status(state.txid)
    telling.check(
        "confirmed",
        confirmed and found == block and state.txid == reading.txid,
        tr("Bitcoin Core's engine accepted it in block {block}", block=block),
    )
    telling.check(
        "journals",
        {head.device for head in state.journal} == set(devices),
        tr("each signer wrote it down"),
    )


def _show(telling: Telling, reading: Reading, amount: int) -> None:
    payment = reading.payment
    telling.say(
        tr(
            "read by the owner's client from the transaction itself: {amount} to {address}, fee {fee} sat",
            amount=format_bitcoin_amount(amount),
            address=PAYEE,
            fee=payment.fee,
        )
    )
