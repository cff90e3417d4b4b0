import { createHash, randomBytes } from 'node:crypto';
import { EBS } from '@aws-sdk/client-ebs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DISK_BLOCK_BYTES, makeBlock } from '../../../disks/block.ts';
import { blocksOf, describeDiskWriter } from '../../../disks/contract.ts';
import { pretendDisk } from '../../../disks/pretend-disk.ts';
import { toFault } from '../../../model/fault.ts';
import type { AwsKeys } from '../target.ts';
import type { SealedSnapshot, StartedSnapshot } from './port.ts';
import { type EbsLab, hashesOf, never, startEbsLab } from './testing-lab.ts';

const MiB = 1024 * 1024;

let lab: EbsLab;
let sdk: EBS;
beforeAll(async () => {
  lab = await startEbsLab();
  const { url, region, credentials } = lab.aws;
  sdk = new EBS({ endpoint: url, region, credentials });
});
afterEach(() => lab.reset());
afterAll(async () => {
  sdk.destroy();
  await lab[Symbol.asyncDispose]();
});

const fault = (promise: Promise<unknown>) =>
  promise.then(
    () => ({ code: 'no fault', message: '', cause: '' }),
    (error: unknown) => toFault(error),
  );

/** The disk that a snapshot holds, read by the SDK. */
async function readBack({ snapshotId, capacityBytes }: SealedSnapshot): Promise<Uint8Array> {
  await lab.open().waitCompleted(snapshotId, never);
  const bytes = new Uint8Array(Math.ceil(capacityBytes / DISK_BLOCK_BYTES) * DISK_BLOCK_BYTES);
  const { Blocks = [] } = await sdk.listSnapshotBlocks({ SnapshotId: snapshotId });
  for (const { BlockIndex = 0, BlockToken } of Blocks) {
    const { BlockData } = await sdk.getSnapshotBlock({ SnapshotId: snapshotId, BlockIndex, BlockToken });
    bytes.set((await BlockData?.transformToByteArray()) ?? [], BlockIndex * DISK_BLOCK_BYTES);
  }
  expect(bytes.subarray(capacityBytes).every((byte) => byte === 0)).toBe(true);
  return bytes.subarray(0, capacityBytes);
}

describeDiskWriter('an EBS snapshot', async (capacityBytes) => ({
  writer: await lab.start({ capacityBytes }),
  readBack,
}));

/** Blocks of random bytes at the first `count` indexes. */
const randomDisk = (count: number) => {
  const bytes = randomBytes(count * DISK_BLOCK_BYTES);
  return { bytes, capacityBytes: bytes.length, blocks: blocksOf(bytes) };
};

async function writeAll(disk: ReturnType<typeof randomDisk>, open = lab.open()): Promise<SealedSnapshot> {
  const writer = await lab.start(disk, open);
  await Promise.all(disk.blocks.map((block) => writer.write(block, never)));
  return writer.seal(never);
}

async function expectHeld(sealed: SealedSnapshot, bytes: Uint8Array): Promise<void> {
  await lab.open().waitCompleted(sealed.snapshotId, never);
  expect(await lab.hashes(sealed.snapshotId, bytes.length)).toEqual(hashesOf(bytes));
}

describe('what a snapshot holds', () => {
  test('a child shows zeros where the disk became zeros, and the parent elsewhere', async () => {
    const before = Buffer.from(pretendDisk(7, 12 * MiB - 512));
    before.fill(1, 0, 4 * MiB);
    const parent = await lab.snapshotOf(blocksOf(before), { capacityBytes: before.length });
    const after = Buffer.alloc(14 * MiB);
    before.copy(after);
    after.fill(0, MiB, 2 * MiB);
    after.fill(7, 13 * MiB);
    const changed = [2, 3, 26, 27].map((index) =>
      makeBlock(index, after.length, after.subarray(index * DISK_BLOCK_BYTES, (index + 1) * DISK_BLOCK_BYTES)),
    );
    const writer = await lab.start({ capacityBytes: after.length, parentSnapshotId: parent });
    for (const block of changed.toReversed()) await writer.write(block, never);
    const sealed = await writer.seal(never);
    expect(sealed).toMatchObject({ changedBlocks: 4, blocks: 2, bytesSent: 4 * DISK_BLOCK_BYTES });
    const digests = Buffer.concat(changed.map(({ digest }) => digest));
    expect(sealed.linearChecksum).toBe(createHash('sha256').update(digests).digest('base64'));
    await expectHeld(sealed, after);
  });

  test('a block that is written twice at once counts once', async () => {
    const disk = randomDisk(2);
    const writer = await lab.start(disk);
    await Promise.all([...disk.blocks, ...disk.blocks].map((block) => writer.write(block, never)));
    expect(await writer.seal(never)).toMatchObject({ blocks: 2, changedBlocks: 2 });
  });

  test('volume, tags, description and token go along; the same token gives the same snapshot', async () => {
    const input = { capacityBytes: 1024 ** 3 + 512, token: 'x'.repeat(90), description: 'disk 2', tags: { run: 'r' } };
    const writer = await lab.start(input);
    expect((await lab.start(input)).snapshotId).toBe(writer.snapshotId);
    const { snapshotId } = await writer.seal(never);
    const info = await lab.open().waitCompleted(snapshotId, never);
    expect(info).toMatchObject({ volumeGiB: 2, state: 'completed', percent: 100, encrypted: false, kmsKeyArn: null });
    const key = `arn:aws:kms:${lab.aws.region}:${lab.aws.account}:key/of-the-team`;
    const encrypted = await lab.start({ capacityBytes: 512, encryption: { encrypted: true, kmsKeyArn: key } });
    const told = await lab.open().describe([encrypted.snapshotId, 'snap-00000000000000000'], never);
    expect([...told.values()]).toMatchObject([{ state: 'pending', encrypted: true, kmsKeyArn: key }]);
  });
});

describe('stopped and taken up again', () => {
  test('blocks of the checkpoint are not sent again, and the checksum is whole', async () => {
    const disk = randomDisk(40);
    const first = lab.open();
    const writer = await lab.start(disk, first);
    await Promise.all(disk.blocks.slice(0, 25).map((block) => writer.write(block, never)));
    lab.faults.add({ side: 'aws', operation: 'ebs:PutSnapshotBlock', effect: { kind: 'hang' } });
    const lost = disk.blocks.slice(25, 30).map((block) => fault(writer.write(block, never)));
    const checkpoint = JSON.parse(JSON.stringify(writer.checkpoint()));
    expect(checkpoint.nextIndex).toBe(25);
    await writer.abort();
    expect((await Promise.all(lost)).map(({ code }) => code)).toEqual(Array(5).fill('cancelled'));
    first.close();
    lab.faults.clear();
    const before = await lab.requests('ebs:PutSnapshotBlock');

    const input = { capacityBytes: disk.capacityBytes, parentSnapshotId: null, checkpoint };
    const second = lab.open().resumeSnapshot(input);
    expect(second.snapshotId).toBe(writer.snapshotId);
    for (const block of disk.blocks) await second.write(block, never);
    const sealed = await second.seal(never);
    expect((await lab.requests('ebs:PutSnapshotBlock')) - before).toBe(15);
    expect(sealed).toMatchObject({ blocks: 40, changedBlocks: 40, bytesSent: 15 * DISK_BLOCK_BYTES });
    expect(sealed.linearChecksum).not.toBeNull();
    await expectHeld(sealed, disk.bytes);
  });

  test('from nextIndex on, with the digests kept elsewhere', async () => {
    const parent = await lab.snapshotOf(randomDisk(4).blocks, { capacityBytes: 4 * DISK_BLOCK_BYTES });
    const disk = randomDisk(4);
    const zeroed = makeBlock(1, disk.capacityBytes, null);
    const inChain = { capacityBytes: disk.capacityBytes, parentSnapshotId: parent };
    const writer = await lab.start(inChain);
    await writer.write(disk.blocks[0]!, never);
    await writer.write(zeroed, never);
    const checkpoint = writer.checkpoint();
    expect(checkpoint.nextIndex).toBe(2);
    const digests = async function* () {
      for (const index of [0, 2, 3]) yield { index, digest: disk.blocks[index]!.digest };
    };
    const resumed = lab.open().resumeSnapshot({ ...inChain, checkpoint }, { digests });
    await resumed.write(disk.blocks[3]!, never);
    const sealed = await resumed.seal(never);
    expect(sealed).toMatchObject({ changedBlocks: 3, blocks: 2, linearChecksum: expect.any(String) });
    const without = lab.open().resumeSnapshot({ ...inChain, checkpoint: resumed.checkpoint() });
    expect(await without.seal(never)).toMatchObject({ changedBlocks: 3, linearChecksum: null });
  });

  test('a checkpoint of another disk, or none of ours, is refused', async () => {
    const writer = await lab.start({ capacityBytes: 64 * MiB });
    const input = { capacityBytes: 256 * MiB, parentSnapshotId: null, checkpoint: writer.checkpoint() };
    expect(() => lab.open().resumeSnapshot(input)).toThrow(/does not belong/);
    const foreign = { ...input, checkpoint: { nextIndex: 0, state: { uploadId: 'x' } } };
    expect(() => lab.open().resumeSnapshot(foreign)).toThrow(/cannot be read/);
  });

  test('a block that failed holds the checkpoint back, and forbids the seal', async () => {
    const disk = randomDisk(3);
    const writer = await lab.start(disk);
    const deny = { kind: 'fail', code: 'AccessDeniedException', message: 'no' } as const;
    lab.faults.add({ side: 'aws', operation: 'ebs:PutSnapshotBlock', match: { blockIndex: '1' }, effect: deny });
    const writes = await Promise.all(disk.blocks.map((block) => fault(writer.write(block, never))));
    expect(writes.map(({ code }) => code)).toEqual(['no fault', 'aws-access-denied', 'no fault']);
    expect(writes[1]?.message).toContain('ebs:PutSnapshotBlock');
    expect(writer.checkpoint().nextIndex).toBe(1);
    expect((await fault(writer.seal(never))).message).toContain('1 blocks');
    lab.faults.clear();
    await writer.write(disk.blocks[1]!, never);
    expect(writer.checkpoint().nextIndex).toBe(3);
    await expectHeld(await writer.seal(never), disk.bytes);
  });
});

describe('what AWS does wrong', () => {
  const put = 'ebs:PutSnapshotBlock';
  test.each([
    ['throttles the account', { kind: 'fail', code: 'ThrottlingException' }],
    ['throttles the snapshot', { kind: 'fail', code: 'RequestThrottledException' }],
    ['is unavailable', { kind: 'fail', code: 'ServiceUnavailable', status: 503 }],
    ['has an internal error', { kind: 'fail', code: 'InternalServerException', status: 500 }],
    ['closes the socket', { kind: 'cut', afterBytes: 0 }],
    ['closes the socket in its answer', { kind: 'cut', afterBytes: 5 }],
    ['does not know the snapshot yet', { kind: 'fail', code: 'ResourceNotFoundException', message: 'x' }],
    ['cannot read a block', { kind: 'fail', code: 'ValidationException', message: 'Failed to read block data' }],
    ['sees a block damaged on its way', { kind: 'fail', code: 'ValidationException', message: 'The checksum…' }],
  ] as const)('AWS %s', async (_, effect) => {
    const disk = randomDisk(12);
    // Each block at most twice: a damaged block is believed to be ours after three times.
    for (let index = 0; index < 12; index += 1) {
      lab.faults.add({ side: 'aws', operation: put, match: { blockIndex: String(index) }, count: 2, effect });
    }
    await expectHeld(await writeAll(disk), disk.bytes);
  });

  test('AWS does not answer', async () => {
    const disk = randomDisk(4);
    lab.faults.add({ side: 'aws', operation: put, count: 3, effect: { kind: 'hang' } });
    await expectHeld(await writeAll(disk, lab.open({}, { attemptSeconds: 1 })), disk.bytes);
  });

  test('AWS does not know the snapshot when it is to be completed', async () => {
    const disk = randomDisk(1);
    const effect = { kind: 'fail', code: 'ResourceNotFoundException' } as const;
    lab.faults.add({ side: 'aws', operation: 'ebs:CompleteSnapshot', count: 1, effect });
    await expectHeld(await writeAll(disk), disk.bytes);
  });

  test('a snapshot that stays unknown fails when its time is over', async () => {
    const effect = { kind: 'fail', code: 'ResourceNotFoundException', message: 'does not exist' } as const;
    lab.faults.add({ side: 'aws', operation: put, effect });
    const told = await fault(writeAll(randomDisk(2), lab.open({}, { notFoundMs: 100 })));
    expect(told).toMatchObject({ code: 'ebs-snapshot-failed', cause: expect.stringContaining('does not exist') });
    expect(await lab.requests(put)).toBeGreaterThan(4);
  });

  test('throttled for too long, it gives up and says so', async () => {
    lab.faults.add({ side: 'aws', operation: put, effect: { kind: 'fail', code: 'ThrottlingException' } });
    const retry = { baseMs: 2, capMs: 10, deadlineMs: 200, random: Math.random };
    const told = await fault(writeAll(randomDisk(2), lab.open({}, { retry })));
    expect(told).toMatchObject({ code: 'aws-throttled', message: expect.stringMatching(/did not go through in \d+/) });
  });

  test('bytes that are not those of their digest are refused, and not sent for ever', async () => {
    const disk = randomDisk(2);
    const writer = await lab.start(disk);
    const before = await lab.requests(put);
    const wrong = { ...disk.blocks[0]!, digest: disk.blocks[1]!.digest };
    expect(await fault(writer.write(wrong, never))).toMatchObject({
      code: 'ebs-snapshot-failed',
      message: expect.stringContaining('damaged'),
    });
    expect((await lab.requests(put)) - before).toBe(3);
  });

  test('keys that expired are asked for again, once', async () => {
    let asked = 0;
    const credentials = async () => {
      asked += 1;
      const expired: AwsKeys = { accessKeyId: 'AKIAEXPIRED000000000', secretAccessKey: 'x', sessionToken: 'old' };
      const keys = asked === 1 ? lab.aws.credentials : asked === 2 ? { ...lab.aws.connector } : expired;
      return { ...keys, expiration: new Date(Date.now() + 3600_000) };
    };
    const disk = randomDisk(8);
    const writer = await lab.start(disk, lab.open({ credentials }));
    const effect = { kind: 'fail', code: 'ExpiredTokenException', status: 403 } as const;
    for (let index = 0; index < 8; index += 1) {
      lab.faults.add({ side: 'aws', operation: put, match: { blockIndex: String(index) }, count: 1, effect });
    }
    await Promise.all(disk.blocks.map((block) => writer.write(block, never)));
    expect(asked).toBe(2);
    await expectHeld(await writer.seal(never), disk.bytes);

    const lasting = await lab.start(disk);
    lab.faults.add({ side: 'aws', operation: put, count: 1, effect });
    expect((await fault(lasting.write(disk.blocks[0]!, never))).code).toBe('aws-credentials-refused');
  });

  test('a clock that is 20 minutes off is put right by the answer', async () => {
    lab.clockMs = 20 * 60_000;
    const disk = randomDisk(3);
    await expectHeld(await writeAll(disk), disk.bytes);
  });
});

describe('stopping', () => {
  test('an aborted signal ends a write under way at once, with its reason', async () => {
    const disk = randomDisk(1);
    const writer = await lab.start(disk);
    lab.faults.add({ side: 'aws', operation: 'ebs:PutSnapshotBlock', effect: { kind: 'hang' } });
    const stop = new AbortController();
    const before = await lab.requests('ebs:PutSnapshotBlock');
    const writing = writer.write(disk.blocks[0]!, stop.signal);
    const expected = expect(writing).rejects.toThrow('enough');
    await expect.poll(() => lab.requests('ebs:PutSnapshotBlock')).toBe(before + 1);
    stop.abort(new Error('enough'));
    await expected;
  });

  test('no more calls are under way than the target allows', async () => {
    const disk = randomDisk(12);
    const writer = await lab.start(disk, lab.open({}, { concurrency: 3 }));
    const before = await lab.requests('ebs:PutSnapshotBlock');
    const hang = lab.faults.add({ side: 'aws', operation: 'ebs:PutSnapshotBlock', effect: { kind: 'hang' } });
    const writes = disk.blocks.map((block) => fault(writer.write(block, never)));
    await expect.poll(async () => (await lab.requests('ebs:PutSnapshotBlock')) - before).toBe(3);
    lab.faults.remove(hang.id);
    await writer.abort();
    expect((await Promise.all(writes)).every(({ code }) => code === 'cancelled')).toBe(true);
    expect((await lab.requests('ebs:PutSnapshotBlock')) - before).toBe(3);
  });
});

describe('a parent that AWS refuses', () => {
  const child = (parentSnapshotId: string, capacityBytes = 512): Promise<StartedSnapshot> =>
    lab
      .open()
      .startSnapshot({ capacityBytes, parentSnapshotId, description: '', tags: {}, token: parentSnapshotId }, never);
  const refused = (reason: string, words: RegExp) => ({
    outcome: 'parent-refused',
    reason,
    awsWords: expect.stringMatching(words),
  });

  test('pending, gone, larger, or not encrypted where the account encrypts', async () => {
    const pending = await lab.start({ capacityBytes: 512 });
    expect(await child(pending.snapshotId)).toMatchObject(refused('parent-not-usable', /is pending/));
    expect(await child('snap-0123456789abcdef0')).toMatchObject(refused('parent-gone', /does not exist/));
    const large = await lab.snapshotOf([], { capacityBytes: 2 * 1024 ** 3 });
    expect(await child(large)).toMatchObject(refused('volume-size', /less than/));
    const { EC2 } = await import('@aws-sdk/client-ec2');
    const { url, region, credentials } = lab.aws;
    const ec2 = new EC2({ endpoint: url, region, credentials });
    await ec2.enableEbsEncryptionByDefault({});
    expect(await child(large, 2 * 1024 ** 3)).toMatchObject(refused('encryption', /by default/));
    expect(await lab.open().accountEncryption(never)).toEqual({ byDefault: true, defaultKey: 'alias/aws/ebs' });
    await ec2.disableEbsEncryptionByDefault({});
    ec2.destroy();
    expect((await child(large, 2 * 1024 ** 3)).outcome).toBe('started');
  });

  test('one of another account is the parent’s fault, a missing right is not', async () => {
    const deny = (message: string) =>
      lab.faults.add({
        side: 'aws',
        operation: 'ebs:StartSnapshot',
        count: 1,
        effect: { kind: 'fail', code: 'AccessDeniedException', message },
      });
    deny('The snapshot belongs to another account.');
    expect(await child('snap-0123456789abcdef0')).toMatchObject(refused('parent-not-yours', /another account/));
    deny('User: x is not authorized to perform: ebs:StartSnapshot on resource: y');
    expect(await fault(child('snap-0123456789abcdef0'))).toMatchObject({ code: 'aws-access-denied' });
  });

  test('without a parent every refusal is a fault', async () => {
    const refusal = lab.start({ capacityBytes: 512, encryption: { encrypted: true, kmsKeyArn: 'alias/team' } });
    expect(await fault(refusal)).toMatchObject({ code: 'ebs-snapshot-failed', cause: expect.stringMatching(/ARN/) });
  });
});

describe('waiting for completion', () => {
  test('a snapshot that is not known yet is waited for, a lost one is not for ever', async () => {
    const disk = randomDisk(1);
    const { snapshotId } = await writeAll(disk);
    expect(await lab.open().waitCompleted(snapshotId, never)).toMatchObject({ state: 'completed' });
    const lost = lab.open({}, { notFoundMs: 50 }).waitCompleted('snap-0123456789abcdef0', never);
    expect(await fault(lost)).toMatchObject({ code: 'ebs-snapshot-failed', message: expect.stringMatching(/know/) });
  });

  test('it ends at its deadline, at its signal, and with AWS’s error', async () => {
    const { snapshotId } = await lab.start({ capacityBytes: 512 });
    const late = lab.open().waitCompleted(snapshotId, never, { deadlineMs: 30 });
    expect(await fault(late)).toMatchObject({ code: 'ebs-snapshot-failed', message: expect.stringMatching(/within/) });
    const stop = new AbortController();
    const waiting = lab.open({}, { everyMs: 60_000 }).waitCompleted(snapshotId, stop.signal);
    const expected = expect(waiting).rejects.toThrow('enough');
    await expect.poll(() => lab.requests('ec2:DescribeSnapshots')).toBeGreaterThan(0);
    stop.abort(new Error('enough'));
    await expected;
    lab.clockMs = 4 * 24 * 3600_000;
    const failed = await fault(lab.open().waitCompleted(snapshotId, never));
    expect(failed).toMatchObject({ code: 'ebs-snapshot-failed', message: expect.stringMatching(/failed at AWS/) });
  });
});
