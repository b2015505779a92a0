#!/bin/bash
# What run.sh is made of. It makes the directory that work names.

# shellcheck disable=SC2154

say() { echo "test-deb: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

# mirror prints where this machine's own Debian comes from.
mirror() {
    # shellcheck disable=SC2016 # $(...) is apt's own syntax
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "bookworm" { print $2; exit }'
}

# make_root sets root to a Debian with what the package depends on, and tools that the quick start uses.
make_root() {
    root=$work/root
    if [ -d "${ROOT:-}" ]; then
        say "copying $ROOT"
        cp -a "$ROOT" "$root"
        return
    fi
    say "making a root"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,iproute2,tcpdump,ethtool,procps bookworm "$root" "$(mirror)" \
        >"$work/debootstrap.log" 2>&1 || fail "debootstrap failed: $(tail -n 5 "$work/debootstrap.log")"
    say "installing what the package depends on"
    chroot "$root" env DEBIAN_FRONTEND=noninteractive \
        apt-get satisfy -y -q --no-install-recommends "$(dpkg-deb -f "$DEB" Depends)" >"$work/apt.log" 2>&1 ||
        fail "the dependencies cannot be installed: $(tail -n 5 "$work/apt.log")"
    [ -z "${ROOT:-}" ] || cp -a "$root" "$ROOT"
}

# lower_version makes the package TO of the package FROM, with a version before it.
lower_version() {
    local tree=$work/lower
    dpkg-deb -R "$1" "$tree"
    sed -i 's/^Version: .*/Version: 0.0~0before/' "$tree/DEBIAN/control"
    dpkg-deb -Znone -b "$tree" "$2" >/dev/null
    rm -rf "$tree"
}

# quick_start prints the shell of a page: its blocks marked sh, in their order.
quick_start() {
    awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$1"
}

# many_sessions N prints a document: as many sessions, three a source.
many_sessions() {
    awk -v n="$1" 'BEGIN {
        print "[[target]]\nname = \"ids\"\naddress = \"192.0.2.10\"\n\n[[filter]]\nname = \"all\"\n[[filter.rule]]\ndirection = \"ingress\"\nnumber = 1\naction = \"accept\"\n"
        for (i = 0; i < n; i++) {
            source = int(i / 3)
            if (i % 3 == 0)
                printf "[[interface]]\nname = \"host-%d\"\nport = \"wire0\"\nmac = \"02:00:00:00:%02x:%02x\"\nmtu = 1450\n\n", source, source / 256, source % 256
            printf "[[session]]\nname = \"s-%d\"\nsource = \"host-%d\"\ntarget = \"ids\"\nfilter = \"all\"\nnumber = %d\n\n", i, source, i % 3 + 1
        }
    }'
}

# boot starts the root's systemd in a network of its own and waits until it is up.
boot() {
    say "booting"
    # The network's part of /proc/sys is its own, and may be written as on a machine.
    SYSTEMD_NSPAWN_API_VFS_WRITABLE=network systemd-nspawn -D "$root" --boot --private-network --register=no --keep-unit --console=pipe \
        --bind=/dev/net/tun --resolv-conf=off --link-journal=no --machine="mirrorgw-$$" </dev/null >"$work/boot.log" 2>&1 &
    nspawn=$!
    local deadline=$((SECONDS + 60))
    until leader=$(cat "/proc/$nspawn/task/$nspawn/children" 2>/dev/null) && [ -n "$leader" ] &&
        inside systemctl is-system-running --wait >"$work/running" 2>&1 || grep -q degraded "$work/running" 2>/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || fail "the root does not boot: $(tail -n 5 "$work/boot.log" "$work/running")"
        sleep 0.2 # until systemd listens
    done
    # EAL looks whether modules are loaded, and stops where it cannot; nspawn shows parts of /sys only.
    inside sh -c 'mount -o remount,rw /sys && mkdir -p /sys/module && mount -o remount,ro /sys'
}

# inside runs a command in the booted root.
inside() {
    nsenter --target "${leader// /}" --mount --uts --ipc --net --pid --root --wd \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
}

clean_up() {
    if [ -n "${nspawn:-}" ]; then
        kill -TERM "$nspawn" 2>/dev/null || true # a clean power-off
        wait "$nspawn" 2>/dev/null || true
    fi
    rm -rf "$work"
}
