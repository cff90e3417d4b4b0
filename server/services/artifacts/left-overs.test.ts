// What ended runs left at the source and at AWS: who may end a connector that is still needed for it, what a person is told, and
// what may be forgotten.
import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { newId } from '../../../db/ids.ts';
import { artifacts, connectors, replicationJobs, replicationRuns, servers } from '../../../db/schema/index.ts';
import { fault } from '../../../replication/model/fault.ts';
import { disassociateConnector } from '../connectors/disassociate.ts';
import { inTransaction } from '../context.ts';
import { createJobs } from '../jobs/create.ts';
import { removeJob } from '../jobs/delete.ts';
import { needsAttention } from '../overview/attention.ts';
import { advanceRun } from '../runs/advance.ts';
import { catalogServer, faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { openSourceArtifacts, settleOrphansAtSource } from './at-source.ts';
import { forgetLeftOvers, listLeftOvers, retryRelease } from './left-overs.ts';
import { dueArtifacts, markNotReleased } from './release.ts';

let site: TestWorkspace;
let number = 0;
let name = '';
let serverId = '';
let run: typeof replicationRuns.$inferSelect;

beforeAll(async () => {
  site = await testWorkspace();
});
afterAll(() => site.close());

/** A run of a server of its own that was cancelled with its job, and whose snapshot still stands. */
beforeEach(async () => {
  await site.db.delete(artifacts);
  await site.db.update(connectors).set({ disassociatedAt: null });
  number += 1;
  name = `web-${number}`;
  await site.importServers([catalogServer(name)]);
  const [server] = await site.db.select().from(servers).where(eq(servers.name, name));
  serverId = server?.id as string;
  run = await newRun();
  await site.db.update(replicationRuns).set({ state: 'cancelled' }).where(eq(replicationRuns.id, run.id));
  await inTransaction(site.ctx, site.workspaceId, (work) => removeJob(site.ctx, work, site.workspaceId, run.jobId));
  await leave('vsphere-snapshot', { vmId: run.settings.vmId, name: `landfall-${run.id}` });
});

async function newRun() {
  const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
  const { jobIds } = await createJobs(site.ctx, { servers: [{ serverId }], settings });
  const [made] = await site.db
    .select()
    .from(replicationRuns)
    .where(eq(replicationRuns.jobId, jobIds[0] as string));
  if (!made) throw new Error('no run');
  return made;
}

async function leave(kind: (typeof artifacts.$inferInsert)['kind'], details: Record<string, string> = {}) {
  const row = { id: newId.artifact(), workspaceId: site.workspaceId, runId: run.id, connectorId: site.connectorId };
  const [made] = await site.db
    .insert(artifacts)
    .values({ ...row, kind, token: row.id, state: 'created', externalId: `${kind}-1`, fence: 1, details })
    .returning();
  return made?.id as string;
}

const disassociate = (leaveBehind?: string) =>
  disassociateConnector(site.as('administrator'), {
    connectorId: site.connectorId,
    ...(leaveBehind !== undefined && { leaveBehind }),
  });
const leftOvers = async () => (await needsAttention(site.ctx)).filter(({ kind }) => kind === 'left-over');
const states = async () => (await site.db.select().from(artifacts)).map(({ state }) => state);

it('keeps a connector that is still needed to remove a snapshot, and says of which server', async () => {
  const refusal = await disassociate().catch((error) => error.fault);
  expect(refusal).toMatchObject({ code: 'left-at-source', message: expect.stringContaining(name) });
  expect(await faultCode(disassociate('another name'))).toBe('input-invalid');
  expect(await dueArtifacts(site.ctx)).toMatchObject({ connectors: [{ connectorId: site.connectorId }] });
});

it('lets it go for a person who types its name, and tells what to remove by hand until that is done', async () => {
  await leave('nfc-lease', { vmId: run.settings.vmId });
  await disassociate('North');
  await settleOrphansAtSource(site.ctx);
  expect(await dueArtifacts(site.ctx)).toEqual({ cloud: [], connectors: [] });
  expect(await leftOvers()).toMatchObject([
    {
      fault: {
        code: 'left-at-source',
        message: expect.stringContaining(`landfall-${run.id} of ${name}`),
        remedy: expect.stringContaining('by hand'),
      },
    },
  ]);
  const [entry] = await listLeftOvers(site.as('viewer'));
  expect(entry).toMatchObject({ kind: 'vsphere-snapshot', name: `landfall-${run.id}`, serverName: name });
  const artifactIds = [entry?.id as string];
  expect(await faultCode(forgetLeftOvers(site.as('operator'), { artifactIds }))).toBe('permission-denied');
  await forgetLeftOvers(site.as('administrator'), { artifactIds });
  expect(await leftOvers()).toEqual([]);
  // vCenter has ended the export by itself.
  await site.db.update(connectors).set({ disassociatedAt: sql`now() - interval '1 hour'` });
  await settleOrphansAtSource(site.ctx);
  expect(await states()).toEqual(['released', 'released']);
});

it('hands what is left over to the next connector of the same VM manager', async () => {
  await disassociate('North');
  await settleOrphansAtSource(site.ctx);
  expect(await leftOvers()).toHaveLength(1);
  const [gone] = await site.db.select().from(connectors).where(eq(connectors.id, site.connectorId));
  const heir = newId.connector();
  await site.db.insert(connectors).values({ ...(gone as typeof gone & object), id: heir, disassociatedAt: null });
  await site.db.update(artifacts).set({ releaseNotBefore: sql`now()` });
  await settleOrphansAtSource(site.ctx);
  expect((await dueArtifacts(site.ctx)).connectors).toMatchObject([{ connectorId: heir }]);
  expect(await leftOvers()).toEqual([]);
  await site.db.update(artifacts).set({ connectorId: site.connectorId });
  await site.db.delete(connectors).where(eq(connectors.id, heir));
});

it('lets a run wait for what a job that is gone has left on its server, and for no other server', async () => {
  const next = await newRun();
  await advanceRun(site.ctx, next.id);
  const [waiting] = await site.db.select().from(replicationRuns).where(eq(replicationRuns.id, next.id));
  expect(waiting).toMatchObject({ state: 'pending', waitingFor: expect.stringContaining('source snapshot') });
  const leftOf = async (vmId: string) => {
    const { connectorId, workspaceId } = next;
    const count = openSourceArtifacts({ connectorId, workspaceId, vmId });
    return (await site.db.execute<{ count: number }>(sql`select ${count} as count`)).rows[0]?.count;
  };
  expect(await leftOf(next.settings.vmId)).toBe(1);
  expect(await leftOf('vm-of-another')).toBe(0);
  await site.db.update(replicationJobs).set({ state: 'deleted', deletedAt: new Date() });
});

it('releases what is at AWS, and asks the other connectors, however much waits for one that is silent', async () => {
  await site.db.execute(sql`
    insert into artifacts (id, workspace_id, run_id, connector_id, kind, token, state, fence, details, release_not_before)
    select 'artifact-silent-' || n, workspace_id, run_id, connector_id, kind, 'token-' || n, state, fence, details, now() - interval '1 day'
    from artifacts, generate_series(1, 1100) n`);
  const [silent] = await site.db.select().from(connectors).where(eq(connectors.id, site.connectorId));
  const other = newId.connector();
  await site.db.insert(connectors).values({ ...(silent as typeof silent & object), id: other });
  const atOther = await leave('vsphere-snapshot');
  await site.db.update(artifacts).set({ connectorId: other }).where(eq(artifacts.id, atOther));
  const atAws = await leave('ebs-snapshot');
  const due = await dueArtifacts(site.ctx);
  expect(due.cloud.map(({ artifact }) => artifact.id)).toEqual([atAws]);
  const asked = due.connectors.map(({ connectorId }) => connectorId);
  expect(asked.sort()).toEqual([site.connectorId, other].sort());
  // AWS, too, may be away for long, and more is due there than a turn takes.
  for (let more = 0; more < 60; more += 1) await leave('ebs-snapshot');
  expect((await dueArtifacts(site.ctx)).connectors).toHaveLength(2);
  await site.db.delete(artifacts);
  await site.db.delete(connectors).where(eq(connectors.id, other));
});

it('tries slower and slower, then asks a person, who may have it tried at once', async () => {
  await site.db.delete(artifacts);
  const id = await leave('ebs-snapshot');
  const look = async () => {
    const [row] = await site.db
      .select({
        seconds: sql<number>`round(extract(epoch from ${artifacts.releaseNotBefore} - now()))::int`,
        attempts: artifacts.releaseAttempts,
      })
      .from(artifacts);
    return row;
  };
  const due = async () => {
    await site.db.update(artifacts).set({ releaseNotBefore: sql`now()` });
    const [one] = (await dueArtifacts(site.ctx)).cloud;
    if (!one) throw new Error('nothing is due');
    return one;
  };
  const waits: number[] = [];
  for (let tries = 0; tries < 14; tries += 1) {
    await markNotReleased(site.ctx, await due(), fault('snapshot-in-use', { message: 'ami-1 uses it.' }));
    waits.push((await look())?.seconds as number);
    expect(await leftOvers()).toHaveLength(tries < 5 ? 0 : 1);
  }
  const doubled = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4096, 4096];
  // A slow machine may need a second between the two statements.
  for (const [at, seconds] of doubled.entries()) expect(waits[at]).toBeGreaterThan(seconds - 20);
  for (const [at, seconds] of doubled.entries()) expect(waits[at]).toBeLessThanOrEqual(seconds);
  expect(await dueArtifacts(site.ctx)).toMatchObject({ cloud: [] });
  await retryRelease(site.as('operator'), { artifactIds: [id] });
  expect((await dueArtifacts(site.ctx)).cloud).toHaveLength(1);
});

it('shows a result that was kept at the first try, and forgets only what it shows', async () => {
  await site.db.delete(artifacts);
  const kept = await leave('image', { name: 'an AMI' });
  const [one] = (await dueArtifacts(site.ctx)).cloud;
  const young = await leave('ebs-snapshot');
  await markNotReleased(site.ctx, one as NonNullable<typeof one>, fault('result-kept'));
  expect(await leftOvers()).toMatchObject([{ fault: { code: 'result-kept' } }]);
  const administrator = site.as('administrator');
  expect(await faultCode(forgetLeftOvers(administrator, { artifactIds: [kept, young] }))).toBe('conflict');
  expect(await states()).toEqual(['created', 'created']);
  await forgetLeftOvers(administrator, { artifactIds: [kept] });
  expect((await dueArtifacts(site.ctx)).cloud.map(({ artifact }) => artifact.id)).toEqual([young]);
});
