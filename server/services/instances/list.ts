// Reading instances that were launched from our AMIs.
import { and, eq, or } from 'drizzle-orm';
import { images, instances, replicationRuns } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, type ServiceContext } from '../context.ts';
import type { List } from '../list-columns.ts';
import { findPage } from '../list-find.ts';
import type { ListPage, ListQuery } from '../list-page.ts';

/** As EC2 tells them, and before and instead of that. */
const STATES: readonly (typeof instances.$inferSelect)['state'][] = [
  'launching',
  'failed',
  'pending',
  'running',
  'shutting-down',
  'terminated',
  'stopping',
  'stopped',
];

type InstanceRow = typeof instances.$inferSelect;

const INSTANCES: List = {
  table: instances,
  id: instances.id,
  workspaceId: instances.workspaceId,
  search: instances.search,
  columns: {
    id: { column: instances.instanceId, kind: 'text', begins: 'i-', indexed: false },
    name: { column: instances.name, kind: 'text' },
    image: { column: instances.imageId, kind: 'text', begins: 'ami-' },
    run: { column: instances.runId, kind: 'text', begins: 'sms-run-', indexed: false },
    purpose: { column: instances.purpose, kind: 'choice', values: instances.purpose.enumValues },
    state: { column: instances.state, kind: 'choice', values: STATES },
    type: { column: instances.instanceType, kind: 'text' },
    privateAddress: { column: instances.privateAddress, kind: 'text' },
    publicAddress: { column: instances.publicAddress, kind: 'text' },
    launchedBy: { column: instances.launchedBy, kind: 'text' },
    launchedAt: { column: instances.launchedAt, kind: 'date' },
  },
};

function listed({ input, search: _search, ...row }: InstanceRow) {
  const { userData, token: _token, ...settings } = input;
  return { ...row, settings: { ...settings, hasUserData: Boolean(userData) } };
}
export type ListedInstance = ReturnType<typeof listed>;

export async function listInstances(ctx: ServiceContext, query: ListQuery): Promise<ListPage<ListedInstance>> {
  const workspaceId = guard(ctx, 'instance.read');
  return findPage(ctx.db, INSTANCES, workspaceId, query, async (tx, here) =>
    (await tx.select().from(instances).where(here)).map(listed),
  );
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
