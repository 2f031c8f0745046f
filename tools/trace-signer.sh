#!/usr/bin/env bash
# Which system calls do signers make once they are shut in? Runs real signers through their work under strace, and
# compares what is seen with the allowlist (src/warifu/signer/isolation/layers/seccomp_rules.py). Exit code 1: differs.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}

if ! command -v strace >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    printf 'trace-signer: installing strace\n'
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq strace >/dev/null
  else
    printf 'trace-signer: strace is not installed (Debian: sudo apt-get install strace)\n' >&2
    exit 2
  fi
fi
exec "$venv/bin/python" -m tests.support.traces
