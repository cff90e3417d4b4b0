import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AwsCredentials } from '../target.ts';
import type { StartedSnapshot } from './port.ts';
import { type EbsLab, expectHeld, fault, never, randomDisk, startEbsLab, writeAll } from './testing-lab.ts';

let lab: EbsLab;
beforeAll(async () => {
  lab = await startEbsLab();
});
afterEach(() => lab.reset());
afterAll(async () => lab[Symbol.asyncDispose]());

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
    await expectHeld(lab, await writeAll(lab, disk), disk.bytes);
  });

  test('AWS does not answer', async () => {
    const disk = randomDisk(4);
    lab.faults.add({ side: 'aws', operation: put, count: 3, effect: { kind: 'hang' } });
    await expectHeld(lab, await writeAll(lab, disk, lab.open({}, { attemptSeconds: 1 })), disk.bytes);
  });

  test('AWS does not know the snapshot when it is to be completed', async () => {
    const disk = randomDisk(1);
    const effect = { kind: 'fail', code: 'ResourceNotFoundException' } as const;
    lab.faults.add({ side: 'aws', operation: 'ebs:CompleteSnapshot', count: 1, effect });
    await expectHeld(lab, await writeAll(lab, disk), disk.bytes);
  });

  test('a snapshot that stays unknown fails when its time is over', async () => {
    const effect = { kind: 'fail', code: 'ResourceNotFoundException', message: 'does not exist' } as const;
    lab.faults.add({ side: 'aws', operation: put, effect });
    const told = await fault(writeAll(lab, randomDisk(2), lab.open({}, { notFoundMs: 100 })));
    expect(told).toMatchObject({ code: 'ebs-snapshot-failed', cause: expect.stringContaining('does not exist') });
    expect(await lab.requests(put)).toBeGreaterThan(4);
  });

  test('throttled for too long, it gives up and says so', async () => {
    lab.faults.add({ side: 'aws', operation: put, effect: { kind: 'fail', code: 'ThrottlingException' } });
    const retry = { baseMs: 2, capMs: 10, deadlineMs: 200, random: Math.random };
    const told = await fault(writeAll(lab, randomDisk(2), lab.open({}, { retry })));
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
      const expired: AwsCredentials = {
        accessKeyId: 'AKIAEXPIRED000000000',
        secretAccessKey: 'x',
        sessionToken: 'old',
      };
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
    await expectHeld(lab, await writer.seal(never), disk.bytes);

    const lasting = await lab.start(disk);
    lab.faults.add({ side: 'aws', operation: put, count: 1, effect });
    expect((await fault(lasting.write(disk.blocks[0]!, never))).code).toBe('aws-credentials-refused');
  });

  test('a clock that is 20 minutes off is put right by the answer', async () => {
    lab.clockMs = 20 * 60_000;
    const disk = randomDisk(3);
    await expectHeld(lab, await writeAll(lab, disk), disk.bytes);
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
    const { snapshotId } = await writeAll(lab, disk);
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
