#!/usr/bin/env bash
# Format, lint, strict types and import contracts: what needs no test to run.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${1:-.venv}/bin
"$bin/ruff" format --check --quiet . || { echo "run: make format" >&2; exit 1; }
"$bin/ruff" check --quiet .
"$bin/mypy"
"$bin/lint-imports" --no-logo 2>/dev/null || "$bin/lint-imports"
