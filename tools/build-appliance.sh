#!/usr/bin/env bash
# Build the appliance: a kernel, one initial RAM file system that is the whole system, and a command line. What is in them
# comes from Debian (apt checks the signatures), from this environment's locked packages, and from src/. The same inputs
# give the same bytes; docs/appliance.md says why it is made like this.
#   tools/build-appliance.sh VENV            the image of these inputs, built only if .cache/appliance/ has none
#   tools/build-appliance.sh VENV --clean    into a new folder below .cache/appliance/, without looking at what is there
# Prints the folder with the firmware, vmlinuz, initrd, cmdline, packages (what came from Debian) and release (what a
# signer in it states) on standard output.
# APPLIANCE_MIRROR names another Debian mirror than apt's, for instance a dated snapshot.
# Exit status: 0 the image is there, 1 it cannot be built here.
set -euo pipefail
export LC_ALL=C SOURCE_DATE_EPOCH=1700000000
umask 022
cd "$(dirname "$0")/.."
venv=${1:-.venv}
python=$venv/bin/python
here=packaging/appliance
cache=$PWD/.cache/appliance

die() { printf 'build-appliance: %s\n' "$*" >&2; exit 1; }
lines_of() { grep -v '^#' "$1"; }

for tool in mmdebstrap apt-get dpkg-deb zstd; do
  command -v "$tool" >/dev/null 2>&1 || die "no $tool here (tools/setup-appliance.sh installs what is needed)"
done
[ "$(uname -m)" = x86_64 ] || die "the appliance is built on x86_64 only"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$version" = 3.11 ] || die "the image has Debian's Python 3.11 and takes its packages from this environment, which has \
$version: make one with PYTHON=python3.11"

tree_digest=$("$python" "$here/python_tree.py" --digest) || die "the signer's packages cannot be listed"
digest=$({ echo "$tree_digest ${APPLIANCE_MIRROR:-}"; cat "$0" "$here"/*; } | sha256sum | cut -c 1-32)
target=$cache/$digest
if [ "${2:-}" = --clean ]; then
  mkdir -p "$cache"
  target=$(mktemp -d "$cache/clean.XXXXXX")
elif [ -f "$target/initrd" ]; then
  echo "$target"; exit 0
fi

mkdir -p "$cache"
work=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root

mirror=${APPLIANCE_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -E '/debian/?$' | sort -u | head -n 1)}
[ -n "$mirror" ] || die "apt has no Debian mirror configured here; name one: APPLIANCE_MIRROR=https://.../debian"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || die "$keyring is missing, so nothing from the mirror could be trusted (package debian-archive-keyring)"
dated=$([ -z "${APPLIANCE_MIRROR:-}" ] || echo ' check-valid-until=no') # a snapshot's lists are as old as it is
for suite in bookworm bookworm-updates bookworm-security; do
  from=$mirror
  [ "$suite" != bookworm-security ] || from=$(sed -E 's#/debian(/|$)#/debian-security\1#' <<<"$mirror")
  printf 'deb [signed-by=%s%s] %s %s main\n' "$keyring" "$dated" "$from" "$suite"
done > "$work/sources.list"

# --- Debian's half: unpacked, never configured. The kernel lies beside it: only a few of its modules go in.
unpack() { # packages target; notes each package with its hash
  mkdir "$2"
  timeout 300 mmdebstrap --quiet --variant=extract --format=tar --include="$1" \
    --aptopt='APT::Install-Recommends "0"' --aptopt='Acquire::Retries "1"' \
    --extract-hook='cd "$1/var/cache/apt/archives" && sha256sum *.deb >&2' \
    bookworm - "$work/sources.list" 2>"$work/log" | tar --extract --no-same-owner --exclude './dev/*' --directory "$2" \
    || die "mmdebstrap failed: $(tail -n 3 "$work/log")"
  grep -E '^[0-9a-f]{64} ' "$work/log" >> "$work/packages"
}
unpack "$(lines_of "$here/debian-packages" | paste -sd,)" "$work/debian"
unpack linux-image-cloud-amd64,ovmf "$work/kernel"

# --- Only what runs is taken out of the packages: libraries, the interpreter and its library, ldconfig.
take() { (cd "$work/debian" && find "$@" -print0 | tar --null --no-recursion --files-from - --create) | tar -x -C "$root"; }
mkdir -p "$root"/{dev,proc,sys,system,store,etc,usr/lib/warifu/modules}
take lib/x86_64-linux-gnu usr/lib/x86_64-linux-gnu -name '*.so*' ! -path '*/gconv/*' ! -path '*/security/*' ! -path '*/audit/*'
take lib64 usr/bin/python3 usr/bin/python3.11 sbin/ldconfig
take usr/lib/python3.11 ! -path '*/test*' ! -path '*/lib2to3*' ! -path '*/pydoc_data*' ! -name '*.pyc' -type f
mkdir "$root/usr/lib/python3"
"$python" "$here/python_tree.py" "$root/usr/lib/python3/dist-packages"
kernel=$(cd "$work/kernel/lib/modules" && ls)
number=10
while read -r module; do
  cp "$work/kernel/lib/modules/$kernel/kernel/drivers/$module.ko" "$root/usr/lib/warifu/modules/$number-${module##*/}.ko"
  number=$((number + 1))
done < <(lines_of "$here/kernel-modules")
echo 'root:x:0:0:root:/:/nonexistent' > "$root/etc/passwd"
install -m 755 "$here/init" "$root/init"

inside() { if [ "$(id -u)" = 0 ]; then chroot "$root" "$@"; else unshare -r chroot "$root" "$@"; fi; }
inside /sbin/ldconfig -X
rm -rf "$root/var/cache/ldconfig"
# Compiled here, by the interpreter that will run it: the image cannot be written, and compiling at each start is slow.
PYTHONHASHSEED=0 inside /usr/bin/python3 -I -m compileall -q -f --invalidation-mode unchecked-hash /usr/lib/python3.11 \
  /usr/lib/python3/dist-packages >"$work/log" 2>&1 || die "the Python files do not compile: $(tail -n 1 "$work/log")"

# --- The image
made=$work/image
mkdir "$made"
inside /usr/bin/python3 -I -B -c 'from warifu.release import own_digest; print(own_digest().hex())' > "$made/release" \
  2>"$work/log" || die "the image's release digest cannot be computed: $(tail -n 1 "$work/log")"
cp "$work/kernel/boot/vmlinuz-$kernel" "$made/vmlinuz"
cp "$work/kernel/usr/share/OVMF/OVMF_CODE_4M.fd" "$made/firmware.fd"
cp "$work/kernel/usr/share/OVMF/OVMF_VARS_4M.fd" "$made/variables.fd"
lines_of "$here/cmdline" | tr -d '\n' > "$made/cmdline"
sort -u -k 2 "$work/packages" > "$made/packages"
"$python" "$here/initrd.py" "$root" | zstd --quiet -T1 -8 > "$made/initrd"
rm -rf "$target"
mv "$made" "$target"
# An image weighs 84 MB and each change of a source makes another: the latest three stay.
[ "${2:-}" = --clean ] || ls -dt "$cache"/*/initrd | grep -E '/[0-9a-f]{32}/initrd$' | tail -n +4 | xargs -r dirname | xargs -r rm -rf
echo "$target"
