// Reading the AMIs that runs made.
import { eq, isNull } from 'drizzle-orm';
import { images, replicationJobs } from '../../../db/schema/index.ts';
import { guard, type ServiceContext } from '../context.ts';
import type { List } from '../list-columns.ts';
import { findPage } from '../list-find.ts';
import type { ListPage, ListQuery } from '../list-page.ts';

const IMAGES: List = {
  table: images,
  id: images.id,
  workspaceId: images.workspaceId,
  is: isNull(images.deregisteredAt),
  search: images.search,
  columns: {
    id: { column: images.id, kind: 'text', begins: 'ami-' },
    name: { column: images.name, kind: 'text' },
    job: { column: images.jobId, kind: 'text', begins: 'sms-job-' },
    run: { column: images.runId, kind: 'text', begins: 'sms-run-' },
    method: { column: images.method, kind: 'choice', values: images.method.enumValues },
    /** How much was read back; empty for an AMI of before this was done. */
    verified: { column: images.verifiedHow, kind: 'choice', values: ['full', 'sampled'] },
    instances: { column: images.instanceCount, kind: 'number' },
    pinned: { column: images.pinned, kind: 'choice', values: ['yes', 'no'] },
    pointInTime: { column: images.pointInTime, kind: 'date' },
    createdAt: { column: images.createdAt, kind: 'date' },
  },
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
  instances: images.instanceCount,
  copies: images.copies,
  copiesAvailable: images.copiesAvailable,
  copiesFailed: images.copiesFailed,
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
  /** Accounts and places where it is, or is to be, beside its own; how many of them have it, and how many never will by themselves. */
  copies: number;
  copiesAvailable: number;
  copiesFailed: number;
}

/** AMIs that are there; those that were pruned are not. They outlive their jobs. */
export async function listImages(ctx: ServiceContext, query: ListQuery): Promise<ListPage<ListedImage>> {
  const workspaceId = guard(ctx, 'image.read');
  return findPage(ctx.db, IMAGES, workspaceId, query, (tx, here) =>
    tx.select(FIELDS).from(images).innerJoin(replicationJobs, eq(replicationJobs.id, images.jobId)).where(here),
  );
}
