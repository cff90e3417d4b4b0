import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { FaultRules } from '../../faults/rules.ts';
import { startLabAws } from '../main.ts';

const MIB = 1024 * 1024;
const PROGRAM = `
  import { startLabAws } from ${JSON.stringify(join(import.meta.dirname, '../main.ts'))};
  import { FaultRules } from ${JSON.stringify(join(import.meta.dirname, '../../faults/rules.ts'))};
  const { url, region, bucket, credentials } = await startLabAws({ dataDir: process.argv[1], faults: new FaultRules(), guestQemu: false });
  console.log(JSON.stringify({ url, region, bucket, credentials }));
`;

async function digest(s3: S3Client, Bucket: string, Key: string): Promise<string> {
  const hash = createHash('sha256');
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  for await (const chunk of Body as Readable) hash.update(chunk);
  return hash.digest('hex');
}

describe('after a kill -9', () => {
  it('has what was acknowledged, goes on with the open upload, and keeps no rubbish', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'lab-aws-'));
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const { url, region, bucket: Bucket, credentials } = JSON.parse(line.toString());
      const first = new S3Client({ endpoint: url, region, credentials, forcePathStyle: true, maxAttempts: 1 });
      const parts = [randomBytes(5 * MIB), randomBytes(77)];
      await first.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: parts[0] }));
      await first.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: parts[1] }));
      await first.send(new PutObjectCommand({ Bucket, Key: 'gone', Body: parts[1] }));
      await first.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
      const { UploadId } = await first.send(new CreateMultipartUploadCommand({ Bucket, Key: 'large' }));
      const put = (s3: S3Client, PartNumber: number): Promise<{ ETag?: string; ChecksumCRC32?: string }> =>
        s3.send(new UploadPartCommand({ Bucket, Key: 'large', UploadId, PartNumber, Body: parts[PartNumber - 1] }));
      const one = await put(first, 1);
      // A put that is under way when the process dies.
      const started = Promise.withResolvers<void>();
      const endless = Readable.from(
        (async function* () {
          for (let sent = 0; sent < 50 * MIB; sent += MIB) {
            if (sent === 20 * MIB) started.resolve();
            yield randomBytes(MIB);
          }
        })(),
      );
      const torn = first.send(new PutObjectCommand({ Bucket, Key: 'torn', Body: endless, ContentLength: 50 * MIB }));
      const tornEnd = torn.catch(() => 'torn');
      await started.promise;
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(await tornEnd).toBe('torn');
      first.destroy();

      const lab = await startLabAws({ dataDir, faults: new FaultRules(), guestQemu: false });
      const s3 = new S3Client({ endpoint: lab.url, region, credentials, forcePathStyle: true });
      try {
        expect(await digest(s3, Bucket, 'kept')).toBe(createHash('sha256').update(parts[1]!).digest('hex'));
        const two = await put(s3, 2);
        const Parts = [one, two].map(({ ETag, ChecksumCRC32 }, at) => ({ ETag, ChecksumCRC32, PartNumber: at + 1 }));
        await s3.send(
          new CompleteMultipartUploadCommand({ Bucket, Key: 'large', UploadId, MultipartUpload: { Parts } }),
        );
        expect(await digest(s3, Bucket, 'large')).toBe(createHash('sha256').update(Buffer.concat(parts)).digest('hex'));
        const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket }));
        expect(Contents!.map(({ Key }) => Key)).toEqual(['kept', 'large']);
        expect(await readdir(join(dataDir, 'aws/s3/data'))).toHaveLength(3);
        expect(await readdir(join(dataDir, 'aws/s3/uploads'))).toEqual([]);
      } finally {
        s3.destroy();
        await lab.close();
      }
    } finally {
      child.kill('SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
