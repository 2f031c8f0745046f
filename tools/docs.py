"""Regenerate what the documentation takes from the code, and check the links between the pages.

``docs/cli.md`` is the command line's own help; ``docs/errors.md`` the families of errors and their exit codes.
With ``--check`` nothing is written and the exit status is 1 when a page is out of date or a link leads nowhere.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from error_codes import error_codes

from warifu.cli.main import main as command_line
from warifu.errors import FAMILIES

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(name, help text) of a command and all below it."""
    context = click.Context(command, info_name=" ".join(path), terminal_width=100, max_content_width=100)
    yield " ".join(path), command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from commands(child, (*path, name))


def cli_page() -> str:
    parts = ["# Command line\n\nGenerated from `warifu --help` by `make docs`.\n"]
    for name, text in commands(command_line, ("warifu",)):
        parts.append(f"## {name}\n\n```text\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


def errors_page() -> str:
    rows = [
        "# Errors\n",
        "Generated from `src/warifu/` by `make docs`. A code is `family.reason`, and stable.",
        "With `--lang ja` each is said in Japanese, above the words of the case, which are English.\n",
    ]
    rows += ["| family | exit code | means |", "|---|---|---|"]
    for family, kind in FAMILIES.items():
        meaning = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
        rows.append(f"| `{family}` | {kind.exit_code} | {meaning} |")
    rows.append(
        "\n## Reasons\n\nOf `input` also those of `transaction`, where no signer would sign what is asked for."
    )
    for family, reasons in error_codes().items():
        rows.append(f"\n**{family}**: {', '.join(f'`{reason}`' for reason in sorted(reasons))}.")
    return "\n".join(rows) + "\n"


def broken_links() -> list[str]:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").rglob("*.md")]
    return [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists()
    ]


def main(check: bool) -> int:
    problems = broken_links()
    for name, text in (("docs/cli.md", cli_page()), ("docs/errors.md", errors_page())):
        page = ROOT / name
        if page.exists() and page.read_text(encoding="utf-8") == text:
            continue
        if check:
            problems.append(f"{name} is out of date: run `make docs`")
        else:
            page.write_text(text, encoding="utf-8")
    for problem in problems:
        sys.stderr.write(f"docs: {problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
