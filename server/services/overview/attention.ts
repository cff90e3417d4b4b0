// What needs somebody's hand, worst first and grouped by cause: one cause is one entry, however many jobs it holds up. What
// jobs, cutovers and artifacts need stands in rows that the database keeps (db/schema/attention.ts), and how many have one cause
// is a tally; connectors are few and their silence is a matter of the clock, so those are looked at.

import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import {
  type AttentionRowKind,
  artifacts,
  attention,
  connectors,
  cutovers,
  replicationRuns,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import type { Fault } from '../../../replication/model/fault.ts';
import { connectorStatus } from '../connectors/status.ts';
import { guard, type ServiceContext } from '../context.ts';
import { lastBreakGlassUse } from '../sso/break-glass-use.ts';
import { readTallies } from '../tallies/read.ts';
import {
  type AttentionKind,
  type AttentionWords,
  breakGlassWords,
  catalogWords,
  connectorWords,
  cutoverWords,
  type GroupedKind,
  groupWords,
  NOUNS,
  restWords,
  TONES,
} from './attention-words.ts';

export interface Attention {
  /** Stays the same while the cause does. */
  id: string;
  kind: AttentionKind;
  tone: 'error' | 'warning';
  fault: AttentionWords;
  /** Since when it lasts, as far as it is known. */
  since: Date | null;
  affected: { count: number; noun: string };
  /**
   * The first few things it concerns; the id is a cutover's, a connector's or a replication job's, as the kind says. None
   * where the entry stands for the causes of its kind that are not shown.
   */
  things: { id: string; name: string }[];
}

/** Causes that are shown; each kind beyond its share of them has one entry for the rest. */
const MOST_CAUSES = 50;
const SHOWN_THINGS = 5;
/** Artifacts that are looked at for the first few jobs which left them. */
const LEFT_OVERS_LOOKED_AT = 50;
/** A connector that has just been enrolled may take this long to its first report. */
const FIRST_REPORT_MS = 60_000;

/** The worst first. */
const KINDS = [
  'break-glass',
  'cutover',
  'connector',
  'paused-jobs',
  'failed-runs',
  'catalog',
  'waiting-runs',
  'left-over',
] as const;

/** How many causes there are: what the bar at the top shows on every page. */
export async function countAttention(ctx: ServiceContext): Promise<number> {
  const workspaceId = guard(ctx, 'workspace.read');
  const found = await causes(ctx, workspaceId);
  return KINDS.reduce((sum, kind) => sum + numberOf(found, kind), 0);
}

export async function needsAttention(ctx: ServiceContext): Promise<Attention[]> {
  const workspaceId = guard(ctx, 'workspace.read');
  const found = await causes(ctx, workspaceId);
  const share = shareOf(KINDS.map((kind) => numberOf(found, kind)));
  const [asking, grouped] = await Promise.all([
    waitingCutovers(ctx, workspaceId, Math.min(share, found.cutovers)),
    groupedEntries(
      ctx,
      workspaceId,
      ROW_KINDS.flatMap((kind) => found.grouped[kind].slice(0, share)),
    ),
  ]);
  const shown: Attention[] = [
    ...found.breakGlass,
    ...asking,
    ...found.connectors.slice(0, share),
    ...found.catalogs.slice(0, share),
    ...grouped,
  ];
  return KINDS.flatMap((kind) => {
    const ofKind = shown.filter((one) => one.kind === kind);
    const left = numberOf(found, kind) - share;
    return left > 0 ? [...ofKind, theRest(kind, left, found)] : ofKind;
  });
}

/** So many causes of each kind are shown that all together are not too many. */
function shareOf(numbers: readonly number[]): number {
  const shown = (share: number) => numbers.reduce((sum, number) => sum + Math.min(number, share), 0);
  let share = MOST_CAUSES;
  while (share > 1 && shown(share) > MOST_CAUSES) share -= 1;
  return share;
}

const ROW_KINDS = ['paused-jobs', 'failed-runs', 'waiting-runs', 'left-over'] as const satisfies GroupedKind[];

interface Group {
  kind: GroupedKind;
  cause: string;
  count: number;
}

interface Causes {
  breakGlass: Attention[];
  cutovers: number;
  connectors: Attention[];
  catalogs: Attention[];
  /** Of each kind the largest group first. */
  grouped: Record<GroupedKind, Group[]>;
}

function numberOf(found: Causes, kind: Attention['kind']): number {
  if (kind === 'cutover') return found.cutovers;
  if (kind === 'break-glass') return found.breakGlass.length;
  if (kind === 'connector') return found.connectors.length;
  if (kind === 'catalog') return found.catalogs.length;
  return found.grouped[kind].length;
}

async function causes(ctx: ServiceContext, workspaceId: WorkspaceId): Promise<Causes> {
  const counted = await readTallies(ctx.db, workspaceId, ['attention', 'jobs-of-connector']);
  const grouped: Causes['grouped'] = { 'paused-jobs': [], 'failed-runs': [], 'waiting-runs': [], 'left-over': [] };
  let asking = 0;
  for (const { bucket, count } of counted.buckets('attention')) {
    const slash = bucket.indexOf('/');
    const kind = bucket.slice(0, slash) as AttentionRowKind;
    if (kind === 'cutover') asking = count;
    else if (count > 0) grouped[kind].push({ kind, cause: bucket.slice(slash + 1), count });
  }
  for (const kind of ROW_KINDS) grouped[kind].sort((one, other) => other.count - one.count);
  const jobsOf = (connectorId: string) => counted.count('jobs-of-connector', connectorId);
  const [breakGlass, connected] = await Promise.all([
    ofBreakGlass(ctx, workspaceId),
    ofConnectors(ctx, workspaceId, jobsOf),
  ]);
  return { cutovers: asking, grouped, breakGlass, ...connected };
}

async function ofBreakGlass(ctx: ServiceContext, workspaceId: WorkspaceId): Promise<Attention[]> {
  const use = await lastBreakGlassUse(ctx, workspaceId);
  if (!use) return [];
  return [
    {
      id: `break-glass-${use.sessionId}`,
      kind: 'break-glass',
      tone: TONES['break-glass'],
      fault: breakGlassWords(use.name, use.address),
      since: use.at,
      affected: { count: 1, noun: NOUNS['break-glass'] },
      things: [],
    },
  ];
}

/** A cutover that asks: a service is down until somebody answers. */
async function waitingCutovers(ctx: ServiceContext, workspaceId: WorkspaceId, most: number): Promise<Attention[]> {
  if (most === 0) return [];
  const rows = await ctx.db
    .select({ row: cutovers })
    .from(attention)
    .innerJoin(cutovers, eq(cutovers.id, attention.subjectId))
    .where(and(eq(attention.workspaceId, workspaceId), eq(attention.kind, 'cutover'), eq(attention.cause, '')))
    .orderBy(attention.place, attention.subjectId)
    .limit(most);
  return rows.map(({ row }) => ({
    id: `cutover-${row.id}-${row.question?.number ?? 0}`,
    kind: 'cutover',
    tone: TONES.cutover,
    fault: cutoverWords(row.serverName, row.question ?? { text: `${row.waitingFor}` }),
    since: row.question ? new Date(row.question.askedAt) : row.startAt,
    affected: { count: 1, noun: 'cutover' },
    things: [{ id: row.id, name: row.serverName }],
  }));
}

/** Connectors that are not healthy, and catalogs that could not be imported. */
async function ofConnectors(
  ctx: ServiceContext,
  workspaceId: WorkspaceId,
  jobsOf: (connectorId: string) => number,
): Promise<Pick<Causes, 'connectors' | 'catalogs'>> {
  const now = ctx.now();
  const rows = await ctx.db
    .select({
      id: connectors.id,
      name: connectors.name,
      checks: connectors.checks,
      checkedAt: connectors.checkedAt,
      lastSeenAt: connectors.lastSeenAt,
      associatedAt: connectors.associatedAt,
      catalogState: connectors.catalogState,
      catalogFault: connectors.catalogFault,
    })
    .from(connectors)
    .where(and(eq(connectors.workspaceId, workspaceId), isNull(connectors.disassociatedAt)))
    .orderBy(connectors.name);
  const ill = rows.flatMap((row) => {
    const { status, reason } = connectorStatus(row, now);
    if (status === 'healthy') return [];
    if (status === 'waiting' && now.getTime() - row.associatedAt.getTime() < FIRST_REPORT_MS) return [];
    return [{ row, reason }];
  });
  return {
    connectors: ill.map(({ row, reason }) => {
      const silent = row.checks.every((check) => check.ok || check.level !== 'required');
      return {
        id: `connector-${row.id}`,
        kind: 'connector',
        tone: TONES.connector,
        fault: connectorWords(row.name, silent, reason),
        since: silent ? row.lastSeenAt : null,
        affected: { count: jobsOf(row.id), noun: 'replication job' },
        things: [{ id: row.id, name: row.name }],
      };
    }),
    catalogs: rows.flatMap((row): Attention[] =>
      row.catalogState === 'failed' && row.catalogFault
        ? [
            {
              id: `catalog-${row.id}`,
              kind: 'catalog',
              tone: TONES.catalog,
              fault: catalogWords(row.name, row.catalogFault),
              since: null,
              affected: { count: 1, noun: 'connector' },
              things: [{ id: row.id, name: row.name }],
            },
          ]
        : [],
    ),
  };
}

/** What is read of a group: never all of its rows. */
interface Probe {
  since: string | null;
  /** All of its faults say the same. */
  alike: boolean;
  firsts: { subject: string; run: string; id: string; name: string; place: number }[];
}

/** Entries of groups that were counted; none of one that is gone since. */
export async function groupedEntries(
  ctx: { db: Queries },
  workspaceId: WorkspaceId,
  groups: Group[],
): Promise<Attention[]> {
  if (groups.length === 0) return [];
  const probed = await probe(ctx, workspaceId, groups);
  const found = groups.flatMap((group, at) => {
    const first = probed[at]?.firsts[0];
    // Closed since it was counted.
    return first ? [{ ...group, ...(probed[at] as Probe), first }] : [];
  });
  const [runs, artifactFaults] = await Promise.all([
    runWords(
      ctx,
      workspaceId,
      found.filter(({ kind }) => kind !== 'left-over').map(({ first }) => first.run),
    ),
    releaseFaults(
      ctx,
      workspaceId,
      found.filter(({ kind }) => kind === 'left-over').map(({ first }) => first.subject),
    ),
  ]);
  return found
    .sort((a, b) => b.count - a.count || a.first.place - b.first.place)
    .map(({ kind, cause, count, since, alike, firsts, first }): Attention => {
      const run = runs.get(first.run);
      const fault = kind === 'left-over' ? artifactFaults.get(first.subject) : run?.fault;
      return {
        id: `${PREFIXES[kind]}-${cause}`,
        kind,
        tone: TONES[kind],
        fault: groupWords(kind, { fault, alike, waitingFor: run?.waitingFor, count }),
        since: since === null ? null : new Date(since),
        affected: { count, noun: NOUNS[kind] },
        things: [...new Map(firsts.map(({ id, name }) => [id, name]))]
          .slice(0, SHOWN_THINGS)
          .map(([id, name]) => ({ id, name })),
      };
    });
}

const PREFIXES = {
  'paused-jobs': 'paused',
  'failed-runs': 'failed',
  'waiting-runs': 'waiting',
  'left-over': 'left-over',
};

/** A few rows of each index per group, in the order of the groups. */
async function probe(ctx: { db: Queries }, workspaceId: WorkspaceId, groups: Group[]): Promise<Probe[]> {
  const of = sql`${attention.workspaceId} = ${workspaceId} and ${attention.kind} = wanted.kind and ${attention.cause} = wanted.cause`;
  const most = sql`case wanted.kind when 'left-over' then ${LEFT_OVERS_LOOKED_AT}::int else ${SHOWN_THINGS}::int end`;
  const kinds = groups.map(({ kind }) => kind);
  const list = groups.map(({ cause }) => cause);
  const { rows } = await ctx.db.execute<{ since: string | null; alike: boolean; firsts: Probe['firsts'] | null }>(sql`
    select
      (select ${attention.since} from ${attention} where ${of} order by ${attention.since} limit 1)::text as since,
      (select ${attention.words} from ${attention} where ${of} order by ${attention.words} limit 1)
        = (select ${attention.words} from ${attention} where ${of} order by ${attention.words} desc limit 1) as alike,
      (
        select jsonb_agg(jsonb_build_object('subject', one.subject_id, 'run', one.run_id, 'id', one.thing_id,
          'name', one.thing_name, 'place', one.place) order by one.place, one.subject_id)
        from (
          select * from ${attention} where ${of} order by ${attention.place}, ${attention.subjectId} limit ${most}
        ) one
      ) as firsts
    from unnest(${sql.param(kinds)}::text[], ${sql.param(list)}::text[]) with ordinality as wanted (kind, cause, at)
    order by wanted.at`);
  return rows.map(({ since, alike, firsts }) => ({ since, alike, firsts: firsts ?? [] }));
}

async function runWords(ctx: { db: Queries }, workspaceId: WorkspaceId, ids: string[]) {
  if (ids.length === 0) return new Map<string, { fault: Fault | null; waitingFor: string | null }>();
  const rows = await ctx.db
    .select({ id: replicationRuns.id, fault: replicationRuns.fault, waitingFor: replicationRuns.waitingFor })
    .from(replicationRuns)
    .where(and(eq(replicationRuns.workspaceId, workspaceId), inArray(replicationRuns.id, ids)));
  return new Map(rows.map(({ id, ...words }) => [id, words]));
}

async function releaseFaults(
  ctx: { db: Queries },
  workspaceId: WorkspaceId,
  ids: string[],
): Promise<Map<string, Fault | null>> {
  if (ids.length === 0) return new Map();
  const rows = await ctx.db
    .select({ id: artifacts.id, fault: artifacts.releaseFault })
    .from(artifacts)
    .where(and(eq(artifacts.workspaceId, workspaceId), inArray(artifacts.id, ids)));
  return new Map(rows.map(({ id, fault }) => [id, fault]));
}

/** Stands for the causes of a kind that are not shown. */
function theRest(kind: Attention['kind'], left: number, found: Causes): Attention {
  const rows = kind in found.grouped ? found.grouped[kind as GroupedKind] : [];
  const count = rows.length > 0 ? rows.slice(-left).reduce((sum, group) => sum + group.count, 0) : left;
  return {
    id: `${kind}-more`,
    kind,
    tone: TONES[kind],
    fault: restWords(kind, left),
    since: null,
    affected: { count, noun: NOUNS[kind] },
    things: [],
  };
}
