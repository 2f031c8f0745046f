#!/usr/bin/env bash
# Bring other people's clients for the tests that compare ours with them: ccxt and Coinbase's official coinbase-advanced-py,
# checked against their hashes. They go into .cache/exchange-oracles/ and nowhere else: the product needs neither, and
# beside other packages pip would settle for an SDK without Ed25519. Exit status: 0 both are there, 1 they cannot be had
# (the tests that want them say so and are skipped).
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/.cache/exchange-oracles
python=${PYTHON:-.venv/bin/python}
stamp=ccxt-4.5.90-coinbase-advanced-py-1.8.4

[ -f "$home/.$stamp" ] && exit 0
mkdir -p "$home"
rm -rf "$home/site" "$home/new"
# What else they import (cryptography, PyJWT, certifi, typing_extensions) is in the development environment already.
cat > "$home/requirements.txt" <<'LIST'
ccxt==4.5.90 --hash=sha256:f5a375e88442851f3fddfd85ba9d165cfa1007aeea259ad1d6fd6223a06e6a7e
coinbase-advanced-py==1.8.4 --hash=sha256:25488c2bb8452ffa54319804253f3b4d0dc346498a6fb24ef0e88c4fd91def3d
requests==2.34.2 --hash=sha256:2a0d60c172f83ac6ab31e4554906c0f3b3588d37b5cb939b1c061f4907e278e0
urllib3==2.8.0 --hash=sha256:0cf3cae568d36aa9576b28dfb35f11328f1cb974ca7647d9475ebb86c75ac6e3
charset-normalizer==3.5.3 --hash=sha256:96e268b0cbda016ac519513294fcd17032264085b600abaac58b93049477e132
idna==3.20 --hash=sha256:ab7ae7122974553370f0bdb919e1a960b2cd1bc1ef0276416d896db81c14582c
backoff==2.2.1 --hash=sha256:63579f9a0628e06278f7e47b7d7d5b6ce20dc65c5e96a6f3ca99a6adca0396e8
LIST
if timeout 180 "$python" -m pip --quiet --disable-pip-version-check --no-input install --require-hashes --no-deps \
    --only-binary :all: --platform any --implementation py --abi none --target "$home/new" -r "$home/requirements.txt"; then
  mv "$home/new" "$home/site"
  touch "$home/.$stamp"
else
  printf 'fetch-exchange-oracles: they cannot be had from PyPI\n' >&2
  exit 1
fi
