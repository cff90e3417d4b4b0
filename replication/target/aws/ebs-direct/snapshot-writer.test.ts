import { createHash } from 'node:crypto';
import { EBS } from '@aws-sdk/client-ebs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DISK_BLOCK_BYTES, makeBlock } from '../../../disks/block.ts';
import { blocksOf, describeDiskWriter } from '../../../disks/contract.ts';
import { pretendDisk } from '../../../disks/testing-pretend-disk.ts';
import type { SealedSnapshot } from './port.ts';
import { type EbsLab, expectHeld, fault, never, randomDisk, startEbsLab } from './testing-lab.ts';

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
    await expectHeld(lab, sealed, after);
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
    await expectHeld(lab, sealed, disk.bytes);
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
    await expectHeld(lab, await writer.seal(never), disk.bytes);
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
