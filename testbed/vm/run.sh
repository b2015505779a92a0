#!/bin/bash
# Try the package on network cards: a Debian 12 in QEMU with three emulated PCI cards, for each model of card. Needs root,
# and the network only to make the guest, from the mirror that this machine is configured with.
#
#   testbed/vm/run.sh
#
# DEB  the package; default: it is built, as make deb does
# RUN  which tests, as TestCards/vmxnet3; default: all
# VM   the directory in which the guest is kept for the next run; default out/vm
set -euo pipefail
cd "$(dirname "$0")/../.."

say() { echo "test-vm: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

for tool in qemu-system-x86_64 debootstrap dpkg-deb mke2fs; do
    command -v "$tool" >/dev/null ||
        fail "there is no $tool: apt-get install --no-install-recommends qemu-system-x86 debootstrap dpkg e2fsprogs"
done
[ "$(id -u)" = 0 ] || fail "run it as root: it makes a root directory"

# What is started is a process group of its own, which ends with this script; the test ends QEMU then.
work=$(mktemp -d /tmp/mirrorgw-vm.XXXXXX)
running=
clean_up() {
    if [ -n "$running" ]; then
        kill -TERM -- "-$running" 2>/dev/null || true
        wait "$running" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# in_group runs a command that an interrupt of this script interrupts too.
in_group() {
    set -m
    "$@" &
    running=$!
    set +m
    local code=0
    wait "$running" || code=$?
    running=
    return "$code"
}

if [ -z "${DEB:-}" ]; then
    say "building the package"
    in_group packaging/build.sh "$work" >"$work/build.log" 2>&1 || fail "the build failed: $(tail -n 20 "$work/build.log")"
    DEB=$(echo "$work"/mirrorgw_*_amd64.deb)
fi
VM=$(realpath -m "${VM:-out/vm}")
in_group testbed/vm/root.sh "$VM" "$DEB"
${GO:-go} test -c -o "$work/vm.test" ./testbed/vm
export MIRRORGW_VM=$VM MIRRORGW_DEB TMPDIR=$work
MIRRORGW_DEB=$(realpath "$DEB")
cd testbed/vm
in_group "$work/vm.test" -test.v -test.timeout 40m -test.run "${RUN:-.}"
say "passed"
