// AWS targets: made by people and, for the first, by the environment; given another place; named by jobs.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../../db/ids.ts';
import { audit, awsTargetPlaces, awsTargets, events, replicationRuns, workspaces } from '../../../db/schema/index.ts';
import { systemContext } from '../context.ts';
import { createJobs } from '../jobs/create.ts';
import { getJob } from '../jobs/list.ts';
import { startRun } from '../jobs/start-run.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { createTarget } from './create.ts';
import { describeTarget } from './describe.ts';
import { targetsFromEnvironment } from './from-environment.ts';
import { listTargets } from './list.ts';
import { updateTarget } from './update.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

const ENVIRONMENT = {
  LANDFALL_AWS_REGION: 'eu-north-1',
  LANDFALL_AWS_BUCKET: 'from-environment',
  LANDFALL_AWS_IMPORT_ROLE: 'our-import',
  LANDFALL_AWS_ENDPOINT_S3: 'https://s3.internal',
};
const PLACE = { region: 'us-east-1', bucket: 'second-bucket' };

async function anotherWorkspace() {
  const id = newId.workspace();
  await site.db.insert(workspaces).values({ id, name: id });
  return { id, ctx: systemContext(site.db, id) };
}

describe('a target', () => {
  it('is made by administrators, audited and told of', async () => {
    const wanted = { name: 'Made by a person', ...PLACE };
    for (const role of ['viewer', 'operator', 'cutover-manager'] as const)
      expect(await faultCode(createTarget(site.as(role), wanted))).toBe('permission-denied');
    const signedIn = { targetId: newId.target(), signIn: { kind: 'default-chain' }, connectorSignIn: 'own' } as const;
    const { targetId } = await createTarget(site.as('administrator'), wanted, signedIn);
    expect(targetId).toMatch(/^target-[0-9a-f]{17}$/);
    expect(await listTargets(site.as('viewer'))).toContainEqual({
      id: targetId,
      name: 'Made by a person',
      ...PLACE,
      account: null,
    });
    const [row] = await site.db.select().from(audit).where(eq(audit.subjectId, targetId));
    expect(row).toMatchObject({ action: 'target.create', actorName: 'administrator', after: PLACE });
    expect(await site.db.select().from(events).where(eq(events.subjectId, targetId))).toMatchObject([
      { topic: 'targets' },
    ]);
  });

  it('is made once by a request that is sent twice, and its name is taken once', async () => {
    const wanted = { requestId: 'ab'.repeat(16), name: 'Once', ...PLACE };
    const made = await Promise.all([createTarget(site.ctx, wanted), createTarget(site.ctx, wanted)]);
    expect(made.map(({ created }) => created).sort()).toEqual([false, true]);
    expect(await faultCode(createTarget(site.ctx, { name: 'ONCE', ...PLACE }))).toBe('conflict');
  });

  it.each([
    { region: 'Frankfurt' },
    { bucket: 'No Bucket' },
    { prefix: 'no-slash' },
    { prefix: 'landfall-digests/' },
    { kmsKeyArn: 'arn:aws:kms:eu-central-1:123456789012:key/one' },
    { tags: { 'aws:mine': 'x' } },
  ])('is refused with %o', async (wrong) => {
    const before = await site.db.$count(awsTargets);
    expect(await faultCode(createTarget(site.ctx, { name: 'Wrong', ...PLACE, ...wrong }))).toBe('input-invalid');
    expect(await site.db.$count(awsTargets)).toBe(before);
  });

  it('keeps its old place when it gets another one, and counts no revision for the same', async () => {
    const admin = site.as('administrator');
    const { targetId } = await createTarget(site.ctx, { name: 'Moved', ...PLACE });
    expect(await updateTarget(admin, { targetId, ...PLACE })).toEqual({ version: 1, revision: 1 });
    expect(await updateTarget(admin, { targetId, bucket: 'third-bucket' })).toEqual({ version: 2, revision: 2 });
    const places = await site.db.select().from(awsTargetPlaces).where(eq(awsTargetPlaces.targetId, targetId));
    expect(places).toMatchObject([
      { revision: 1, bucket: 'second-bucket' },
      { revision: 2, bucket: 'third-bucket' },
    ]);
    expect(await faultCode(updateTarget(site.as('operator'), { targetId, ...PLACE }))).toBe('permission-denied');
    const { ctx } = await anotherWorkspace();
    expect(await faultCode(updateTarget(ctx, { targetId, ...PLACE }))).toBe('not-found');
  });
});

describe('the environment', () => {
  it('makes the first target of a workspace, however many programs start at once', async () => {
    const { id, ctx } = await anotherWorkspace();
    await Promise.all(Array.from({ length: 6 }, () => targetsFromEnvironment(site.ctx, ENVIRONMENT)));
    const rows = await site.db
      .select()
      .from(awsTargets)
      .innerJoin(awsTargetPlaces, eq(awsTargetPlaces.targetId, awsTargets.id))
      .where(eq(awsTargets.workspaceId, id));
    expect(rows).toMatchObject([
      {
        aws_targets: { name: 'Main', revision: 1 },
        aws_target_places: {
          region: 'eu-north-1',
          bucket: 'from-environment',
          importRole: 'our-import',
          endpoints: { s3: 'https://s3.internal' },
        },
      },
    ]);
    const made = await site.db.select().from(audit).where(eq(audit.workspaceId, id));
    expect(made.map(({ action }) => action)).toEqual(['target.create']);
    expect(await listTargets(ctx)).toHaveLength(1);
  });

  it('changes nothing afterwards, and it is said where the two differ', async () => {
    const { id, ctx } = await anotherWorkspace();
    await targetsFromEnvironment(site.ctx, ENVIRONMENT);
    const before = await listTargets(ctx);
    const findings = await targetsFromEnvironment(site.ctx, { ...ENVIRONMENT, LANDFALL_AWS_BUCKET: 'another-bucket' });
    expect(findings.get(id)).toMatch(
      /^The environment names the bucket another-bucket in eu-north-1, where no AWS target/,
    );
    expect(await listTargets(ctx)).toEqual(before);
    const role = await targetsFromEnvironment(site.ctx, { ...ENVIRONMENT, LANDFALL_AWS_IMPORT_ROLE: 'another' });
    expect(role.get(id)).toMatch(/other addresses, or another role of VM Import/);
    expect((await describeTarget(ctx)).environmentNote).toBe(role.get(id));
    expect((await targetsFromEnvironment(site.ctx, ENVIRONMENT)).get(id)).toBeUndefined();
    expect((await describeTarget(ctx)).environmentNote).toBeNull();
  });

  it('adds what it knows to an earlier place, too, and moves nobody by that', async () => {
    const { ctx } = await anotherWorkspace();
    await targetsFromEnvironment(site.ctx, ENVIRONMENT);
    const [target] = await listTargets(ctx);
    const targetId = target?.id ?? '';
    await site.db
      .update(awsTargetPlaces)
      .set({ awaitsEnvironment: true })
      .where(eq(awsTargetPlaces.targetId, targetId));
    await updateTarget(ctx, { targetId, bucket: 'moved-by-hand' });
    await targetsFromEnvironment(site.ctx, ENVIRONMENT);
    const places = await site.db.select().from(awsTargetPlaces).where(eq(awsTargetPlaces.targetId, targetId));
    expect(places.map(({ revision, awaitsEnvironment }) => [revision, awaitsEnvironment]).sort()).toEqual([
      [1, false],
      [2, false],
    ]);
    expect((await listTargets(ctx))[0]?.bucket).toBe('moved-by-hand');
  });

  it('that names no target is said, and a job then has nowhere to go', async () => {
    const { id, ctx } = await anotherWorkspace();
    const findings = await targetsFromEnvironment(site.ctx, {});
    expect(findings.get(id)).toMatch(/LANDFALL_AWS_REGION and LANDFALL_AWS_BUCKET/);
    expect(await faultCode(createJobs(ctx, { servers: [{ serverId: 's-1' }], settings: SETTINGS }))).toBe('conflict');
  });
});

const SETTINGS = { everyHours: null, seedAt: null, description: '', keepImages: null };

describe('a job', () => {
  it('goes to the target that is named, and each of its runs to where that is when it is made', async () => {
    const admin = site.as('administrator');
    await site.importServers([catalogServer('one'), catalogServer('two')]);
    const found = await site.db.query.servers.findMany();
    const serverId = (name: string) => found.find((server) => server.name === name)?.id ?? '';
    const first = await createJobs(admin, { servers: [{ serverId: serverId('one') }], settings: SETTINGS });
    expect((await getJob(admin, first.jobIds[0] as string)).target).toMatchObject({ id: site.targetId, name: 'Main' });

    const { targetId } = await createTarget(site.ctx, { name: 'For jobs', ...PLACE });
    const { ctx } = await anotherWorkspace();
    await targetsFromEnvironment(site.ctx, ENVIRONMENT);
    const [foreign] = await listTargets(ctx);
    const create = (to: string) =>
      createJobs(admin, { servers: [{ serverId: serverId('two') }], targetId: to, settings: SETTINGS });
    expect(await faultCode(create(foreign?.id ?? ''))).toBe('not-found');
    const { jobIds } = await create(targetId);
    const jobId = jobIds[0] as string;
    expect((await getJob(admin, jobId)).target).toMatchObject({ id: targetId, name: 'For jobs', ...PLACE });

    await updateTarget(site.ctx, { targetId, ...PLACE, bucket: 'third-bucket' });
    const ofJob = eq(replicationRuns.jobId, jobId);
    await site.db.update(replicationRuns).set({ state: 'cancelled', endedAt: new Date() }).where(ofJob);
    await startRun(admin, { jobId });
    const runs = await site.db.select().from(replicationRuns).where(ofJob).orderBy(replicationRuns.createdAt);
    expect(runs).toMatchObject([
      { targetId, targetRevision: 1, settings: { target: { name: 'For jobs', bucket: 'second-bucket' } } },
      { targetId, targetRevision: 2, settings: { target: { name: 'For jobs', bucket: 'third-bucket' } } },
    ]);
  });
});
