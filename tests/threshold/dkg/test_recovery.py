"""Recovery from the host secret key and public data, and every way in which the data can be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.dkg import Hosts, assert_one_key, flip, generate
from tests.threshold import hostile_points

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


@dataclass(frozen=True)
class Born:
    """A 2-of-3 key, with its recovery data taken apart by name."""

    hosts: Hosts
    results: list[DkgResult]

    @property
    def suite(self) -> DkgSuite:
        return self.hosts.suite

    @property
    def data(self) -> bytes:
        return self.results[0].recovery_data

    @property
    def regions(self) -> dict[str, range]:
        """Where things lie (BIP text, "Facilitating Backup and Recovery")."""
        point = self.suite.group.element_bytes
        sizes = {
            "threshold": 4,
            "commitments": point * T,
            "host public keys": point * N,
            "public nonces": point * N,
            "encrypted shares": 32 * N,
            "certificate": 64 * N,
        }
        ends = dict(zip(sizes, accumulate(sizes.values()), strict=True))
        return {name: range(end - sizes[name], end) for name, end in ends.items()}

    def recover(self, index: int, data: bytes) -> DkgResult:
        return recover(self.hosts.key(index), data, self.suite)


SUITES: list[DkgSuite] = [BIP340, ED25519_DKG]
BORN = {suite.name: Born(*generate(T, N, suite)) for suite in SUITES}
EVERY_REGION = list(BORN[BIP340.name].regions)


@pytest.fixture(params=SUITES, ids=lambda suite: suite.group.name)
def born(request: pytest.FixtureRequest) -> Born:
    return BORN[request.param.name]


@pytest.mark.parametrize("suite", [BIP340, ED25519_DKG], ids=lambda suite: suite.group.name)
@pytest.mark.parametrize(("t", "n"), [(1, 1), (2, 3), (4, 4), (3, 9)])
def test_everyone_recovers_exactly_what_it_had(t: int, n: int, suite: DkgSuite) -> None:
    hosts, results = generate(t, n, suite)
    recovered = [recover(hosts.key(index), results[0].recovery_data, suite) for index in range(n)]
    assert recovered == results
    assert_one_key(recovered)


def test_the_public_part_is_recovered_without_any_key(born: Born) -> None:
    key = coordinator_recover(born.data, born.suite)
    assert not isinstance(key, DkgResult)
    first = born.results[0]
    assert (key.params, key.threshold_pubkey, key.pubshares, key.recovery_data) == (
        first.params,
        first.threshold_pubkey,
        first.pubshares,
        born.data,
    )


def test_the_regions_cover_the_data(born: Born) -> None:
    assert [at for region in born.regions.values() for at in region] == list(range(len(born.data)))


@pytest.mark.parametrize("region", EVERY_REGION)
def test_an_altered_bit_in_any_byte_is_noticed(born: Born, region: str) -> None:
    for position in born.regions[region]:
        altered = flip(born.data, position, position % 8)
        with pytest.raises(errors.RecoveryDataError):
            born.recover(1, altered)
        with pytest.raises(errors.RecoveryDataError):
            coordinator_recover(altered, born.suite)


def test_every_truncation_is_noticed(born: Born) -> None:
    for length in range(len(born.data)):
        with pytest.raises(errors.RecoveryDataError):
            born.recover(0, born.data[:length])


@pytest.mark.parametrize("extra", [1, 32, 33, 64, 160, 162], ids=lambda extra: f"{extra} bytes more")
def test_trailing_bytes_are_noticed(born: Born, extra: int) -> None:
    """162 bytes (160 on Ed25519) are what one more participant would take."""
    for data in (born.data + bytes(extra), bytes(extra) + born.data):
        with pytest.raises(errors.RecoveryDataError):
            born.recover(0, data)


@pytest.mark.parametrize("t", [0, 1, 3, 7, 2**31, 2**32 - 1])
def test_another_threshold_is_noticed(born: Born, t: int) -> None:
    with pytest.raises(errors.RecoveryDataError):
        born.recover(0, index_bytes(t) + born.data[4:])


def test_the_data_of_two_sessions_do_not_mix(born: Born) -> None:
    _, others = generate(T, N, born.suite)
    foreign = others[0].recovery_data
    for region in born.regions.values():
        if region == born.regions["threshold"]:
            continue  # the same in both
        mixed = born.data[: region.start] + foreign[region.start : region.stop] + born.data[region.stop :]
        with pytest.raises(errors.RecoveryDataError):
            born.recover(0, mixed)


def test_the_data_of_another_suite_mean_nothing(born: Born) -> None:
    with pytest.raises(errors.RecoveryDataError):
        coordinator_recover(born.data, ED25519_DKG if born.suite is BIP340 else BIP340)


def test_who_took_no_part_recovers_nothing(born: Born) -> None:
    with pytest.raises(errors.HostSeckeyError):
        recover(Hosts.make(1, born.suite).key(0), born.data, born.suite)


@pytest.mark.parametrize("key", [bytes(32), b"\xff" * 32], ids=["zero", "too large"])
def test_a_key_that_is_no_scalar_recovers_nothing(born: Born, key: bytes) -> None:
    with pytest.raises(errors.HostSeckeyError):
        recover(Secret(key), born.data, born.suite)


@pytest.mark.parametrize("length", [1, 31, 33])
def test_a_key_of_another_length_recovers_nothing(born: Born, length: int) -> None:
    with pytest.raises(InvalidInput):
        recover(Secret(b"\x01" * length), born.data, born.suite)


# Data that everybody signed all the same: whoever has all host keys can make such certificates


NO_POINT = {
    BIP340.name: hostile_points.SECP256K1["no square"],
    ED25519_DKG.name: hostile_points.MIXED_ORDER["B + 4 T"],
}


def resigned(born: Born, region: str, offset: int, replacement: bytes) -> bytes:
    start = born.regions[region].start + offset
    transcript = (born.data[:start] + replacement + born.data[start + len(replacement) :])[: -64 * N]
    signatures = [
        certeq.sign(born.suite, born.hosts.key(index), index, transcript, bytes(32)) for index in range(N)
    ]
    return transcript + b"".join(signatures)


def test_a_signed_but_wrong_share_is_noticed_by_its_owner(born: Born) -> None:
    data = resigned(born, "encrypted shares", 32, b"\x01" * 32)
    assert born.recover(0, data).share == born.results[0].share
    with pytest.raises(errors.RecoveryDataError):
        born.recover(1, data)


def test_a_signed_but_invalid_nonce_is_noticed_by_its_receivers(born: Born) -> None:
    data = resigned(born, "public nonces", len(NO_POINT[born.suite.name]), NO_POINT[born.suite.name])
    for index in (0, 2):
        with pytest.raises(errors.RecoveryDataError):
            born.recover(index, data)


@pytest.mark.parametrize("bad", ["the identity", "no element"])
def test_a_signed_key_that_is_no_key_is_refused(born: Born, bad: str) -> None:
    key = born.suite.group.identity.encoded if bad == "the identity" else NO_POINT[born.suite.name]
    with pytest.raises(errors.RecoveryDataError):
        coordinator_recover(resigned(born, "commitments", 0, key), born.suite)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SUITES), st.binary(max_size=700))
def test_noise_is_no_recovery_data(suite: DkgSuite, noise: bytes) -> None:
    for data in (noise, BORN[suite.name].data[: len(noise)] + noise, index_bytes(1) + noise):
        with pytest.raises(errors.RecoveryDataError):
            coordinator_recover(data, suite)
