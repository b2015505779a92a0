#!/bin/bash
# Make what the virtual machine boots: a Debian 12 with its kernel, systemd, what the package depends on, and the drivers
# of the emulated network cards. The package itself is installed in the running machine.
#
#   testbed/vm/root.sh DIRECTORY PACKAGE
#
# leaves root.img (ext4), vmlinuz and initrd.img in DIRECTORY, and makes them again only when this script, the guest's
# files or what the package depends on have changed. Needs root, and then the network, from the mirror that this machine
# is configured with. Nothing is mounted.
set -euo pipefail
target=$(realpath -m "$1")
depends=$(dpkg-deb -f "$2" Depends)
cd "$(dirname "$0")"

say() { echo "test-vm: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

# mirror prints where this machine's own Debian comes from.
mirror() {
    # shellcheck disable=SC2016 # $(...) is apt's own syntax
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "bookworm" { print $2; exit }'
}

# inside runs a command in the root that is being made.
inside() {
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" >>"$work/log" 2>&1 ||
        fail "$* failed: $(tail -n 8 "$work/log")"
}

make_root() {
    say "making a Debian 12 (some minutes, once)"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,udev,kmod,procps,iproute2,pciutils bookworm "$root" "$(mirror)" >"$work/log" 2>&1 ||
        fail "debootstrap failed: $(tail -n 5 "$work/log")"
    # The initrd holds what finds the root; the generic one has hundreds of drivers.
    mkdir -p "$root/etc/initramfs-tools/conf.d"
    printf 'MODULES=list\nCOMPRESS=gzip\nFSTYPE=ext4\n' >"$root/etc/initramfs-tools/conf.d/vm"
    printf 'virtio_pci\nvirtio_blk\next4\n' >"$root/etc/initramfs-tools/modules"
    inside apt-get satisfy -y -q --no-install-recommends "$depends"
    # librte-meta-net, which the package recommends, has these and all other drivers.
    inside apt-get install -y -q --no-install-recommends librte-net-e1000-23 librte-net-vmxnet3-23 librte-net-virtio23 \
        libjansson4 linux-image-amd64 initramfs-tools
    rm -rf "$root"/lib/modules/*/kernel/{sound,drivers/{gpu,media,infiniband,staging,scsi,usb,iio,hwmon,input,isdn,video}}
    inside depmod "$(basename "$root"/lib/modules/*)"
    inside apt-get clean
    rm -rf "$root"/var/lib/apt/lists/* "$root"/usr/share/locale "$root"/usr/share/doc/*
}

# furnish puts in what makes it a machine for this test.
furnish() {
    cp -r guest/. "$root"
    chmod 755 "$root/usr/local/sbin/vm-agent"
    inside systemctl enable vm-agent.service
    inside systemctl mask systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer e2scrub_reap.service getty@tty1.service \
        systemd-networkd-wait-online.service man-db.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer
    inside passwd -d root
    echo mirrorgw-vm >"$root/etc/hostname"
    rm -f "$root/etc/resolv.conf"
}

for tool in debootstrap mke2fs chroot; do
    command -v "$tool" >/dev/null || fail "there is no $tool: apt-get install --no-install-recommends debootstrap e2fsprogs"
done
[ "$(id -u)" = 0 ] || fail "run it as root: it makes a root directory"
made_of=$({ echo "$depends" && cat root.sh && find guest -type f -exec sha256sum {} +; } | sort | sha256sum)
if [ -s "$target/root.img" ] && [ "$(cat "$target/made-of" 2>/dev/null)" = "$made_of" ]; then
    exit 0
fi
mkdir -p "$target"
work=$(mktemp -d "$target/making.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
root=$work/root
make_root
furnish
say "writing the image"
cp "$root"/boot/vmlinuz-* "$work/vmlinuz"
cp "$root"/boot/initrd.img-* "$work/initrd.img"
rm -rf "${root:?}"/boot/*
mke2fs -q -t ext4 -L root -d "$root" "$work/root.img" 2500M >>"$work/log" 2>&1 || fail "mke2fs failed: $(tail -n 3 "$work/log")"
rm -f "$target/made-of"
mv "$work/root.img" "$work/vmlinuz" "$work/initrd.img" "$target"
echo "$made_of" >"$target/made-of"
