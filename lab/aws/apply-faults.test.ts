import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { failure, startTestLab, type TestLab } from './testing-lab-aws.ts';

const KIB = 1024;
let lab: TestLab;
let client: S3Client;
let Bucket: string;

beforeAll(async () => {
  lab = await startTestLab();
  client = lab.s3({ maxAttempts: 1 });
  Bucket = lab.aws.bucket;
});

afterEach(() => lab.faults.clear());

afterAll(async () => {
  expect(lab.lines).toEqual([]);
  await lab[Symbol.asyncDispose]();
});

async function read(s3: S3Client, Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from(await Body!.transformToByteArray());
}

describe('faults', () => {
  it('fail: SlowDown two times, then it is fine; other keys are spared', async () => {
    const rule = { side: 'aws', operation: 's3:PutObject', match: { key: 'slow' }, count: 2 } as const;
    lab.faults.add({ ...rule, effect: { kind: 'fail', code: 'SlowDown' } });
    await client.send(new PutObjectCommand({ Bucket, Key: 'other', Body: 'x' }));
    const refused = client.send(new PutObjectCommand({ Bucket, Key: 'slow', Body: randomBytes(4000 * KIB) }));
    expect(await failure(refused)).toMatchObject({ name: 'SlowDown', $metadata: { httpStatusCode: 503 } });
    const { $metadata } = await lab
      .s3({ maxAttempts: 3 })
      .send(new PutObjectCommand({ Bucket, Key: 'slow', Body: 'x' }));
    expect($metadata.attempts).toBe(2);
    expect(lab.faults.list()).toEqual([]);
  });

  it('cut: the socket closes after so many bytes, or before the operation is done', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'cut', Body: randomBytes(3000 * KIB) }));
    lab.faults.add({
      side: 'aws',
      operation: 's3:GetObject',
      count: 1,
      effect: { kind: 'cut', afterBytes: 1_500_000 },
    });
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'cut' }));
    let came = 0;
    const reading = (async () => {
      for await (const chunk of Body as Readable) came += chunk.length;
    })();
    await expect(reading).rejects.toThrow();
    expect(came).toBe(1_500_000);
    expect(await read(client, 'cut')).toHaveLength(3000 * KIB);
    lab.faults.add({ side: 'aws', operation: 's3:PutObject', count: 1, effect: { kind: 'cut', afterBytes: 0 } });
    expect(await failure(client.send(new PutObjectCommand({ Bucket, Key: 'never', Body: 'x' })))).toMatchObject({
      code: 'ECONNRESET',
    });
    expect(await failure(client.send(new HeadObjectCommand({ Bucket, Key: 'never' })))).toMatchObject({
      name: 'NotFound',
    });
  });

  it('cut after one byte: the operation is done and its answer is lost', async () => {
    lab.faults.add({ side: 'aws', operation: 's3:PutObject', count: 1, effect: { kind: 'cut', afterBytes: 1 } });
    await failure(client.send(new PutObjectCommand({ Bucket, Key: 'lost', Body: 'done' })));
    expect((await read(client, 'lost')).toString()).toBe('done');
  });

  it('rate: an upload and a download take as long as they must', async () => {
    const bytes = randomBytes(300 * KIB);
    const effect = { kind: 'rate', bytesPerSecond: 600 * KIB } as const;
    lab.faults.add({ side: 'aws', operation: 's3:PutObject', count: 1, effect });
    lab.faults.add({ side: 'aws', operation: 's3:GetObject', count: 1, effect });
    const start = performance.now();
    await client.send(new PutObjectCommand({ Bucket, Key: 'rated', Body: bytes }));
    const middle = performance.now();
    expect((await read(client, 'rated')).equals(bytes)).toBe(true);
    const end = performance.now();
    for (const took of [middle - start, end - middle]) {
      expect(took).toBeGreaterThan(400);
      expect(took).toBeLessThan(10_000);
    }
  });

  it('delay: the answer comes later', async () => {
    lab.faults.add({ side: 'aws', operation: 's3:HeadObject', count: 1, effect: { kind: 'delay', ms: 300 } });
    const start = performance.now();
    await failure(client.send(new HeadObjectCommand({ Bucket, Key: 'nothing' })));
    expect(performance.now() - start).toBeGreaterThan(295);
  });

  it('hang: no answer until the client gives up, and nothing is done', async () => {
    lab.faults.add({ side: 'aws', operation: 's3:PutObject', count: 1, effect: { kind: 'hang' } });
    const abort = new AbortController();
    const put = client.send(new PutObjectCommand({ Bucket, Key: 'hung', Body: 'x' }), { abortSignal: abort.signal });
    const settled = failure(put);
    await vi.waitFor(() => expect(lab.faults.list()).toEqual([]));
    abort.abort();
    expect((await settled).name).toBe('AbortError');
    expect(await failure(client.send(new HeadObjectCommand({ Bucket, Key: 'hung' })))).toMatchObject({
      name: 'NotFound',
    });
  });
});
