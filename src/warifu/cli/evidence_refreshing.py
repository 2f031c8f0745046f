"""What ``warifu evidence refresh`` does: fetch, check and keep what evidence is judged by; and what was kept before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from warifu.attestation.chain import Roots
from warifu.attestation.evidence import Evidence
from warifu.attestation.verifier import Endorsements
from warifu.cli.screen import Screen
from warifu.cli.text import tr
from warifu.endorsements.entry import Entry
from warifu.endorsements.refreshing import Addresses, kept_for, refresh
from warifu.endorsements.store import EndorsementStore


def fetch_and_keep(
    evidence: Evidence, directory: Path, base: str | None, roots: tuple[bytes, ...], now: int
) -> tuple[tuple[Entry, bool], ...]:
    """Everything that ``evidence`` needs, from its vendor or from ``base``; with whether it is a new document."""
    from warifu.endorsements.web import WebSource  # httpx is part of the service's extra

    store = EndorsementStore(directory)
    source = WebSource()
    addresses = Addresses(roots=Roots(tuple(x509.load_der_x509_certificate(der) for der in roots)))
    if base is not None:
        addresses = replace(addresses, intel=base.rstrip("/"), amd=base.rstrip("/"))
    try:
        news = refresh(evidence, source, store, now, addresses)
    finally:
        source.close()
    return tuple((entry, news[entry.name]) for entry in kept_for(evidence, store))


def with_kept(endorsements: Endorsements, evidence: Evidence, directory: Path) -> Endorsements:
    """What was handed in, and what an earlier refresh kept for this evidence."""
    kept = tuple(entry.content for entry in kept_for(evidence, EndorsementStore(directory)))
    return replace(endorsements, documents=endorsements.documents + kept)


def show_kept(entries: tuple[tuple[Entry, bool], ...], screen: Screen) -> None:
    """Each document, and until when it is good."""
    if screen.json:
        screen.result(
            {
                "documents": [
                    {
                        "name": entry.name,
                        "new": new,
                        "fetched_at": entry.fetched_at,
                        "renew_at": entry.renew_at,
                    }
                    for entry, new in entries
                ]
            }
        )
        return
    if not entries:
        screen.line(
            tr("Evidence of this format brings along what it is judged by; there is nothing to fetch.")
        )
        return
    screen.table(
        (tr("Document"), tr("Renew before"), ""),
        [(entry.name, _day(entry.renew_at), tr("new") if new else tr("as before")) for entry, new in entries],
    )


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
