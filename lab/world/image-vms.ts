// Servers of the usual world whose disk is a raw image: the tiny guest, and whatever the user names.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { southern } from './places.ts';
import type { Disk, Vm } from './world.ts';

/** What lab/guest/build-tiny-guest.sh made. */
export function tinyGuest(image: string): Vm {
  return southern(
    {
      id: 'vm-204',
      name: 'tiny-guest',
      folder: 'Branch',
      guestId: 'debian12_64Guest',
      guestFullName: 'Debian GNU/Linux 12 (64-bit)',
      cpus: 1,
      memoryMiB: 512,
      annotation: 'A whole Linux in a few MiB; boots in seconds',
      disks: [imageDisk(image)],
    },
    '10.40.1.44',
  );
}

/** Named after its file. Another file is another server: what the first one became in this lab stays. */
export function imageVm(image: string): Vm {
  const number = 3000 + (createHash('sha256').update(image).digest().readUInt32LE(0) % 6000);
  return southern(
    {
      id: `vm-${number}`,
      name: basename(image, extname(image)),
      folder: 'Branch',
      guestId: 'otherLinux64Guest',
      guestFullName: 'Other Linux (64-bit)',
      firmware: hasBootCode(image) ? 'bios' : 'efi',
      cpus: 1,
      memoryMiB: 1024,
      annotation: `Its disk is a copy of ${image}`,
      disks: [imageDisk(image)],
    },
    '10.40.1.45',
  );
}

function imageDisk(image: string): Disk {
  return {
    controller: 'scsi',
    unit: 0,
    capacityBytes: Math.ceil(statSync(image).size / 1_048_576) * 1_048_576,
    mode: 'persistent',
    content: { kind: 'image', path: image },
  };
}

/** A BIOS starts the code in the first sector; without any, only UEFI can boot the disk. */
function hasBootCode(image: string): boolean {
  const code = Buffer.alloc(440);
  const file = openSync(image, 'r');
  try {
    readSync(file, code, 0, code.length, 0);
  } finally {
    closeSync(file);
  }
  return code.some((byte) => byte !== 0);
}
