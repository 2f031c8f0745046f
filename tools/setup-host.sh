#!/usr/bin/env bash
# What the tests of the hardening and of the runtime watch want: mmdebstrap (an image to harden), the checkers of packet
# filter and profiles, and bpftrace. Installs what is missing where it may. Exit status: 0 all of it is there, 1 something
# cannot be had (those tests then say so and are skipped).
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'setup-host: %s\n' "$*" >&2; exit 1; }

PATH=$PATH:/usr/sbin:/sbin
declare -A package_of=([mmdebstrap]=mmdebstrap [bpftrace]=bpftrace [nft]=nftables [apparmor_parser]=apparmor)
missing=()
for program in "${!package_of[@]}"; do
  command -v "$program" >/dev/null 2>&1 || missing+=("${package_of[$program]}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  die "missing: ${missing[*]} (Debian: sudo apt-get install ${missing[*]})"
fi
printf 'setup-host: installing %s\n' "${missing[*]}"
{ timeout 60 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 240 apt-get install -y -qq --no-install-recommends \
    "${missing[@]}"; } >/dev/null 2>&1 || die "apt could not install ${missing[*]}"
