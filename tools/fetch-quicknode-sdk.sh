#!/usr/bin/env bash
# Bring QuickNode's official SDKs for the tests that drive the stand-in with them: quicknode-sdk from PyPI, checked
# against its hash, and @quicknode/sdk from npm. Both go into .cache/quicknode-sdk/ and nowhere else; the product needs
# neither. Exit status: 0 both are there, 1 one of them cannot be had (the tests that want it say so and are skipped).
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/.cache/quicknode-sdk
python=${PYTHON:-.venv/bin/python}
python_version=0.8.2
node_version=2.6.0
status=0

say() { printf 'fetch-quicknode-sdk: %s\n' "$*" >&2; }

mkdir -p "$home"
if [ ! -f "$home/python/.$python_version" ]; then
  rm -rf "$home/python" "$home/python.new"
  # The wheels of CPython 3.11, 3.12 and 3.13 for x86_64 and aarch64: what is not among them is not installed.
  printf 'quicknode-sdk==%s' "$python_version" > "$home/requirements.txt"
  while read -r hash; do printf ' --hash=sha256:%s' "$hash"; done <<'HASHES' >> "$home/requirements.txt"
308c0b8e18d67675f9b5f19b2c94690caf99c596a37a0f230b594186ed7c3fba
f588f0c1e4b812c6275c87c45e476de8e3417dce7998daaeeb8d0fd777200fa8
2d82eb8258a76041ffbf3555bd618c1d87444e07132df7f68b55a73f119d5a94
7945cc63a3d9bba8731572bb480fa1f0c52729c4885b969b0bf4e518fc515288
5295c2e0191771e2697bfcec780ad5b8184d94891b81e629a23400f4462c3e0f
4955f549b5cabe980be4a711cd1359f7619906b0bf4b3485c26b979123514f82
HASHES
  if timeout 90 "$python" -m pip --quiet --disable-pip-version-check --no-input install --require-hashes --no-deps \
      --only-binary :all: --target "$home/python.new" -r "$home/requirements.txt"; then
    mv "$home/python.new" "$home/python"
    touch "$home/python/.$python_version"
  else
    say "quicknode-sdk $python_version cannot be had from PyPI for this machine"
    status=1
  fi
fi

if [ ! -f "$home/node/.$node_version" ]; then
  rm -rf "$home/node" "$home/node.new"
  if ! command -v npm >/dev/null 2>&1; then
    say "no npm here, so no @quicknode/sdk"
    status=1
  elif mkdir "$home/node.new" && timeout 180 npm --silent --prefix "$home/node.new" install --ignore-scripts --no-audit \
      --no-fund --no-save "@quicknode/sdk@$node_version" >/dev/null; then
    mv "$home/node.new" "$home/node"
    touch "$home/node/.$node_version"
  else
    say "@quicknode/sdk $node_version cannot be had from npm"
    status=1
  fi
fi
exit "$status"
