#!/usr/bin/env bash
# Resolve pyproject.toml again and write requirements.lock: exact versions for every platform, with the hash of
# every published file. `tools/lock.sh .venv --upgrade` takes newer versions.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}; shift || true
"$venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras --group dev \
  --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
  --output-file requirements.lock "$@" pyproject.toml
