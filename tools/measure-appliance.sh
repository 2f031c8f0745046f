#!/usr/bin/env bash
# The reference value of the appliance's image, as JSON: what it is made of, and what a start of it is measured as. Builds
# the tracked sources twice, cleanly, and fails where the two differ: a value that only one builder gets is no reference.
#   tools/measure-appliance.sh [VENV]
# Exit status: 0 printed, 1 it cannot be built here, 2 two clean builds differ.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(realpath "${1:-.venv}" --no-symlinks)

tools/setup-appliance.sh
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
git ls-files -z -- packaging/appliance pyproject.toml src tools/build-appliance.sh \
  | tar --null --files-from - --create | tar -x -C "$place"
first=$("$place/tools/build-appliance.sh" "$venv" --clean)
second=$("$place/tools/build-appliance.sh" "$venv" --clean)
if ! diff -rq "$first" "$second" >&2; then
  echo "measure-appliance: two clean builds differ" >&2
  exit 2
fi
"$venv/bin/python" "$place/packaging/appliance/measure.py" "$first"
