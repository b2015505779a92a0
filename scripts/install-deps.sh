#!/bin/bash
# Install what building, testing and running mirrorgw needs, on Debian 12, from Debian's own
# archive. Does nothing, and quickly, when all of it is there. Go is checked, not installed:
# Debian 12's own is too old.
#
#   scripts/install-deps.sh           install what is missing (as root, or with sudo)
#   scripts/install-deps.sh --check   say what is missing and install nothing; exit 1 if anything is
set -euo pipefail

packages=(
    dpdk libdpdk-dev libpcap-dev      # the data path and its tools
    dpdk-dev openvswitch-switch-dpdk  # testpmd and Open vSwitch, the peers of the benchmarks
    gcc libc6-dev make pkg-config     # cgo; gcc brings the sanitizers' libraries
    tshark tcpdump iproute2 ethtool   # what judges the copies, and network namespaces for live tests
    iperf3 curl iputils-ping          # the hosts that talk in them
    clang-format shellcheck           # make lint
    awscli                            # the AWS CLI, with which tests ask the AWS endpoint
    groff-base                        # judges the manual pages
    prometheus                        # promtool judges monitoring/, and a test is scraped by it
    git ca-certificates               # go downloads modules
)

say() { echo "install-deps: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

# missing prints the packages that are not installed, one a line.
missing() {
    local package
    for package in "${packages[@]}"; do
        # shellcheck disable=SC2016 # ${...} is dpkg-query's own syntax
        if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            echo "$package"
        fi
    done
}

# check_debian refuses systems whose packages have other names or versions.
check_debian() {
    local id=unknown version=unknown
    if [ -r /etc/os-release ]; then
        # shellcheck source=/dev/null
        id=$(. /etc/os-release && echo "${ID:-unknown}")
        # shellcheck source=/dev/null
        version=$(. /etc/os-release && echo "${VERSION_ID:-unknown}")
    fi
    [ "$id $version" = "debian 12" ] ||
        fail "this is $id $version, and mirrorgw is built for Debian 12 (DPDK 22.11): use a Debian 12 machine or container"
}

as_root=() # what goes before commands that need root

# Packages that bring a service that nobody asked for here, and the service: tests and benchmarks
# start one of their own.
declare -A services=([prometheus]=prometheus [openvswitch-switch-dpdk]=openvswitch-switch)

# keep_off masks the service of a package that is about to be installed, so that neither the
# installation nor the next boot starts it.
keep_off() {
    local unit=/etc/systemd/system/$1.service
    if [ ! -e "$unit" ]; then
        "${as_root[@]}" mkdir -p "${unit%/*}"
        "${as_root[@]}" ln -s /dev/null "$unit"
        say "$1 will not run as a service; if it should: systemctl unmask $1"
    fi
}

# refuse_starts keeps the installation from starting services where no systemd heeds a mask, by the
# means that invoke-rc.d asks, unless the machine has an answer of its own.
refuse_starts() {
    local policy=/usr/sbin/policy-rc.d
    [ ! -e "$policy" ] || return 0
    trap allow_starts EXIT # also when it is interrupted
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
}

allow_starts() {
    trap - EXIT
    "${as_root[@]}" rm -f /usr/sbin/policy-rc.d
}

# install_quietly takes the names of packages and starts none of their services.
install_quietly() {
    local package
    for package in "${!services[@]}"; do
        [[ " $* " != *" $package "* ]] || keep_off "${services[$package]}"
    done
    refuse_starts
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends -o Dpkg::Use-Pty=0 "$@"
    if [ -n "$(trap -p EXIT)" ]; then
        allow_starts
    fi
}

# install_packages takes the names of packages.
install_packages() {
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "installing needs root and there is no sudo: run as root: apt-get install --no-install-recommends $*"
        as_root=(sudo)
    fi
    say "installing $*"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
    install_quietly "$@"
}

# check_go compares the go command with the go line of go.mod.
check_go() {
    local wanted have
    wanted=$(awk '$1 == "go" { print $2; exit }' "$(dirname "$0")/../go.mod")
    if ! command -v go >/dev/null; then
        if [ -x /usr/local/go/bin/go ]; then
            fail "go is in /usr/local/go/bin, which is not on PATH: run export PATH=\$PATH:/usr/local/go/bin"
        fi
        fail "there is no go command on PATH: install Go $wanted or later as https://go.dev/doc/install says"
    fi
    # Outside the module and with the local toolchain, so that go answers for itself.
    have=$(cd / && GOTOOLCHAIN=local go env GOVERSION)
    have=${have#go}
    have=${have%% *}
    if [ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n 1)" != "$wanted" ]; then
        fail "go is version $have and mirrorgw needs $wanted or later: install a newer one as https://go.dev/doc/install says"
    fi
}

mode=install
case "${1:-}" in
"") ;;
--check) mode=check ;;
*) fail "unknown argument $1: use --check, or nothing to install" ;;
esac

mapfile -t lacking < <(missing)
if [ "${#lacking[@]}" -gt 0 ]; then
    check_debian
    [ "$mode" = install ] || fail "missing: ${lacking[*]}; run scripts/install-deps.sh"
    install_packages "${lacking[@]}"
fi
check_go
