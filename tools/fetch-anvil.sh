#!/usr/bin/env bash
# Bring a real Ethereum development node for the tests: Foundry's Anvil, in one exact version, as the npm package that
# Foundry publishes. Nothing of the package is run while it is unpacked, and its content must have the SHA-512 below.
# Leaves .cache/anvil/anvil; ANVIL=/path/to/anvil names another node and nothing is fetched.
# Exit status: 0 a node is there, 1 it cannot be had (the tests that want it then say so and are skipped).
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/.cache/anvil
version=1.7.1

die() { printf 'fetch-anvil: %s\n' "$*" >&2; exit 1; }
works() { timeout 20 "$1" --version >/dev/null 2>&1; }

if [ -n "${ANVIL:-}" ]; then
  works "$ANVIL" || die "ANVIL=$ANVIL does not start"
  exit 0
fi
if [ -x "$home/anvil" ] && "$home/anvil" --version 2>/dev/null | grep -qF "$version"; then exit 0; fi
[ "$(uname -s)" = Linux ] || die "no Anvil package is pinned for $(uname -s); set ANVIL=/path/to/anvil instead"
case $(uname -m) in
  x86_64) package=@foundry-rs/anvil-linux-amd64
    sha512='+XmShybEaxfCrr0OUUZwYEy2OnYZt5pHH9TzBtLv3+VrK0O/ANuNSVEahqNhKHlgX7GRJ59383ofNhxkRWIYTg==' ;;
  aarch64 | arm64) package=@foundry-rs/anvil-linux-arm64
    sha512='ykHJmFOGdBR8+9smOKBm9ZZDCCCkLQctiHOAddLvmYx9mPeBDMfq6jP51hKYsO5MG8ClPLSlWe+JpiXPjoXgBQ==' ;;
  *) die "no Anvil package is pinned for $(uname -m); set ANVIL=/path/to/anvil instead" ;;
esac
for tool in npm openssl tar; do
  command -v "$tool" >/dev/null 2>&1 || die "no $tool here; set ANVIL=/path/to/anvil instead"
done

mkdir -p "$home"
work=$(mktemp -d "$home/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
printf 'fetch-anvil: fetching %s %s\n' "$package" "$version"
# `npm pack` of a published package runs no script of it; the digest is checked here once more, against this file.
(cd "$work" && timeout 90 npm pack --silent --ignore-scripts --cache "$work/npm" "$package@$version" >/dev/null 2>"$work/errors") \
  || die "npm gave no package within 90 seconds: $(grep -v '^ *$' "$work/errors" | tail -n 1)"
archive=$(find "$work" -maxdepth 1 -name '*.tgz' | head -n 1)
[ -n "$archive" ] || die "npm brought no archive"
[ "$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)" = "$sha512" ] \
  || die "the archive is not the one that is pinned here: not used"
mkdir "$work/root"
tar -xzf "$archive" -C "$work/root" --no-same-owner
binary=$(find "$work/root" -type f -name anvil | head -n 1)
[ -n "$binary" ] || die "the package holds no anvil"
chmod 755 "$binary"
works "$binary" || die "it was unpacked but does not start here: $("$binary" --version 2>&1 | head -n 1)"
mv "$binary" "$home/anvil"
printf 'fetch-anvil: %s\n' "$("$home/anvil" --version | head -n 1)"
