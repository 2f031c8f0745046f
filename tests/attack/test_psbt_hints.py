"""What a PSBT says beside its transaction is no authorization: hints that claim an output to be change, keys and paths,
sighash types, foreign fields, amounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from tests.support.attacker import Attacker, altered, with_outputs
from tests.support.simulator import THIEF_SCRIPT, Household, Spend, signed

from warifu.chains.bitcoin.descriptor import Branch, KeyPath
from warifu.chains.bitcoin.psbt import KeyOrigin, Psbt, PsbtOutput, UnknownField, parse_psbt
from warifu.chains.bitcoin.transaction import TxOutput
from warifu.units import Satoshi

pytestmark = [pytest.mark.unit, pytest.mark.slow]

CHANGE = KeyPath(Branch.CHANGE, 0)


def with_thief(psbt: Psbt, hints: PsbtOutput) -> Psbt:
    """The change goes to the thief, with these hints beside the output."""
    paid, change = psbt.transaction.outputs
    outputs = (paid, TxOutput(change.amount, THIEF_SCRIPT))
    return replace(
        psbt, transaction=replace(psbt.transaction, outputs=outputs), outputs=(psbt.outputs[0], hints)
    )


def origin(home: Household, path: KeyPath) -> PsbtOutput:
    """What BDK writes beside real change."""
    assert home.keys is not None
    key = home.keys.key(path).internal_key
    return PsbtOutput(
        tap_internal_key=key, tap_origins=(KeyOrigin(key, bytes(4), (path.branch, path.index)),)
    )


@pytest.mark.parametrize("path", [CHANGE, KeyPath(Branch.CHANGE, 7), KeyPath(Branch.RECEIVE, 0)])
def test_a_taproot_derivation_that_claims_the_thiefs_output_to_be_change(
    home: Household, attacker: Attacker, path
):
    payment = home.pay()
    lie = altered(payment, lambda psbt: with_thief(psbt, origin(home, path)))
    attacker.refused("transaction.extra-output", lambda: attacker.show(payment, [lie]))


def test_and_the_owner_was_made_to_name_that_transaction(home: Household, attacker: Attacker):
    payment = home.pay()
    lie = altered(payment, lambda psbt: with_thief(psbt, origin(home, CHANGE)))
    named = msgspec.structs.replace(payment.request, transaction=parse_psbt(lie).transaction.txid)
    attacker.refused("transaction.extra-output", lambda: home.sign(Spend(named, lie)))


FIELDS: list[tuple[str, bytes, bytes]] = [
    ("output", b"\x02" + b"\x02" * 33, bytes(4) + (1).to_bytes(4, "little") * 2),  # BIP32_DERIVATION
    ("output", b"\x00", b"\x51"),  # REDEEM_SCRIPT
    ("output", b"\x01", b"\x51"),  # WITNESS_SCRIPT
    ("output", b"\x06", b"\x00\xc0\x01\x51"),  # TAP_TREE
    ("output", b"\xfc\x06wallet\x00", b"change"),  # PROPRIETARY
    ("output", b"\x50is-change", b"\x01"),  # a number that nobody knows
    ("output", b"\x03", (1).to_bytes(8, "little")),  # AMOUNT, of version 2
    ("output", b"\x04", b"\x51"),  # SCRIPT, of version 2
    ("global", b"\x02", (2).to_bytes(4, "little")),  # TX_VERSION, of version 2
    ("global", b"\x06", b"\x03"),  # TX_MODIFIABLE
    ("global", b"\xfc\x06wallet\x00", b"approved by the owner"),
    ("global", b"\x09", b"sign this"),  # GENERIC_SIGNED_MESSAGE
    ("input", b"\x06" + b"\x02" * 33, bytes(4)),  # BIP32_DERIVATION
    ("input", b"\x18", bytes(32)),  # TAP_MERKLE_ROOT
    ("input", b"\x15" + b"\xc0" * 33, b"\x51\xc0"),  # TAP_LEAF_SCRIPT
    ("input", b"\x14" + bytes(64), bytes(64)),  # TAP_SCRIPT_SIG
    ("input", b"\x02" + b"\x02" * 33, bytes(70)),  # PARTIAL_SIG
    ("input", b"\x04", b"\x51"),  # REDEEM_SCRIPT
    ("input", b"\x07", b"\x51"),  # FINAL_SCRIPTSIG
]


@pytest.mark.parametrize(("scope", "key", "value"), FIELDS, ids=range(len(FIELDS)))
def test_a_field_that_says_more_than_a_signer_understands(
    home: Household, attacker: Attacker, scope, key, value
):
    """Also beside the very transaction that the owner named: what is not understood may mean anything to somebody."""
    payment = home.pay()
    lie = altered(payment, lambda psbt: with_field(psbt, UnknownField(scope, 0, key, value)))
    attacker.refused({"transaction.unknown-field", "input.psbt-form"}, lambda: attacker.show(payment, [lie]))


def with_field(psbt: Psbt, found: UnknownField) -> Psbt:
    if found.scope == "global":
        return replace(psbt, unknown=(found,))
    if found.scope == "input":
        return replace(psbt, inputs=(replace(psbt.inputs[0], unknown=(found,)), *psbt.inputs[1:]))
    return replace(psbt, outputs=(replace(psbt.outputs[0], unknown=(found,)), *psbt.outputs[1:]))


@pytest.mark.parametrize("sighash", [0x01, 0x02, 0x03, 0x81, 0x82, 0x83, 0x40, 0xFFFFFFFF])
def test_a_sighash_type_that_would_leave_outputs_or_inputs_open(home: Household, attacker: Attacker, sighash):
    payment = home.pay()
    lie = altered(
        payment, lambda psbt: replace(psbt, inputs=(replace(psbt.inputs[0], sighash_type=sighash),))
    )
    attacker.refused("transaction.sighash-type", lambda: attacker.show(payment, [lie]))


def of_spent(change: Callable[[TxOutput], TxOutput]) -> Callable[[Psbt], Psbt]:
    def changed(psbt: Psbt) -> Psbt:
        spent = psbt.inputs[0].spent
        assert spent is not None
        coin = change(spent)
        return replace(psbt, inputs=(replace(psbt.inputs[0], witness_utxo=coin, spent=coin),))

    return changed


def test_a_coin_that_is_said_to_be_worth_less_so_that_the_fee_looks_small(
    home: Household, attacker: Attacker
):
    """The transaction is the owner's, and its id. To all signers alike it changes what they sign, which pays nobody; to
    one of them alone it is found out before."""
    payment = home.pay(fee=2_000)
    lie = altered(payment, of_spent(lambda coin: replace(coin, amount=Satoshi(coin.amount - 1_500))))
    attacker.refused("peer.transaction-differs", lambda: attacker.show(payment, [payment.unsigned, lie]))


def test_a_coin_that_is_said_to_be_worth_more_or_to_be_the_wallets(home: Household, attacker: Attacker):
    payment = home.pay()
    more = altered(payment, of_spent(lambda coin: replace(coin, amount=Satoshi(coin.amount + 1))))
    attacker.refused("transaction.fee-over-ceiling", lambda: attacker.show(payment, [more]))
    foreign = altered(payment, of_spent(lambda coin: replace(coin, script=THIEF_SCRIPT)))
    attacker.refused("transaction.foreign-input", lambda: attacker.show(payment, [foreign]))


def test_a_hint_that_contradicts_the_key_which_was_found(home: Household, attacker: Attacker):
    payment = home.pay()
    other = origin(home, KeyPath(Branch.CHANGE, 3))
    inputs = altered(
        payment,
        lambda psbt: replace(
            psbt, inputs=(replace(psbt.inputs[0], tap_internal_key=other.tap_internal_key),)
        ),
    )
    attacker.refused("transaction.hint", lambda: attacker.show(payment, [inputs]))
    payment = home.pay(first_coin=1)
    outputs = altered(payment, lambda psbt: replace(psbt, outputs=(psbt.outputs[0], other)))
    attacker.refused("transaction.hint", lambda: attacker.show(payment, [outputs]))


def test_signatures_and_witnesses_that_are_there_already_are_nobodys_yes(home: Household):
    """They change nothing: the signers make their own, of this transaction, or none."""
    payment = home.pay()
    finished = altered(
        payment,
        lambda psbt: replace(
            psbt, inputs=(replace(psbt.inputs[0], tap_key_signature=bytes(64), final_witness=(bytes(64),)),)
        ),
    )
    outcome = home.run(home.openings(payment.request, ("device0", "device1"), finished))
    assert signed(payment, outcome).txid == payment.request.transaction


def test_without_any_hint_the_wallets_own_change_is_still_known(home: Household):
    payment = home.pay()
    bare = with_outputs(payment, lambda outputs: outputs)
    assert signed(payment, home.run(home.openings(payment.request, ("device0", "device1"), bare)))
