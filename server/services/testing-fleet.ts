// A fleet as the product leaves one behind, made by a few statements, and the plans of what is asked of it: for tests that
// nothing reads a whole table. Imported by *.test.ts in server/ only.

import { sql } from 'drizzle-orm';
import type pg from 'pg';
import type { Database, Queries } from '../../db/client.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';

/** So many servers with a job, an ended run, an AMI, an instance, a cutover and an artifact each; some runs go on or wait. */
export async function fillFleet(
  db: Database,
  { workspaceId, connectorId, size }: { workspaceId: WorkspaceId; connectorId: string; size: number },
): Promise<void> {
  // With the triggers off, as a restore does it; what they keep is written here and made anew at the end.
  await db.transaction(async (tx) => {
    await tx.execute(sql`set local session_replication_role = replica`);
    await fillTables(tx, { workspaceId, connectorId, size });
    await tx.execute(sql`select rebuild_attention(), recount_tallies()`);
  });
  await db.execute(sql`analyze`);
}

async function fillTables(
  db: Queries,
  { workspaceId, connectorId, size }: { workspaceId: WorkspaceId; connectorId: string; size: number },
): Promise<void> {
  const series = sql`generate_series(1, ${size}::int) n`;
  const connectorName = sql`(select name from connectors where id = ${connectorId})`;
  const targetId = sql`(select min(id) from aws_targets where workspace_id = ${workspaceId})`;
  const jobState = sql`case when n % 40 = 0 then 'failed' else 'active' end`;
  const minutesAgo = (minutes: number) => sql`now() - make_interval(mins => (n * 7919) % ${sql.raw(String(minutes))})`;
  const days = 1440;
  await db.execute(sql`
    insert into servers (id, workspace_id, connector_id, vm_id, uuid, name, path, power, guest_name, guest_family, vcpus,
      memory_mi_b, disk_count, disk_bytes, host, readiness, record,
      connector_name, replication_state)
    select 's-' || n, ${workspaceId}, ${connectorId}, 'vm-' || n, 'uuid-' || n, 'server-' || n, '/vm/server-' || n, 'on', 'Debian',
      'linux', 2, 2048, 1, n, 'esx', case when n % 50 = 0 then 'blocked' else 'ready' end, '{"findings": []}',
      ${connectorName}, ${jobState}
    from ${series}`);
  await db.execute(sql`
    insert into replication_jobs (id, workspace_id, target_id, server_id, connector_id, server_name, state, license, every_hours, seed_at,
      next_run_at, latest_image_at, created_by, connector_name)
    select 'sms-job-' || n, ${workspaceId}, ${targetId}, 's-' || n, ${connectorId}, 'server-' || n,
      ${jobState}, 'auto', 12, now(),
      now() + make_interval(mins => (n * 7919) % 720), ${minutesAgo(2 * days)}, 'somebody', ${connectorName}
    from ${series}`);
  await db.execute(sql`
    insert into replication_runs (id, workspace_id, target_id, target_revision, job_id, connector_id, server_name, type, state, settings,
      step, scheduled_for, started_at, ended_at)
    select 'sms-run-' || n, ${workspaceId}, ${targetId}, 1, 'sms-job-' || n, ${connectorId}, 'server-' || n, 'automatic',
      case when n % 100 = 1 then 'active' when n % 100 = 2 then 'pending' when n % 30 = 0 then 'failed' else 'completed' end,
      '{}', 'copy-disks', ${minutesAgo(30 * days)}, ${minutesAgo(30 * days)},
      case when n % 100 not in (1, 2) then ${minutesAgo(30 * days)} end
    from ${series}`);
  await db.execute(sql`
    insert into images (id, workspace_id, target_id, target_revision, job_id, run_id, name, method, snapshot_ids, point_in_time,
      created_at, deregistered_at, instance_count)
    select 'ami-' || n, ${workspaceId}, ${targetId}, 1, 'sms-job-' || n, 'sms-run-' || n, 'server-' || n, 'register-image', '[]',
      ${minutesAgo(30 * days)}, ${minutesAgo(30 * days)}, case when n % 5 = 0 then now() end,
      case when n % 10 = 0 then 1 else 0 end
    from ${series}`);
  await db.execute(sql`
    insert into instances (id, workspace_id, target_id, target_revision, instance_id, image_id, run_id, job_id, name, purpose, input,
      state, launched_by, terminated_at)
    select 'launch-' || n, ${workspaceId}, ${targetId}, 1, 'i-' || n, 'ami-' || n, 'sms-run-' || n, 'sms-job-' || n, 'server-' || n, 'test', '{}',
      case when n % 10 = 0 then 'running' else 'terminated' end, 'somebody', case when n % 10 <> 0 then now() end
    from ${series}`);
  await db.execute(sql`
    insert into cutovers (id, workspace_id, job_id, server_name, state, step, options, start_at, created_by, started_at, ended_at)
    select 'cutover-' || n, ${workspaceId}, 'sms-job-' || n, 'server-' || n,
      case when n % 100 = 3 then 'active' when n % 100 = 4 then 'planned' else 'finished' end, 'check', '{}',
      ${minutesAgo(60 * days)}, 'somebody', ${minutesAgo(60 * days)},
      case when n % 100 not in (3, 4) then ${minutesAgo(60 * days)} end
    from ${series}`);
  await db.execute(sql`
    insert into artifacts (id, workspace_id, target_id, target_revision, run_id, connector_id, kind, token, state, fence, details)
    select 'artifact-' || n, ${workspaceId}, ${targetId}, 1, 'sms-run-' || n, ${connectorId}, 'ebs-snapshot', 'token-' || n, 'created', 1, '{}'
    from ${series}`);
}

/** So many runs more of one job, all long ended, each with an AMI that is gone and a snapshot that stays. */
export async function fillHistory(
  db: Database,
  {
    workspaceId,
    connectorId,
    jobId,
    runs,
  }: { workspaceId: WorkspaceId; connectorId: string; jobId: string; runs: number },
): Promise<void> {
  const series = sql`generate_series(1, ${runs}::int) n`;
  const then = sql`now() - interval '60 days' - make_interval(hours => n)`;
  await db.execute(sql`
    insert into replication_runs (id, workspace_id, target_id, target_revision, job_id, connector_id, server_name, type, state, settings,
      step, scheduled_for, started_at, ended_at, created_at)
    select 'sms-run-old-' || n, ${workspaceId}, (select target_id from replication_jobs where id = ${jobId}), 1, ${jobId}, ${connectorId}, 'server', 'automatic', 'completed', '{}', 'prune-images',
      ${then}, ${then}, ${then}, ${then}
    from ${series}`);
  await db.execute(sql`
    insert into images (id, workspace_id, job_id, run_id, name, method, snapshot_ids, point_in_time, created_at, deregistered_at)
    select 'ami-old-' || n, ${workspaceId}, ${jobId}, 'sms-run-old-' || n, 'server', 'register-image', '[]', ${then}, ${then}, ${then}
    from ${series}`);
  await db.execute(sql`
    insert into artifacts (id, workspace_id, run_id, connector_id, kind, token, external_id, state, fence, details, created_at,
      release_not_before)
    select 'artifact-old-' || n, ${workspaceId}, 'sms-run-old-' || n, ${connectorId}, 'ebs-snapshot', 'token-old-' || n,
      'snap-old-' || n, 'created', 1, '{}', ${then}, now() + interval '1 day'
    from ${series}`);
  await db.execute(sql`analyze`);
}

/** Tables that grow with the fleet and its history. */
const GROWING = [
  'servers',
  'replication_jobs',
  'replication_runs',
  'run_log',
  'images',
  'instances',
  'cutovers',
  'cutover_log',
  'artifacts',
  'attention',
  'baselines',
  'tasks',
  'audit',
  'events',
];

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}

interface Planned {
  text: string;
  plan: PlanNode;
}

/**
 * Every statement that `work` sends, in transactions too, with the plan that PostgreSQL makes for it just before it runs.
 * With `run`, what only reads is run for it once more, and the plan says how many rows it met.
 */
export async function plansOf(db: Database, work: () => Promise<unknown>, { run = false } = {}): Promise<Planned[]> {
  const pool = db.$client;
  const planned: Promise<Planned>[] = [];
  const listened = new Map<pg.PoolClient, pg.PoolClient['query']>();
  const listen = (client: pg.PoolClient) => {
    if (listened.has(client)) return;
    const query = client.query;
    listened.set(client, query);
    client.query = ((statement: string | { text: string }, values: unknown, ...rest: unknown[]) => {
      const text = typeof statement === 'string' ? statement : statement.text;
      const send = query as (...all: unknown[]) => unknown;
      if (!/^\s*(\/\*.*?\*\/\s*)?(select|with|insert|update|delete)\b/i.test(text)) {
        return send.call(client, statement, values, ...rest);
      }
      const explained = send.call(
        client,
        { text: `explain (${run && onlyReads(text) ? 'analyze, timing off, ' : ''}format json) ${text}` },
        Array.isArray(values) ? values : [],
      ) as Promise<{ rows: { 'QUERY PLAN': [{ Plan: PlanNode }] }[] }>;
      planned.push(explained.then(({ rows }) => ({ text, plan: rows[0]?.['QUERY PLAN'][0].Plan as PlanNode })));
      return explained.then(() => send.call(client, statement, values, ...rest));
    }) as typeof client.query;
  };
  pool.on('acquire', listen);
  try {
    await work();
    return await Promise.all(planned);
  } finally {
    pool.off('acquire', listen);
    for (const [client, query] of listened) client.query = query;
  }
}

/**
 * Every statement that `work` sends, with the tables that grow and that PostgreSQL would read from end to end for it:
 * `['servers: select …']`. `asked` is the number of statements.
 */
export async function wholeTableReads(
  db: Database,
  work: () => Promise<unknown>,
): Promise<{ asked: number; reads: string[] }> {
  const planned = await plansOf(db, work);
  const reads = planned.flatMap(({ text, plan }) =>
    nodesOf(plan)
      .flatMap(wholeTable)
      .map((table) => `${table}: ${text}`),
  );
  return { asked: planned.length, reads };
}

const onlyReads = (text: string) =>
  /^select\b/i.test(text) && !/\bfor (update|share|no key update)\b|\bpg_/i.test(text);

/** Rows that a plan's step took from its table, whether it kept them or not; 0 where it was not run. */
export function rowsMet(node: PlanNode): number {
  if (!node['Relation Name']) return 0;
  return ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)) * (node['Actual Loops'] ?? 0);
}

/** A plan's steps. */
export function nodesOf(plan: PlanNode): PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** By the table itself, or by all of an index of it; but for that of the ids, along which a workspace's rows may be walked. */
function wholeTable(node: PlanNode): string[] {
  const table = node['Relation Name'] ?? '';
  if (node['Node Type'] === 'Seq Scan' && GROWING.includes(table)) return [table];
  const index = node['Index Name'];
  if (!index || index.endsWith('_pkey') || node['Index Cond']) return [];
  return GROWING.filter((one) => index.startsWith(`${one}_`)).slice(0, 1);
}
