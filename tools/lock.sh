#!/usr/bin/env bash
# Resolve pyproject.toml again and write requirements.lock: exact versions for every platform, with the hash of
# every published file. `tools/lock.sh .venv --upgrade` takes newer versions.
# requirements-tpm.lock has what the extra `tpm` needs beyond that: its library and what compiles it (tools/setup-tpm.sh).
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}; shift || true
compile() {
  "$venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-annotate --no-header --no-emit-index-url --no-emit-find-links "$@"
}
compile --extra service --extra demo --group dev --output-file requirements.lock "$@" pyproject.toml
printf 'pkgconfig\nsetuptools-scm\n' | compile --extra tpm --constraint requirements.lock "$@" pyproject.toml - \
  | awk 'NR == FNR {if (/^[^ ]+==/) {sub(/==.*/, ""); locked[$0] = 1}; next}
         /^[^ ]+==/ {name = $0; sub(/==.*/, "", name); keep = !(name in locked)} keep' requirements.lock - \
  > requirements-tpm.lock
