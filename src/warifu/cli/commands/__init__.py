"""One file per group of commands, listed in the order in which a person meets them.

Each is imported when it is called for: all of them together take half a second of a processor, most need a third of it.
"""

from __future__ import annotations

from warifu.cli.base import CommandsByPlace

COMMANDS = CommandsByPlace(
    __name__,
    {
        "demo": "demo.command",
        "doctor": "doctor.command",
        "host": "host.group",
        "init": "setup.init",
        "up": "setup.up",
        "connect": "setup.connect",
        "signer": "signer.group",
        "platform": "platform.command",
        "devices": "devices.group",
        "tpm": "tpm.group",
        "appliance": "appliance.group",
        "credential": "credential.group",
        "wallet": "wallet.group",
        "policy": "policy.group",
        "audit": "audit.group",
        "evidence": "evidence.group",
        "address": "receive.address",
        "balance": "receive.balance",
        "send": "send.send",
        "bump": "replace.bump",
        "cancel": "replace.cancel",
        "resume": "send.resume",
        "approval": "approval.group",
        "exchange": "exchange.group",
        "visit": "visit.group",
        "sign-message": "message.command",
        "history": "history.history",
        "label": "history.label",
        "decode": "decode.command",
        "backend": "backend.group",
        "quicknode": "quicknode.group",
        "sandbox": "sandbox.command",
        "api-key": "api_key.group",
    },
)
