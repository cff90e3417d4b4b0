import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectors, replicationJobs, replicationRuns, servers } from '../../../db/schema/index.ts';
import { createJobs } from '../jobs/create.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../testing.ts';
import { getConnector, listConnectors } from './list.ts';

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
  await site.importServers(['a', 'b', 'c', 'd'].map((name) => catalogServer(name)));
  const rows = await site.db.select().from(servers).orderBy(servers.name);
  const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
  const chosen = rows.slice(0, 3).map((row) => ({ serverId: row.id }));
  const { jobIds } = await createJobs(site.as('operator'), { servers: chosen, settings });
  const [first, second] = jobIds as [string, string];
  await site.db.update(replicationRuns).set({ state: 'active' }).where(eq(replicationRuns.jobId, first));
  await site.db.update(replicationJobs).set({ deletedAt: new Date() }).where(eq(replicationJobs.id, second));
  const [known] = await site.db.select().from(connectors);
  if (known) await site.db.insert(connectors).values({ ...known, id: 'c-other', name: 'Other', tokenHash: 'y' });
});
afterAll(() => site.close());

const query = { page: 1, pageSize: 10, cursor: null, sort: null, filter: { operation: 'and' as const, tokens: [] } };

it('counts the servers, live jobs and active runs of each connector, and keeps its key to itself', async () => {
  const viewer = site.as('viewer');
  const counts = { servers: 4, jobs: 2, runs: 1 };
  const one = await getConnector(viewer, site.connectorId);
  expect(one).toMatchObject(counts);
  expect(JSON.stringify(one)).not.toContain('tokenHash');
  const { items } = await listConnectors(viewer, { ...query, sort: { by: 'servers', descending: true } });
  expect(items.map(({ name, servers, jobs, runs }) => ({ name, servers, jobs, runs }))).toEqual([
    { name: 'North', ...counts },
    { name: 'Other', servers: 0, jobs: 0, runs: 0 },
  ]);
  const busy = { property: 'jobs', operator: '>' as const, value: '1' };
  expect((await listConnectors(viewer, { ...query, filter: { operation: 'and', tokens: [busy] } })).total).toBe(1);
});
