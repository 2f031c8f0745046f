#!/usr/bin/env bash
# Bring what the TPM platform needs: the library that speaks to TPMs (tpm2-pytss, compiled here against Debian's libtss2,
# every file of it and of what compiles it checked against requirements-tpm.lock), and for the tests a simulated TPM.
# Installs Debian's packages where it may. Exit status: 0 all of it is there, 1 something cannot be had (the tests that
# want a TPM then say so and are skipped).
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}

die() { printf 'setup-tpm: %s\n' "$*" >&2; exit 1; }
works() { "$venv/bin/python" -c 'import tpm2_pytss' >/dev/null 2>&1; }

missing=()
command -v swtpm >/dev/null 2>&1 || missing+=(swtpm)
command -v swtpm_setup >/dev/null 2>&1 || missing+=(swtpm-tools)
command -v tpm2 >/dev/null 2>&1 || missing+=(tpm2-tools)
if ! works; then
  command -v gcc >/dev/null 2>&1 || missing+=(gcc)
  [ -r /usr/include/stdio.h ] || missing+=(libc6-dev) # gcc only recommends it
  command -v pkg-config >/dev/null 2>&1 || missing+=(pkg-config)
  pkg-config --exists tss2-esys 2>/dev/null || missing+=(libtss2-dev)
  # The headers of the very Python that the environment was made with; one that was not packaged brings its own.
  "$venv/bin/python" -c 'import pathlib, sys, sysconfig; sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").is_file())' \
    || missing+=("libpython$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-dev")
fi
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    die "missing: ${missing[*]} (Debian: sudo apt-get install ${missing[*]})"
  fi
  printf 'setup-tpm: installing %s\n' "${missing[*]}"
  { timeout 60 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 240 apt-get install -y -qq \
      --no-install-recommends "${missing[@]}"; } >/dev/null 2>&1 || die "apt could not install ${missing[*]}"
fi
if works; then exit 0; fi

printf 'setup-tpm: compiling tpm2-pytss (half a minute)\n'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pip=("$venv/bin/python" -m pip --quiet --disable-pip-version-check --no-input install --require-hashes --no-deps)
# What compiles it goes to a place of its own and away again: nothing of it belongs beside the signer.
awk '/^[^ ]/ {keep = !/^tpm2-pytss==/} keep' requirements-tpm.lock > "$work/build.lock"
awk '/^[^ ]/ {keep = /^tpm2-pytss==/} keep' requirements-tpm.lock > "$work/tpm.lock"
timeout 120 "${pip[@]}" --only-binary :all: --target "$work/build" -r "$work/build.lock" || die "what compiles it cannot be had from PyPI"
PYTHONPATH=$work/build timeout 300 "${pip[@]}" --no-build-isolation -r "$work/tpm.lock" > "$work/log" 2>&1 \
  || die "it does not compile here: $(grep -v '^ *$' "$work/log" | tail -n 1)"
works || die "it was compiled but does not load: $("$venv/bin/python" -c 'import tpm2_pytss' 2>&1 | tail -n 1)"
printf 'setup-tpm: tpm2-pytss %s\n' "$("$venv/bin/python" -c 'import importlib.metadata as m; print(m.version("tpm2-pytss"))')"
