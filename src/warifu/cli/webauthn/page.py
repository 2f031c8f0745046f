"""The page on which a browser is asked for a passkey: what is approved, and two buttons.

Everything on it comes from this client. It loads nothing, runs the one script that stands in it, sends to nobody but
the program that served it, and no other page can put it into a frame.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any, Literal

from warifu.cli.screen import clean
from warifu.cli.text import tr

Kind = Literal["create", "get"]

_HERE = files("warifu.cli.webauthn")


def page(kind: Kind, options: Mapping[str, Any], facts: Sequence[tuple[str, str]], nonce: str) -> bytes:
    """HTML. ``options``: of WebAuthn, in its JSON form. ``nonce``: of the content security policy."""
    title = tr("Make a passkey") if kind == "create" else tr("Approve with your passkey")
    rows = "".join(
        f"<tr><th>{escape(clean(name))}</th><td>{escape(clean(value))}</td></tr>" for name, value in facts
    )
    asked = json.dumps(
        {
            "kind": kind,
            "options": options,
            "words": {
                "sent": tr("Done. Go back to the terminal."),
                "failed": tr("That did not work; you can try again."),
            },
        }
    ).replace("<", "\\u003c")
    return f"""<!DOCTYPE html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Warifu</title>
<style nonce="{nonce}">{_text("page.css")}</style></head>
<body><h1>{escape(title)}</h1>
<p>{escape(tr("This page is your own client's, on this machine. Compare it with the terminal."))}</p>
<table>{rows}</table>
<p><button id="yes">{escape(title)}</button><button id="no">{escape(tr("No"))}</button></p>
<p id="said" role="status"></p>
<script type="application/json" id="asked">{asked}</script>
<script nonce="{nonce}">{_text("page.js")}</script>
</body></html>
""".encode()


def _text(name: str) -> str:
    return _HERE.joinpath(name).read_text("utf-8")


def policy(nonce: str) -> str:
    """The content security policy of the page."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
