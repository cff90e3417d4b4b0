// Guests that are on write, zero and trim a little as time passes.
import { randomBytes, randomInt } from 'node:crypto';
import type { Center } from './center.ts';
import type { LabDisk } from './disks/disk.ts';
import { GRAIN } from './disks/grain-map.ts';
import type { VmState } from './state.ts';

/** Starts the writing; the rate is read from the settings each second. Returns what stops it. */
export function startGuestActivity(center: Center): () => void {
  const timer = setInterval(() => {
    writeOnce(center).catch((error: unknown) => {
      if (!center.closing.signal.aborted) console.error('lab vCenter:', error);
    });
  }, 1000).unref();
  return () => clearInterval(timer);
}

/** Only on disks in use, so that idle servers stay small, and never on an image, whose file system it would harm. */
async function writeOnce(center: Center): Promise<void> {
  for (const vm of center.state.vms) {
    if (vm.vm.power !== 'poweredOn') continue;
    for (const [index, disk] of vm.vm.disks.entries()) {
      if (disk.content.kind !== 'seeded') continue;
      const opened = await center.disks.diskInUse(vm, index);
      if (!opened) continue;
      for (let count = 0; count < center.settings.guestWritesPerSecond; count += 1) {
        if (center.closing.signal.aborted) return;
        await once(center, vm, index, opened);
      }
    }
  }
}

/** Mostly a write of 4 KiB where the disk holds something; now and then elsewhere, or a grain that is zeroed or given back. */
async function once(center: Center, vm: VmState, index: number, disk: LabDisk): Promise<void> {
  const chance = randomInt(20);
  const anywhere = randomInt(disk.grains);
  const known = chance === 0 ? anywhere : disk.nextAllocated(undefined, anywhere);
  const grain = known < 0 ? anywhere : known;
  const offset = grain * GRAIN;
  const length = (most: number) => Math.min(most, disk.capacity - offset);
  // The partition table stays.
  if (chance === 1 && grain > 0) return center.disks.guestZero(vm, index, offset, length(GRAIN));
  if (chance === 2 && grain > 0) return center.disks.guestTrim(vm, index, offset, length(GRAIN));
  return center.disks.guestWrite(vm, index, offset, randomBytes(length(4096)));
}
