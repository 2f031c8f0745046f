#!/usr/bin/env bash
# The reference value of the appliance's image, as JSON: what it is made of, and what a start of it is measured as. Builds
# it twice, cleanly, and fails where the two differ: a value that only one builder gets is no reference.
#   tools/measure-appliance.sh [VENV]
# Exit status: 0 printed, 1 it cannot be built here, 2 two clean builds differ.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}

tools/setup-appliance.sh
first=$(tools/build-appliance.sh "$venv" --clean)
trap 'rm -rf "$first" "${second:-}"' EXIT
second=$(tools/build-appliance.sh "$venv" --clean)
if ! diff -rq "$first" "$second" >&2; then
  echo "measure-appliance: two clean builds differ" >&2
  exit 2
fi
"$venv/bin/python" packaging/appliance/measure.py "$first"
