// Reading instances that were launched from our AMIs.
import { and, eq, or, sql } from 'drizzle-orm';
import { images, instances, replicationRuns } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, type ServiceContext } from '../context.ts';
import { type ListColumn, type ListPage, type ListQuery, listClauses, wholePage } from '../list-page.ts';

type InstanceRow = typeof instances.$inferSelect;

const COLUMNS: Record<string, ListColumn> = {
  id: { sql: instances.instanceId, kind: 'text' },
  name: { sql: instances.name, kind: 'text' },
  image: { sql: instances.imageId, kind: 'text' },
  run: { sql: instances.runId, kind: 'text' },
  purpose: { sql: instances.purpose, kind: 'choice' },
  state: { sql: instances.state, kind: 'choice' },
  type: { sql: sql`${instances.input}->>'instanceType'`, kind: 'text' },
  privateAddress: { sql: sql`${instances.detail}->>'privateAddress'`, kind: 'text' },
  publicAddress: { sql: sql`${instances.detail}->>'publicAddress'`, kind: 'text' },
  launchedBy: { sql: instances.launchedBy, kind: 'text' },
  launchedAt: { sql: instances.launchedAt, kind: 'date' },
};

function listed({ input, ...row }: InstanceRow) {
  const { userData, token: _token, ...settings } = input;
  return { ...row, settings: { ...settings, hasUserData: Boolean(userData) } };
}
export type ListedInstance = ReturnType<typeof listed>;

export async function listInstances(ctx: ServiceContext, query: ListQuery): Promise<ListPage<ListedInstance>> {
  const workspaceId = guard(ctx, 'instance.read');
  const { where, ...page } = listClauses(query, COLUMNS, instances.id);
  const all = and(eq(instances.workspaceId, workspaceId), where);
  const rows = await ctx.db
    .select()
    .from(instances)
    .where(all)
    .orderBy(...page.orderBy)
    .limit(page.limit)
    .offset(page.offset);
  return wholePage(rows.map(listed), await ctx.db.$count(instances, all));
}

/** By our own id of the launch, or EC2's. */
export async function getInstance(ctx: ServiceContext, id: string) {
  const workspaceId = guard(ctx, 'instance.read');
  const [row] = await ctx.db
    .select({ instance: instances, jobId: replicationRuns.jobId, pointInTime: images.pointInTime })
    .from(instances)
    .innerJoin(replicationRuns, eq(replicationRuns.id, instances.runId))
    .innerJoin(images, eq(images.id, instances.imageId))
    .where(and(or(eq(instances.id, id), eq(instances.instanceId, id)), eq(instances.workspaceId, workspaceId)));
  if (!row) throw faultError('not-found', { message: `There is no instance ${id}.` });
  return { ...listed(row.instance), jobId: row.jobId, pointInTime: row.pointInTime };
}
