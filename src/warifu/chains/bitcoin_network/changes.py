"""Wallet change sets as bytes of our own, so that they can live encrypted wherever the service keeps its data.

BDK's own SQLite file would show addresses and amounts to whoever takes the disk, and its change sets do not serialise
themselves from Python. So each part is written down in one versioned MessagePack structure. Change sets add up:
merging all that were appended gives the wallet. They come back from an authenticated store, but are still parsed
strictly: a damaged one stops the wallet instead of hiding a coin.
"""

from __future__ import annotations

from collections.abc import Sequence

import bdkpython as bdk
import msgspec

from warifu.errors import StoreDamaged

VERSION = b"\x01"
"""First byte of every entry: another meaning of the fields below is another version."""

_NETWORKS = {
    "bitcoin": bdk.Network.BITCOIN,
    "testnet": bdk.Network.TESTNET,
    "signet": bdk.Network.SIGNET,
    "regtest": bdk.Network.REGTEST,
}
_NETWORK_NAMES = {network: name for name, network in _NETWORKS.items()}


class Anchor(msgspec.Struct, frozen=True, array_like=True):
    """The block (height, 32-byte hash, time) in which a transaction (32-byte id) is."""

    height: int
    block_hash: bytes
    time: int
    txid: bytes


class ForeignOutput(msgspec.Struct, frozen=True, array_like=True):
    """An output of a transaction that is not ours, known because one of ours spends it."""

    txid: bytes
    vout: int
    amount: int
    script: bytes


class Changes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One change set, or many merged. A block hash of None takes that checkpoint away (a reorganisation)."""

    network: str | None = None
    descriptor: str | None = None
    change_descriptor: str | None = None
    checkpoints: tuple[tuple[int, bytes | None], ...] = ()
    transactions: tuple[bytes, ...] = ()
    foreign_outputs: tuple[ForeignOutput, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    last_seen: tuple[tuple[bytes, int], ...] = ()
    first_seen: tuple[tuple[bytes, int], ...] = ()
    last_evicted: tuple[tuple[bytes, int], ...] = ()
    last_revealed: tuple[tuple[bytes, int], ...] = ()
    reserved: tuple[tuple[bytes, int, bool], ...] = ()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Changes)


def encode_changes(changes: Changes) -> bytes:
    """The bytes to store."""
    return VERSION + _encoder.encode(changes)


def decode_changes(data: bytes) -> Changes:
    """What ``encode_changes`` wrote; ``StoreDamaged`` (``wallet-changes``) for anything else."""
    try:
        if data[:1] == VERSION:
            return _decoder.decode(data[1:])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    raise StoreDamaged(
        "wallet-changes",
        "a stored change set of the wallet cannot be read",
        not_done="The wallet was not opened.",
        remedy="Restore the service's database, or let the wallet be scanned again from its birthday.",
    )


def merge_stored(entries: Sequence[bytes]) -> bytes:
    """All ``entries`` as one: what a store may put in their place, so that years of blocks do not pile up."""
    return encode_changes(from_bdk(merge(entries)))


def merge(entries: Sequence[bytes]) -> bdk.ChangeSet:
    """The sum of stored change sets, in their order."""
    merged = to_bdk(Changes())
    for entry in entries:
        merged = bdk.ChangeSet.from_merge(merged, to_bdk(decode_changes(entry)))
    return merged


# --- BDK's types -------------------------------------------------------------------------------------------------


def bdk_network(name: str) -> bdk.Network:
    """BDK's name of a network; ``StoreDamaged`` for a name that is not one of ours."""
    if name not in _NETWORKS:
        raise StoreDamaged("wallet-changes", f"the wallet is of an unknown network {name[:20]!r}")
    return _NETWORKS[name]


def bdk_descriptor(text: str, network: bdk.Network) -> bdk.Descriptor:
    """A descriptor for ``network``; ``StoreDamaged`` (``descriptor``) where BDK does not take it."""
    kind = bdk.NetworkKind.MAIN if network is bdk.Network.BITCOIN else bdk.NetworkKind.TEST
    try:
        return bdk.Descriptor(text, kind)
    except (bdk.DescriptorError, bdk.DescriptorKeyError) as error:
        raise StoreDamaged("descriptor", f"the wallet's descriptor is not valid: {error}") from None


def bdk_outpoint(txid: bytes, vout: int) -> bdk.OutPoint:
    """BDK's outpoint."""
    return bdk.OutPoint(txid=bdk.Txid.from_bytes(txid), vout=vout)


def to_bdk(changes: Changes) -> bdk.ChangeSet:
    """``changes`` in BDK's types; ``StoreDamaged`` where it does not take them."""
    try:
        return _to_bdk(changes)
    except (bdk.HashParseError, bdk.TransactionError, OverflowError, ValueError) as error:
        raise StoreDamaged(
            "wallet-changes", f"a stored change set of the wallet is not valid: {type(error).__name__}"
        ) from None


def _to_bdk(changes: Changes) -> bdk.ChangeSet:
    network = None if changes.network is None else bdk_network(changes.network)
    known = network or bdk.Network.REGTEST
    checkpoints = [
        bdk.ChainChange(height=height, hash=None if value is None else bdk.BlockHash.from_bytes(value))
        for height, value in changes.checkpoints
    ]
    graph = bdk.TxGraphChangeSet(
        txs=[bdk.Transaction(raw) for raw in changes.transactions],
        txouts={
            bdk.HashableOutPoint(bdk_outpoint(item.txid, item.vout)): bdk.TxOut(
                value=bdk.Amount.from_sat(item.amount), script_pubkey=bdk.Script(item.script)
            )
            for item in changes.foreign_outputs
        },
        anchors=[_to_bdk_anchor(anchor) for anchor in changes.anchors],
        last_seen=_times(changes.last_seen),
        first_seen=_times(changes.first_seen),
        last_evicted=_times(changes.last_evicted),
    )
    revealed = {bdk.DescriptorId.from_bytes(key): index for key, index in changes.last_revealed}
    return bdk.ChangeSet.from_aggregate_with_locked_outpoints(
        None if changes.descriptor is None else bdk_descriptor(changes.descriptor, known),
        None if changes.change_descriptor is None else bdk_descriptor(changes.change_descriptor, known),
        network,
        bdk.LocalChainChangeSet(changes=checkpoints),
        graph,
        bdk.IndexerChangeSet(last_revealed=revealed),
        {bdk.HashableOutPoint(bdk_outpoint(txid, vout)): locked for txid, vout, locked in changes.reserved},
    )


def _to_bdk_anchor(anchor: Anchor) -> bdk.Anchor:
    block = bdk.BlockId(height=anchor.height, hash=bdk.BlockHash.from_bytes(anchor.block_hash))
    return bdk.Anchor(
        confirmation_block_time=bdk.ConfirmationBlockTime(block_id=block, confirmation_time=anchor.time),
        txid=bdk.Txid.from_bytes(anchor.txid),
    )


def _times(pairs: tuple[tuple[bytes, int], ...]) -> dict[bdk.Txid, int]:
    return {bdk.Txid.from_bytes(txid): time for txid, time in pairs}


def from_bdk(changes: bdk.ChangeSet) -> Changes:
    """``changes`` in our own types, everything sorted: equal wallets give equal bytes."""
    graph = changes.tx_graph_changeset()
    network = changes.network()
    descriptor, change_descriptor = changes.descriptor(), changes.change_descriptor()
    return Changes(
        network=None if network is None else _NETWORK_NAMES[network],
        descriptor=None if descriptor is None else str(descriptor),
        change_descriptor=None if change_descriptor is None else str(change_descriptor),
        checkpoints=tuple(
            sorted(
                (change.height, None if change.hash is None else bytes(change.hash.serialize()))
                for change in changes.localchain_changeset().changes
            )
        ),
        transactions=tuple(sorted(bytes(transaction.serialize()) for transaction in graph.txs)),
        foreign_outputs=tuple(
            sorted(
                (_foreign_output(key.outpoint(), output) for key, output in graph.txouts.items()),
                key=lambda item: (item.txid, item.vout),
            )
        ),
        anchors=tuple(
            sorted(map(_from_bdk_anchor, graph.anchors), key=lambda item: (item.txid, item.height))
        ),
        last_seen=_pairs(graph.last_seen),
        first_seen=_pairs(graph.first_seen),
        last_evicted=_pairs(graph.last_evicted),
        last_revealed=tuple(
            sorted(
                (bytes(key.serialize()), index)
                for key, index in changes.indexer_changeset().last_revealed.items()
            )
        ),
        reserved=tuple(
            sorted(
                (bytes(key.outpoint().txid.serialize()), key.outpoint().vout, locked)
                for key, locked in changes.locked_outpoints_changeset().items()
            )
        ),
    )


def _from_bdk_anchor(anchor: bdk.Anchor) -> Anchor:
    block = anchor.confirmation_block_time.block_id
    return Anchor(
        block.height,
        bytes(block.hash.serialize()),
        anchor.confirmation_block_time.confirmation_time,
        bytes(anchor.txid.serialize()),
    )


def _foreign_output(outpoint: bdk.OutPoint, output: bdk.TxOut) -> ForeignOutput:
    return ForeignOutput(
        bytes(outpoint.txid.serialize()),
        outpoint.vout,
        output.value.to_sat(),
        bytes(output.script_pubkey.to_bytes()),
    )


def _pairs(times: dict[bdk.Txid, int]) -> tuple[tuple[bytes, int], ...]:
    return tuple(sorted((bytes(txid.serialize()), time) for txid, time in times.items()))
