// Each right is tried against the lab's IAM, whose refusals are in AWS's words: with the policies that Landfall itself proposes,
// and with what may be in the way of them.
import { S3 } from '@aws-sdk/client-s3';
import { afterEach, beforeAll, expect, it } from 'vitest';
import {
  another,
  config,
  faults,
  imageInput,
  lab,
  labSays,
  linux,
  never,
  target,
  targetForTests,
} from '../testing-target.ts';
import { policyOf } from './policies.ts';
import { type Chosen, rightsOf } from './rights.ts';
import type { Scratch, TrialOptions } from './trial.ts';

targetForTests();

let chosen: Chosen;
let imageId: string;
const ledger: { kind: string; token: string; id: string | null; gone: boolean }[] = [];

beforeAll(async () => {
  chosen = {
    partition: 'aws',
    region: lab.region,
    account: lab.account,
    bucket: lab.bucket,
    prefix: 'landfall/',
    importRole: 'vmimport',
    transfer: 's3',
    kmsKeyArn: null,
    connectors: 'own',
    signIn: 'key',
    roleArn: null,
  };
  const mark = { 'migration:managed-by': 'landfall' };
  await target.snapshots.tag([linux], mark, never);
  imageId = await target.images.register({ ...imageInput('tried', linux), tags: mark }, never);
});
afterEach(async () => {
  await labSays('resetIam');
  ledger.splice(0);
});

async function declare(kind: string, token: string): Promise<Scratch> {
  const row = { kind, token, id: null as string | null, gone: false };
  ledger.push(row);
  return {
    artifactId: `artifact-${ledger.length}`,
    made: async (id) => {
      row.id = id;
    },
    gone: async () => {
      row.gone = true;
    },
  };
}

async function tryWith(policies: object[] | null, more: Partial<TrialOptions> = {}, boundary: object | null = null) {
  const credentials = await labSays<{ accessKeyId: string; secretAccessKey: string }>('iamUser', {
    name: 'console',
    policies,
    boundary,
  });
  const options = { chosen, withSnapshot: false, declare, ...more };
  return another({ ...config(), credentials }).tryRights(options, AbortSignal.timeout(20_000));
}

const summary = ({ tried }: Awaited<ReturnType<typeof tryWith>>) =>
  Object.fromEntries(
    tried.map(({ right, outcome, denial }) => [
      `${right.action} ${right.on}`,
      denial ? `${outcome} by ${denial.by}${denial.explicit ? ', explicitly' : ''}` : outcome,
    ]),
  );

function without(...actions: string[]) {
  const { Version, Statement } = policyOf('console', chosen);
  const kept = Statement.map((one) => ({ ...one, Action: one.Action.filter((action) => !actions.includes(action)) }));
  return { Version, Statement: kept.filter(({ Action }) => Action.length > 0) };
}

it('finds every right there that the proposed policy gives, and makes nothing for it', async () => {
  const before = await labSays<unknown[]>('snapshots');
  const found = await tryWith([policyOf('console', chosen)]);
  expect(found.account).toBe(lab.account);
  expect(found.arn).toBe(`arn:aws:iam::${lab.account}:user/console`);
  const outcomes = summary(found);
  expect(Object.keys(outcomes)).toHaveLength(rightsOf('console', chosen).length);
  const notAllowed = Object.entries(outcomes).filter(([, outcome]) => outcome !== 'allowed');
  // No instance of Landfall's is there, a snapshot was not wished for, and the bucket's rules are not changed for a test.
  expect(Object.fromEntries(notAllowed)).toEqual({
    'ec2:TerminateInstances any': 'not-tried',
    'ec2:StopInstances any': 'not-tried',
    'ec2:GetConsoleOutput any': 'not-tried',
    'ebs:StartSnapshot snapshots': 'not-tried',
    's3:PutLifecycleConfiguration bucket': 'not-tried',
  });
  expect(ledger).toEqual([]);
  expect(await labSays('snapshots')).toEqual(before);
  expect(await target.images.describe([imageId], never)).not.toEqual(new Map());
});

it('names each right that is missing, alone', async () => {
  const told: string[] = [];
  const missed: string[] = [];
  const untriable = [
    'sts:GetCallerIdentity',
    'ebs:StartSnapshot',
    's3:PutLifecycleConfiguration',
    'ec2:TerminateInstances',
    'ec2:StopInstances',
    'ec2:GetConsoleOutput',
  ];
  // A read of S3's bucket and of an object are one action for several rights; all are taken away at once.
  for (const action of new Set(rightsOf('console', chosen).map((right) => right.action))) {
    if (untriable.includes(action)) continue;
    const outcomes = summary(await tryWith([without(action)]));
    const denied = Object.entries(outcomes).filter(([, outcome]) => outcome.startsWith('denied'));
    for (const [name, outcome] of denied) {
      if (!name.startsWith(`${action} `)) missed.push(`${name} was denied without ${action}`);
      if (outcome !== 'denied by identity-based policy') missed.push(`${name}: ${outcome}`);
    }
    if (denied.length > 0) told.push(action);
    else missed.push(`${action} was not missed`);
  }
  expect(missed).toEqual([]);
  expect(told.length).toBeGreaterThan(30);
}, 120_000);

const deny = (Action: string, Resource = '*') => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: '*', Resource: '*' },
    { Effect: 'Deny', Action, Resource },
  ],
});

it('says who denies: an identity, the organization, a boundary, the bucket', async () => {
  expect(summary(await tryWith([deny('ec2:RegisterImage')]))['ec2:RegisterImage any']).toBe(
    'denied by identity-based policy, explicitly',
  );
  const boundary = policyOf('console', chosen);
  boundary.Statement = boundary.Statement.filter(({ Sid }) => Sid !== 'EbsDirect');
  const bounded = summary(await tryWith(null, {}, boundary));
  expect(bounded['ebs:PutSnapshotBlock snapshots']).toBe('denied by permissions boundary');
  const s3 = new S3({ endpoint: lab.url, region: lab.region, credentials: lab.credentials, forcePathStyle: true });
  const Resource = `arn:aws:s3:::${lab.bucket}/*`;
  const refusal = { Effect: 'Deny', Principal: '*', Action: 's3:DeleteObject', Resource };
  await s3.putBucketPolicy({
    Bucket: lab.bucket,
    Policy: JSON.stringify({ Version: '2012-10-17', Statement: refusal }),
  });
  expect(summary(await tryWith(null))['s3:DeleteObject staged']).toBe('denied by resource-based policy, explicitly');
  await s3.deleteBucketPolicy({ Bucket: lab.bucket });
  s3.destroy();
  await labSays('serviceControlPolicies', { policies: [deny('ec2:RunInstances')] });
  const organized = await tryWith(null);
  expect(summary(organized)['ec2:RunInstances any']).toBe('denied by service control policy, explicitly');
  const row = organized.tried.find(({ right }) => right.action === 'ec2:RunInstances');
  expect(row?.denial?.words).toContain('with an explicit deny in a service control policy');
  expect(row?.denial?.remedy).toContain('AWS Organizations');
});

it('makes a snapshot only when asked, in the ledger first, and takes it away', async () => {
  const before = await labSays<{ id: string }[]>('snapshots');
  const outcomes = summary(await tryWith([policyOf('console', chosen)], { withSnapshot: true }));
  for (const action of ['StartSnapshot', 'PutSnapshotBlock', 'CompleteSnapshot'])
    expect(outcomes[`ebs:${action} snapshots`]).toBe('allowed');
  expect(outcomes['ec2:DeleteSnapshot any']).toBe('allowed');
  expect(ledger).toMatchObject([{ kind: 'ebs-snapshot', id: expect.stringMatching(/^snap-/), gone: true }]);
  expect(await labSays('snapshots')).toEqual(before);

  // One that may not be deleted stays in the ledger, for the reaper and for a person.
  ledger.splice(0);
  const kept = summary(await tryWith([without('ec2:DeleteSnapshot')], { withSnapshot: true }));
  expect(kept['ec2:DeleteSnapshot any']).toBe('denied by identity-based policy');
  expect(ledger).toMatchObject([{ kind: 'ebs-snapshot', gone: false }]);
  await target.snapshots.delete(ledger[0]?.id ?? '', never);
});

it('tells a right on the key from the right to begin a snapshot', async () => {
  const kmsKeyArn = `arn:aws:kms:${lab.region}:${lab.account}:key/11111111-2222-3333-4444-555555555555`;
  const encrypted = { ...chosen, kmsKeyArn };
  const policy = policyOf('console', encrypted);
  const all = summary(await tryWith([policy], { chosen: encrypted, withSnapshot: true }));
  expect(all['kms:GenerateDataKey* key']).toBe('allowed');
  policy.Statement = policy.Statement.filter(({ Sid }) => Sid !== 'Key');
  const none = summary(await tryWith([policy], { chosen: encrypted, withSnapshot: true }));
  const denied = Object.entries(none).filter(([, outcome]) => outcome.startsWith('denied'));
  expect(denied.length).toBeGreaterThan(0);
  expect(denied.every(([name]) => name.startsWith('kms:'))).toBe(true);
  expect(none['ebs:StartSnapshot snapshots']).toBe('not-tried');
});

it('writes scratch objects only where the console lends keys, in the ledger first, and leaves none', async () => {
  const lent: Chosen = { ...chosen, connectors: 'lent' };
  const outcomes = summary(await tryWith([policyOf('console', lent)], { chosen: lent }));
  for (const place of ['staged', 'digests'])
    for (const action of ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'])
      expect(outcomes[`${action} ${place}`]).toBe('allowed');
  expect(outcomes['s3:AbortMultipartUpload staged']).toBe('allowed');
  expect(outcomes['sts:GetFederationToken any']).toBe('allowed');
  expect(ledger.map(({ kind, gone }) => [kind, gone]).sort()).toEqual([
    ['digest-set', true],
    ['s3-object', true],
    ['s3-upload', true],
  ]);
  for (const { token } of ledger) expect(await target.staging.head(token, never)).toBeNull();
});

it('looks at the bucket and at the role of VM Import', async () => {
  const { findings } = await tryWith(null);
  expect(Object.fromEntries(findings.map(({ id, outcome }) => [id, outcome]))).toEqual({
    bucket: 'good',
    owner: 'good',
    expiry: 'advice',
    versioning: 'good',
    'public-access': 'advice',
    tls: 'advice',
    'import-role': 'advice',
  });
  const elsewhere = await another({ ...config(), bucket: 'nobody-has-this-bucket' }).tryRights(
    { chosen: { ...chosen, bucket: 'nobody-has-this-bucket' }, withSnapshot: false, declare },
    never,
  );
  expect(elsewhere.findings.find(({ id }) => id === 'bucket')).toMatchObject({ outcome: 'bad' });
  const nobody = await another({ ...config(), importRole: 'nobody' }).tryRights(
    { chosen: { ...chosen, importRole: 'nobody' }, withSnapshot: false, declare },
    never,
  );
  expect(nobody.findings.find(({ id }) => id === 'import-role')).toMatchObject({
    outcome: 'bad',
    detail: expect.stringContaining('nobody'),
  });
});

it('ends when its time is over, and says what could not be tried', async () => {
  faults.add({ side: 'aws', operation: 'ec2:RegisterImage', effect: { kind: 'hang' } });
  const options = { chosen, withSnapshot: false, declare };
  const { tried } = await another(config()).tryRights(options, AbortSignal.timeout(2000));
  const row = tried.find(({ right }) => right.action === 'ec2:RegisterImage');
  expect(row).toMatchObject({ outcome: 'not-tried', detail: 'There was no time left to try it.' });
  expect(tried.find(({ right }) => right.action === 'ec2:DescribeImages')).toMatchObject({ outcome: 'allowed' });
});
