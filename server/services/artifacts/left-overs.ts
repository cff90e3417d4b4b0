// What ended runs left outside and nobody could take away so far: for people, who may have it tried again, or say that it is
// gone or is to stay.
import { and, asc, eq, gte, inArray, isNotNull, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import { artifacts, attention, replicationRuns } from '../../../db/schema/index.ts';
import type { ArtifactKind } from '../../../replication/model/artifact.ts';
import { type Fault, faultError } from '../../../replication/model/fault.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';

/** The reaper tries again by itself, in all for a minute; a person is asked when that has not helped. */
const LEFT_OVER_ATTEMPTS = 6;

/** Condition on artifacts: a person is asked about it. */
function isLeftOver() {
  return and(
    ne(artifacts.state, 'released'),
    isNotNull(artifacts.releaseFault),
    gte(artifacts.releaseAttempts, LEFT_OVER_ATTEMPTS),
  );
}

export interface LeftOver {
  id: string;
  kind: ArtifactKind;
  /** Its id or name where it lies. */
  name: string;
  serverName: string;
  runId: string;
  jobId: string;
  since: Date;
  tries: number;
  nextTryAt: Date;
  fault: Fault;
}

const MOST_SHOWN = 200;

/** The oldest first, at most 200. */
export async function listLeftOvers(ctx: ServiceContext): Promise<LeftOver[]> {
  const workspaceId = guard(ctx, 'workspace.read');
  const rows = await ctx.db
    .select({ row: artifacts, serverName: replicationRuns.serverName, jobId: replicationRuns.jobId })
    // Rows that the database keeps: of all artifacts hardly one is a left-over, and no index of theirs says which.
    .from(attention)
    .innerJoin(artifacts, eq(artifacts.id, attention.subjectId))
    .innerJoin(replicationRuns, eq(replicationRuns.id, artifacts.runId))
    .where(and(eq(attention.workspaceId, workspaceId), eq(attention.kind, 'left-over'), isLeftOver()))
    .orderBy(asc(artifacts.createdAt))
    .limit(MOST_SHOWN);
  return rows.flatMap(({ row, serverName, jobId }) =>
    row.releaseFault && row.runId
      ? {
          id: row.id,
          kind: row.kind,
          name: nameOf(row),
          serverName,
          runId: row.runId,
          jobId,
          since: row.createdAt,
          tries: row.releaseAttempts,
          nextTryAt: row.releaseNotBefore,
          fault: row.releaseFault,
        }
      : [],
  );
}

/** A source snapshot is found by its name, everything else by its id. */
function nameOf({ kind, externalId, details, token }: typeof artifacts.$inferSelect): string {
  if (kind === 'vsphere-snapshot' && details.name) return details.name;
  return externalId ?? details.key ?? details.name ?? token;
}

export const leftOversInput = z.object({ artifactIds: z.array(z.string()).min(1).max(MOST_SHOWN) });
export type LeftOversInput = z.infer<typeof leftOversInput>;

/** Has them tried again at once. Those that are gone meanwhile are passed over. */
export async function retryRelease(ctx: ServiceContext, input: LeftOversInput): Promise<void> {
  const workspaceId = guard(ctx, 'artifact.retry');
  const { artifactIds } = parseInput(leftOversInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const tried = await tx
      .update(artifacts)
      .set({ releaseNotBefore: sql`now()` })
      .where(and(eq(artifacts.workspaceId, workspaceId), inArray(artifacts.id, artifactIds), isLeftOver()))
      .returning();
    for (const row of tried)
      audit({
        action: 'artifact.retry',
        subjectKind: 'run',
        subjectId: row.runId ?? row.id,
        subjectName: nameOf(row),
        before: { kind: row.kind, externalId: row.externalId, fault: row.releaseFault?.message ?? null },
      });
    event({ topic: 'jobs', subjectId: null, kind: 'changed' });
  });
}

/**
 * A person says that these are gone, or are to stay: nobody tries to take them away any more. Only what could not be taken
 * away can be forgotten. @throws `conflict` when one of them is none of those
 */
export async function forgetLeftOvers(ctx: ServiceContext, input: LeftOversInput): Promise<void> {
  const workspaceId = guard(ctx, 'artifact.forget');
  const { artifactIds } = parseInput(leftOversInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const forgotten = await tx
      .update(artifacts)
      .set({
        state: 'released',
        releasedAt: ctx.now(),
        details: sql`${artifacts.details} || '{"forgotten":"yes"}'::jsonb`,
      })
      .where(and(eq(artifacts.workspaceId, workspaceId), inArray(artifacts.id, artifactIds), isLeftOver()))
      .returning();
    if (forgotten.length < new Set(artifactIds).size) {
      throw faultError('conflict', {
        message: 'Some of these entries are gone already, or are being taken away.',
        remedy: 'Look at the list again: it shows what is left now.',
      });
    }
    for (const row of forgotten) {
      audit({
        action: 'artifact.forget',
        subjectKind: 'run',
        subjectId: row.runId ?? row.id,
        subjectName: nameOf(row),
        before: { kind: row.kind, externalId: row.externalId, fault: row.releaseFault?.message ?? null },
      });
      if (row.runId) event({ topic: 'runs', subjectId: row.runId, kind: 'progress' });
    }
    event({ topic: 'jobs', subjectId: null, kind: 'changed' });
  });
}
