// The lab's AWS with the staging of a target over it, and what the tests ask of the bucket.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3 } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type LabAws, startLabAws } from '../../../lab/aws/main.ts';
import { FaultRules } from '../../../lab/faults/rules.ts';
import { type OpenOptions, openStaging } from './open-target.ts';
import { PART_RETRY } from './part-sender.ts';
import type { AwsTargetConfig, StagedUpload } from './target.ts';

export const MiB = 1024 * 1024;
export const never = new AbortController().signal;
export const retry = { ...PART_RETRY, baseMs: 2, capMs: 20 };

export let folder: string;
export let lab: LabAws;
export let own: S3;
export const faults = new FaultRules();
const open: { close(): void }[] = [];

/** Starts a lab for the tests of the file that calls it; what is exported here is there for its hooks and tests. */
export function stagingForTests(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'landfall-staging-'));
    lab = await startLabAws({ dataDir: folder, faults, guestQemu: false });
    own = new S3({
      region: lab.region,
      endpoint: lab.url,
      credentials: lab.credentials,
      forcePathStyle: true,
      requestHandler: { requestTimeout: 20_000 },
    });
  });

  afterEach(() => {
    faults.clear();
    for (const target of open.splice(0)) target.close();
  });

  afterAll(async () => {
    own.destroy();
    await lab.close();
    await rm(folder, { recursive: true, force: true });
  });
}

export function config(changes: Partial<AwsTargetConfig> = {}): AwsTargetConfig {
  return {
    region: lab.region,
    bucket: lab.bucket,
    credentials: lab.credentials,
    endpoints: { s3: lab.url, ec2: lab.url, ebs: lab.url, sts: lab.url },
    account: lab.account,
    ...changes,
  };
}

export function stage(changes: Partial<AwsTargetConfig> = {}, options: OpenOptions = {}) {
  const staging = openStaging(config(changes), { ...options, upload: { retry, ...options.upload } });
  open.push(staging);
  return staging;
}

/** Writes the bytes in pieces of odd and changing size, through one buffer that is scribbled over after each write. */
export async function writeOddly(upload: StagedUpload, bytes: Uint8Array): Promise<void> {
  const chunk = Buffer.alloc(3 * MiB + 7);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = Math.min([1, 65_537, 3 * MiB + 7, 511, 1_000_003][turn % 5] ?? 1, bytes.length - at);
    chunk.set(bytes.subarray(at, at + size));
    await upload.write(chunk.subarray(0, size), never);
    chunk.fill(0xee, 0, size);
    at += size;
  }
}

export async function readBack(key: string): Promise<Buffer> {
  const { Body } = await own.getObject({ Bucket: lab.bucket, Key: key });
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

export async function openUploads(prefix: string): Promise<string[]> {
  const { Uploads = [] } = await own.listMultipartUploads({ Bucket: lab.bucket, Prefix: prefix });
  return Uploads.map((upload) => upload.Key ?? '');
}

export async function keysUnder(prefix: string): Promise<string[]> {
  const { Contents = [] } = await own.listObjectsV2({ Bucket: lab.bucket, Prefix: prefix });
  return Contents.map((object) => object.Key ?? '');
}

export const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
