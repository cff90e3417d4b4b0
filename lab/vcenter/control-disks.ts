// Control calls about disks: what the guest writes and gives back, growth, moving, change tracking.
import { createCipheriv, createHash } from 'node:crypto';
import { z } from 'zod';
import type { Center } from './center.ts';
import type { ControlCalls } from './control.ts';
import { baseFileName } from './snapshots.ts';
import { chainOf, datastoreName, type VmState } from './state.ts';

const MOST_BYTES = 64 * 1024 * 1024;

const disk = z.object({ vm: z.string(), disk: z.number().int().min(0).default(0) });
const offset = z.number().int().min(0);
const written = disk.extend({
  offset,
  hex: z.string().optional(),
  text: z.string().optional(),
  /** Repeated until `length` bytes are there. */
  pattern: z.string().min(1).optional(),
  /** `length` bytes of noise that no compressor shortens, the same for the same seed. */
  seed: z.string().optional(),
  length: z.number().int().positive().max(MOST_BYTES).optional(),
});
const range = disk.extend({ offset, length: z.number().int().positive() });
const worked = disk.extend({
  seed: z.string(),
  operations: z.number().int().positive().max(10_000).default(10),
  maxBytes: z.number().int().positive().max(MOST_BYTES).default(262_144),
});
const grown = disk.extend({
  /** The new size: a multiple of 512. */
  capacityBytes: z.number().int().positive().multipleOf(512),
  resetTracking: z.boolean().default(false),
});
/** Without `disk` it is about all of them. */
const diskOrAll = z.object({ vm: z.string(), disk: z.number().int().min(0).optional() });
const relocated = z.object({
  vm: z.string(),
  /** Without it all disks and the machine's own folder move. */
  disk: z.number().int().min(0).optional(),
  datastore: z.string().optional(),
  /** New name of the disk's file, without `.vmdk`; only with `disk`. */
  name: z
    .string()
    .regex(/^[^/[\]]+$/)
    .optional(),
  resetTracking: z.boolean().default(false),
});

export function diskCalls(center: Center): ControlCalls {
  const { disks } = center;
  return {
    write: async (input) => {
      const { vm, disk, offset, ...bytes } = written.parse(input);
      await disks.guestWrite(center.vm(vm), disk, offset, bytesOf(bytes));
      return {};
    },
    zero: async (input) => {
      const { vm, disk, offset, length } = range.parse(input);
      await disks.guestZero(center.vm(vm), disk, offset, length);
      return {};
    },
    trim: async (input) => {
      const { vm, disk, offset, length } = range.parse(input);
      await disks.guestTrim(center.vm(vm), disk, offset, length);
      return {};
    },
    'guest-work': async (input) => {
      const { vm, disk, seed, operations, maxBytes } = worked.parse(input);
      return { done: await guestWork(center, center.vm(vm), disk, seed, operations, maxBytes) };
    },
    grow: async (input) => {
      const { vm, disk, capacityBytes, resetTracking } = grown.parse(input);
      const found = center.vm(vm);
      if (chainOf(found).length > 0) throw new Error('A disk cannot grow while the VM has snapshots');
      await disks.grow(found, disk, capacityBytes);
      if (resetTracking) await disks.resetTracking(found, disk);
      center.save();
      return {};
    },
    'reset-tracking': async (input) => {
      const { vm, disk } = diskOrAll.parse(input);
      const found = center.vm(vm);
      for (const index of disk === undefined ? found.vm.disks.keys() : [disk]) await disks.resetTracking(found, index);
      return {};
    },
    relocate: async (input) => {
      const { vm, disk, datastore, name, resetTracking } = relocated.parse(input);
      const found = center.vm(vm);
      const moved = disk === undefined ? [...found.vm.disks.keys()] : [disk];
      if (name !== undefined && disk === undefined) throw new Error('A name needs the disk that gets it');
      if (datastore !== undefined) demandDatastore(center, found, datastore);
      for (const index of moved) {
        renameFiles(found, index, datastore, name);
        if (resetTracking) await disks.resetTracking(found, index);
      }
      if (disk === undefined && datastore !== undefined) found.vm.datastore = datastore;
      center.save();
      return { fileNames: found.fileNames };
    },
    tracking: async (input) => {
      const found = center.vm(z.object({ vm: z.string() }).parse(input).vm);
      return {
        enabled: found.vm.changeTracking ?? false,
        active: found.trackingActive ?? false,
        blind: found.trackingBlind ?? false,
        snapshots: found.snapshots.map(({ id, name, changeIds }) => ({ id, name, changeIds })),
      };
    },
  };
}

function bytesOf(input: { hex?: string; text?: string; pattern?: string; seed?: string; length?: number }): Buffer {
  if (input.hex !== undefined) return Buffer.from(input.hex, 'hex');
  if (input.text !== undefined) return Buffer.from(input.text, 'utf8');
  if (input.pattern !== undefined && input.length !== undefined) return Buffer.alloc(input.length, input.pattern);
  if (input.seed !== undefined && input.length !== undefined) return noise(input.seed, input.length);
  throw new Error('A write needs hex, text, or pattern or seed with length');
}

function noise(seed: string, length: number): Buffer {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

export interface GuestOperation {
  do: 'write' | 'zero' | 'trim';
  offset: number;
  length: number;
}

/** Writes of noise (six of ten), zeroings and trims at places and of lengths that follow from the seed. */
async function guestWork(
  center: Center,
  vm: VmState,
  disk: number,
  seed: string,
  operations: number,
  maxBytes: number,
): Promise<GuestOperation[]> {
  const capacity = vm.vm.disks[disk]?.capacityBytes ?? 0;
  const numbers = noise(`${seed} choices`, operations * 16);
  const done: GuestOperation[] = [];
  for (let index = 0; index < operations; index += 1) {
    const number = (at: number) => numbers.readUInt32LE(index * 16 + at * 4) / 2 ** 32;
    const length = Math.min(capacity, 1 + Math.floor(number(0) * maxBytes));
    const offset = Math.floor(number(1) * (capacity - length + 1));
    const kind = number(2) < 0.6 ? 'write' : number(2) < 0.8 ? 'zero' : 'trim';
    if (kind === 'zero') await center.disks.guestZero(vm, disk, offset, length);
    else if (kind === 'trim') await center.disks.guestTrim(vm, disk, offset, length);
    else await center.disks.guestWrite(vm, disk, offset, noise(`${seed} ${index}`, length));
    done.push({ do: kind, offset, length });
  }
  return done;
}

function demandDatastore(center: Center, vm: VmState, name: string): void {
  const stores = center.state.world.datacenters.find((one) => one.name === vm.vm.datacenter)?.datastores;
  if (!stores?.some((store) => store.name === name)) throw new Error(`There is no datastore ${name}`);
}

/** The base and every delta above it move together; the disk stays the same disk. */
function renameFiles(vm: VmState, index: number, datastore: string | undefined, name: string | undefined): void {
  const base = baseFileName(vm, index);
  if (base === undefined) throw new Error(`${vm.vm.name} has no disk ${index}`);
  const old = base.replace(/\.vmdk$/, '');
  const folder = old.replace(/^\[[^\]]*\] /, '').replace(/[^/]*$/, '');
  const fresh = `[${datastore ?? datastoreName(base)}] ${folder}${name ?? old.replace(/^.*\//, '')}`;
  const renamed = (fileName: string) => (fileName.startsWith(old) ? fresh + fileName.slice(old.length) : fileName);
  vm.fileNames[index] = renamed(vm.fileNames[index]!);
  for (const { fileNames } of chainOf(vm)) {
    const fileName = fileNames[index];
    if (fileName !== undefined) fileNames[index] = renamed(fileName);
  }
}
