#!/usr/bin/env bash
# Debian's Chromium, for the tests that make and use passkeys in a real browser. Installs it where it may.
# Exit status: 0 it is there, 1 it cannot be had (those tests then say so and are skipped).
set -euo pipefail
command -v chromium >/dev/null 2>&1 && exit 0
die() { printf 'setup-browser: %s\n' "$*" >&2; exit 1; }
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  die "missing: chromium (Debian: sudo apt-get install chromium)"
fi
printf 'setup-browser: installing chromium\n'
{ timeout 60 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 400 apt-get install -y -qq \
    --no-install-recommends chromium; } >/dev/null 2>&1 || die "apt could not install chromium"
