#!/usr/bin/env bash
# All tests, on four workers, because two leave two processors waiting: for processes, for blocks, for devices that do
# not answer. In a temporary place of their own: in pytest's usual one, each new run closes the common parent to other
# users, and enclaves that have a user of their own must be able to pass through it.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}; shift || true
# The tests start some hundred processes: none compiles again what the first one imported.
unset PYTHONDONTWRITEBYTECODE
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir "$place/run"
chmod 711 "$place" "$place/run"
"$venv/bin/python" -m pytest -n 4 --dist loadscope --no-loadscope-reorder --basetemp "$place/run/tests" "$@"
