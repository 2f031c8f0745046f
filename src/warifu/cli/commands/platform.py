"""``warifu platform``: what this machine offers, and setting its device up for one of it."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from warifu.agent.device import DeviceDirectory
from warifu.cli.base import Command, examples, json_option
from warifu.cli.commands.signer import directory_option
from warifu.cli.places import default_device_directory
from warifu.cli.platforms_shown import offers_here, show_platforms
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.errors import InputRefused
from warifu.signer.isolation.layer import PlatformChoice
from warifu.tee import nitro, tdx
from warifu.tee.detection import TPM, require_offered

_WITHOUT_A_KEY = (tdx.NAME, nitro.NAME)


@examples(
    "warifu platform",
    "warifu platform sev-snp",
    "warifu platform sev-snp --reach vmpl:2",
)
@click.command("platform", cls=Command)
@click.argument("name", required=False)
@directory_option
@click.option(
    "--reach",
    default="",
    help="Which way it is reached, where there are several (SEV-SNP: vmpl:0 to vmpl:3).",
)
@click.option("--development", is_flag=True, help="Accept a simulator, or an enclave in debug mode.")
@json_option
def command(name: str | None, device_dir: Path | None, reach: str, development: bool, as_json: bool) -> None:
    """Show what this machine offers, or set its device up for one platform before its first start.

    A device starts on the platform that it was set up for, or not at all. Nothing is chosen for you: without a NAME
    nothing is changed.
    """
    screen = Screen(as_json)
    if name is None:
        screen.result({"platforms": show_platforms(screen)})
        return
    offer = require_offered(offers_here(), name, development)
    _refuse_those_that_need_more(name)
    directory = DeviceDirectory(device_dir or default_device_directory())
    directory.make()
    directory.set_platform(PlatformChoice(name=name, device=reach, development=development))
    screen.line(tr("This device starts on '{name}' from now on, and on nothing else.", name=name))
    screen.result({"platform": msgspec.to_builtins(offer)})


def _refuse_those_that_need_more(name: str) -> None:
    if name == TPM:
        raise InputRefused(
            "platform",
            "a TPM is set up by a command of its own",
            not_done="Nothing was changed.",
            remedy="Run 'warifu tpm set-up'.",
        )
    if name in _WITHOUT_A_KEY:
        raise InputRefused(
            "platform",
            f"'{name}' has no sealing key, and the service does not carry peer release yet",
            not_done="Nothing was changed.",
            remedy="Use a machine with a TPM or SEV-SNP, or keep the platform 'unsafe-software' knowingly.",
        )
