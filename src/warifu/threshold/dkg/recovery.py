"""Recovery: a participant's whole outcome from its host secret key and the recovery data of the session.

BIP text, "Facilitating Backup and Recovery" and "Recovering Stuck Parties". The recovery data is the transcript and the
certificate: the same for all, secret for nobody but revealing who takes part in which key, and proving itself. It can
come from a peer, the coordinator, or an untrusted backup.
"""

from __future__ import annotations

from dataclasses import dataclass

from warifu.threshold.dkg import certeq, encpedpop, simplpedpop
from warifu.threshold.dkg.errors import (
    FaultyParticipantOrCoordinator,
    HostSeckeyError,
    RecoveryDataError,
    SessionParamsError,
)
from warifu.threshold.dkg.params import SessionParams, hostpubkey_gen
from warifu.threshold.dkg.result import DkgResult, GeneratedKey
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.dkg.vss import Commitment
from warifu.threshold.dkg.wire import Malformed, Reader
from warifu.threshold.errors import ZeroSecret
from warifu.threshold.group import Element
from warifu.threshold.wiping import Secret

_T_BYTES = 4


def recover(hostseckey: Secret, recovery_data: bytes, suite: DkgSuite = BIP340) -> DkgResult:
    """What the participant with ``hostseckey`` (32 bytes) holds or would hold after the session.

    RecoveryDataError for data of no successful session; HostSeckeyError (or InvalidInput, for a wrong length) for a key
    that is not valid or took no part.
    """
    data = _verified(recovery_data, suite)
    if hostpubkey_gen(hostseckey, suite) not in data.params.hostpubkeys:
        raise HostSeckeyError("the host secret key belongs to no participant of this session")
    index = data.params.index_of(hostseckey)
    share = _share(hostseckey, index, data)
    if suite.group.base_mul(share).encoded != data.key.pubshares[index]:
        # Its owner never signed a transcript with a wrong share: others made this certificate with its key.
        share.wipe()
        raise RecoveryDataError("the recovery data holds a wrong share for this participant")
    return DkgResult(
        params=data.params,
        threshold_pubkey=data.key.threshold_pubkey,
        pubshares=data.key.pubshares,
        recovery_data=bytes(recovery_data),
        index=index,
        share=share,
    )


def coordinator_recover(recovery_data: bytes, suite: DkgSuite = BIP340) -> GeneratedKey:
    """The public outcome of the session; RecoveryDataError for data of no successful session."""
    data = _verified(recovery_data, suite)
    return GeneratedKey(
        params=data.params,
        threshold_pubkey=data.key.threshold_pubkey,
        pubshares=data.key.pubshares,
        recovery_data=bytes(recovery_data),
    )


@dataclass(frozen=True)
class _Contents:
    """Recovery data, taken apart and with its certificate verified."""

    params: SessionParams
    key: simplpedpop.PublicOutput
    tweak: int
    pubnonces: tuple[bytes, ...]
    encrypted_sums: tuple[int, ...]


def _verified(recovery_data: bytes, suite: DkgSuite) -> _Contents:
    t, n = _counts(recovery_data, suite)
    reader = Reader(suite.group, recovery_data, length=len(recovery_data), what="recovery data")
    reader.chunks(1, _T_BYTES)
    try:
        summed = reader.elements(t, "commitment")
        hostpubkeys = reader.chunks(n, suite.group.element_bytes)
        pubnonces = reader.chunks(n, suite.group.element_bytes)
        encrypted_sums = reader.scalars(n, "encrypted share sum")
    except Malformed as error:
        raise RecoveryDataError(f"the recovery data holds an invalid {error.what}") from error
    try:
        params = SessionParams(hostpubkeys, t, suite)
    except SessionParamsError as error:
        raise RecoveryDataError("the recovery data holds invalid session parameters") from error
    _check_certificate(recovery_data, params)
    key, tweak = _key(suite, summed, n)
    return _Contents(params, key, tweak, pubnonces, encrypted_sums)


def _counts(recovery_data: bytes, suite: DkgSuite) -> tuple[int, int]:
    """t is written at the beginning; n follows from the length, which must leave nothing over."""
    group = suite.group
    t = int.from_bytes(recovery_data[:_T_BYTES], "big")
    rest = len(recovery_data) - _T_BYTES - group.element_bytes * t
    n, left_over = divmod(rest, 2 * group.element_bytes + group.scalar_bytes + suite.signature_bytes)
    if rest < 0 or left_over:
        raise RecoveryDataError("the recovery data is truncated or too long")
    return t, n


def _check_certificate(recovery_data: bytes, params: SessionParams) -> None:
    length = certeq.certificate_length(params.suite, params.n)
    transcript, certificate = recovery_data[:-length], recovery_data[-length:]
    if certeq.first_invalid(params.suite, params.points, transcript, certificate) is not None:
        raise RecoveryDataError("the certificate in the recovery data is not valid")


def _key(suite: DkgSuite, summed: tuple[Element, ...], n: int) -> tuple[simplpedpop.PublicOutput, int]:
    try:
        final, tweak = simplpedpop.final_commitment(suite, Commitment(suite.group, summed))
        return simplpedpop.public_output(final, n), tweak
    except simplpedpop.ZeroKeyError as error:
        raise RecoveryDataError("the recovery data holds no key") from error


def _share(hostseckey: Secret, index: int, data: _Contents) -> Secret:
    params = data.params
    suite = params.suite
    keys = encpedpop.Keys(suite, params.t, index, hostseckey, params.points)
    try:
        pads = encpedpop.receiving_pads(keys, data.pubnonces)
    except FaultyParticipantOrCoordinator as error:
        raise RecoveryDataError("the recovery data holds an invalid public nonce") from error
    try:
        with encpedpop.decrypt_sum(suite, pads, data.encrypted_sums[index]) as summed_share:
            return suite.group.secret_add_public(summed_share, data.tweak)
    except ZeroSecret as error:
        raise RecoveryDataError("the recovery data holds a wrong share for this participant") from error
    finally:
        for pad in pads:
            pad.wipe()
