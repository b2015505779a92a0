#!/bin/bash
# Build the Debian package of this tree: out/deb/mirrorgw_VERSION_amd64.deb.
#
#   packaging/build.sh [DIRECTORY]      default out/deb
#
# VERSION is that of the package and of both programs; by default it is made of the date and the name of the commit. The
# same commit gives the same package: times are those of SOURCE_DATE_EPOCH, by default the commit's.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "build: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

needs() {
    local tool
    for tool in dh dpkg-shlibdeps fakeroot; do
        command -v "$tool" >/dev/null ||
            fail "there is no $tool: apt-get install --no-install-recommends debhelper dpkg-dev fakeroot"
    done
}

# commit FORMAT prints something of the commit that is checked out, or nothing without git.
commit() { git -c safe.directory="$PWD" log -1 --abbrev=12 --date=format-local:%Y%m%d%H%M%S --format="$1" 2>/dev/null || true; }

# programs builds both, without the paths of this machine in them.
programs() {
    local program
    for program in mirrorgw mirrorctl; do
        ${GO:-go} build -buildvcs=false -trimpath -ldflags "-s -w -buildid= -extldflags=-Wl,-z,relro,-z,now -X mirrorgw/cmd/internal/version.set=$VERSION" \
            -o "$stage/bin/$program" "./cmd/$program"
    done
}

# from_code writes what the programs know about themselves: manual pages and completion.
from_code() {
    mkdir -p "$stage/man" "$stage/completion"
    "$stage/bin/mirrorgw" manual >"$stage/man/mirrorgw.8"
    "$stage/bin/mirrorctl" manual >"$stage/man/mirrorctl.1"
    local program
    for program in mirrorgw mirrorctl; do
        "$stage/bin/$program" completion bash >"$stage/completion/$program"
        "$stage/bin/$program" completion zsh >"$stage/completion/_$program"
        "$stage/bin/$program" completion fish >"$stage/completion/$program.fish"
    done
}

changelog() {
    printf 'mirrorgw (%s) bookworm; urgency=medium\n\n  * Built from the tree; its CHANGELOG.md says what is new.\n\n -- %s  %s\n' \
        "$VERSION" "$(sed -n 's/^Maintainer: //p' packaging/debian/control)" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
}

needs
export TZ=UTC LC_ALL=C.UTF-8 # also for the date of the version
[ -n "${VERSION:-}" ] || [ -n "$(commit %h)" ] || fail "VERSION is not set and there is no commit that it could be made of: set it"
VERSION=${VERSION:-0.0~git$(commit %cd).$(commit %h)}
[[ "$VERSION" =~ ^[0-9][A-Za-z0-9.+~]*$ ]] || fail "VERSION $VERSION: begin with a digit; letters, digits and . + ~ may follow"
export VERSION SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(commit %ct)}
[ -n "$SOURCE_DATE_EPOCH" ] || fail "SOURCE_DATE_EPOCH is not set and there is no commit whose time could be taken: set it"
umask 022
target=${1:-out/deb}
mkdir -p "$target"
target=$(cd "$target" && pwd)
stage=$target/stage
rm -rf "$stage"
mkdir -p "$stage/bin" "$stage/sbin" "$stage/monitoring"
programs
from_code
cp scripts/mirrorgw-host "$stage/sbin"
cp -r packaging/debian packaging/examples docs "$stage"
cp monitoring/*.yml monitoring/dashboard.json "$stage/monitoring"
rm "$stage/monitoring/mirrorgw.rules.test.yml"
mv "$stage/debian/README.Debian" "$stage/debian/mirrorgw.README.Debian"
changelog >"$stage/debian/changelog"
(cd "$stage" && fakeroot debian/rules binary)
rm -rf "$stage"
say "$target/mirrorgw_${VERSION}_amd64.deb"
