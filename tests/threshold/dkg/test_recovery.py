"""Recovery from the host secret key and public data, and every way in which the data can be wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.dkg import Hosts, assert_one_key, flip, generate

from warifu.threshold.dkg import certeq, errors
from warifu.threshold.dkg.recovery import coordinator_recover, recover
from warifu.threshold.dkg.result import DkgResult
from warifu.threshold.dkg.suite import DkgSuite
from warifu.threshold.dkg.suite_bip340 import BIP340
from warifu.threshold.dkg.suite_ed25519 import ED25519_DKG
from warifu.threshold.dkg.wire import index_bytes
from warifu.threshold.errors import InvalidInput
from warifu.threshold.wiping import Secret

pytestmark = pytest.mark.unit

T, N = 2, 3
HOSTS, RESULTS = generate(T, N)
DATA = RESULTS[0].recovery_data

REGIONS = {
    "threshold": range(4),
    "commitments": range(4, 4 + 33 * T),
    "host public keys": range(70, 70 + 33 * N),
    "public nonces": range(169, 169 + 33 * N),
    "encrypted shares": range(268, 268 + 32 * N),
    "certificate": range(364, 364 + 64 * N),
}
"""Where things lie in recovery data of a 2-of-3 key (BIP text, "Facilitating Backup and Recovery")."""


@pytest.mark.parametrize("suite", [BIP340, ED25519_DKG], ids=lambda suite: suite.group.name)
@pytest.mark.parametrize(("t", "n"), [(1, 1), (2, 3), (4, 4), (3, 9)])
def test_everyone_recovers_exactly_what_it_had(t: int, n: int, suite: DkgSuite) -> None:
    hosts, results = generate(t, n, suite)
    recovered = [recover(hosts.key(index), results[0].recovery_data, suite) for index in range(n)]
    assert recovered == results
    assert_one_key(recovered)


def test_the_public_part_is_recovered_without_any_key() -> None:
    key = coordinator_recover(DATA)
    assert not isinstance(key, DkgResult)
    first = RESULTS[0]
    assert (key.params, key.threshold_pubkey, key.pubshares, key.recovery_data) == (
        first.params,
        first.threshold_pubkey,
        first.pubshares,
        DATA,
    )


def test_the_regions_cover_the_data() -> None:
    assert [at for region in REGIONS.values() for at in region] == list(range(len(DATA)))


@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS.keys())
def test_an_altered_bit_in_any_byte_is_noticed(region: range) -> None:
    for position in region:
        altered = flip(DATA, position, position % 8)
        with pytest.raises(errors.RecoveryDataError):
            recover(HOSTS.key(1), altered)
        with pytest.raises(errors.RecoveryDataError):
            coordinator_recover(altered)


def test_every_truncation_is_noticed() -> None:
    for length in range(len(DATA)):
        with pytest.raises(errors.RecoveryDataError):
            recover(HOSTS.key(0), DATA[:length])


@pytest.mark.parametrize("extra", [1, 32, 33, 64, 162], ids=lambda extra: f"{extra} bytes more")
def test_trailing_bytes_are_noticed(extra: int) -> None:
    """162 bytes is what one more participant would take."""
    for data in (DATA + bytes(extra), bytes(extra) + DATA):
        with pytest.raises(errors.RecoveryDataError):
            recover(HOSTS.key(0), data)


@pytest.mark.parametrize("t", [0, 1, 3, 7, 2**31, 2**32 - 1])
def test_another_threshold_is_noticed(t: int) -> None:
    with pytest.raises(errors.RecoveryDataError):
        recover(HOSTS.key(0), index_bytes(t) + DATA[4:])


def test_the_data_of_two_sessions_do_not_mix() -> None:
    _, others = generate(T, N)
    foreign = others[0].recovery_data
    for region in REGIONS.values():
        if region == REGIONS["threshold"]:
            continue  # the same in both
        mixed = DATA[: region.start] + foreign[region.start : region.stop] + DATA[region.stop :]
        with pytest.raises(errors.RecoveryDataError):
            recover(HOSTS.key(0), mixed)


def test_the_data_of_another_suite_mean_nothing() -> None:
    with pytest.raises(errors.RecoveryDataError):
        coordinator_recover(DATA, ED25519_DKG)


def test_who_took_no_part_recovers_nothing() -> None:
    with pytest.raises(errors.HostSeckeyError):
        recover(Hosts.make(1).key(0), DATA)


@pytest.mark.parametrize("key", [bytes(32), b"\xff" * 32], ids=["zero", "too large"])
def test_a_key_that_is_no_scalar_recovers_nothing(key: bytes) -> None:
    with pytest.raises(errors.HostSeckeyError):
        recover(Secret(key), DATA)


@pytest.mark.parametrize("length", [1, 31, 33])
def test_a_key_of_another_length_recovers_nothing(length: int) -> None:
    with pytest.raises(InvalidInput):
        recover(Secret(b"\x01" * length), DATA)


# Data that everybody signed all the same: whoever has all host keys can make such certificates


def resigned(region: str, offset: int, replacement: bytes) -> bytes:
    start = REGIONS[region].start + offset
    transcript = (DATA[:start] + replacement + DATA[start + len(replacement) :])[: -64 * N]
    signatures = [certeq.sign(BIP340, HOSTS.key(index), index, transcript, bytes(32)) for index in range(N)]
    return transcript + b"".join(signatures)


def test_a_signed_but_wrong_share_is_noticed_by_its_owner() -> None:
    data = resigned("encrypted shares", 32, b"\x01" * 32)
    assert recover(HOSTS.key(0), data).share == RESULTS[0].share
    with pytest.raises(errors.RecoveryDataError):
        recover(HOSTS.key(1), data)


def test_a_signed_but_invalid_nonce_is_noticed_by_its_receivers() -> None:
    data = resigned("public nonces", 33, bytes(33))
    for index in (0, 2):
        with pytest.raises(errors.RecoveryDataError):
            recover(HOSTS.key(index), data)


def test_a_signed_key_that_is_the_identity_is_refused() -> None:
    with pytest.raises(errors.RecoveryDataError):
        coordinator_recover(resigned("commitments", 0, bytes(33)))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=700))
def test_noise_is_no_recovery_data(noise: bytes) -> None:
    for data in (noise, DATA[: len(noise)] + noise, index_bytes(1) + noise):
        with pytest.raises(errors.RecoveryDataError):
            coordinator_recover(data)
