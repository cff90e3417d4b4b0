// Changes of a target, what is said of them before, and its end.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../db/ids.ts';
import { artifacts, audit, awsTargets, baselines, replicationJobs, replicationRuns } from '../../../db/schema/index.ts';
import { TARGET_FIELDS } from '../../../replication/model/target-fields.ts';
import { changeTargetSignIn } from '../cloud/sign-in.ts';
import { createJobs } from '../jobs/create.ts';
import { deleteJob } from '../jobs/delete.ts';
import { getJob } from '../jobs/list.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { createTarget } from './create.ts';
import { deleteTarget } from './delete.ts';
import { describeTarget } from './describe.ts';
import { targetsFromEnvironment } from './from-environment.ts';
import { allTargets, listTargets } from './list.ts';
import { previewTargetChange } from './preview-change.ts';
import { openTargetOf } from './store.ts';
import { updateTarget } from './update.ts';
import { targetUsage } from './usage.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

const WHERE = { name: 'Main', region: 'eu-central-1', bucket: 'bucket', prefix: 'landfall/' };
const USE = {
  transfer: 'ebs-direct',
  transport: 'nfc',
  verification: 'full',
  encrypted: true,
  kmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/one',
} as const;
const LAUNCH = {
  instanceType: null,
  subnetId: 'subnet-0123',
  securityGroupIds: ['sg-0123'],
  keyName: null,
  publicAddress: null,
  instanceProfile: null,
};

let servers = 0;

/** A job whose run is over, or waits. */
async function jobInto(targetId: string, over = true): Promise<string> {
  servers += 1;
  const name = `server-${servers}`;
  await site.importServers([catalogServer(name)]);
  const found = await site.db.query.servers.findMany();
  const serverId = found.find((server) => server.name === name)?.id ?? '';
  const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
  const { jobIds } = await createJobs(site.as('administrator'), { servers: [{ serverId }], targetId, settings });
  const jobId = jobIds[0] as string;
  const ended = { state: 'completed', endedAt: new Date() } as const;
  if (over) await site.db.update(replicationRuns).set(ended).where(eq(replicationRuns.jobId, jobId));
  return jobId;
}

async function newTarget(name: string, more: object = {}): Promise<string> {
  const place = { region: 'eu-west-1', bucket: 'another-bucket' };
  return (await createTarget(site.ctx, { name, ...place, ...more })).targetId;
}

describe('a change of a target', () => {
  it('is of administrators, and says who changed what, before and after', async () => {
    const targetId = site.targetId;
    for (const role of ['viewer', 'operator', 'cutover-manager'] as const) {
      expect(await faultCode(updateTarget(site.as(role), { targetId, ...USE }))).toBe('permission-denied');
      expect(await faultCode(deleteTarget(site.as(role), { targetId }))).toBe('permission-denied');
    }
    expect(await describeTarget(site.as('viewer'))).toMatchObject({
      ...WHERE,
      ...{ transfer: 's3', transport: 'auto', verification: 'sampled', encrypted: false, kmsKeyArn: null },
      ...{ launchDefaults: null, version: 1, changedAt: null, changedBy: null, isFirst: true },
    });
    await updateTarget(site.as('administrator'), { targetId, ...USE, launchDefaults: LAUNCH });
    expect(await describeTarget(site.as('viewer'))).toMatchObject({
      ...{ ...USE, launchDefaults: LAUNCH, version: 2 },
      ...{ changedAt: expect.any(Date), changedBy: 'administrator' },
    });
    expect(await site.db.select().from(audit).where(eq(audit.action, 'target.update'))).toMatchObject([
      {
        actorName: 'administrator',
        before: { transfer: 's3', transport: 'auto', verification: 'sampled', launchDefaults: null },
        after: { ...USE, launchDefaults: LAUNCH },
      },
    ]);
  });

  it('takes name, place and use together, or nothing of them', async () => {
    const targetId = await newTarget('Together');
    const admin = site.as('administrator');
    const wrong = { targetId, name: 'Renamed', bucket: 'next-bucket', transfer: 'pigeon' as 's3' };
    expect(await faultCode(updateTarget(admin, wrong))).toBe('input-invalid');
    expect(await faultCode(updateTarget(admin, { targetId, bucket: 'next-bucket', name: 'main' }))).toBe('conflict');
    expect(await describeTarget(admin, { targetId })).toMatchObject({ name: 'Together', bucket: 'another-bucket' });
    const all = { name: 'Renamed', bucket: 'next-bucket', tags: { team: 'blue' } };
    expect(await updateTarget(admin, { targetId, ...all })).toEqual({ version: 2, revision: 2 });
    expect(await describeTarget(admin, { targetId })).toMatchObject({
      ...all,
      prefix: 'landfall/',
      region: 'eu-west-1',
    });
    expect(await describeTarget(admin)).toMatchObject({ bucket: 'bucket', tags: {} });
    expect(await faultCode(updateTarget(admin, { targetId: 'target-0', name: 'x' }))).toBe('not-found');
  });

  it('is refused from a page that has seen an older target, and counts once when it is sent twice', async () => {
    const targetId = await newTarget('Two tabs');
    const admin = site.as('administrator');
    const mine = { targetId, version: 1, transfer: 'ebs-direct' as const };
    expect(await updateTarget(admin, mine)).toEqual({ version: 2, revision: 1 });
    expect(await updateTarget(admin, mine)).toEqual({ version: 2, revision: 1 });
    expect(await faultCode(updateTarget(admin, { targetId, version: 1, verification: 'full' }))).toBe('conflict');
    expect(await describeTarget(admin, { targetId })).toMatchObject({
      transfer: 'ebs-direct',
      verification: 'sampled',
    });
  });

  it.each([
    [{ kmsKeyArn: USE.kmsKeyArn }, 'a key without encryption'],
    [{ encrypted: true, kmsKeyArn: USE.kmsKeyArn }, 'a key of another Region'],
    [{ prefix: 'landfall-digests/' }, 'a prefix that is taken'],
    [{ name: ' ' }, 'no name'],
    [{ launchDefaults: { ...LAUNCH, securityGroupIds: [] } }, 'no security group'],
  ])('is refused with %o: %s', async (change: object, _why) => {
    const targetId = (await allTargets(site.ctx)).find(({ name }) => name === 'Two tabs')?.id as string;
    const admin = site.as('administrator');
    expect(await faultCode(updateTarget(admin, { targetId, ...change }))).toBe('input-invalid');
    expect(await faultCode(previewTargetChange(admin, { targetId, ...change }))).toBe('input-invalid');
  });

  it('to another Region needs other default launch settings', async () => {
    const targetId = await newTarget('Moves', { launchDefaults: LAUNCH });
    const admin = site.as('administrator');
    const there = { targetId, region: 'us-east-1' };
    expect(await faultCode(updateTarget(admin, there))).toBe('input-invalid');
    await updateTarget(admin, { ...there, launchDefaults: null });
    expect(await describeTarget(admin, { targetId })).toMatchObject({ region: 'us-east-1', launchDefaults: null });
  });

  it('says before it is saved what it means, and for how much', async () => {
    const targetId = await newTarget('Previewed');
    const admin = site.as('administrator');
    const jobId = await jobInto(targetId);
    await jobInto(targetId, false);
    const [run] = await site.db.select().from(replicationRuns).where(eq(replicationRuns.jobId, jobId));
    await site.db.insert(baselines).values({
      ...{ jobId, diskId: 'disk', workspaceId: site.workspaceId, runId: run?.id as string, capacityBytes: 1 },
      ...{ changeId: '52/1', snapshotId: 'snap-1', manifestKey: 'key', digestRoot: 'root', digestPrefixes: [] },
      pointInTime: new Date(),
    });
    const preview = (change: object) => previewTargetChange(admin, { targetId, ...change });
    expect(await preview({ name: 'Previewed', transfer: 's3', endpoints: {} })).toMatchObject({ changes: [] });
    expect(await preview({ name: 'Other', transfer: 'ebs-direct' })).toEqual({
      changes: [
        { field: 'name', counts: 'at-once' },
        { field: 'transfer', counts: 'next-run' },
      ],
      ...{ newChains: false, version: 1, jobs: 2, disks: 1, runs: 1 },
    });
    expect(await preview({ encrypted: true })).toMatchObject({ newChains: true });
    expect(await preview({ endpoints: { s3: 'https://s3.internal' } })).toMatchObject({ newChains: false });
    expect(await describeTarget(admin, { targetId })).toMatchObject({ name: 'Previewed', version: 1 });
    expect(await faultCode(previewTargetChange(site.as('operator'), { targetId, name: 'x' }))).toBe(
      'permission-denied',
    );
  });

  it('has a rule for every field that can be changed', async () => {
    const { id: _id, ...known } = await describeTarget(site.ctx);
    const changeable = Object.keys(TARGET_FIELDS);
    expect(Object.keys(known)).toEqual(expect.arrayContaining(changeable));
  });
});

it('connectors sign in another way without the console signing in anew', async () => {
  const targetId = await newTarget('Lends');
  const admin = site.as('administrator');
  expect(await faultCode(changeTargetSignIn(site.as('operator'), { targetId, connectorSignIn: 'lent' }))).toBe(
    'permission-denied',
  );
  const sent = await Promise.all([1, 2].map(() => changeTargetSignIn(admin, { targetId, connectorSignIn: 'lent' })));
  expect(sent).toEqual([{ account: null }, { account: null }]);
  expect(await describeTarget(admin, { targetId })).toMatchObject({ signIn: 'environment', connectorSignIn: 'lent' });
  const told = await site.db.select().from(audit).where(eq(audit.subjectId, targetId));
  expect(told.map(({ action }) => action)).toEqual(['target.create', 'target.sign-in']);
});

describe('the end of a target', () => {
  it('that is in use does not come, and it is said what is in it', async () => {
    const targetId = await newTarget('In use');
    const jobId = await jobInto(targetId);
    const admin = site.as('administrator');
    await expect(deleteTarget(admin, { targetId })).rejects.toThrow(/is in use: 1 replication job\./);
    await deleteJob(admin, { jobId });
    const [run] = await site.db.select().from(replicationRuns).where(eq(replicationRuns.jobId, jobId));
    const art = newId.artifact();
    await site.db.insert(artifacts).values({
      ...{
        id: art,
        workspaceId: site.workspaceId,
        runId: run?.id as string,
        kind: 'ebs-snapshot',
        token: art,
        fence: 1,
      },
      ...{ state: 'created', externalId: 'snap-2', details: {} },
    });
    await expect(deleteTarget(admin, { targetId })).rejects.toThrow(/1 snapshot, digest or staged object/);
    expect(await targetUsage(site.as('viewer'), { targetId })).toMatchObject({
      ...{ now: { jobs: 0, artifacts: 1 }, everUsed: true, places: [{ revision: 1, artifacts: 1, until: null }] },
    });
    await site.db.update(artifacts).set({ state: 'released', releasedAt: new Date() }).where(eq(artifacts.id, art));

    expect(await deleteTarget(admin, { targetId })).toEqual({ outcome: 'retired' });
    expect(await deleteTarget(admin, { targetId })).toEqual({ outcome: 'retired' });
    expect((await listTargets(admin)).map(({ id }) => id)).not.toContain(targetId);
    expect((await allTargets(admin)).find(({ id }) => id === targetId)).toMatchObject({ state: 'retired' });
    expect((await getJob(admin, jobId)).target).toMatchObject({ id: targetId, name: 'In use' });
    expect(await faultCode(updateTarget(admin, { targetId, name: 'Back' }))).toBe('conflict');
    expect(await faultCode(jobInto(targetId))).toBe('conflict');
    // Its name is free.
    await newTarget('In use');
  });

  it('that nothing ever went into leaves nothing, and another workspace cannot bring it about', async () => {
    const targetId = await newTarget('Never used');
    const art = newId.artifact();
    await site.db.insert(artifacts).values({
      ...{
        id: art,
        workspaceId: site.workspaceId,
        targetId,
        targetRevision: 1,
        kind: 's3-object',
        token: art,
        fence: 0,
      },
      ...{ state: 'released', releasedAt: new Date(), details: {} },
    });
    const foreign = { ...site.ctx, principal: { ...site.ctx.principal, workspaceId: 'ws-0' } } as typeof site.ctx;
    expect(await faultCode(deleteTarget(foreign, { targetId }))).toBe('not-found');
    expect(await deleteTarget(site.as('administrator'), { targetId })).toEqual({ outcome: 'deleted' });
    expect(await site.db.select().from(awsTargets).where(eq(awsTargets.id, targetId))).toEqual([]);
    const written = await site.db.select().from(audit).where(eq(audit.subjectId, targetId));
    expect(written.map(({ action }) => action)).toEqual(['target.create', 'target.delete']);
  });

  it('waits for a job that is being created, and then does not come', async () => {
    const targetId = await newTarget('Awaited');
    const jobId = await jobInto(site.targetId);
    let end: Promise<unknown> = Promise.resolve();
    await site.db.transaction(async (tx) => {
      await openTargetOf(tx, site.workspaceId, targetId);
      end = deleteTarget(site.as('administrator'), { targetId });
      end.catch(() => {});
      const waiting = sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
      await expect.poll(async () => (await site.db.execute(waiting)).rows.length, { timeout: 10_000 }).toBe(1);
      await tx.update(replicationJobs).set({ targetId }).where(eq(replicationJobs.id, jobId));
    });
    await expect(end).rejects.toThrow(/is in use: 1 replication job/);
    await deleteJob(site.as('administrator'), { jobId });
  });

  it('of the last two at once leaves one of them to be remembered', async () => {
    const pair = await testWorkspace();
    const admin = pair.as('administrator');
    const { targetId: second } = await createTarget(pair.ctx, { ...WHERE, name: 'Second' });
    // Both find the other one, unless one of them waits.
    const ends: Promise<{ outcome: string }>[] = [];
    await pair.db.transaction(async (tx) => {
      await tx.select().from(awsTargets).for('update');
      for (const targetId of [pair.targetId, second]) ends.push(deleteTarget(admin, { targetId }));
      const waiting = sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
      await expect.poll(async () => (await pair.db.execute(waiting)).rows.length, { timeout: 10_000 }).toBe(2);
    });
    const outcomes = (await Promise.all(ends)).map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual(['deleted', 'retired']);
    await pair.db.$client.end();
  });

  it('of the last one is remembered, so that the environment makes no other', async () => {
    const alone = await testWorkspace();
    const admin = alone.as('administrator');
    expect(await deleteTarget(admin, { targetId: alone.targetId })).toEqual({ outcome: 'retired' });
    await targetsFromEnvironment(alone.ctx, { LANDFALL_AWS_REGION: 'eu-north-1', LANDFALL_AWS_BUCKET: 'environment' });
    expect(await listTargets(admin)).toEqual([]);
    expect(await faultCode(describeTarget(admin))).toBe('conflict');
    await alone.db.$client.end();
  });
});
