"""A signer's store on each TEE: opened again by the same program on the same chip with the same unlock key, and by
nothing else. Stand-ins of the kernel's side; the store is the real one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.tee_files import Gramine, SecureModule, SecureProcessor, Tsm
from tests.support.tee_files_evidence import nitro_document, sgx_quote, snp_report, tdx_quote

from warifu.errors import PlatformRefused, StoreDamaged
from warifu.signer.store import Store
from warifu.tee.nitro import Nitro
from warifu.tee.platform import Platform
from warifu.tee.sealing_key import SealingKey
from warifu.tee.sev_snp import SevSnp
from warifu.tee.sgx import Sgx
from warifu.tee.tdx import Tdx

pytestmark = pytest.mark.unit


def snp(unlock: bytes = b"u" * 32, image: bytes = b"m" * 48) -> Platform:
    kernel = Tsm("sev_guest", snp_report, privlevel_floor=0)
    return SevSnp(unlock, files=kernel, call=SecureProcessor(measurement=image))


def sgx(unlock: bytes = b"u" * 32, image: bytes = b"e" * 16) -> Platform:
    return Sgx(unlock, files=Gramine(sgx_quote, keys={"_sgx_mrenclave": image[:16]}))


def tdx(unlock: bytes = b"u" * 32, image: bytes = b"r" * 32) -> Platform:
    """``image``: what the peers released."""
    return Tdx(sealing=SealingKey.of_platform("tdx", image[:32], unlock), files=Tsm("tdx_guest", tdx_quote))


def nitro(unlock: bytes = b"u" * 32, image: bytes = b"r" * 32) -> Platform:
    return Nitro(
        sealing=SealingKey.of_platform("nitro", image[:32], unlock), call=SecureModule(nitro_document)
    )


@pytest.mark.parametrize("start", [snp, sgx, tdx, nitro])
def test_a_store_opens_again_where_it_was_made_and_nowhere_else(
    start: Callable[..., Platform], tmp_path: Path
):
    store = Store.open(tmp_path, start())
    with store.transaction():
        store.put("name", b"kitchen")
    store.close()
    for other in (start(unlock=b"v" * 32), start(image=b"x" * 48)):
        with pytest.raises(StoreDamaged) as damaged:
            Store.open(tmp_path, other)
        assert damaged.value.reason == "sealed"
    again = Store.open(tmp_path, start())
    assert again.get("name") == b"kitchen"
    again.close()


@pytest.mark.parametrize(
    ("helped", "alone"),
    [
        (tdx, lambda: Tdx(files=Tsm("tdx_guest", tdx_quote))),
        (nitro, lambda: Nitro(call=SecureModule(nitro_document))),
    ],
    ids=["tdx", "nitro"],
)
def test_without_a_released_key_a_store_is_neither_made_nor_opened_and_the_reason_is_told(
    helped, alone, tmp_path
):
    with pytest.raises(PlatformRefused) as refusal:
        Store.open(tmp_path, alone())
    assert refusal.value.code == "platform.no-sealing-key"
    Store.open(tmp_path, helped()).close()
    with pytest.raises(PlatformRefused) as refusal:
        Store.open(tmp_path, alone())
    assert refusal.value.code == "platform.no-sealing-key"
    Store.open(tmp_path, helped()).close()
