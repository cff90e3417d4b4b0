import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { baselines, replicationRuns, servers } from '../../../db/schema/index.ts';
import type { ResultsSoFar } from '../../../replication/model/step-results.ts';
import { createJobs } from '../jobs/create.ts';
import { getJob } from '../jobs/list.ts';
import type { ListQuery } from '../list-page.ts';
import { catalogServer, type TestWorkspace, testWorkspace } from '../testing.ts';
import { listRuns } from './list.ts';

const MiB = 1024 ** 2;
const settings = { everyHours: null, seedAt: null, description: '', keepImages: null };
const all: ListQuery = { page: 1, pageSize: 10, cursor: null, sort: null, filter: { operation: 'and', tokens: [] } };

let site: TestWorkspace;
const jobs = new Map<string, string>();
const runs = new Map<string, string>();

/** Results as the steps leave them, as far as the lists read them. */
function copied(disks: { mode: 'full' | 'delta'; changed: number | null; sent: number }[]): ResultsSoFar {
  const of = <T>(pick: (disk: (typeof disks)[number]) => T) =>
    disks.map((disk, at) => ({ id: `disk-${at}`, mode: disk.mode, reason: null, ...pick(disk) }));
  return {
    'take-snapshot': {
      snapshotId: 'snapshot-1',
      name: 'landfall',
      takenAt: '2026-05-04T10:00:00.000Z',
      quiesced: true,
      notQuiescedBecause: null,
      disks: disks.map((_, at) => ({ id: `disk-${at}`, label: `Hard disk ${at + 1}`, order: at })),
    },
    'find-changes': { disks: of(({ changed }) => ({ changedBytes: changed, baseline: null })) },
    'copy-disks': { disks: of(({ sent }) => ({ bytesRead: 2 * sent, bytesSent: sent })) },
  } as unknown as ResultsSoFar;
}

beforeAll(async () => {
  site = await testWorkspace();
  const results: Record<string, ResultsSoFar> = {
    first: copied([{ mode: 'full', changed: null, sent: 100 * MiB }]),
    later: copied([{ mode: 'delta', changed: 4 * MiB, sent: 3 * MiB }]),
    both: copied([
      { mode: 'delta', changed: 2 * MiB, sent: MiB },
      { mode: 'full', changed: null, sent: 50 * MiB },
    ]),
    waiting: {},
  };
  await site.importServers(Object.keys(results).map((name) => catalogServer(name)));
  for (const [name, result] of Object.entries(results)) {
    const [server] = await site.db.select().from(servers).where(eq(servers.name, name));
    const made = await createJobs(site.as('operator'), { servers: [{ serverId: server?.id as string }], settings });
    const jobId = made.jobIds[0] as string;
    jobs.set(name, jobId);
    const [run] = await site.db
      .update(replicationRuns)
      .set({ results: result })
      .where(eq(replicationRuns.jobId, jobId))
      .returning();
    runs.set(name, run?.id as string);
  }
});
afterAll(() => site.close());

const names = async (query: Partial<ListQuery>) =>
  (await listRuns(site.as('viewer'), { ...all, ...query })).items.map(({ serverName }) => serverName);
const where = (property: string, operator: '=' | '!=' | '>', value: string) =>
  names({ filter: { operation: 'and', tokens: [{ property, operator, value }] } });

it('says of every run how it was copied, what had changed and what was sent', async () => {
  const { items } = await listRuns(site.as('viewer'), all);
  const shown = Object.fromEntries(
    items.map(({ serverName, copyMode, changedBytes, bytes }) => [serverName, { copyMode, changedBytes, ...bytes }]),
  );
  expect(shown).toEqual({
    first: { copyMode: 'full', changedBytes: null, read: 200 * MiB, sent: 100 * MiB },
    later: { copyMode: 'delta', changedBytes: 4 * MiB, read: 6 * MiB, sent: 3 * MiB },
    both: { copyMode: 'mixed', changedBytes: 2 * MiB, read: 102 * MiB, sent: 51 * MiB },
    waiting: { copyMode: null, changedBytes: null, read: null, sent: null },
  });
});

it('filters and sorts by them as they are shown', async () => {
  expect(await where('copyMode', '=', 'mixed')).toEqual(['both']);
  expect(await where('copyMode', '=', 'delta')).toEqual(['later']);
  expect((await where('copyMode', '!=', 'full')).sort()).toEqual(['both', 'later', 'waiting']);
  expect(await where('changed', '>', '3')).toEqual(['later']);
  expect(await names({ sort: { by: 'sent', descending: true } })).toEqual(['first', 'both', 'later', 'waiting']);
});

it('shows the baselines of a job in the order of its disks, the revoked ones with the reason', async () => {
  const jobId = jobs.get('both') as string;
  const row = {
    jobId,
    runId: runs.get('both') as string,
    workspaceId: site.workspaceId,
    capacityBytes: 8 * MiB,
    manifestKey: 'manifest',
    digestRoot: 'root',
    digestPrefixes: [],
    pointInTime: new Date('2026-05-04T10:00:00Z'),
  };
  await site.db.insert(baselines).values([
    { ...row, diskId: 'disk-1', snapshotId: 'snap-2', changeId: null, revokedAt: new Date(), revokedBecause: 'Wrong.' },
    { ...row, diskId: 'disk-0', snapshotId: 'snap-1', changeId: '52 de/7' },
  ]);
  expect((await getJob(site.as('viewer'), jobId)).baselines).toMatchObject([
    { label: 'Hard disk 1', snapshotId: 'snap-1', tracked: true, revokedAt: null },
    { label: 'Hard disk 2', snapshotId: 'snap-2', tracked: false, revokedBecause: 'Wrong.' },
  ]);
  expect((await getJob(site.as('viewer'), jobs.get('first') as string)).baselines).toEqual([]);
});
