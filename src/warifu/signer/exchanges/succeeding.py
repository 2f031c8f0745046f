"""How a born key takes the place of an account's: all keep it before any uses it, and each that uses it can show why.

A device that switched alone would leave its wallet with fewer than t devices for either key, and where it broke off
there nothing would come home. So the new key waits beside the old one until its API key was brought to *every* holder.
Their words for it, signed, are what each switches by; they are kept with the account, so that whoever switched can
bring the others to it, though one that gave its word is lost since. Nobody has to be asked again for that: no owner,
and no service that remembers anything.

In a frozen wallet it goes on: as many owners as it takes wanted this key, and what is abroad comes home by whichever
key t devices have. A frozen device does nothing.
"""

from __future__ import annotations

from warifu.errors import InputRefused
from warifu.protocol.events.exchanges import ExchangeAccountReplaced
from warifu.protocol.exchange_answers import Succession
from warifu.protocol.frames import AskSuccession, PutAccountInForce
from warifu.protocol.identity import verify
from warifu.protocol.journal import DEVICE
from warifu.signer.device import Device
from warifu.signer.exchanges.accounts import Account
from warifu.signer.exchanges.keeping import end_visits

_PURPOSE = "exchange-succession"


def tell_succession(device: Device, frame: AskSuccession) -> Succession:
    """This device's word that it keeps that key, and everybody's where they put it in force here. ``InputRefused``
    (``unknown-account``)."""
    there = _in_force(device, frame)
    if there is None and _waiting(device, frame) is None:
        raise InputRefused("unknown-account", "this device keeps no such key for the account")
    word = device.identity.sign(_PURPOSE, frame.succession)
    return Succession(frame.succession, word, there.together if there is not None else ())


def put_in_force(device: Device, frame: PutAccountInForce) -> Succession:
    """Use the key that waits. The same again changes nothing.

    Raises ``InputRefused`` (``unknown-account``: no such key waits here; ``holders``: it takes the word of each),
    ``AuthorizationRefused`` (``signature``), ``PolicyDenied`` (``frozen``: the device).
    """
    device.freeze.require_none()
    successor, now = _waiting(device, frame), device.clock.now()
    if successor is not None:
        if len(frame.together) != len(successor.holders):
            raise InputRefused("holders", "a key takes another one's place by the word of all of its holders")
        for holder, word in zip(successor.holders, frame.together, strict=True):
            verify(holder, word, _PURPOSE, frame.succession)
        with device.epoch.lasting():
            there = device.accounts.get(successor.wallet, successor.name)
            assert there is not None, "a successor lies beside an account"
            end_visits(device, there, now, DEVICE)
            device.accounts.succeed(successor, frame.together)
            replaced = ExchangeAccountReplaced(
                successor.wallet, successor.name, successor.exchange, successor.public, there.public
            )
            device.journal.append(replaced, now, DEVICE)
        device.store.forget_deleted()
    return tell_succession(
        device, AskSuccession(frame.call, frame.wallet_id, frame.account, frame.succession)
    )


def _waiting(device: Device, frame: AskSuccession | PutAccountInForce) -> Account | None:
    successor = device.accounts.ready(frame.wallet_id, frame.account)
    return successor if successor is not None and successor.succession == frame.succession else None


def _in_force(device: Device, frame: AskSuccession | PutAccountInForce) -> Account | None:
    there = device.accounts.get(frame.wallet_id, frame.account)
    if there is None or not there.finished or there.succession != frame.succession:
        return None
    return there
