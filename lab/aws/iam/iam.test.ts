// The lab's IAM over the wire, with AWS's own clients: what is refused, by whom and in which words; lent keys; two accounts.
import { EBSClient, PutSnapshotBlockCommand, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import {
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, GetFederationTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { failure, startTestLab, type TestLab } from '../testing-lab-aws.ts';

type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

let lab: TestLab;
let shift = 0;
beforeAll(async () => {
  lab = await startTestLab({ now: () => new Date(Date.now() + shift) });
});
afterAll(async () => {
  expect(lab.lines).toEqual([]);
  await lab[Symbol.asyncDispose]();
});
afterEach(async () => {
  shift = 0;
  await lab.aws.control.resetIam?.();
});

const at = (credentials: Keys, region = lab.aws.region) => ({
  endpoint: lab.aws.url,
  region,
  credentials,
  maxAttempts: 1,
  forcePathStyle: true,
});
const s3 = (keys: Keys, region?: string) => new S3Client(at(keys, region));
const ec2 = (keys: Keys, region?: string) => new EC2Client(at(keys, region));
const ebs = (keys: Keys, region?: string) => new EBSClient(at(keys, region));
const sts = (keys: Keys) => new STSClient(at(keys));
const allow = (Action: string | string[], Resource: string | string[] = '*', Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});
const document = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });
const lent = (...Statement: object[]) => JSON.stringify(document(...Statement));
const keysOf = (credentials: { AccessKeyId?: string; SecretAccessKey?: string; SessionToken?: string } = {}): Keys => ({
  accessKeyId: credentials.AccessKeyId as string,
  secretAccessKey: credentials.SecretAccessKey as string,
  sessionToken: credentials.SessionToken,
});
async function user(name: string, ...statements: object[]): Promise<Keys & { arn: string }> {
  return (await lab.aws.control.iamUser?.({ name, policies: [document(...statements)] })) as Keys & { arn: string };
}
async function snapshot(keys: Keys, tags: Record<string, string> = {}, region?: string): Promise<string> {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const made = await ebs(keys, region).send(new StartSnapshotCommand({ VolumeSize: 1, Tags }));
  return made.SnapshotId as string;
}
const put = (keys: Keys, SnapshotId: string) =>
  ebs(keys).send(
    new PutSnapshotBlockCommand({
      SnapshotId,
      BlockIndex: 0,
      BlockData: new Uint8Array(512 * 1024),
      DataLength: 512 * 1024,
      Checksum: 'B4VNL+8pAhMaLpZJbZVwUpLYQ3n+Qq8kpzxtYkKn6T0=',
      ChecksumAlgorithm: 'SHA256',
    }),
  );

describe('refusals', () => {
  it('EC2 says who lacks what on which resource; a dry run too', async () => {
    const ann = await user('ann', allow('ec2:DescribeSnapshots'));
    const id = await snapshot(lab.aws.credentials);
    await ec2(ann).send(new DescribeSnapshotsCommand({}));
    const resource = `arn:aws:ec2:${lab.aws.region}::snapshot/${id}`;
    const words = `You are not authorized to perform this operation. User: ${ann.arn} is not authorized to perform: ec2:DeleteSnapshot on resource: ${resource} because no identity-based policy allows the ec2:DeleteSnapshot action. Encoded authorization failure message: `;
    for (const DryRun of [true, false]) {
      const told = await failure(ec2(ann).send(new DeleteSnapshotCommand({ SnapshotId: id, DryRun })));
      expect(told).toMatchObject({ name: 'UnauthorizedOperation', $metadata: { httpStatusCode: 403 } });
      expect(told.message.startsWith(words)).toBe(true);
    }
    const free = await failure(
      ec2(lab.aws.credentials).send(new DeleteSnapshotCommand({ SnapshotId: id, DryRun: true })),
    );
    expect(free.name).toBe('DryRunOperation');
  });

  it('looks at tags of the resource and of the request', async () => {
    const mine = { 'aws:ResourceTag/owner': 'ann' };
    const ann = await user(
      'ann',
      allow(['ec2:DeleteSnapshot', 'ec2:TerminateInstances'], '*', { StringEquals: mine }),
      allow('ec2:CreateTags', '*', { StringEquals: { 'aws:RequestTag/owner': 'ann' } }),
    );
    const tagged = await snapshot(lab.aws.credentials, { owner: 'ann' });
    const other = await snapshot(lab.aws.credentials, { owner: 'bob' });
    await ec2(ann).send(new DeleteSnapshotCommand({ SnapshotId: tagged }));
    await expect(ec2(ann).send(new DeleteSnapshotCommand({ SnapshotId: other }))).rejects.toThrow(/DeleteSnapshot on/);
    const tag = (Value: string) =>
      ec2(ann).send(new CreateTagsCommand({ Resources: [other], Tags: [{ Key: 'owner', Value }] }));
    await expect(tag('bob')).rejects.toThrow(/CreateTags/);
    await tag('ann');
    await ec2(ann).send(new DeleteSnapshotCommand({ SnapshotId: other }));
    const nobodys = new TerminateInstancesCommand({ InstanceIds: ['i-00000000000000001'] });
    expect((await failure(ec2(ann).send(nobodys))).name).toBe('UnauthorizedOperation');
  });

  it('names service control policy, boundary and bucket policy', async () => {
    const { credentials, bucket, account } = lab.aws;
    const bob = await user('bob', allow('*'));
    const told = async () => (await failure(ec2(bob).send(new DescribeSnapshotsCommand({})))).message;
    await lab.aws.control.iamUser?.({ name: 'bob', boundary: document(allow('s3:*')) });
    expect(await told()).toMatch(
      /ec2:DescribeSnapshots because no permissions boundary allows the ec2:DescribeSnapshots action$/,
    );
    const noEc2 = { Effect: 'Deny', Action: 'ec2:*', Resource: '*' };
    await lab.aws.control.serviceControlPolicies?.({ account, policies: [document(allow('*'), noEc2)] });
    expect(await told()).toMatch(/with an explicit deny in a service control policy$/);
    const denied = { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket}/*` };
    await s3(credentials).send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: lent(denied) }));
    const got = await failure(s3(bob).send(new GetObjectCommand({ Bucket: bucket, Key: 'x' })));
    expect(got).toMatchObject({
      name: 'AccessDenied',
      message: `User: ${bob.arn} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::${bucket}/x" with an explicit deny in a resource-based policy`,
    });
    await s3(credentials).send(
      new PutBucketPolicyCommand({ Bucket: bucket, Policy: lent({ ...denied, Resource: 'arn:aws:s3:::x' }) }),
    );
  });

  it('a policy for the key of a snapshot', async () => {
    const { account, region } = lab.aws;
    const KmsKeyArn = `arn:aws:kms:${region}:${account}:key/1`;
    const ann = await user('ann', allow('ebs:*'));
    const start = (keys: Keys) =>
      ebs(keys).send(new StartSnapshotCommand({ VolumeSize: 1, Encrypted: true, KmsKeyArn }));
    expect(await failure(start(ann))).toMatchObject({
      name: 'AccessDeniedException',
      Reason: 'DEPENDENCY_ACCESS_DENIED',
      message: expect.stringContaining('kms:DescribeKey'),
    });
    await start(lab.aws.credentials);
    const policy = document({ Effect: 'Deny', Principal: '*', Action: 'kms:CreateGrant', Resource: '*' });
    await lab.aws.control.keyPolicy?.({ keyArn: KmsKeyArn, policy });
    expect((await failure(start(lab.aws.credentials))).message).toMatch(/kms:/);
  });

  it('of a missing object only whoever may list hears that it is missing', async () => {
    const { bucket: Bucket } = lab.aws;
    const get = (keys: Keys) => failure(s3(keys).send(new GetObjectCommand({ Bucket, Key: 'nowhere' })));
    expect((await get(lab.aws.credentials)).name).toBe('NoSuchKey');
    expect((await get(await user('ann', allow('s3:GetObject')))).message).toMatch(/s3:ListBucket/);
    const under = { StringLikeIfExists: { 's3:prefix': 'mine/*' } };
    const bob = await user('bob', allow(['s3:GetObject']), allow('s3:ListBucket', '*', under));
    expect((await get(bob)).name).toBe('NoSuchKey');
    await s3(bob).send(new ListObjectsV2Command({ Bucket, Prefix: 'mine/' }));
    expect((await failure(s3(bob).send(new ListObjectsV2Command({ Bucket, Prefix: 'yours/' })))).name).toBe(
      'AccessDenied',
    );
  });
});

describe('lent keys', () => {
  const onlyUnder = (bucket: string) => lent(allow('s3:*', `arn:aws:s3:::${bucket}/mine/*`));

  it.each(['GetFederationToken', 'AssumeRole'])(
    '%s narrows to its policy, for every service, and ends',
    async (how) => {
      const { credentials, bucket: Bucket, role } = lab.aws;
      const Policy = JSON.stringify({
        ...document(
          allow('s3:*', `arn:aws:s3:::${Bucket}/mine/*`),
          allow(['ebs:StartSnapshot', 'ec2:CreateTags'], 'arn:aws:ec2:*::snapshot/*', {
            StringEquals: { 'aws:RequestTag/run': 'r-1' },
          }),
          allow('ebs:PutSnapshotBlock', 'arn:aws:ec2:*::snapshot/*', {
            StringEquals: { 'aws:ResourceTag/run': 'r-1' },
          }),
        ),
      });
      const answer =
        how === 'AssumeRole'
          ? await sts(credentials).send(
              new AssumeRoleCommand({
                RoleArn: role.arn,
                ExternalId: role.externalId,
                RoleSessionName: 'r-1',
                DurationSeconds: 900,
                Policy,
              }),
            )
          : await sts(credentials).send(new GetFederationTokenCommand({ Name: 'r-1', DurationSeconds: 900, Policy }));
      expect(answer.PackedPolicySize).toBeGreaterThan(0);
      const keys = keysOf(answer.Credentials);
      await s3(keys).send(new PutObjectCommand({ Bucket, Key: 'mine/a', Body: 'a' }));
      const elsewhere = await failure(s3(keys).send(new PutObjectCommand({ Bucket, Key: 'yours/a', Body: 'a' })));
      expect(elsewhere).toMatchObject({
        name: 'AccessDenied',
        message: expect.stringMatching(/because no session policy allows/),
      });
      expect((await failure(ec2(keys).send(new DescribeSnapshotsCommand({})))).name).toBe('UnauthorizedOperation');
      const own = await snapshot(keys, { run: 'r-1' });
      expect((await failure(snapshot(keys, { run: 'r-2' }))).name).toBe('AccessDeniedException');
      expect((await failure(put(keys, own))).message).not.toMatch(/authorized/);
      const foreign = await snapshot(credentials, { run: 'r-2' });
      expect(await failure(put(keys, foreign))).toMatchObject({ name: 'AccessDeniedException' });
      shift = 901_000;
      expect((await failure(s3(keys).send(new ListBucketsCommand({})))).name).toBe('ExpiredToken');
      expect((await failure(put(keys, own))).name).toBe('ExpiredTokenException');
      expect((await failure(ec2(keys).send(new DescribeSnapshotsCommand({})))).name).toBe('RequestExpired');
      expect((await failure(sts(keys).send(new GetCallerIdentityCommand({})))).name).toMatch(/^ExpiredToken/);
    },
  );

  it('a federated session without a policy may nothing, and no session lends further that way', async () => {
    const { credentials, bucket } = lab.aws;
    const bare = await sts(credentials).send(new GetFederationTokenCommand({ Name: 'bare' }));
    const keys = keysOf(bare.Credentials);
    expect((await failure(s3(keys).send(new ListBucketsCommand({})))).name).toBe('AccessDenied');
    expect((await sts(keys).send(new GetCallerIdentityCommand({}))).Arn).toMatch(/:federated-user\/bare$/);
    const again = sts(keys).send(new GetFederationTokenCommand({ Name: 'again', Policy: onlyUnder(bucket) }));
    expect((await failure(again)).message).toBe('Cannot call GetFederationToken with session credentials');
  });

  it('a policy is measured and read', async () => {
    const token = (Policy: string) =>
      failure(sts(lab.aws.credentials).send(new GetFederationTokenCommand({ Name: 'x1', Policy })));
    expect((await token(lent(allow('s3:*', `arn:aws:s3:::${'x'.repeat(2048)}`)))).message).toMatch(
      /less than or equal to 2048/,
    );
    expect((await token('{"Statement": [{"Effect": "Allow"}]}')).name).toBe('MalformedPolicyDocumentException');
  });
});

describe('two accounts', () => {
  it('see nothing of one another, but the names of buckets', async () => {
    const { credentials, bucket, second } = lab.aws;
    expect((await sts(second.credentials).send(new GetCallerIdentityCommand({}))).Account).toBe(second.account);
    const here = await snapshot(credentials, {}, second.region);
    const there = await snapshot(second.credentials, {}, second.region);
    const seen = async (keys: Keys) => {
      const { Snapshots = [] } = await ec2(keys, second.region).send(
        new DescribeSnapshotsCommand({ OwnerIds: ['self'] }),
      );
      return Snapshots.map(({ SnapshotId }) => SnapshotId);
    };
    expect(await seen(second.credentials)).toEqual([there]);
    expect(await seen(credentials)).toEqual([here]);
    const told = (await lab.aws.control.snapshots?.({ account: second.account })) as { id: string; owner: string }[];
    expect(told).toMatchObject([{ id: there, owner: second.account }]);

    const list = await s3(second.credentials).send(new ListBucketsCommand({}));
    expect(list.Buckets?.map(({ Name }) => Name)).toEqual([second.bucket]);
    const taken = s3(second.credentials).send(
      new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' } }),
    );
    expect((await failure(taken)).name).toBe('BucketAlreadyExists');
    const get = () => failure(s3(second.credentials).send(new GetObjectCommand({ Bucket: bucket, Key: 'x' })));
    expect(await get()).toMatchObject({ name: 'AccessDenied', message: 'Access Denied' });
    const open = { Effect: 'Allow', Principal: { AWS: second.account }, Action: ['s3:GetObject', 's3:ListBucket'] };
    const Resource = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
    await s3(credentials).send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: lent({ ...open, Resource }) }));
    expect((await get()).name).toBe('NoSuchKey');
  });

  it('a role is assumed from the other one where it trusts it, by its external id', async () => {
    const { second } = lab.aws;
    const trust = document({
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${second.account}:root` },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': 'ours' } },
    });
    const made = (await lab.aws.control.iamRole?.({ name: 'guest', trust })) as { arn: string };
    const { arn } = made;
    const assume = (keys: Keys, ExternalId?: string) =>
      sts(keys).send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'guest', ExternalId }));
    const answer = await assume(second.credentials, 'ours');
    const who = await sts(keysOf(answer.Credentials)).send(new GetCallerIdentityCommand({}));
    expect(who.Account).toBe(lab.aws.account);
    await expect(assume(second.credentials, 'wrong')).rejects.toThrow(/not authorized to perform: sts:AssumeRole/);
    await expect(assume(lab.aws.credentials, 'ours')).rejects.toThrow(/not authorized to perform: sts:AssumeRole/);
  });

  it('outlive a restart with users, roles and sessions', async () => {
    const ann = await user('ann', allow('s3:ListAllMyBuckets'));
    const answer = await sts(lab.aws.credentials).send(
      new GetFederationTokenCommand({ Name: 'lasting', Policy: lent(allow('s3:ListAllMyBuckets')) }),
    );
    const { account } = lab.aws.second;
    await lab.restart();
    expect(lab.aws.second.account).toBe(account);
    await s3(ann).send(new ListBucketsCommand({}));
    await s3(keysOf(answer.Credentials)).send(new ListBucketsCommand({}));
  });
});
