#!/usr/bin/env bash
# The fast part: the static checks, and beside them the unit tests that are not slow. mypy works on one processor: alone, it
# would leave the other one waiting for half a minute. Exit status: 0 both are well, 1 not.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}

said=$(mktemp)
trap 'rm -f "$said"' EXIT
tools/static-checks.sh "$venv" >"$said" 2>&1 &
checks=$!
status=0
tools/run-tests.sh "$venv" -n 2 -q -m 'unit and not slow' || status=1
wait "$checks" || status=1
cat "$said"
exit "$status"
