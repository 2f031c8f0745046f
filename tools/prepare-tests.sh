#!/usr/bin/env bash
# The static checks, and meanwhile what the tests want beside the environment: most of that waits for a network. What
# cannot be had says so, and the tests that want it are skipped. Exit status: that of the static checks.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}

said=$(mktemp)
trap 'rm -f "$said"' EXIT
tools/static-checks.sh "$venv" >"$said" 2>&1 &
checks=$!
# Compiles the sources and the tests: once, and not in each worker.
(unset PYTHONDONTWRITEBYTECODE; "$venv/bin/python" -m pytest --collect-only -q >/dev/null 2>&1 || true) &
compiling=$!
{
  for what in knots anvil noble quicknode-sdk exchange-oracles; do
    "tools/fetch-$what.sh" || true
  done
} &
fetching=$!
tools/setup-tpm.sh "$venv" || true
tools/setup-host.sh || true
tools/setup-browser.sh || true
{ tools/setup-appliance.sh && tools/build-appliance.sh "$venv" >/dev/null; } || true
wait "$fetching" "$compiling"
status=0
wait "$checks" || status=$?
cat "$said"
exit "$status"
