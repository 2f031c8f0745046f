"""Act seven: a thief has one device and the service's disk, and finds nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nacl.utils import random

from warifu.chains.bitcoin.address import script_for
from warifu.cli.text import tr
from warifu.cli.wallet_keys import account_of, keys_of
from warifu.demo.account_chains import ETHEREUM, SOLANA
from warifu.demo.accounts import ETHEREUM_PAYEE, SOLANA_PAYEE
from warifu.demo.payments import PAYEE
from warifu.demo.scene import DEVICES, FIRST_AMOUNT, FUNDING, LABEL, SECOND_AMOUNT, Scene
from warifu.demo.simulated_tpm import boot_something_else
from warifu.demo.stolen import (
    files_below,
    forms_of_amount,
    forms_of_bytes,
    forms_of_text,
    is_readable_database,
    open_with,
    search,
)
from warifu.tee.unlock_key import read_unlock_key


def steal(scene: Scene) -> None:
    """Act seven."""
    telling = scene.telling
    stolen = {DEVICES[2]: scene.device(DEVICES[2]), "service": scene.service}
    telling.act(tr("A thief takes the disk of '{name}' and the service's disk", name=DEVICES[2]))
    files = {name: files_below(directory) for name, directory in stolen.items()}
    read = [path for paths in files.values() for path in paths]
    telling.say(
        tr(
            "{count} files, {bytes} bytes, each byte is searched",
            count=len(read),
            bytes=sum(path.stat().st_size for path in read),
        )
    )
    _check_the_search(scene, read)
    found = search(read, secrets_of(scene))
    telling.check(
        "stolen-disk",
        bool(read) and not found,
        tr("no address, no amount, no label, no key, no passphrase")
        if not found
        else ", ".join(f"{what}: {path.name}" for what, path in found),
    )
    _check_databases(scene, read)
    refusal = open_with(stolen[DEVICES[2]], bytearray(random(32)))
    telling.check(
        "stolen-device-opens",
        refusal is not None,
        tr(
            "without its unlock key the device does not open: {reason}",
            reason=f"{refusal.message} ({refusal.code})" if refusal is not None else "",
        ),
    )

    if scene.tpm is not None:
        _boot_something_else(scene, stolen[DEVICES[2]])


def _boot_something_else(scene: Scene, directory: Path) -> None:
    """The thief has the whole machine and its stick, and boots it his own way. Then the owner gets it back."""
    assert scene.tpm is not None, "asked before"
    boot_something_else(directory)
    key = scene.unlock_key(DEVICES[2])
    refusal = open_with(directory, read_unlock_key(key, directory))
    scene.telling.check(
        "stolen-machine-boots-otherwise",
        refusal is not None,
        tr(
            "with its unlock key, but another kernel command line, its TPM keeps it shut: {reason}",
            reason=f"{refusal.message} ({refusal.code})" if refusal is not None else "",
        ),
    )
    scene.tpm.power_cycle()
    scene.telling.check(
        "approved-boot-opens",
        open_with(directory, read_unlock_key(key, directory)) is None,
        tr("started again as its owner approved it, it opens"),
    )


def secrets_of(scene: Scene) -> Mapping[str, tuple[bytes, ...]]:
    """Everything that must not be on those disks, in every form in which it might."""
    keys, birth = keys_of(scene.born), scene.born.birth
    addresses = [scene.address, PAYEE]
    accounts = [account_of(scene.born, chain) for chain in (ETHEREUM, SOLANA)]
    accounts += [ETHEREUM_PAYEE, SOLANA_PAYEE]
    scripts = [script_for(address, keys.network) for address in addresses]
    return {
        "address": sum((forms_of_text(address) for address in addresses + accounts), ()),
        "account": sum(
            (forms_of_bytes(bytes.fromhex(text[2:])) for text in accounts if text[:2] == "0x"), ()
        ),
        "script": sum((forms_of_bytes(script[2:]) for script in scripts), ()),
        "txid": sum((forms_of_bytes(bytes.fromhex(txid)) for txid in scene.txids), ()),
        "amount": sum((forms_of_amount(amount) for amount in (FIRST_AMOUNT, SECOND_AMOUNT, FUNDING)), ()),
        "label": forms_of_text(LABEL),
        "key": sum(
            (
                forms_of_bytes(key.threshold_public[-32:]) + forms_of_bytes(key.chain_code)
                for key in birth.keys
            ),
            (),
        ),
        "xpub": (keys.xpub.encode(),),
        "passphrase": (bytes(scene.passphrase),),
    }


def _check_the_search(scene: Scene, files: list[Path]) -> None:
    """A search that finds nothing proves nothing, unless it finds what is there."""
    public = {"the service's address": forms_of_text(scene.profile.content.service.url)}
    scene.telling.check(
        "search-works",
        bool(search(files, public)),
        tr("the search works: it finds the service's address, which is public"),
    )


def _check_databases(scene: Scene, files: list[Path]) -> None:
    databases = [path for path in files if path.suffix == ".db"]
    scene.telling.check(
        "databases",
        bool(databases) and not any(is_readable_database(path) for path in databases),
        tr("{count} databases, none of which opens without its key", count=len(databases)),
    )
