import { createHash, createHmac, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { EBSClient, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyPair } from './account.ts';
import { failure, startTestLab, type TestLab } from './testing-lab-aws.ts';

let lab: TestLab;
let Bucket: string;
let shift = 0;

beforeAll(async () => {
  lab = await startTestLab({ now: () => new Date(Date.now() + shift) });
  Bucket = lab.aws.bucket;
  await lab.s3().send(new PutObjectCommand({ Bucket, Key: 'there', Body: 'bytes' }));
});

afterAll(async () => {
  expect(lab.lines).toEqual([]);
  await lab[Symbol.asyncDispose]();
});

function sts(credentials: KeyPair = lab.aws.credentials): STSClient {
  return new STSClient({ endpoint: lab.aws.url, region: lab.aws.region, credentials });
}

function ec2(credentials: KeyPair): EC2Client {
  return new EC2Client({ endpoint: lab.aws.url, region: lab.aws.region, credentials });
}

function ebs(credentials: KeyPair): EBSClient {
  return new EBSClient({ endpoint: lab.aws.url, region: lab.aws.region, credentials });
}

/** A signature made here by hand from the documentation, so that the check is not only checked against one client. */
function signed(
  method: string,
  path: string,
  query: Record<string, string>,
  headers: Record<string, string>,
  payloadHash: string,
  at = new Date(),
): { query: string; headers: Record<string, string> } {
  const { accessKeyId, secretAccessKey } = lab.aws.credentials;
  const stamp = at.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${stamp.slice(0, 8)}/${lab.aws.region}/s3/aws4_request`;
  const presigned = query['X-Amz-Expires'] !== undefined;
  const all: Record<string, string> = { host: `127.0.0.1:${lab.aws.port}`, ...headers };
  if (!presigned) Object.assign(all, { 'x-amz-date': stamp, 'x-amz-content-sha256': payloadHash });
  const names = Object.keys(all).sort();
  const full: Record<string, string> = presigned
    ? {
        ...query,
        'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
        'X-Amz-Credential': `${accessKeyId}/${scope}`,
        'X-Amz-Date': stamp,
        'X-Amz-SignedHeaders': names.join(';'),
      }
    : query;
  const canonicalQuery = Object.keys(full)
    .sort()
    .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(full[name]!)}`)
    .join('&');
  const lines = names.map((name) => `${name}:${all[name]}\n`).join('');
  const canonical = [method, path, canonicalQuery, lines, names.join(';'), payloadHash].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const key = scope
    .split('/')
    .reduce<Buffer>(
      (last, part) => createHmac('sha256', last).update(part).digest(),
      Buffer.from(`AWS4${secretAccessKey}`),
    );
  const signature = createHmac('sha256', key).update(`AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${digest}`).digest('hex');
  if (presigned) return { query: `${canonicalQuery}&X-Amz-Signature=${signature}`, headers: all };
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { query: canonicalQuery, headers: { ...all, authorization } };
}

function http(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: Buffer,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${lab.aws.url}${path}`, { method, headers }, async (res) => {
      let text = '';
      for await (const chunk of res) text += chunk;
      resolve({ status: res.statusCode!, text });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

describe('whose request it is', () => {
  it('refuses an unknown key and a wrong secret, in the words of each service', async () => {
    const { accessKeyId } = lab.aws.credentials;
    const unknown = { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey: 'x' };
    const wrong = { accessKeyId, secretAccessKey: 'wrong' };
    const asked = (credentials: KeyPair): Promise<unknown> => lab.s3({ credentials }).send(new ListBucketsCommand({}));
    expect(await failure(asked(unknown))).toMatchObject({
      name: 'InvalidAccessKeyId',
      $metadata: { httpStatusCode: 403 },
    });
    expect(await failure(asked(wrong))).toMatchObject({
      name: 'SignatureDoesNotMatch',
      $metadata: { httpStatusCode: 403 },
    });
    const images = (credentials: KeyPair): Promise<unknown> => ec2(credentials).send(new DescribeImagesCommand({}));
    for (const credentials of [unknown, wrong])
      expect(await failure(images(credentials))).toMatchObject({
        name: 'AuthFailure',
        $metadata: { httpStatusCode: 401 },
      });
    const snapshot = (credentials: KeyPair): Promise<unknown> =>
      ebs(credentials).send(new StartSnapshotCommand({ VolumeSize: 1 }));
    expect(await failure(snapshot(unknown))).toMatchObject({ name: 'UnrecognizedClientException' });
    expect(await failure(snapshot(wrong))).toMatchObject({ name: 'InvalidSignatureException' });
    const who = (credentials: KeyPair): Promise<unknown> => sts(credentials).send(new GetCallerIdentityCommand({}));
    expect(await failure(who(unknown))).toMatchObject({ name: 'InvalidClientTokenId' });
    expect(await failure(who(wrong))).toMatchObject({ name: 'SignatureDoesNotMatch' });
  });

  it('refuses a request without a signature, and a changed body', async () => {
    const nobody = await http('GET', `/${Bucket}/there`, {});
    expect(nobody).toMatchObject({ status: 403, text: expect.stringContaining('<Code>AccessDenied</Code>') });
    const hash = createHash('sha256').update('what was signed').digest('hex');
    const put = signed('PUT', `/${Bucket}/changed`, {}, {}, hash);
    const changed = await http('PUT', `/${Bucket}/changed`, put.headers, Buffer.from('what was sent__'));
    expect(changed).toMatchObject({ status: 400, text: expect.stringContaining('XAmzContentSHA256Mismatch') });
    expect(await failure(lab.s3().send(new HeadObjectCommand({ Bucket, Key: 'changed' })))).toMatchObject({
      name: 'NotFound',
    });
  });

  it('answers an upload whose framing is broken while its client still sends', async () => {
    const framing = { 'x-amz-decoded-content-length': String(30 << 20), 'content-encoding': 'aws-chunked' };
    const put = signed('PUT', `/${Bucket}/broken`, {}, framing, 'STREAMING-UNSIGNED-PAYLOAD-TRAILER');
    const refused = await http('PUT', `/${Bucket}/broken`, put.headers, Buffer.alloc(30 << 20, '\r\n'));
    expect(refused).toMatchObject({ status: 400, text: expect.stringContaining('<Code>IncompleteBody</Code>') });
  });

  it('refuses a clock that is sixteen minutes off, and the SDK sets its own by the answer', async () => {
    const hash = 'UNSIGNED-PAYLOAD';
    const late = signed('GET', `/${Bucket}/there`, {}, {}, hash, new Date(Date.now() - 16 * 60_000));
    expect(await http('GET', `/${Bucket}/there`, late.headers)).toMatchObject({
      status: 403,
      text: expect.stringContaining('RequestTimeTooSkewed'),
    });
    const near = signed('GET', `/${Bucket}/there`, {}, {}, hash, new Date(Date.now() - 14 * 60_000));
    expect(await http('GET', `/${Bucket}/there`, near.headers)).toEqual({ status: 200, text: 'bytes' });
    shift = 3_600_000;
    try {
      const client = lab.s3();
      await client.send(new HeadObjectCommand({ Bucket, Key: 'there' }));
      expect(Math.abs(client.config.systemClockOffset - shift)).toBeLessThan(60_000);
    } finally {
      shift = 0;
    }
  });

  it('takes a presigned URL until it is over', async () => {
    const path = `/${Bucket}/there`;
    const url = signed('GET', path, { 'X-Amz-Expires': '60' }, {}, 'UNSIGNED-PAYLOAD');
    expect(await http('GET', `${path}?${url.query}`, {})).toEqual({ status: 200, text: 'bytes' });
    expect((await http('GET', `/${Bucket}/other?${url.query}`, {})).text).toContain('SignatureDoesNotMatch');
    const past = signed('GET', path, { 'X-Amz-Expires': '60' }, {}, 'UNSIGNED-PAYLOAD', new Date(Date.now() - 61_000));
    expect(await http('GET', `${path}?${past.query}`, {})).toMatchObject({
      status: 403,
      text: expect.stringContaining('Request has expired'),
    });
  });

  it('finds the bucket in the host name too', async () => {
    const host = `${Bucket}.s3.${lab.aws.region}.example`;
    const { headers } = signed('GET', '/there', {}, { host }, 'UNSIGNED-PAYLOAD');
    expect(await http('GET', '/there', headers)).toEqual({ status: 200, text: 'bytes' });
  });

  it('lets the connector key at its prefix and at EBS direct only', async () => {
    const { stagingPrefix, ...credentials } = lab.aws.connector;
    const s3 = lab.s3({ credentials });
    const Key = `${stagingPrefix}run/disk.vmdk`;
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    await s3.send(new GetBucketLocationCommand({ Bucket }));
    await s3.send(new ListObjectsV2Command({ Bucket, Prefix: stagingPrefix }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    expect((await ebs(credentials).send(new StartSnapshotCommand({ VolumeSize: 1 }))).Status).toBe('pending');
    const images = ec2(credentials).send(new DescribeImagesCommand({}));
    expect(await failure(images)).toMatchObject({ name: 'UnauthorizedOperation', $metadata: { httpStatusCode: 403 } });
    const refused = [
      () => s3.send(new PutObjectCommand({ Bucket, Key: 'elsewhere', Body: 'x' })),
      () => s3.send(new GetObjectCommand({ Bucket, Key: 'there' })),
      () => s3.send(new ListBucketsCommand({})),
    ];
    for (const call of refused)
      expect(await failure(call())).toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
  });
});

describe('STS', () => {
  it('says who asks', async () => {
    const me = await sts().send(new GetCallerIdentityCommand({}));
    expect(me).toMatchObject({ Account: lab.aws.account, Arn: `arn:aws:iam::${lab.aws.account}:user/landfall` });
  });

  it('gives temporary credentials that work, outlive a restart, and end', async () => {
    const { role } = lab.aws;
    const ask = { RoleArn: role.arn, ExternalId: role.externalId, RoleSessionName: 'worker-1', DurationSeconds: 900 };
    const { Credentials } = await sts().send(new AssumeRoleCommand(ask));
    const credentials = {
      accessKeyId: Credentials!.AccessKeyId!,
      secretAccessKey: Credentials!.SecretAccessKey!,
      sessionToken: Credentials!.SessionToken!,
    };
    await lab.restart();
    const me = await sts(credentials).send(new GetCallerIdentityCommand({}));
    expect(me.Arn).toBe(`arn:aws:sts::${lab.aws.account}:assumed-role/landfall-console/worker-1`);
    await lab.s3({ credentials }).send(new HeadObjectCommand({ Bucket, Key: 'there' }));
    const forged = {
      ...credentials,
      sessionToken: credentials.sessionToken.replace(/.$/, (end) => (end === 'A' ? 'Q' : 'A')),
    };
    const list = new ListBucketsCommand({});
    expect(await failure(lab.s3({ credentials: forged }).send(list))).toMatchObject({ name: 'InvalidToken' });
    const { sessionToken: _token, ...without } = credentials;
    expect(await failure(lab.s3({ credentials: without }).send(list))).toMatchObject({ name: 'InvalidAccessKeyId' });
    shift = 901_000;
    expect(await failure(lab.s3({ credentials }).send(list))).toMatchObject({ name: 'ExpiredToken' });
    shift = 0;
    expect(await failure(sts().send(new AssumeRoleCommand({ ...ask, ExternalId: 'guessed' })))).toMatchObject({
      name: 'AccessDenied',
    });
  });
});

describe('counts', () => {
  it('tell every operation, by whom, and with what outcome', async () => {
    await lab.aws.control.requests!({ reset: true });
    const { stagingPrefix: _prefix, ...credentials } = lab.aws.connector;
    await lab.s3().send(new PutObjectCommand({ Bucket, Key: 'counted', Body: randomBytes(1000) }));
    await failure(lab.s3({ credentials }).send(new PutObjectCommand({ Bucket, Key: 'counted', Body: 'x' })));
    const { counts, recent } = (await lab.aws.control.requests!({ service: 's3' })) as {
      counts: Record<string, number>;
      recent: object[];
    };
    expect(counts).toEqual({ 's3:PutObject': 2 });
    expect(recent).toMatchObject([
      {
        operation: 's3:PutObject',
        attributes: { key: 'counted' },
        accessKeyId: lab.aws.credentials.accessKeyId,
        status: 200,
      },
      { operation: 's3:PutObject', accessKeyId: credentials.accessKeyId, status: 403 },
    ]);
  });
});
