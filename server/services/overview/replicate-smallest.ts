// The first run of a lab by one press: the smallest server is replicated, once. Where its catalog must be imported
// first, the wish is kept with the workspace and the worker fulfils it, whatever becomes of the page that asked.

import { and, asc, eq, inArray, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import { connectors, replicationJobs, type SmallestWish, servers, workspaces } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { fault, faultError, toFault } from '../../../replication/model/fault.ts';
import { findMember } from '../../access/principals.ts';
import { beginImport } from '../catalog/import.ts';
import { guard, inTransaction, parseInput, type ServiceContext, systemContext, type Work } from '../context.ts';
import { createJobsInput, insertJobs } from '../jobs/create.ts';

/** The smallest server with its job, whoever asked for it first. */
interface Replicated {
  jobId: string;
  serverName: string;
}
export type ReplicateSmallest =
  /** The catalog is imported first; the overview tells what becomes of the wish of this name. */
  { outcome: 'importing'; askedAt: string } | ({ outcome: 'created' | 'existing' } & Replicated);

/** A catalog that takes longer than this is no first visit any more. */
const WISH_MS = 3_600_000;

/**
 * Only with the lab: nobody's own servers are replicated by a button that does not name them. Asked again, by anybody, it
 * answers the same job or the same wish.
 */
export async function replicateSmallest(ctx: ServiceContext, { lab }: { lab: boolean }): Promise<ReplicateSmallest> {
  const workspaceId = guard(ctx, 'job.create');
  guard(ctx, 'catalog.import');
  if (!lab) {
    throw faultError('conflict', {
      message: 'There is no lab here.',
      remedy: 'Choose the servers on the Servers page and create replication jobs for them.',
    });
  }
  return inTransaction(ctx, workspaceId, async (work) => {
    const waiting = openWish(await lockWish(work, workspaceId));
    if (waiting) return { outcome: 'importing', askedAt: waiting.askedAt };
    const catalog = await catalogStates(work, workspaceId);
    if (!catalog.includes('importing') && catalog.includes('available')) return replicate(ctx, work, workspaceId);
    // An import that goes on is the one that is waited for.
    await beginImport(work, workspaceId);
    const memberId = ctx.principal.kind === 'member' ? ctx.principal.memberId : null;
    const askedAt = ctx.now().toISOString();
    await writeWish(work, workspaceId, { askedAt, memberId, ended: null });
    return { outcome: 'importing', askedAt };
  });
}

/** Fulfils the wishes whose import has ended; several workers may do this at once. */
export async function fulfilSmallestWishes(ctx: ServiceContext): Promise<void> {
  const open = await ctx.db
    .select({ id: workspaces.id, wish: workspaces.smallestWish })
    .from(workspaces)
    .where(and(isNotNull(workspaces.smallestWish), sql`${workspaces.smallestWish} -> 'ended' = 'null'::jsonb`));
  for (const { id, wish } of open) if (wish) await fulfil(ctx, id, wish);
}

async function fulfil(ctx: ServiceContext, workspaceId: WorkspaceId, seen: SmallestWish): Promise<void> {
  const member = seen.memberId ? await findMember(seen.memberId, ctx.db) : null;
  // Who was removed meanwhile wishes nothing any more.
  const own: ServiceContext = member ? { ...ctx, principal: member } : systemContext(ctx.db, workspaceId);
  try {
    await inTransaction(own, workspaceId, async (work) => {
      const wish = openWish(await lockWish(work, workspaceId));
      if (wish?.askedAt !== seen.askedAt) return;
      const catalog = await catalogStates(work, workspaceId);
      const late = ctx.now().getTime() - new Date(wish.askedAt).getTime() > WISH_MS;
      if (catalog.includes('importing') && !late) return;
      if (wish.memberId && !member) throw faultError('permission-denied');
      if (late || !catalog.includes('available')) throw faultError('conflict', NOT_IMPORTED);
      guard(own, 'job.create');
      const { jobId, serverName } = await replicate(own, work, workspaceId);
      await writeWish(work, workspaceId, { ...wish, ended: { jobId, serverName } });
    });
  } catch (error) {
    const why = toFault(error);
    // The worker's log tells more, and its next turn tries again.
    if (why.code === 'internal') throw error;
    await inTransaction(systemContext(ctx.db, workspaceId), workspaceId, async (work) => {
      const wish = openWish(await lockWish(work, workspaceId));
      if (wish?.askedAt !== seen.askedAt) return;
      await writeWish(work, workspaceId, { ...wish, ended: { fault: fault(why.code, why) } });
    });
  }
}

const NOT_IMPORTED = {
  message: 'The server catalog could not be imported, so nothing was replicated.',
  remedy: 'Look at the connector on the Connectors page, then press the button again.',
};

/**
 * The wish, locked: whoever asks or fulfils waits here for the other. The lock leaves the key alone, which every other
 * row of the workspace refers to.
 */
async function lockWish({ tx }: Work, workspaceId: WorkspaceId): Promise<SmallestWish | null> {
  const [row] = await tx
    .select({ wish: workspaces.smallestWish })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId))
    .for('no key update');
  return row?.wish ?? null;
}

const openWish = (wish: SmallestWish | null) => (wish && wish.ended === null ? wish : null);

async function writeWish({ tx, event }: Work, workspaceId: WorkspaceId, smallestWish: SmallestWish): Promise<void> {
  await tx.update(workspaces).set({ smallestWish }).where(eq(workspaces.id, workspaceId));
  event({ topic: 'overview', subjectId: null, kind: 'changed' });
}

async function catalogStates({ tx }: Work, workspaceId: WorkspaceId) {
  const rows = await tx
    .select({ state: connectors.catalogState })
    .from(connectors)
    .where(and(eq(connectors.workspaceId, workspaceId), isNull(connectors.disassociatedAt)));
  return rows.map(({ state }) => state);
}

/** The job of the smallest server: the one that it has, or a new one. */
async function replicate(
  ctx: ServiceContext,
  work: Work,
  workspaceId: WorkspaceId,
): Promise<{ outcome: 'created' | 'existing' } & Replicated> {
  const [smallest] = await work.tx
    .select({ id: servers.id, name: servers.name, jobId: replicationJobs.id })
    .from(servers)
    .innerJoin(connectors, and(eq(connectors.id, servers.connectorId), isNull(connectors.disassociatedAt)))
    .leftJoin(
      replicationJobs,
      and(
        eq(replicationJobs.serverId, servers.id),
        isNull(replicationJobs.deletedAt),
        // One that is on its way out is not what anybody asks for.
        ne(replicationJobs.state, 'deleting'),
      ),
    )
    .where(
      and(
        eq(servers.workspaceId, workspaceId),
        isNull(servers.clearedAt),
        isNull(servers.goneAt),
        inArray(servers.readiness, ['ready', 'warnings']),
      ),
    )
    // A server about which there is nothing to say goes before one with warnings.
    .orderBy(sql`${servers.readiness} <> 'ready'`, asc(servers.diskBytes), asc(servers.name))
    .limit(1);
  if (!smallest) {
    throw faultError('conflict', {
      message: 'No server of the catalog can be replicated.',
      remedy: 'The Servers page says what stands in the way of each.',
    });
  }
  const { id, name: serverName, jobId } = smallest;
  if (jobId) return { outcome: 'existing', jobId, serverName };
  const wanted = parseInput(createJobsInput, {
    servers: [{ serverId: id }],
    settings: { everyHours: null, seedAt: null, description: 'Smallest server of the lab', keepImages: null },
  });
  const { jobIds } = await insertJobs(ctx, work, workspaceId, wanted);
  const [made] = jobIds;
  if (!made) throw new Error('The replication job was not inserted');
  return { outcome: 'created', jobId: made, serverName };
}
