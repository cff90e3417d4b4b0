// The lab's AWS with EBS direct of ours over it, and what its tests ask of both.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type LabAws, startLabAws } from '../../../../lab/aws/main.ts';
import { FaultRules } from '../../../../lab/faults/rules.ts';
import { DISK_BLOCK_BYTES, type DiskBlock } from '../../../disks/block.ts';
import { blocksOf } from '../../../disks/contract.ts';
import { toFault } from '../../../model/fault.ts';
import { openEbsDirect } from '../open-target.ts';
import { PART_RETRY } from '../part-sender.ts';
import type { AwsTargetConfig } from '../target.ts';
import type { EbsDirectOptions } from './ebs-direct.ts';
import type { SealedSnapshot, SnapshotWriter, StartSnapshotInput } from './port.ts';

export const never = new AbortController().signal;
const retry = { ...PART_RETRY, baseMs: 2, capMs: 20, deadlineMs: 10_000 };

export type OpenedEbs = ReturnType<typeof openEbsDirect>;

export interface EbsLab extends AsyncDisposable {
  aws: LabAws;
  faults: FaultRules;
  /** Milliseconds by which the lab's clock is ahead of ours. */
  clockMs: number;
  config(changes?: Partial<AwsTargetConfig>): AwsTargetConfig;
  open(changes?: Partial<AwsTargetConfig>, options?: EbsDirectOptions): OpenedEbs;
  /** Started in a target of its own, unless one is given. */
  start(input: Partial<StartSnapshotInput> & { capacityBytes: number }, ebs?: OpenedEbs): Promise<SnapshotWriter>;
  /** A completed snapshot that holds these blocks. */
  snapshotOf(
    blocks: readonly DiskBlock[],
    input: Partial<StartSnapshotInput> & { capacityBytes: number },
  ): Promise<string>;
  /** SHA-256 of each block, in hex, by the lab's own count. */
  hashes(snapshotId: string, capacityBytes: number): Promise<string[]>;
  /** Requests of one operation (`ebs:PutSnapshotBlock`) so far. */
  requests(operation: string): Promise<number>;
  reset(): void;
}

export async function startEbsLab(): Promise<EbsLab> {
  const folder = await mkdtemp(join(tmpdir(), 'landfall-ebs-'));
  const faults = new FaultRules();
  const opened: OpenedEbs[] = [];
  let clockMs = 0;
  const now = () => new Date(Date.now() + clockMs);
  const aws = await startLabAws({ dataDir: folder, faults, guestQemu: false, timeScale: 0.01, now });
  let tokens = 0;
  const lab: EbsLab = {
    aws,
    faults,
    set clockMs(value: number) {
      clockMs = value;
    },
    get clockMs() {
      return clockMs;
    },
    config: (changes = {}) => ({
      region: aws.region,
      bucket: aws.bucket,
      credentials: aws.credentials,
      endpoints: { s3: aws.url, ec2: aws.url, ebs: aws.url, sts: aws.url },
      account: aws.account,
      ...changes,
    }),
    open(changes, options) {
      const ebs = openEbsDirect(lab.config(changes), {
        ebs: { retry, everyMs: 10, notFoundMs: 5000, ...options },
      });
      opened.push(ebs);
      return ebs;
    },
    async start(input, ebs = lab.open()) {
      tokens += 1;
      const started = await ebs.startSnapshot(
        { parentSnapshotId: null, description: 'a disk', tags: {}, token: `token-${tokens}`, ...input },
        never,
      );
      if (started.outcome !== 'started') throw new Error(`${started.reason}: ${started.awsWords}`);
      return started.writer;
    },
    async snapshotOf(blocks, input) {
      const ebs = lab.open();
      const writer = await lab.start(input, ebs);
      await Promise.all(blocks.map((block) => writer.write(block, never)));
      const { snapshotId } = await writer.seal(never);
      await ebs.waitCompleted(snapshotId, never);
      return snapshotId;
    },
    async hashes(snapshotId, capacityBytes) {
      const told = (await aws.control.snapshotHash?.({ snapshotId, length: capacityBytes })) as { blocks: string[] };
      return told.blocks;
    },
    async requests(operation) {
      const report = (await aws.control.requests?.()) as { counts: Record<string, number> } | undefined;
      return report?.counts[operation] ?? 0;
    },
    reset() {
      faults.clear();
      lab.clockMs = 0;
      for (const one of opened.splice(0)) one.close();
    },
    async [Symbol.asyncDispose]() {
      lab.reset();
      await aws.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return lab;
}

/** What the lab's hashes of a disk of these bytes should be. */
function hashesOf(bytes: Uint8Array): string[] {
  return Array.from({ length: Math.ceil(bytes.length / DISK_BLOCK_BYTES) }, (_, index) => {
    const block = new Uint8Array(DISK_BLOCK_BYTES);
    block.set(bytes.subarray(index * DISK_BLOCK_BYTES, (index + 1) * DISK_BLOCK_BYTES));
    return createHash('sha256').update(block).digest('hex');
  });
}

/** The fault that a promise rejects with; where it does not, one that says so. */
export const fault = (promise: Promise<unknown>) =>
  promise.then(
    () => ({ code: 'no fault', message: '', cause: '' }),
    (error: unknown) => toFault(error),
  );

/** Blocks of random bytes at the first `count` indexes. */
export const randomDisk = (count: number) => {
  const bytes = randomBytes(count * DISK_BLOCK_BYTES);
  return { bytes, capacityBytes: bytes.length, blocks: blocksOf(bytes) };
};

export type RandomDisk = ReturnType<typeof randomDisk>;

/** Writes all blocks at once and seals. */
export async function writeAll(lab: EbsLab, disk: RandomDisk, open = lab.open()): Promise<SealedSnapshot> {
  const writer = await lab.start(disk, open);
  await Promise.all(disk.blocks.map((block) => writer.write(block, never)));
  return writer.seal(never);
}

/** The snapshot, once it is completed, holds these bytes, by the lab's own count. */
export async function expectHeld(lab: EbsLab, sealed: SealedSnapshot, bytes: Uint8Array): Promise<void> {
  await lab.open().waitCompleted(sealed.snapshotId, never);
  expect(await lab.hashes(sealed.snapshotId, bytes.length)).toEqual(hashesOf(bytes));
}
