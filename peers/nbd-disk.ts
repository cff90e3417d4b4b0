// One disk as a raw file and a qcow2, served by qemu-nbd and nbdkit and opened by our client.
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import {
  type NbdDisk,
  type NbdOptions,
  openNbdDisk,
  parseNbdUri,
  type StatusExtent,
} from '../replication/disks/nbd/nbd-disk.ts';
import { openSeekReader } from '../replication/disks/seek-reader.ts';
import { pretendDisk } from '../replication/disks/testing-pretend-disk.ts';
import type { Extent } from '../replication/model/extent.ts';
import { type PeerName, peer } from './installed.ts';
import { makeCertificates, type NbdServer, type Place, startNbdkit, startQemuNbd } from './nbd-servers.ts';
import { output } from './programs.ts';

export const MiB = 1024 * 1024;
export const GiB = 1024 * MiB;
export const never = new AbortController().signal;
export const seed = Number(process.env.LANDFALL_SEED ?? Date.now() % 1_000_000);
/** The tests that use the disk need all of them. */
export const PROGRAMS: PeerName[] = ['qemu-img', 'qemu-io', 'qemu-nbd', 'nbdkit', 'nbdinfo'];

export let folder: string;
export let raw: string;
export let qcow2: string;
export let certificates: Awaited<ReturnType<typeof makeCertificates>>;
export const bytes = pretendDisk(seed, 48 * MiB + 512 * 9);
export const opened: { close: () => Promise<void> }[] = [];

/** Makes the disk for the tests of the block that calls it, and closes after each what it opened. */
export function nbdDiskForTests(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nbd-'));
    raw = join(folder, 'disk.raw');
    qcow2 = join(folder, 'disk.qcow2');
    const written = await Promise.all([writeSparsely(raw, bytes), makeCertificates(join(folder, 'certificates'))]);
    certificates = written[1];
    await output(peer('qemu-img'), ['convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.close();
  });
}

const started = async (starting: Promise<NbdServer>): Promise<NbdServer> => {
  const server = await starting;
  opened.push({ close: server.stop });
  return server;
};
export const nbdkit = (args: string[], place: Omit<Place, 'folder'> = {}) =>
  started(startNbdkit({ folder, ...place }, args));
export const qemuNbd = (args: string[], place: Omit<Place, 'folder'> = {}) =>
  started(startQemuNbd({ folder, ...place }, args));
export const openDisk = async (uri: string, options: NbdOptions = {}): Promise<NbdDisk> => {
  const disk = await openNbdDisk(parseNbdUri(uri), options, never);
  opened.push(disk);
  return disk;
};
export const tlsOf = ({ ca }: { ca: string }) => ({ tls: { ca } });

/** Only the stretches that are not zeros, so that the file system may leave holes. */
async function writeSparsely(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.truncate(bytes.length);
    for (let at = 0; at < bytes.length; at += 4096) {
      const part = bytes.subarray(at, at + 4096);
      if (part.some((byte) => byte !== 0)) await file.write(part, 0, part.length, at);
    }
  } finally {
    await file.close();
  }
}

/** The whole disk, read by the extents; the rest are zeros. All of it without extents. */
export async function readExtents(disk: NbdDisk, extents?: Extent[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(disk.capacityBytes);
  const reader = openSeekReader(disk, extents ? { extents, restIsZeros: true } : {});
  for await (const { offset, data } of reader.blocks(never)) if (data) bytes.set(data, offset);
  return bytes;
}

export async function collect(status: AsyncIterable<StatusExtent>): Promise<StatusExtent[]> {
  const all: StatusExtent[] = [];
  for await (const one of status) all.push(one);
  return all;
}

export function someWrite(random: () => number, size: number): Extent {
  const length = 512 * (1 + Math.floor(random() ** 3 * 600));
  return { offset: 512 * Math.floor((random() * (size - length)) / 512), length };
}

export function covers(extent: Extent, part: Extent): boolean {
  return extent.offset <= part.offset && part.offset + part.length <= extent.offset + extent.length;
}
