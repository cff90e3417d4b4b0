// No list reads a table of the fleet, whatever it is sorted and filtered by.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listActivity } from './activity/list.ts';
import type { ServiceContext } from './context.ts';
import { listCutovers } from './cutovers/list.ts';
import { listImages } from './images/list.ts';
import { listInstances } from './instances/list.ts';
import { listJobs } from './jobs/list.ts';
import type { ListQuery } from './list-page.ts';
import { listRuns } from './runs/list.ts';
import { listServers } from './servers/list.ts';
import { type TestWorkspace, testWorkspace } from './testing.ts';
import { fillFleet, nodesOf, plansOf, wholeTableReads } from './testing-fleet.ts';

type Filters = Record<string, 'text' | 'number' | 'date' | readonly string[]>;
interface Listed {
  list: (ctx: ServiceContext, query: ListQuery) => Promise<unknown>;
  sorts: string[];
  filters: Filters;
}

/** What the tables of the console offer. */
const LISTS: Record<string, Listed> = {
  servers: {
    list: listServers,
    sorts:
      'name readiness replication power guest vcpus memoryMiB diskBytes address disks host connector lastSeenAt family path id'.split(
        ' ',
      ),
    filters: {
      name: 'text',
      path: 'text',
      address: 'text',
      vcpus: 'number',
      lastSeenAt: 'date',
      readiness: ['ready', 'blocked'],
      replication: ['none', 'failed'],
    },
  },
  jobs: {
    list: listJobs,
    sorts: 'server state lag image nextRunAt frequency connector id createdAt'.split(' '),
    filters: { server: 'text', description: 'text', lag: 'number', nextRunAt: 'date', state: ['active', 'failed'] },
  },
  runs: {
    list: listRuns,
    sorts: 'id server state copyMode startedAt duration changed sent image scheduledFor read type'.split(' '),
    filters: {
      server: 'text',
      job: 'text',
      changed: 'number',
      startedAt: 'date',
      state: ['completed', 'failed', 'missed'],
      queue: ['queued', 'waiting'],
      copyMode: ['full', 'mixed'],
    },
  },
  images: {
    list: listImages,
    sorts: 'name id pointInTime verified createdAt method instances job'.split(' '),
    filters: {
      name: 'text',
      run: 'text',
      instances: 'number',
      createdAt: 'date',
      verified: ['full'],
      pinned: ['yes', 'no'],
    },
  },
  instances: {
    list: listInstances,
    sorts: 'name state purpose type image launchedBy launchedAt'.split(' '),
    filters: { name: 'text', privateAddress: 'text', launchedAt: 'date', state: ['running', 'terminated'] },
  },
  cutovers: {
    list: listCutovers,
    sorts: 'server state startAt createdBy endedAt createdAt id'.split(' '),
    filters: { server: 'text', job: 'text', endedAt: 'date', state: ['planned', 'finished'] },
  },
  activity: {
    list: listActivity,
    sorts: 'at actor action subjectKind subject address'.split(' '),
    filters: { actor: 'text', subjectId: 'text', at: 'date', action: ['job.create', 'run.start'] },
  },
};

const VALUES = {
  text: [':server-77', '!:server-77', '=server-77', '!=server-77', '^server-7', ':s7'],
  number: ['=2', '!=2', '>3', '>=3', '<3', '<=3'],
  date: ['>=2026-01-01', '<2026-01-01', '>=2100-01-01'],
};

let site: TestWorkspace;
beforeAll(async () => {
  site = await testWorkspace();
  const { db, workspaceId, connectorId } = site;
  await fillFleet(db, { workspaceId, connectorId, size: 6_000 });
}, 120_000);
afterAll(() => site.close());

const all: ListQuery = { page: 1, pageSize: 20, cursor: null, sort: null, filter: { operation: 'and', tokens: [] } };
type Token = ListQuery['filter']['tokens'][number];
const tokenOf = (text: string): Token => {
  const [, property, operator, value] = /^([A-Za-z]*)(!=|!:|>=|<=|=|:|\^|>|<)(.*)$/.exec(text) ?? [];
  return { ...(property ? { property } : {}), operator: operator as Token['operator'], value: value ?? '' };
};

function filtersOf(filters: Filters): Token[][] {
  const one = Object.entries(filters).flatMap(([property, kind]) => {
    const values = typeof kind === 'string' ? VALUES[kind] : kind.flatMap((value) => [`=${value}`, `!=${value}`]);
    return values.map((value) => [tokenOf(`${property}${value}`)]);
  });
  const free = [':server-77', ':nothing at all', ':se', ':z', '!:server'].map((text) => [tokenOf(text)]);
  const both = one.slice(1).map((tokens, at) => [...tokens, ...(one[at] ?? [])]);
  return [...one, ...free, ...both];
}

it.each(Object.entries(LISTS))(
  '%s: no table is read from end to end',
  async (_, { list, sorts, filters }) => {
    const viewer = site.as('administrator');
    const { asked, reads } = await wholeTableReads(site.db, async () => {
      for (const by of sorts) {
        for (const descending of [false, true]) {
          const sort = { by, descending };
          const page = (await list(viewer, { ...all, sort })) as { next: string | null };
          await list(viewer, { ...all, sort, page: 100 });
          await list(viewer, { ...all, sort, cursor: page.next });
        }
      }
      const [by = ''] = sorts.slice(-1);
      for (const tokens of filtersOf(filters)) {
        await list(viewer, { ...all, sort: { by, descending: true }, filter: { operation: 'and', tokens } });
        if (tokens.length > 1) await list(viewer, { ...all, filter: { operation: 'or', tokens } });
      }
    });
    expect(asked).toBeGreaterThan(100);
    expect([...new Set(reads)].slice(0, 5)).toEqual([]);
  },
  180_000,
);

it.each([
  [':server-4711', 'replication_runs_search'],
  [':s7', 'replication_runs_search'],
  ['state=failed', 'replication_runs_by_state'],
  ['queue=queued', 'replication_runs_by_queue'],
])('finds the few runs that fit %s by %s', async (text, index) => {
  const plans = await plansOf(site.db, () =>
    listRuns(site.as('viewer'), { ...all, filter: { operation: 'and', tokens: [tokenOf(text)] } }),
  );
  expect(plans.flatMap(({ plan }) => nodesOf(plan)).map((node) => node['Index Name'])).toContain(index);
});
