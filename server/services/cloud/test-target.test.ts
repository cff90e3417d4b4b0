// A target is tested against the lab's AWS: what is missing is named with the statement to add, kept, and gone when it is mended.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { artifacts, audit, awsTargetPlaces, awsTargets } from '../../../db/schema/index.ts';
import { type LabAws, startLabAws } from '../../../lab/aws/main.ts';
import { FaultRules } from '../../../lab/faults/rules.ts';
import type { Statement } from '../../../replication/target/aws/permissions/policies.ts';
import { createTarget } from '../targets/create.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { targetPermissions } from './target-permissions.ts';
import { targetPool } from './target-pool.ts';
import { lastTargetTest, testTarget } from './test-target.ts';

let site: TestWorkspace;
let lab: LabAws;
let folder: string;
const faults = new FaultRules();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'landfall-test-target-'));
  [site, lab] = await Promise.all([testWorkspace(), startLabAws({ dataDir: folder, faults, guestQemu: false })]);
  const endpoints = { s3: lab.url, ec2: lab.url, ebs: lab.url, sts: lab.url };
  process.env.LANDFALL_AWS_ENDPOINT_STS = lab.url;
  await site.db
    .update(awsTargetPlaces)
    .set({ region: lab.region, bucket: lab.bucket, endpoints, account: lab.account })
    .where(eq(awsTargetPlaces.targetId, site.targetId));
});
afterAll(async () => {
  targetPool().close();
  await site?.close();
  await lab?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The console's key gets these statements. */
async function grant(Statement: object[]): Promise<void> {
  const input = { name: 'console', policies: [{ Version: '2012-10-17', Statement }] };
  const key = (await lab.control.iamUser?.(input)) as { accessKeyId: string; secretAccessKey: string };
  process.env.LANDFALL_AWS_ACCESS_KEY_ID = key.accessKeyId;
  process.env.LANDFALL_AWS_SECRET_ACCESS_KEY = key.secretAccessKey;
}

async function proposed(): Promise<Statement[]> {
  const { policies } = await targetPermissions(site.as('viewer'), { targetId: site.targetId });
  return JSON.parse(policies.find(({ id }) => id === 'console')?.json ?? '{}').Statement;
}

it('names what is missing with the statement to add, and is green when that is added', async () => {
  const { targetId } = site;
  expect(await lastTargetTest(site.as('viewer'), { targetId })).toBeNull();
  const statements = await proposed();
  const lacking = statements.map((one) => ({
    ...one,
    Action: one.Action.filter((name) => name !== 'ec2:ImportSnapshot'),
  }));
  await grant(lacking);
  const first = await testTarget(site.as('administrator'), { targetId });
  const denied = first?.result.rights.filter(({ outcome }) => outcome === 'denied') ?? [];
  expect(denied).toMatchObject([
    { action: 'ec2:ImportSnapshot', purpose: 'make a snapshot of a staged disk', denial: { by: 'identity policy' } },
  ]);
  expect(first).toMatchObject({ testedBy: 'administrator', current: true, leftBehind: 0 });
  expect(first?.result).toMatchObject({ account: lab.account, withSnapshot: false, connectors: [{ name: 'North' }] });

  await grant([...lacking, JSON.parse(denied[0]?.denial?.statement ?? '{}')]);
  const second = await testTarget(site.as('administrator'), { targetId, withSnapshot: true });
  expect(second?.result.rights.filter(({ outcome }) => outcome === 'denied')).toEqual([]);
  expect(second?.result.rights.find(({ action }) => action === 'ebs:StartSnapshot')?.outcome).toBe('allowed');
  expect(await lastTargetTest(site.as('viewer'), { targetId })).toEqual(second);
  const written = await site.db.select().from(audit).where(eq(audit.action, 'target.test')).orderBy(audit.at);
  expect(written.map(({ after }) => after)).toMatchObject([
    { denied: ['ec2:ImportSnapshot'], withSnapshot: false },
    { denied: [], withSnapshot: true },
  ]);
});

it('leaves in the ledger what it could not take away, for the reaper', async () => {
  const { targetId } = site;
  const statements = await proposed();
  const mayNotDelete = (one: Statement) => one.Action.filter((name) => name !== 'ec2:DeleteSnapshot');
  await grant(statements.map((one) => ({ ...one, Action: mayNotDelete(one) })));
  const test = await testTarget(site.as('administrator'), { targetId, withSnapshot: true });
  expect(test?.leftBehind).toBe(1);
  const open = and(eq(artifacts.kind, 'ebs-snapshot'), eq(artifacts.state, 'created'));
  const [row] = await site.db.select().from(artifacts).where(open);
  expect(row).toMatchObject({ runId: null, targetId, externalId: expect.stringMatching(/^snap-/) });
  expect((row?.releaseNotBefore.getTime() ?? 0) <= Date.now()).toBe(true);
});

it('says that a test is old when place or sign-in have changed since', async () => {
  const { targetId } = site;
  await site.db.update(awsTargets).set({ signInVersion: 2 }).where(eq(awsTargets.id, targetId));
  expect((await lastTargetTest(site.ctx, { targetId }))?.current).toBe(false);
  await site.db.update(awsTargets).set({ signInVersion: 1 }).where(eq(awsTargets.id, targetId));
  expect((await lastTargetTest(site.ctx, { targetId }))?.current).toBe(true);
  const [place] = await site.db.select().from(awsTargetPlaces).where(eq(awsTargetPlaces.targetId, targetId));
  await site.db
    .insert(awsTargetPlaces)
    .values({ ...(place as NonNullable<typeof place>), revision: 2, prefix: 'another/' });
  await site.db.update(awsTargets).set({ revision: 2 }).where(eq(awsTargets.id, targetId));
  expect((await lastTargetTest(site.ctx, { targetId }))?.current).toBe(false);
});

it('is for who manages targets, and for the targets of a workspace only', async () => {
  const { targetId } = site;
  expect(await faultCode(testTarget(site.as('operator'), { targetId }))).toBe('permission-denied');
  expect(await faultCode(testTarget(site.as('administrator'), { targetId: 'target-elsewhere' }))).toBe('not-found');
  expect(await faultCode(targetPermissions(site.as('viewer'), { targetId: 'target-elsewhere' }))).toBe('not-found');
});

it('proposes the policies of what is chosen, filled in, with both templates', async () => {
  const { targetId } = await createTarget(site.ctx, {
    name: 'China',
    region: 'cn-north-1',
    bucket: 'staging-of-china',
    prefix: 'team/',
    importRole: 'our-import',
    transfer: 'ebs-direct',
  });
  const shown = await targetPermissions(site.as('viewer'), { targetId });
  expect(shown.accountKnown).toBe(false);
  const json = (id: string) => shown.policies.find((policy) => policy.id === id)?.json ?? '';
  expect(json('console')).toContain('arn:aws-cn:s3:::staging-of-china/team/*');
  expect(json('console')).not.toContain('ec2:ImportSnapshot');
  expect(json('connector')).toContain('ebs:PutSnapshotBlock');
  expect(shown.policies.every(({ characters }) => characters < 6144)).toBe(true);
  expect(shown.templates.map(({ id, text }) => [id, text.includes('our-import'), text.includes('team/')])).toEqual([
    ['cloudformation', true, true],
    ['terraform', true, true],
  ]);
  expect(shown.charges.map(({ meter }) => meter).join()).toContain('PutSnapshotBlock');
});
