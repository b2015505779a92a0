#!/bin/bash
# Runs in the booted root, as root: the life of the package /root/old.deb and /root/new.deb.
set -euo pipefail

step() { echo "  $*" >&2; }

fail() {
    echo "life: $*" >&2
    journalctl --no-pager -q | grep mirrorgw | tail -n 30 >&2 || true
    exit 1
}

# files lists what a package could leave, and the accounts. What the machine itself writes is left out.
files() {
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /root -o -path /var/tmp -o -path /var/log \
        -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path '/var/lib/systemd/*' \) -prune -o -printf '%p %M %u:%g\n' |
        grep -v -e '^/etc/[a-z]*- ' -e '^/etc/\.pwd\.lock ' | sort
    find /run -maxdepth 1 -name 'mirrorgw*'
    find /var/lib/systemd -name '*mirrorgw*'
    sed 's/^/passwd /' /etc/passwd
    sed 's/^/group /' /etc/group
}

same() { cmp -s "$1" "$2" || fail "$3: $(diff "$1" "$2" | head -n 20)"; }

install_package() {
    DEBIAN_FRONTEND=noninteractive dpkg --install "$1" >/root/apt.log 2>&1 ||
        fail "$1 cannot be installed: $(tail -n 10 /root/apt.log)"
}

installed() {
    step "installed: users, files, neither enabled nor started"
    id -nG mirrorgw | grep -q 'mirrorgw-admin' || fail "user mirrorgw is in $(id -nG mirrorgw)"
    ! systemctl is-enabled -q mirrorgw || fail "the unit is enabled"
    ! systemctl is-active -q mirrorgw || fail "the unit is started"
    local file
    for file in man/man8/mirrorgw.8.gz man/man1/mirrorctl.1.gz doc/mirrorgw/examples/monitoring/dashboard.json bash-completion/completions/mirrorctl; do
        [ -s "/usr/share/$file" ] || fail "/usr/share/$file is missing"
    done
    systemd-analyze verify --man=no mirrorgw.service mirrorgw@east.service run-mirrorgw.huge.mount || fail "systemd does not like the units"
    exposure
}

# exposure asserts what systemd thinks of the confinement.
exposure() {
    local unit figure
    for unit in mirrorgw.service mirrorgw@.service; do
        figure=$(systemd-analyze security --offline=yes "/lib/systemd/system/$unit" | sed -n 's/.*exposure level for .*: \([0-9.]*\).*/\1/p')
        awk -v f="$figure" 'BEGIN { exit !(f != "" && f < 4.0) }' || fail "exposure of $unit is $figure, 4.0 is too much"
        step "exposure of $unit: $figure"
    done
}

started() {
    step "the configuration as installed: checked, started, reloaded; roles; no root"
    mirrorgw --config /etc/mirrorgw/mirrorgw.toml --check-config >/dev/null || fail "the installed configuration is refused"
    systemctl start mirrorgw || fail "the unit does not start"
    local pid
    pid=$(systemctl show -P MainPID mirrorgw)
    [ "$(stat -c %U "/proc/$pid")" = mirrorgw ] || fail "the daemon runs as $(stat -c %U "/proc/$pid")"
    grep -q '^CapEff:.*0000000000003000$' "/proc/$pid/status" || fail "capabilities: $(grep Cap "/proc/$pid/status")"
    [ "$(stat -c '%U %a' /var/log/mirrorgw)" = 'mirrorgw 750' ] || fail "the daemon has no directory for its audit log"
    mirrorctl status >/dev/null || fail "root is not answered"
    useradd -M -G mirrorgw-reader reader
    useradd -M -G mirrorgw-reader,mirrorgw-admin admin
    useradd -M nobody2
    setpriv --reuid reader --init-groups --regid reader mirrorctl status >/dev/null || fail "a reader may not look"
    ! setpriv --reuid reader --init-groups --regid reader mirrorctl filter create no 2>/dev/null || fail "a reader may change things"
    setpriv --reuid admin --init-groups --regid admin mirrorctl filter create yes >/dev/null || fail "an administrator may not change things"
    ! setpriv --reuid nobody2 --init-groups --regid nobody2 mirrorctl status 2>/dev/null || fail "anybody may look"
    mirrorctl filter delete yes >/dev/null
    userdel reader && userdel admin && userdel nobody2
    systemctl reload mirrorgw || fail "the unit does not reload"
    [ "$(systemctl show -P MainPID mirrorgw)" = "$pid" ] || fail "the reload restarted the daemon"
    systemctl is-active -q mirrorgw || fail "the daemon did not survive the reload"
}

several() {
    step "a second gateway from the templated unit, beside the first"
    sed -e 's#/run/mirrorgw/#/run/mirrorgw/east/#; s#/var/lib/mirrorgw/#/var/lib/mirrorgw/east/#' /etc/mirrorgw/mirrorgw.toml >/etc/mirrorgw/east.toml
    systemctl start mirrorgw@east || fail "mirrorgw@east does not start"
    mirrorctl --socket /run/mirrorgw/east/ctl.sock status >/dev/null || fail "mirrorgw@east is not answered"
    mirrorctl status >/dev/null || fail "mirrorgw is not answered beside mirrorgw@east"
    systemctl stop mirrorgw@east
    mirrorctl status >/dev/null || fail "the end of mirrorgw@east harmed mirrorgw"
}

kernel_interface() {
    step "a port that makes a kernel interface, with the capabilities of the unit"
    sed 's/net_null1,no-rx=1/net_tap0,iface=mgwtap0/' /etc/mirrorgw/mirrorgw.toml >/etc/mirrorgw/west.toml
    sed -i 's#/run/mirrorgw/#/run/mirrorgw/west/#; s#/var/lib/mirrorgw/#/var/lib/mirrorgw/west/#' /etc/mirrorgw/west.toml
    systemctl start mirrorgw@west || fail "mirrorgw@west does not start"
    ip link show mgwtap0 >/dev/null || fail "there is no interface mgwtap0"
    systemctl stop mirrorgw@west
}

first_session() {
    step "the quick start"
    systemctl stop mirrorgw
    cp /etc/mirrorgw/mirrorgw.toml /root/packaged.toml
    local began=$SECONDS
    bash -euo pipefail /root/quick-start.sh >/root/quick-start.log 2>&1 || fail "the quick start fails: $(tail -n 20 /root/quick-start.log)"
    [ "$(grep -c 'VXLAN.*vni 7' /root/quick-start.log)" -ge 3 ] || fail "the tool sees no copies: $(tail -n 20 /root/quick-start.log)"
    step "first session after $((SECONDS - began)) s"
    systemctl stop mirrorgw
    cp /root/packaged.toml /etc/mirrorgw/mirrorgw.toml
    rm -f /var/lib/mirrorgw/state.db
}

upgraded() {
    step "upgrade with 10,000 sessions: no interruption, nothing lost"
    systemctl start mirrorgw
    mirrorctl apply -f /root/many.toml >/dev/null || fail "the sessions cannot be made"
    mirrorctl export >/root/before.toml
    [ "$(grep -c '^\[\[session\]\]' /root/before.toml)" = 10000 ] || fail "$(grep -c '^\[\[session\]\]' /root/before.toml) sessions"
    local pid
    pid=$(systemctl show -P MainPID mirrorgw)
    install_package /root/new.deb
    [ "$(systemctl show -P MainPID mirrorgw)" = "$pid" ] || fail "the upgrade restarted the daemon"
    systemctl restart mirrorgw || fail "the new daemon does not start with the old state"
    mirrorctl export >/root/after.toml
    same /root/before.toml /root/after.toml "the upgrade changed the resources"
    mirrorgw --version | grep -qF " $(dpkg-query -W -f '${Version}' mirrorgw)," || fail "the version is $(mirrorgw --version)"
}

purged() {
    step "removed: stopped, state kept; purged: nothing left"
    apt-get remove -y -q mirrorgw >/root/apt.log 2>&1 || fail "removal fails: $(tail /root/apt.log)"
    ! systemctl is-active -q mirrorgw || fail "the daemon runs on"
    [ -s /var/lib/mirrorgw/state.db ] || fail "removal took the state"
    apt-get purge -y -q mirrorgw >/root/apt.log 2>&1 || fail "the purge fails: $(tail /root/apt.log)"
    files >/root/files.after
    same /root/files.before /root/files.after "the package leaves things behind"
    [ ! -e /var/log/mirrorgw ] || fail "the purge leaves the audit log"
}

files >/root/files.before
install_package /root/old.deb
installed
started
several
kernel_interface
first_session
upgraded
purged
