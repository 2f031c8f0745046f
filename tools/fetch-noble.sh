#!/usr/bin/env bash
# Bring an independent verifier for the tests: noble-curves (audited JavaScript, no code in common with the libraries
# that Warifu uses) and the one package it wants, in exact versions, from npm. Nothing of the packages is run while they
# are unpacked, and their content must have the SHA-512 below (npm's own integrity values).
# Leaves .cache/noble/node_modules/@noble/{curves,hashes}.
# Exit status: 0 they are there, 1 they cannot be had (the tests that want them then say so and are skipped).
set -euo pipefail
cd "$(dirname "$0")/.."
home=$PWD/.cache/noble
version=2.4.0

die() { printf 'fetch-noble: %s\n' "$*" >&2; exit 1; }

declare -A sha512=(
  [curves]='P4/62zrgfH33CneE3Dn4WhJVA22YUU0eR51wKIan4NVRvwsA0YnPTwWGpNbpuacSujmSFLvyzpyuR30+fbq2Ew=='
  [hashes]='X5XaVWZIBCT7HHZGm5I7ZQXDwLG+bGXuSrMQAW+7Zvl87h1kmc1ZB1VSRJcpUfoUrGQp4Fkoxm5kZ+Ms+aW+eA=='
)

there() {
  local name
  for name in curves hashes; do
    grep -qF "\"version\": \"$version\"" "$home/node_modules/@noble/$name/package.json" 2>/dev/null || return 1
  done
}

there && exit 0
for tool in node npm openssl tar; do
  command -v "$tool" >/dev/null 2>&1 || die "no $tool here"
done
node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' \
  || die "noble-curves $version wants node 20.19 or later, and this is $(node --version)"

mkdir -p "$home"
work=$(mktemp -d "$home/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
for name in hashes curves; do
  printf 'fetch-noble: fetching @noble/%s %s\n' "$name" "$version"
  mkdir -p "$work/$name"
  # `npm pack` of a published package runs no script of it; the digest is checked here once more, against this file.
  (cd "$work/$name" && timeout 90 npm pack --silent --ignore-scripts --cache "$work/npm" "@noble/$name@$version" >/dev/null 2>"$work/errors") \
    || die "npm gave no package within 90 seconds: $(grep -v '^ *$' "$work/errors" | tail -n 1)"
  archive=$(find "$work/$name" -maxdepth 1 -name '*.tgz' | head -n 1)
  [ -n "$archive" ] || die "npm brought no archive"
  [ "$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)" = "${sha512[$name]}" ] \
    || die "the archive of @noble/$name is not the one that is pinned here: not used"
  mkdir -p "$work/root/@noble/$name"
  tar -xzf "$archive" -C "$work/root/@noble/$name" --strip-components=1 --no-same-owner
done
rm -rf "$home/node_modules"
mv "$work/root" "$home/node_modules"
there || die "the packages do not say the version that is pinned here"
printf 'fetch-noble: @noble/curves %s\n' "$version"
