#!/usr/bin/env bash
# What the appliance is built and run with: QEMU, its firmware and a software TPM, mmdebstrap, and small tools of Debian.
# Installs what is missing where it may. Exit status: 0 all of it is there, 1 something cannot be had (the tests that want
# the appliance then say so and are skipped).
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'setup-appliance: %s\n' "$*" >&2; exit 1; }

PATH=$PATH:/usr/sbin:/sbin
declare -A package_of=(
  [qemu-system-x86_64]=qemu-system-x86 [swtpm]=swtpm [swtpm_setup]=swtpm-tools [mmdebstrap]=mmdebstrap
  [mkfs.ext4]=e2fsprogs [zstd]=zstd [dpkg-deb]=dpkg
)
missing=()
for program in "${!package_of[@]}"; do
  command -v "$program" >/dev/null 2>&1 || missing+=("${package_of[$program]}")
done
[ -r /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
[ ${#missing[@]} -gt 0 ] || exit 0

[ "$(uname -m)" = x86_64 ] || die "the appliance runs on x86_64 only"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  die "missing: ${missing[*]} (Debian: sudo apt-get install ${missing[*]})"
fi
printf 'setup-appliance: installing %s\n' "${missing[*]}"
{ timeout 60 apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 240 apt-get install -y -qq --no-install-recommends \
    "${missing[@]}"; } >/dev/null 2>&1 || die "apt could not install ${missing[*]}"
