#!/bin/bash
# Take a package through its life in a fresh Debian 12, booted by systemd-nspawn: install, start, first session by the
# quick start of docs/install.md, upgrade with 10,000 sessions, remove, purge. Needs root, and the network
# only to make the root, from the mirror that this machine is configured with.
#
#   packaging/test/run.sh
#
# DEB      the package; default: it is built, as make deb does
# OLD_DEB  the one to upgrade from; default: the same with a lower version number
# ROOT     a directory that a root is kept in for the next run, which copies it instead of making one
set -euo pipefail
cd "$(dirname "$0")/../.."
here=packaging/test
# shellcheck source=packaging/test/lib.sh
. "$here/lib.sh"

for tool in debootstrap systemd-nspawn nsenter dpkg-deb; do
    command -v "$tool" >/dev/null || fail "there is no $tool: apt-get install --no-install-recommends debootstrap systemd-container util-linux dpkg"
done
[ "$(id -u)" = 0 ] || fail "run it as root: it makes a root and boots it"

work=$(mktemp -d /tmp/mirrorgw-deb.XXXXXX)
trap clean_up EXIT
if [ -z "${DEB:-}" ]; then
    say "building the package"
    packaging/build.sh "$work" >"$work/build.log" 2>&1 || fail "the build failed: $(tail -n 20 "$work/build.log")"
    DEB=$(echo "$work"/mirrorgw_*_amd64.deb)
fi
if [ -z "${OLD_DEB:-}" ]; then
    OLD_DEB=$work/old.deb
    lower_version "$DEB" "$OLD_DEB"
fi
make_root
cp "$DEB" "$root/root/new.deb"
cp "$OLD_DEB" "$root/root/old.deb"
quick_start docs/install.md >"$root/root/quick-start.sh"
many_sessions 10000 >"$root/root/many.toml"
cp "$here/life.sh" "$root/root/life.sh"
boot
inside bash /root/life.sh
say "passed"
