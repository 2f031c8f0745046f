"""``warifu evidence``: what the evidence of a device is worth."""

from __future__ import annotations

from pathlib import Path

import click

from warifu.attestation.registry import appraise
from warifu.cli.base import Group, examples, json_option
from warifu.cli.context import now as clock
from warifu.cli.evidence_asked import (
    FORMATS,
    read_endorsements,
    read_evidence,
    read_hexadecimal,
    read_policy,
    read_time,
    whole_rule,
)
from warifu.cli.evidence_refreshing import fetch_and_keep, show_kept, with_kept
from warifu.cli.evidence_shown import Outcome, show_outcome
from warifu.cli.places import default_endorsements_directory
from warifu.cli.screen import Screen
from warifu.cli.several import SeveralValues

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("evidence", cls=Group)
def group() -> None:
    """Judge what devices show of themselves: TPM quotes, SEV-SNP reports, TDX and SGX quotes, Nitro documents."""


@examples(
    "warifu evidence verify report.bin --format sev-snp --endorsements vcek.der ask-ark.pem",
    "warifu evidence verify quote.bin --format dcap --endorsements collateral.json --policy home.toml",
    "warifu evidence verify document.cbor --format nitro --now 2022-11-09T22:53:00Z --json | jq .measurements",
)
@group.command("verify", cls=SeveralValues)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False))
@click.option(
    "--format",
    "name",
    type=click.Choice(FORMATS),
    required=True,
    help="What FILE is (dcap: a TDX or SGX quote; it says itself which).",
)
@click.option(
    "--endorsements",
    multiple=True,
    type=_FILE,
    metavar="FILE ...",
    help="Certificates or revocation lists (DER or PEM, one or several), or DCAP collateral (JSON).",
)
@click.option(
    "--now",
    metavar="TIME",
    help="Judge as at this time: RFC 3339, or seconds since 1970 (default: the clock).",
)
@click.option("--nonce", metavar="HEX", help="It must answer this nonce.")
@click.option("--report-data", metavar="HEX", help="It must carry exactly this report data.")
@click.option(
    "--policy", type=_FILE, metavar="FILE", help="Your appraisal policy, TOML (default: genuineness alone)."
)
@click.option(
    "--root",
    "roots",
    multiple=True,
    type=_FILE,
    metavar="FILE ...",
    help="Trust this certificate beside the vendor's pinned root.",
)
@click.option(
    "--attestation-key",
    "keys",
    multiple=True,
    type=_FILE,
    metavar="FILE ...",
    help="tpm: a public key (DER or PEM) that was bound to its TPM before.",
)
@click.option("--kept", is_flag=True, help="Judge also by what 'warifu evidence refresh' has kept.")
@json_option
def verify(
    file: Path,
    name: str,
    endorsements: tuple[Path, ...],
    now: str | None,
    nonce: str | None,
    report_data: str | None,
    policy: Path | None,
    roots: tuple[Path, ...],
    keys: tuple[Path, ...],
    kept: bool,
    as_json: bool,
) -> int:
    """Appraise the evidence in FILE ('-': standard input), offline, and report what was measured.

    Without --policy it judges genuineness only: the signature, the chain to the vendor's pinned root, validity at
    --now, and that the enclave is not in debug mode. The exit code is 0 only when the appraisal affirms; it is 15
    where the evidence is not genuine or not enough, and the first check that failed is named.
    """
    moment = clock() if now is None else read_time(now)
    asked = None if nonce is None else read_hexadecimal(nonce, "--nonce")
    bound = None if report_data is None else read_hexadecimal(report_data, "--report-data")
    rules = read_policy(policy)
    judged_by = read_endorsements(endorsements, roots, keys)
    evidence = read_evidence(file, name)
    if kept:
        judged_by = with_kept(judged_by, evidence, default_endorsements_directory())
    appraisal = appraise(evidence, whole_rule(rules, asked, bound), moment, judged_by, rules.collateral_grace)
    outcome = Outcome(evidence, judged_by, rules, policy, appraisal)
    show_outcome(outcome, Screen(as_json))
    return outcome.refusal.exit_code if outcome.refusal is not None else 0


@examples(
    "warifu evidence refresh quote.bin --format dcap",
    "warifu evidence refresh quote.bin --format dcap --from https://pccs.example:8081",
)
@group.command("refresh", cls=SeveralValues)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False))
@click.option(
    "--format",
    "name",
    type=click.Choice(("sev-snp", "dcap")),
    required=True,
    help="What FILE is (dcap: a TDX or SGX quote; it says itself which).",
)
@click.option(
    "--from", "base", metavar="URL", help="Ask this service (a PCCS, a mirror) instead of the vendor's own."
)
@click.option(
    "--root",
    "roots",
    multiple=True,
    type=_FILE,
    metavar="FILE ...",
    help="Trust this certificate beside the vendor's pinned root.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep it there (a device's 'endorsements' directory) instead of with this client.",
)
@json_option
def refresh(
    file: Path, name: str, base: str | None, roots: tuple[Path, ...], into: Path | None, as_json: bool
) -> None:
    """Fetch what the evidence in FILE is judged by, check it down to the vendor's root, and keep it.

    Whoever is asked learns the kind of machine (Intel) or the very chip (AMD). Documents older than the kept ones are
    refused. 'warifu evidence verify --kept' uses what was kept, offline.
    """
    trusted = read_endorsements((), roots, ()).roots
    evidence = read_evidence(file, name)
    entries = fetch_and_keep(evidence, into or default_endorsements_directory(), base, trusted, clock())
    show_kept(entries, Screen(as_json))
