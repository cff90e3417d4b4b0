// The lab's AWS against boto3, with the checksums that botocore computes by itself: S3 in every algorithm, EBS direct.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LabAws, startLabAws } from '../lab/aws/main.ts';
import { FaultRules } from '../lab/faults/rules.ts';
import { awsEnvironment } from './aws-environment.ts';
import { describeWith, peer } from './installed.ts';
import { output } from './programs.ts';

describeWith(['python'], "the lab's AWS against boto3", () => {
  let dir: string;
  let lab: LabAws;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'landfall-boto3-'));
    lab = await startLabAws({ dataDir: dir, faults: new FaultRules(), guestQemu: false, timeScale: 0.1 });
  });

  afterAll(async () => {
    await lab?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const script = async (name: string, ...args: string[]) =>
    JSON.parse(await output(peer('python'), [join(import.meta.dirname, name), ...args], awsEnvironment(lab)));

  it('stages objects in parts and whole, in every checksum, and refuses the wrong ones', async () => {
    const answers = await script('boto3-staging.py', lab.url, lab.bucket);
    for (const [algorithm, kind] of [
      ['CRC32', 'COMPOSITE'],
      ['CRC32', 'FULL_OBJECT'],
      ['CRC32C', 'COMPOSITE'],
      ['CRC32C', 'FULL_OBJECT'],
      ['CRC64NVME', 'FULL_OBJECT'],
      ['SHA1', 'COMPOSITE'],
      ['SHA256', 'COMPOSITE'],
    ]) {
      const sort = `${algorithm} ${kind}`;
      const expected = { same: true, refused: 'InvalidPart', absent: 'InvalidPart', kind, parts: 3, size: true };
      expect({ sort, ...answers[sort] }).toMatchObject({ sort, ...expected });
    }
    for (const [sort, value] of Object.entries(answers.expected)) expect(answers[sort].stated).toBe(value);
    const every = (value: unknown) => ({ CRC32: value, CRC32C: value, CRC64NVME: value, SHA1: value, SHA256: value });
    expect(answers.simple).toEqual(every(true));
    expect(answers.wrong).toEqual(every('BadDigest'));
    expect(answers['wrong stored']).toBe('404');
    expect(answers.ranges).toEqual([true, true, true]);
    expect(answers.beyond).toBe('InvalidRange');
    expect(answers.listed).toHaveLength(8);
    expect(answers.uploads).toEqual([]);
    expect(answers.left).toBe(0);
  });

  it('writes a snapshot and its child by EBS direct, and reads both back', async () => {
    expect(await script('boto3-ebs.py', lab.url)).toEqual({
      started: ['pending', 524_288, 1],
      'started again': true,
      echo: true,
      'wrong checksum': ['ValidationException', 'INVALID_BLOCK'],
      'short block': ['ValidationException', 'INVALID_PARAMETER_VALUE'],
      'beyond the end': ['ValidationException', 'INVALID_BLOCK'],
      unknown: ['ResourceNotFoundException', 'SNAPSHOT_NOT_FOUND'],
      'read while pending': ['ValidationException', 'INVALID_SNAPSHOT_ID'],
      'wrong digest': ['ValidationException', 'INVALID_PARAMETER_VALUE'],
      indexes: [0, 1, 7, 2047],
      same: true,
      'written afterwards': ['ValidationException', 'INVALID_SNAPSHOT_ID'],
      'child indexes': [0, 1, 7, 500, 2047],
      'child same': true,
      changed: [1, 500],
    });
  });

  it('copies AMIs to another Region and shares them with another account', async () => {
    const { account, credentials } = lab.second;
    const { accessKeyId, secretAccessKey } = credentials;
    expect(await script('boto3-copies.py', lab.url, 'eu-west-1', account, accessKeyId, secretAccessKey)).toEqual({
      again: true,
      copy: ['available', true, true],
      tags: [{ Key: 'of', Value: 'image' }],
      snapshots: 1,
      'not shared': 'InvalidAMIID.NotFound',
      'launch permission': true,
      'storage not shared': 'InvalidRequest',
      theirs: 'available',
      'default key': ['InvalidParameter', 'OperationNotPermitted'],
    });
  });
});
