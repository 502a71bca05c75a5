#!/bin/bash
# Boot a systemd on a throw-away copy of the running root: pid 1 of its own namespaces, everything
# it writes in memory. Started by test_booted.py; $1 is a folder of masks and targets for it.
set -euo pipefail
[ "$$" = 1 ] || { echo "must be pid 1 of a new pid namespace" >&2; exit 1; }
UNITS=$1 W=$2 # W: an empty folder outside /tmp, gone with the mount namespace

mount -t tmpfs -o size=3g tmpfs "$W"
mkdir "$W"/{up,work,root}
R=$W/root
mount -t overlay overlay -o lowerdir=/,upperdir="$W/up",workdir="$W/work" "$R"
for folder in tmp run dev etc/systemd/system; do mount -t tmpfs tmpfs "$R/$folder"; done
for node in null zero full random urandom tty; do
    touch "$R/dev/$node"
    mount --bind "/dev/$node" "$R/dev/$node"
done
mkdir "$R/dev/shm" "$R/dev/pts"
mount -t tmpfs tmpfs "$R/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$R/dev/pts"
ln -s pts/ptmx "$R/dev/ptmx"
ln -s /proc/self/fd "$R/dev/fd"
mount -t proc proc "$R/proc"
mount -t sysfs -o ro sysfs "$R/sys"
mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup"
cp -a "$UNITS"/. "$R/etc/systemd/system/"
mkdir -p "$R/mnt/old"
cd "$R"
pivot_root . mnt/old
cd /
umount -l /mnt/old

# Debian's tmpfiles rule empties /tmp at boot: on a root that shared the real one that would be
# real. This check is not optional.
if [ "$(stat -f -c %T /tmp)" != tmpfs ] || [ "$(stat -f -c %T /)" != overlayfs ]; then
    echo "not isolated" >&2
    exit 1
fi
mount --make-rshared / # without it no service can read its credentials
export container=other
exec /lib/systemd/systemd --system --unit=test.target --log-target=journal
