// Reading the AMIs that runs made.
import { and, eq, isNull, sql } from 'drizzle-orm';
import { images, replicationJobs } from '../../../db/schema/index.ts';
import { guard, type ServiceContext } from '../context.ts';
import { type ListColumn, type ListPage, type ListQuery, listClauses, wholePage } from '../list-page.ts';

const instanceCount = sql<number>`(select count(*)::int from instances i where i.image_id = ${images.id} and i.terminated_at is null)`;

const COLUMNS: Record<string, ListColumn> = {
  id: { sql: images.id, kind: 'text' },
  name: { sql: images.name, kind: 'text' },
  job: { sql: images.jobId, kind: 'text' },
  run: { sql: images.runId, kind: 'text' },
  method: { sql: images.method, kind: 'choice' },
  /** How much was read back; empty for an AMI of before this was done. */
  verified: {
    sql: sql`case when ${images.verified} is null then null when (${images.verified}->>'full')::boolean then 'full' else 'sampled' end`,
    kind: 'choice',
  },
  instances: { sql: instanceCount, kind: 'number' },
  pinned: { sql: sql`case when ${images.pinnedAt} is null then 'no' else 'yes' end`, kind: 'choice' },
  pointInTime: { sql: images.pointInTime, kind: 'date' },
  createdAt: { sql: images.createdAt, kind: 'date' },
};

const FIELDS = {
  id: images.id,
  name: images.name,
  jobId: images.jobId,
  jobDeletedAt: replicationJobs.deletedAt,
  runId: images.runId,
  method: images.method,
  note: images.note,
  snapshotIds: images.snapshotIds,
  verified: images.verified,
  pinnedAt: images.pinnedAt,
  pointInTime: images.pointInTime,
  createdAt: images.createdAt,
  instances: instanceCount,
};
export interface ListedImage {
  id: string;
  name: string;
  jobId: string;
  jobDeletedAt: Date | null;
  runId: string;
  method: 'register-image' | 'import-image';
  note: string | null;
  snapshotIds: string[];
  /** Blocks that were read back and found as sent, of all that are not zeros; null when none was. */
  verified: { checked: number; blocks: number; full: boolean } | null;
  /** Since when it is kept whatever its job's number to keep says. */
  pinnedAt: Date | null;
  pointInTime: Date;
  createdAt: Date;
  instances: number;
}

/** AMIs that are there; those that were pruned are not. They outlive their jobs. */
export async function listImages(ctx: ServiceContext, query: ListQuery): Promise<ListPage<ListedImage>> {
  const workspaceId = guard(ctx, 'image.read');
  const { where, ...page } = listClauses(query, COLUMNS, images.id);
  const all = and(eq(images.workspaceId, workspaceId), isNull(images.deregisteredAt), where);
  const items = await ctx.db
    .select(FIELDS)
    .from(images)
    .innerJoin(replicationJobs, eq(replicationJobs.id, images.jobId))
    .where(all)
    .orderBy(...page.orderBy)
    .limit(page.limit)
    .offset(page.offset);
  return wholePage(items, await ctx.db.$count(images, all));
}
