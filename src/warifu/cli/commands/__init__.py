"""One file per group of commands, listed in the order in which a person meets them."""

from __future__ import annotations

import click

from warifu.cli.commands import (
    api_key,
    appliance,
    backend,
    decode,
    demo,
    devices,
    doctor,
    evidence,
    history,
    host,
    message,
    platform,
    policy,
    quicknode,
    receive,
    replace,
    send,
    setup,
    signer,
    tpm,
    wallet,
)

COMMANDS: tuple[click.Command, ...] = (
    demo.command,
    doctor.command,
    host.group,
    setup.init,
    setup.up,
    setup.connect,
    signer.group,
    platform.command,
    devices.group,
    tpm.group,
    appliance.group,
    wallet.group,
    policy.group,
    evidence.group,
    receive.address,
    receive.balance,
    send.send,
    replace.bump,
    replace.cancel,
    send.resume,
    message.command,
    history.history,
    history.label,
    decode.command,
    backend.group,
    quicknode.group,
    api_key.group,
)
