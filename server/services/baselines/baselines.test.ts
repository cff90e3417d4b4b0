// A baseline is measured from only where it lies: in another target, bucket, prefix or Region the disk is copied whole.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { baselines, replicationRuns } from '../../../db/schema/index.ts';
import { TARGET_FIELDS } from '../../../replication/model/target-fields.ts';
import { createJobs } from '../jobs/create.ts';
import { createTarget } from '../targets/create.ts';
import { placeAt } from '../targets/store.ts';
import { updateTarget } from '../targets/update.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../testing.ts';
import { baselinesOf } from './baselines.ts';

const PLACE = { region: 'eu-central-1', bucket: 'bucket', prefix: 'landfall/' };
let site: TestWorkspace;
let jobId: string;

beforeAll(async () => {
  site = await testWorkspace();
  await site.importServers([catalogServer('web')]);
  const [server] = await site.db.query.servers.findMany();
  const made = await createJobs(site.ctx, {
    servers: [{ serverId: server?.id ?? '' }],
    settings: { everyHours: null, seedAt: null, description: '', keepImages: null },
  });
  jobId = made.jobIds[0] as string;
  const [run] = await site.db.select().from(replicationRuns);
  await site.db.insert(baselines).values({
    ...{ jobId, diskId: 'disk', workspaceId: site.workspaceId, runId: run?.id as string, capacityBytes: 1 },
    ...{ changeId: '52/1', snapshotId: 'snap-1', manifestKey: 'key', digestRoot: 'root', digestPrefixes: [] },
    pointInTime: new Date(),
  });
});
afterAll(() => site.close());

async function measured(targetId: string, targetRevision: number) {
  const here = await placeAt(site.db, { targetId, targetRevision });
  const { baselines: live, revoked } = await baselinesOf(site.db, jobId, here);
  return { live: live.map(({ snapshotId }) => snapshotId), why: revoked.disk };
}

it('counts in the place in which it was made', async () => {
  expect(await measured(site.targetId, 1)).toEqual({ live: ['snap-1'], why: undefined });
});

it.each([
  [{ bucket: 'another' }, 'The AWS target has another bucket than at the last run: another instead of bucket.'],
  [{ prefix: 'else/' }, 'The AWS target has another prefix than at the last run: else/ instead of landfall/.'],
  [
    { region: 'us-east-1' },
    'The AWS target has another Region than at the last run: us-east-1 instead of eu-central-1.',
  ],
])('does not count with %o, and the run says why', async (change, why) => {
  const { revision } = await updateTarget(site.ctx, { targetId: site.targetId, ...PLACE, ...change });
  expect(await measured(site.targetId, revision)).toEqual({ live: [], why });
});

it('counts again where only the way to the same place is another', async () => {
  const endpoints = { s3: 'https://s3.internal' };
  const { revision } = await updateTarget(site.ctx, { targetId: site.targetId, ...PLACE, endpoints });
  expect((await measured(site.targetId, revision)).live).toEqual(['snap-1']);
});

it.each([
  ['region', 'us-west-2'],
  ['bucket', 'one-more'],
  ['prefix', 'more/'],
  ['endpoints', { s3: 'https://other.internal' }],
  ['importRole', 'other-import'],
] as const)('counts with another %s as the pages say before it is saved', async (field, value) => {
  const before = { targetId: site.targetId, ...PLACE, endpoints: {}, importRole: null };
  await updateTarget(site.ctx, before);
  const { revision } = await updateTarget(site.ctx, { ...before, [field]: value });
  expect((await measured(site.targetId, revision)).live).toEqual(
    TARGET_FIELDS[field] === 'new-chain' ? [] : ['snap-1'],
  );
});

it('does not count in another target, be it in the same bucket', async () => {
  const { targetId } = await createTarget(site.ctx, { name: 'Other', ...PLACE });
  expect(await measured(targetId, 1)).toEqual({
    live: [],
    why: 'The last run of this job went into another AWS target.',
  });
});
