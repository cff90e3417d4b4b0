import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { toFault } from '../../model/fault.ts';
import { largestMemory, PART_SCHEDULE, type PartSchedule } from './part-schedule.ts';

import {
  digest,
  faults,
  keysUnder,
  lab,
  MiB,
  never,
  openUploads,
  own,
  readBack,
  retry,
  stage,
  stagingForTests,
  writeOddly,
} from './testing-staging.ts';

stagingForTests();

test('70 MiB in odd chunks are read back as they were written, in bounded memory', async () => {
  const bytes = randomBytes(70 * MiB + 13);
  let held = 0;
  const onMemory = (now: number) => {
    held = Math.max(held, now);
  };
  const staging = stage({}, { upload: { onMemory } });
  const key = 'landfall/sms-job-1/sms-run-1/odd.vmdk';
  const upload = await staging.startUpload(key, { capacityBytes: 128 * MiB }, never);
  expect(upload.uploadId).not.toBe('');
  await writeOddly(upload, bytes);
  const sealed = await upload.complete(never);

  expect(sealed.bytes).toBe(bytes.length);
  expect(sealed.etag).toMatch(/^[0-9a-f]{32}-9$/);
  expect(digest(await readBack(key))).toBe(digest(bytes));
  const head = await own.headObject({ Bucket: lab.bucket, Key: key, ChecksumMode: 'ENABLED' });
  expect(head.ServerSideEncryption).toBe('AES256');
  expect(head.ChecksumCRC32).toMatch(/-9$/);
  expect(await staging.head(key, never)).toEqual({ bytes: bytes.length });
  expect(held).toBe(5 * 8 * MiB);
  // Completing again gives the same answer; aborting afterwards takes nothing away.
  expect(await upload.complete(never)).toEqual(sealed);
  await upload.abort();
  expect(await staging.head(key, never)).toEqual({ bytes: bytes.length });
  await staging.delete(key, never);
  expect(await staging.head(key, never)).toBeNull();
  await staging.delete(key, never);
});

test('the schedule of the product stays under 50 MB', () => {
  expect(largestMemory(PART_SCHEDULE)).toBeLessThan(50_000_000);
});

test.each([0, 1, 5 * MiB - 1, 8 * MiB, 8 * MiB + 1])('an object of %i bytes', async (size) => {
  const bytes = randomBytes(size);
  const staging = stage();
  const key = `landfall/sms-job-1/sms-run-2/of-${size}`;
  const upload = await staging.startUpload(key, { capacityBytes: MiB }, never);
  await upload.write(bytes, never);
  expect((await upload.complete(never)).bytes).toBe(size);
  expect(digest(await readBack(key))).toBe(digest(bytes));
  expect(await openUploads(key)).toEqual([]);
});

test('parts beyond the plain ones are composed from pieces, and no piece is left', async () => {
  const schedule: PartSchedule = {
    plainParts: 2,
    plainBytes: () => 5 * MiB,
    composedBytes: 10 * MiB,
    pieceBytes: 5 * MiB,
  };
  const bytes = randomBytes(32 * MiB + 1);
  const key = 'landfall/sms-job-1/sms-run-3/composed';
  const staging = stage({}, { upload: { schedule } });
  const upload = await staging.startUpload(key, { capacityBytes: 64 * MiB }, never);
  await writeOddly(upload, bytes);
  const sealed = await upload.complete(never);
  expect(sealed).toMatchObject({ bytes: bytes.length, etag: expect.stringMatching(/-5$/) });
  expect(digest(await readBack(key))).toBe(digest(bytes));
  expect(await keysUnder(key)).toEqual([key]);
  expect(await openUploads('landfall/sms-job-1/sms-run-3/')).toEqual([]);

  const broken = await staging.startUpload(`${key}-2`, { capacityBytes: 64 * MiB }, never);
  await writeOddly(broken, bytes);
  await broken.abort();
  expect(await keysUnder(`${key}-2`)).toEqual([]);
  expect(await openUploads(`${key}-2`)).toEqual([]);
});

test.each([
  ['SlowDown three times', { kind: 'fail', code: 'SlowDown' }, 3],
  ['an internal error', { kind: 'fail', code: 'InternalError' }, 2],
  ['a socket that closes without an answer', { kind: 'cut', afterBytes: 0 }, 2],
] as const)('a part goes through after %s', async (_name, effect, count) => {
  faults.add({ side: 'aws', operation: 's3:UploadPart', count, effect });
  const bytes = randomBytes(9 * MiB);
  const key = `landfall/sms-job-1/sms-run-4/${effect.kind}-${count}`;
  const upload = await stage().startUpload(key, { capacityBytes: 16 * MiB }, never);
  await upload.write(bytes, never);
  await upload.complete(never);
  expect(faults.list()).toEqual([]);
  expect(digest(await readBack(key))).toBe(digest(bytes));
});

test('a part on whose connection nothing moves is sent again', async () => {
  faults.add({ side: 'aws', operation: 's3:UploadPart', count: 1, effect: { kind: 'hang' } });
  const key = 'landfall/sms-job-1/sms-run-4/hang';
  const upload = await stage({}, { limits: { idleSeconds: 0.3 } }).startUpload(key, { capacityBytes: MiB }, never);
  await upload.write(randomBytes(MiB), never);
  expect((await upload.complete(never)).bytes).toBe(MiB);
});

test('a part that never goes through fails in the end, and the upload with it', async () => {
  faults.add({ side: 'aws', operation: 's3:UploadPart', effect: { kind: 'fail', code: 'SlowDown' } });
  const staging = stage({}, { upload: { retry: { ...retry, deadlineMs: 100 } } });
  const key = 'landfall/sms-job-1/sms-run-4/never';
  const upload = await staging.startUpload(key, { capacityBytes: MiB }, never);
  await upload.write(randomBytes(MiB), never);
  const error = await upload.complete(never).catch((caught: unknown) => caught);
  expect(toFault(error)).toMatchObject({ code: 'aws-throttled', cause: expect.stringContaining('SlowDown') });
  await expect(upload.write(Buffer.alloc(1), never)).rejects.toBe(error);
  faults.clear();
  await upload.abort();
  expect(await openUploads(key)).toEqual([]);
});

test('a lost answer to the completion is not a failure', async () => {
  faults.add({
    side: 'aws',
    operation: 's3:CompleteMultipartUpload',
    count: 1,
    effect: { kind: 'cut', afterBytes: 20 },
  });
  const key = 'landfall/sms-job-1/sms-run-5/completed-twice';
  const bytes = randomBytes(MiB);
  const upload = await stage().startUpload(key, { capacityBytes: MiB }, never);
  await upload.write(bytes, never);
  expect(await upload.complete(never)).toMatchObject({ bytes: MiB, etag: expect.stringMatching(/-1$/) });
  expect(faults.list()).toEqual([]);
  expect(digest(await readBack(key))).toBe(digest(bytes));
});

test('abort leaves no upload, in mid-write too, and a cancelled write ends at once', async () => {
  faults.add({ side: 'aws', operation: 's3:UploadPart', count: 100, effect: { kind: 'hang' } });
  const key = 'landfall/sms-job-1/sms-run-6/aborted';
  const cancel = new AbortController();
  const upload = await stage().startUpload(key, { capacityBytes: 128 * MiB }, never);
  const writing = writeOddlyWith(cancel.signal);
  const reason = new Error('the run was cancelled');
  await expect.poll(() => faults.list()[0]?.count, { timeout: 5000 }).toBe(96);
  cancel.abort(reason);
  await expect(writing).rejects.toBe(reason);
  await upload.abort();
  expect(await openUploads(key)).toEqual([]);
  await upload.abort();

  async function writeOddlyWith(signal: AbortSignal) {
    for (let turn = 0; turn < 10; turn += 1) await upload.write(Buffer.alloc(8 * MiB), signal);
  }
});
