#!/usr/bin/env bash
# Bring a real Bitcoin node for the tests: Debian unstable's bitcoin-knots and the libraries it wants, unpacked side by
# side into .cache/bitcoind/ and started through their own loader. Nothing is installed, no root is needed, and apt
# checks every file against Debian's signatures. The mirror is the one that this machine's apt already uses.
# Leaves .cache/bitcoind/bitcoind; BITCOIND=/path/to/bitcoind names another node and nothing is fetched.
# Exit status: 0 a node is there, 1 it cannot be had (the tests that want it then say so and are skipped).
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/.cache/bitcoind
deadline=$((SECONDS + 90))

die() { printf 'fetch-knots: %s\n' "$*" >&2; exit 1; }
works() { timeout 20 "$1" -version >/dev/null 2>&1; }

if [ -n "${BITCOIND:-}" ]; then
  works "$BITCOIND" || die "BITCOIND=$BITCOIND does not start"
  exit 0
fi
if [ -x "$home/bitcoind" ] && works "$home/bitcoind"; then exit 0; fi
for tool in apt-get apt-cache dpkg-deb; do
  command -v "$tool" >/dev/null 2>&1 || die "no $tool here (not Debian?); set BITCOIND=/path/to/bitcoind instead"
done

mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -E '/debian/?$' | sort -u | head -n 1) || true
[ -n "$mirror" ] || die "apt has no Debian mirror configured here; set BITCOIND=/path/to/bitcoind instead"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || die "$keyring is missing, so nothing from the mirror could be trusted (package debian-archive-keyring)"

mkdir -p "$home"
work=$(mktemp -d "$home/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/state/lists/partial "$work"/cache/archives/partial "$work"/parts "$work"/debs "$work"/root
: > "$work/status" # nothing counts as installed: the libraries must all come along
printf 'deb [signed-by=%s] %s sid main\n' "$keyring" "$mirror" > "$work/sources.list"
options=(
  -q -q -o "Dir::State=$work/state" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache"
  -o "Dir::Etc::sourcelist=$work/sources.list" -o "Dir::Etc::sourceparts=$work/parts" -o "Dir::Etc::preferencesparts=$work/parts"
  -o "APT::Sandbox::User=$(id -un)" -o APT::Install-Recommends=0 -o Acquire::Languages=none -o Debug::NoLocking=1
  -o APT::Update::Error-Mode=any -o Acquire::Retries=1 -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15
)
bounded() { # what is left of the 90 seconds, and never zero, which would mean for ever
  local left=$((deadline - SECONDS))
  [ "$left" -gt 0 ] || die "not done within 90 seconds; try again, or set BITCOIND=/path/to/bitcoind"
  timeout "$left" "$@"
}

printf 'fetch-knots: fetching bitcoin-knots from %s\n' "$mirror"
bounded apt-get "${options[@]}" update 2>"$work/errors" || die "the mirror gave no package list: $(tail -n 1 "$work/errors")"
depends=$(apt-cache "${options[@]}" show bitcoin-knots 2>/dev/null | sed -n 's/^Depends: //p' | head -n 1)
[ -n "$depends" ] || die "Debian unstable has no bitcoin-knots for $(dpkg --print-architecture) today"
# Only libraries: the package also wants systemd and debconf for a service that is not set up here.
mapfile -t libraries < <(tr ',' '\n' <<<"$depends" | sed -E 's/^ *([^ |]+).*/\1/' | grep '^lib')
mapfile -t packages < <(bounded apt-get "${options[@]}" -s install "${libraries[@]}" | awk '$1 == "Inst" {print $2}' \
  | grep -E '^(lib|zlib1g|gcc-)')
[ ${#packages[@]} -gt 0 ] || die "apt finds no way to put the libraries of bitcoin-knots together"
(cd "$work/debs" && bounded apt-get "${options[@]}" download bitcoin-knots "${packages[@]}" 2>"$work/errors") \
  || die "download failed: $(tail -n 1 "$work/errors")"

for package in "$work"/debs/*.deb; do dpkg-deb -x "$package" "$work/root"; done
binary=$(cd "$work/root" && find . -type f -name bitcoind -perm -u+x | head -n 1)
loader=$(cd "$work/root" && find . -name 'ld-linux-*.so.*' -path '*/lib*' ! -path './lib64/*' | head -n 1)
[ -n "$binary" ] && [ -n "$loader" ] || die "the package holds no bitcoind, or libc6 no loader"
libraries_at=$(cd "$work/root" && find . -name 'lib*.so.*' -printf '%h\n' | grep -E '^\./(usr/)?lib' \
  | grep -vE 'gconv|engines|ossl-modules' | sort -u)
rm -rf "$home/root"
mv "$work/root" "$home/root"
{
  printf '#!/bin/sh\n# Made by tools/fetch-knots.sh: the node with the libraries it was built for, beside this machine'\''s own.\n'
  printf 'root=$(dirname "$(readlink -f "$0")")/root\n'
  printf 'exec "$root/%s" --library-path "%s" "$root/%s" "$@"\n' "${loader#./}" \
    "$(sed 's|^\./|$root/|' <<<"$libraries_at" | paste -sd:)" "${binary#./}"
} > "$home/bitcoind.new"
chmod 755 "$home/bitcoind.new"
works "$home/bitcoind.new" || die "it was unpacked but does not start here: $("$home/bitcoind.new" -version 2>&1 | head -n 1)"
mv "$home/bitcoind.new" "$home/bitcoind"
printf 'fetch-knots: %s\n' "$("$home/bitcoind" -version | head -n 1)"
