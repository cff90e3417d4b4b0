#!/bin/bash
# Builds a tiny Linux guest: a raw disk image with MBR, GRUB and one ext4 partition that boots in seconds and says on its
# serial console: TINY-GUEST READY boots=N kernel=… root=… nics=… marker=… uptime=…
#
# Usage: build-tiny-guest.sh OUT.raw [MiB]
#
# Debian or a child of it only; everything comes from its packages:
#   apt-get install busybox-static grub-pc-bin grub-common e2fsprogs kmod cpio fdisk
# Needs no root, no loop device, no mount and no grub-install: the kernel is downloaded without being installed, mke2fs fills
# the file system from a folder, and GRUB's two parts are written to where they look for each other by default.
set -euo pipefail

out=${1:?usage: build-tiny-guest.sh OUT.raw [MiB]}
size_mib=${2:-192}
file_system_uuid=5eed5eed-0000-4000-8000-000000000001
partition_offset=1048576
grub=/usr/lib/grub/i386-pc
# fdisk and mke2fs are not in everybody's PATH.
PATH=$PATH:/usr/sbin:/sbin

say() { echo "build-tiny-guest: $*" >&2; }

missing=()
for tool in busybox:busybox-static grub-mkimage:grub-common mke2fs:e2fsprogs depmod:kmod cpio:cpio sfdisk:fdisk; do
  command -v "${tool%%:*}" >/dev/null || missing+=("${tool##*:}")
done
[ -f "$grub/boot.img" ] || missing+=(grub-pc-bin)
if [ ${#missing[@]} -gt 0 ]; then
  say "needs packages that are not there: apt-get install ${missing[*]}"
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --- The kernel ------------------------------------------------------------------------------------------------------
kernel_package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
if [ -z "$kernel_package" ]; then
  say 'apt knows no linux-image-cloud-amd64; apt-get update helps'
  exit 1
fi
say "downloading $kernel_package"
(cd "$work" && apt-get download -q "$kernel_package" >/dev/null && dpkg-deb -x "$kernel_package"_*.deb kernel)
kernel=$(ls "$work/kernel/lib/modules")
depmod -b "$work/kernel" "$kernel" 2>/dev/null || true

# --- The initial file system: busybox, and drivers for the disks and networks that a guest meets on its travels: virtio,
# SATA and IDE, Xen, Hyper-V, Amazon's network card. NVMe and ext4 are built into this kernel. ------------------------
initial=$work/initial
mkdir -p "$initial"/{bin,proc,sys,dev,new,modules}
cp "$(command -v busybox)" "$initial/bin/busybox"
ln -s busybox "$initial/bin/sh"
: >"$initial/modules/order"
for module in virtio_pci virtio_blk virtio_scsi virtio_net ahci ata_piix sd_mod xen-blkfront hv_storvsc ena; do
  # In the order in which they must be loaded; a module that this kernel has not is left out.
  modprobe -d "$work/kernel" -S "$kernel" --show-depends "$module" 2>/dev/null |
    awk '$1 == "insmod" { print $2 }' |
    while read -r file; do
      name=$(basename "$file")
      grep -qx "$name" "$initial/modules/order" && continue
      cp "$file" "$initial/modules/"
      echo "$name" >>"$initial/modules/order"
    done || true
done
cat >"$initial/init" <<INIT
#!/bin/sh
box=/bin/busybox
\$box mount -t proc proc /proc
\$box mount -t sysfs sys /sys
\$box mount -t devtmpfs dev /dev
for module in \$(\$box cat /modules/order); do \$box insmod /modules/\$module 2>/dev/null; done
for try in 1 2 3 4 5 6 7 8 9 10; do
  root=\$(\$box findfs UUID=$file_system_uuid 2>/dev/null) && break
  \$box sleep 0.5
done
if [ -z "\$root" ]; then
  echo "TINY-GUEST NO-ROOT"
  exec \$box sh
fi
\$box mount -t ext4 -o rw \$root /new && \$box mount --move /dev /new/dev && \$box umount /sys /proc &&
  exec \$box switch_root /new /sbin/init
INIT
chmod +x "$initial/init"

# --- The root file system --------------------------------------------------------------------------------------------
root=$work/root
mkdir -p "$root"/{bin,sbin,etc,proc,sys,dev,data,var,tmp,boot/grub}
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in sh ls cat dd sync sleep mount sha256sum reboot poweroff ip; do ln -s busybox "$root/bin/$applet"; done
echo "UUID=$file_system_uuid / ext4 defaults 0 1" >"$root/etc/fstab"
echo tiny-guest >"$root/etc/hostname"
echo 'root::0:0:root:/:/bin/sh' >"$root/etc/passwd"
cat >"$root/etc/os-release" <<'RELEASE'
ID=tiny
NAME="Tiny Guest"
VERSION_ID="1"
PRETTY_NAME="Tiny Guest 1"
RELEASE
# The marker: one block of 512 bytes with a pattern by which it is found in the image from outside, and overwritten in
# place. The pattern is 32 bytes long, sixteen times; the lab's vCenter looks for exactly this.
for _ in $(seq 16); do echo LANDFALL-TINY-GUEST-MARKER-SLOT; done >"$root/data/marker"
[ "$(stat -c %s "$root/data/marker")" -eq 512 ]
cat >"$root/sbin/init" <<'INIT'
#!/bin/sh
export PATH=/bin:/sbin
box=/bin/busybox
mount -t proc proc /proc
mount -t sysfs sys /sys
$box hostname tiny-guest
boots=$(cat /var/boot-count 2>/dev/null || echo 0)
boots=$((boots + 1))
echo $boots >/var/boot-count
sync
$box ip link set lo up
nics=
for card in /sys/class/net/*; do
  card=${card##*/}
  [ $card = lo ] && continue
  $box ip link set $card up
  nics="$nics $card"
done
root=$($box awk '$2 == "/" && $3 == "ext4" { print $1 }' /proc/mounts)
marker=$($box head -n 1 /data/marker 2>/dev/null)
uptime=$($box cut -d ' ' -f 1 /proc/uptime)
echo "TINY-GUEST READY boots=$boots kernel=$($box uname -r) root=$root nics=${nics# } marker=$marker uptime=$uptime" >/dev/console
# A guest that is alive writes.
(while :; do $box date +%s >/data/tick; sync; $box sleep 5; done) &
while :; do $box setsid $box cttyhack /bin/sh </dev/ttyS0 >/dev/ttyS0 2>&1 || $box sleep 1; done
INIT
chmod +x "$root/sbin/init"
cp "$work/kernel/boot/vmlinuz-$kernel" "$root/boot/vmlinuz"
(cd "$initial" && find . -print0 | sort -z | cpio --null -o -H newc --quiet -R 0:0 | gzip -9n) >"$root/boot/initrd.img"
cat >"$root/boot/grub/grub.cfg" <<CONFIG
set timeout=0
search --no-floppy --set=root --fs-uuid $file_system_uuid
linux /boot/vmlinuz root=UUID=$file_system_uuid console=ttyS0,115200 quiet loglevel=3 panic=5
initrd /boot/initrd.img
boot
CONFIG

# --- The disk: MBR, partition 1 from 1 MiB to the end, ext4 filled from the folder. GRUB of Debian 12 cannot read file
# systems with the newest features. -----------------------------------------------------------------------------------
part=$out.part
rm -f "$part"
truncate -s "${size_mib}M" "$part"
printf 'label-id: 0x5eed5eed\nstart=2048, type=83, bootable\n' | sfdisk -q --no-reread "$part"
mke2fs -q -F -t ext4 -U "$file_system_uuid" -L tinyroot \
  -O '^metadata_csum_seed,^orphan_file' \
  -E "offset=$partition_offset,root_owner=0:0,lazy_itable_init=0" \
  -d "$root" "$part" "$((size_mib * 1024 - 1024))k" >&2

# --- GRUB without grub-install: boot.img by default loads sector 1, core.img by default continues at sector 2. --------
cat >"$work/early.cfg" <<CONFIG
search --no-floppy --set=root --fs-uuid $file_system_uuid
set prefix=(\$root)/boot/grub
configfile (\$root)/boot/grub/grub.cfg
CONFIG
grub-mkimage -O i386-pc -c "$work/early.cfg" -p /boot/grub -o "$work/core.img" \
  biosdisk part_msdos ext2 search search_fs_uuid configfile normal linux boot echo serial terminal test
if [ "$(stat -c %s "$work/core.img")" -ge $((2047 * 512)) ]; then
  say "GRUB's core does not fit in front of the first partition"
  exit 1
fi
dd if="$grub/boot.img" of="$part" bs=440 count=1 conv=notrunc status=none
dd if="$work/core.img" of="$part" bs=512 seek=1 conv=notrunc status=none
mv "$part" "$out"
say "$(du -h "$out" | cut -f 1) on disk, ${size_mib} MiB: $out"
