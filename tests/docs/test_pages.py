"""The documentation tells the truth where a machine can check it: generated pages, links, and the tests it names."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from warifu.protocol.policy_text import read_policy

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


@cache
def functions(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_generated_pages_are_up_to_date_and_links_lead_somewhere() -> None:
    run = subprocess.run(
        [sys.executable, "tools/docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = NAMED.findall((ROOT / "docs/threat-model.md").read_text(encoding="utf-8"))
    assert len(named) > 30
    missing = [
        f"{file}::{function}"
        for file, function in named
        if not (ROOT / file).is_file() or (function and function not in functions(ROOT / file))
    ]
    assert missing == []


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_every_command_in_the_readme_is_one(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    reference = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    commands = re.findall(r"^(?:\.venv/bin/)?warifu ((?:[a-z][a-z-]* ?)+)", text, re.MULTILINE)
    assert commands
    headings = {
        line.removeprefix("## warifu ").strip() for line in reference.splitlines() if line.startswith("## ")
    }
    for command in commands:
        words = command.split()
        assert any(" ".join(words[:count]) in headings for count in (1, 2)), command


def test_both_readmes_have_the_same_shape() -> None:
    shapes = [
        [
            line.split(" ", 1)[0]
            for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
            if line.startswith(("#", "```", "|"))
        ]
        for name in ("README.md", "README.ja.md")
    ]
    assert shapes[0] == shapes[1]


def test_every_policy_in_the_documentation_is_one() -> None:
    found = 0
    for page in (ROOT / "README.md", ROOT / "README.ja.md", ROOT / "docs/policy.md"):
        for text in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            read_policy(text if "passphrase_tries" in text else f"passphrase_tries = 5\n{text}")
            found += 1
    assert found == 4
