// The marker in the tiny guest's file system: /data/marker is one block of 512 bytes that is found by what the build
// script wrote into it, and overwritten in place, as if the guest had done it.
import type { Center } from './center.ts';
import type { LabDisk } from './disks/disk.ts';
import { GRAIN } from './disks/grain-map.ts';
import type { VmState } from './state.ts';

/** What lab/guest/build-tiny-guest.sh fills the file with, sixteen times. */
export const MARKER_MAGIC = 'LANDFALL-TINY-GUEST-MARKER-SLOT\n';
const MARKER_BYTES = 512;

/** @param vm id or name; without it the first VM whose disk is an image. */
export async function writeMarker(
  center: Center,
  vm: string | undefined,
  text: string,
): Promise<{ vm: string; offset: number }> {
  const found =
    vm === undefined ? center.state.vms.find((one) => one.vm.disks[0]?.content.kind === 'image') : center.vm(vm);
  if (!found) throw new Error('No VM of the lab has a disk image');
  const bytes = Buffer.from(`${text}\n`, 'utf8');
  if (bytes.length > MARKER_BYTES) throw new Error(`A marker has at most ${MARKER_BYTES - 1} bytes`);
  const offset = await markerOffset(center, found);
  // Newlines at the end are what a shell's $(cat …) drops.
  const block = Buffer.alloc(MARKER_BYTES, '\n');
  bytes.copy(block);
  await center.disks.guestWrite(found, 0, offset, block);
  return { vm: found.vm.id, offset };
}

async function markerOffset(center: Center, vm: VmState): Promise<number> {
  if (vm.markerOffset === undefined) {
    const offset = await findBlock(await center.disks.disk(vm, 0), Buffer.alloc(MARKER_BYTES, MARKER_MAGIC));
    if (offset === undefined) throw new Error(`The disk of ${vm.vm.name} holds no marker file`);
    vm.markerOffset = offset;
    center.save();
  }
  return vm.markerOffset;
}

/** Looks at whole sectors only: a file starts on a sector. */
async function findBlock(disk: LabDisk, wanted: Buffer): Promise<number | undefined> {
  for (let grain = disk.nextAllocated(undefined, 0); grain >= 0; grain = disk.nextAllocated(undefined, grain + 1)) {
    const bytes = await disk.read(undefined, grain * GRAIN, GRAIN);
    for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
      if (at % 512 === 0) return grain * GRAIN + at;
    }
  }
  return undefined;
}
