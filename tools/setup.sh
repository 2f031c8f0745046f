#!/usr/bin/env bash
# Make the virtual environment from requirements.lock, every file checked against its hash.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}

die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

python=${PYTHON:-}
if [ -z "$python" ]; then
  for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null 2>&1 \
       && "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
      python=$candidate; break
    fi
  done
fi
[ -n "$python" ] || die "no Python 3.11, 3.12 or 3.13 found; install one, or name it: PYTHON=/path/to/python make ..."

# Debian splits these from what a minimal machine has: venv support, and the library behind the seccomp filter.
missing=()
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
ldconfig -p 2>/dev/null | grep -q 'libseccomp\.so\.2' || missing+=(libseccomp2)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    printf 'setup: installing %s\n' "${missing[*]}"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
  else
    die "missing system packages: ${missing[*]} (Debian: sudo apt-get install ${missing[*]})"
  fi
fi

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
printf 'setup: installing the locked dependencies into %s (the first time takes a minute)\n' "$venv"
pip() { "$venv/bin/python" -m pip --quiet --disable-pip-version-check --no-input "$@"; }
# setuptools first: what has no wheel (embit, pure Python) is built with it, and with nothing that was not hash-checked.
awk '/^[^ ]/ {keep = /^setuptools==/} keep' requirements.lock > "$venv/setuptools.lock"
pip install --require-hashes --no-deps --only-binary :all: -r "$venv/setuptools.lock"
pip install --require-hashes --no-deps --prefer-binary --no-build-isolation -r requirements.lock
pip install --no-deps --no-build-isolation --editable .
touch "$venv/.installed"
