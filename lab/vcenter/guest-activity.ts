// Guests that are on write a little as time passes. For lab/vcenter only.
import { randomBytes, randomInt } from 'node:crypto';
import type { Center } from './center.ts';
import { GRAIN } from './disks/grain-map.ts';

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
        const known = opened.nextAllocated(undefined, randomInt(opened.grains));
        const grain = known < 0 ? randomInt(opened.grains) : known;
        const length = Math.min(4096, opened.capacity - grain * GRAIN);
        await center.disks.guestWrite(vm, index, grain * GRAIN, randomBytes(length));
      }
    }
  }
}
