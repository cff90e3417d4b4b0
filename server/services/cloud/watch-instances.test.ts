// Instances of several AWS targets: each target is asked about its own, and one that does not answer holds up no other.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { images, instances, replicationRuns, servers } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { AwsTarget } from '../../../replication/target/aws/target.ts';
import { createJobs } from '../jobs/create.ts';
import { Round } from '../round.ts';
import { createTarget } from '../targets/create.ts';
import type { AtPlace } from '../targets/store.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import type { Targets } from './target-pool.ts';
import { watchInstances } from './watch-instances.ts';

let site: TestWorkspace;
let other: string;
let asked: Record<string, string[]> = {};
let away: string | null = null;

beforeAll(async () => {
  site = await testWorkspace();
  const { targetId } = await createTarget(site.ctx, { name: 'Other', region: 'us-east-1', bucket: 'other' });
  other = targetId;
  await site.importServers([catalogServer('one'), catalogServer('two')]);
  await launched('one', site.targetId);
  await launched('two', other);
});
afterAll(() => site.close());

async function launched(name: string, targetId: string): Promise<void> {
  const { db, ctx, workspaceId } = site;
  const [server] = await db.select().from(servers).where(eq(servers.name, name));
  const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
  const { jobIds } = await createJobs(ctx, { servers: [{ serverId: server?.id ?? '' }], targetId, settings });
  const jobId = jobIds[0] as string;
  const [run] = await db.select().from(replicationRuns).where(eq(replicationRuns.jobId, jobId));
  const of = { workspaceId, runId: run?.id as string, name };
  await db.insert(images).values({
    ...{ ...of, id: `ami-${name}`, jobId, method: 'register-image', snapshotIds: [], pointInTime: new Date() },
  });
  await db.insert(instances).values({
    ...{ ...of, id: `launch-${name}`, instanceId: `i-${name}`, imageId: `ami-${name}`, purpose: 'test' },
    ...{ input: {} as never, state: 'running', launchedBy: 'somebody' },
  });
}

const targets: Targets = {
  at: async (_db, { targetId }: AtPlace) => {
    const describe = async (ids: string[]) => {
      if (targetId === away) throw faultError('aws-unreachable');
      asked[targetId] = ids;
      return new Map(ids.map((id) => [id, { instanceId: id, state: 'stopped' }]));
    };
    return { instances: { describe } } as unknown as AwsTarget;
  },
  close: () => undefined,
};
const watch = () =>
  watchInstances(site.ctx, targets, { changing: new Round(), all: new Round() }, new AbortController().signal);
const state = async (id: string) =>
  (await site.db.select({ state: instances.state }).from(instances).where(eq(instances.id, id)))[0]?.state;

it('looks at the others while one target is away, and says that it is', async () => {
  away = site.targetId;
  expect(await faultCode(watch())).toBe('aws-unreachable');
  expect(await state('launch-one')).toBe('running');
  expect(await state('launch-two')).toBe('stopped');
});

it('asks each target about what is in it', async () => {
  away = null;
  asked = {};
  await watch();
  expect(asked).toEqual({ [site.targetId]: ['i-one'], [other]: ['i-two'] });
  expect(await state('launch-one')).toBe('stopped');
});
