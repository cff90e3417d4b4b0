// When the ledger's rows are released: as soon as nothing needs them any more, and what failed later and later.
import { and, eq, lte, type SQL, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { artifacts, imageCopies, images, replicationRuns } from '../../../db/schema/index.ts';
import { artifactKindSchema, releasedBy } from '../../../replication/model/artifact.ts';
import type { Fault } from '../../../replication/model/fault.ts';

/** What only a connector can release, written out as the indexes of artifacts have it. */
export const SOURCE_KINDS = sql.raw(
  `(${artifactKindSchema.options.flatMap((kind) => (releasedBy(kind) === 'connector' ? [`'${kind}'`] : [])).join(', ')})`,
);

/** Condition on artifacts joined with their run, if they have one: nothing needs them any more, and they may be tried now. */
export function dueForRelease() {
  return and(atHand(), sql`not ${isNeeded()}`);
}

/** Condition on artifacts: looked at now. By far the most are needed, and put aside (`putAsideNeeded`). */
function atHand() {
  return and(sql`${artifacts.state} <> 'released'`, lte(artifacts.releaseNotBefore, sql`now()`));
}

/**
 * Condition on artifacts joined with their run: the run goes on, or made something that is to stay. What a test of a target
 * made has no run, and nothing needs it.
 */
function isNeeded() {
  // What could not be removed from the source when its step came is tried on beside the rest of the run.
  const runNeedsIt = sql`(${replicationRuns.state} in ('pending', 'active') and not (${replicationRuns.state} = 'active'
    and ${artifacts.kind} in ${SOURCE_KINDS} and ${replicationRuns.timeline} -> 'release-snapshot' ? 'endedAt'))`;
  return sql`(${artifacts.kind} = 'instance' or (${artifacts.runId} is null and ${artifacts.targetId} is null)
    or (${artifacts.runId} is not null and ${runNeedsIt})
    or (${replicationRuns.state} is not distinct from 'completed' and ${artifacts.kind} in ('image', 'ebs-snapshot'))
    or ${inBaseline()} or ${inRecordedImage()} or ${inStandingCopy()})`;
}

/** What ends a need brings them back at once (below); this is for a need that ended unheard. */
const ASIDE_HOURS = 24;

const ASIDE_BATCH = 500;
const MOST_ASIDE_BATCHES = 10;

/**
 * Puts what is needed aside, so that whoever looks for what is due meets only that: of a large company's artifacts nearly
 * all are AMIs and snapshots that stay. Called by the reaper; a batch at a time, several only where many have come together.
 */
export async function putAsideNeeded(db: Queries): Promise<void> {
  // What is due stands among them, so a batch is seldom full.
  for (let batch = 0; batch < MOST_ASIDE_BATCHES; batch += 1) if ((await putAside(db, ASIDE_BATCH)) === 0) return;
}

async function putAside(db: Queries, most: number): Promise<number> {
  const needed = db
    .select({ id: artifacts.id, seen: artifacts.releaseNotBefore })
    .from(artifacts)
    .leftJoin(replicationRuns, eq(replicationRuns.id, artifacts.runId))
    .where(and(sql`${artifacts.id} in (${firstAtAws(most)} union all ${firstAtSource()})`, isNeeded()))
    .as('needed');
  const aside = await db
    .update(artifacts)
    // Not all at the same moment again.
    .set({ releaseNotBefore: sql`now() + make_interval(hours => ${ASIDE_HOURS}) * (1 + random())` })
    .from(needed)
    // Whoever ends a need writes the time: what was written since the need was seen stays.
    .where(and(eq(artifacts.id, needed.id), eq(artifacts.releaseNotBefore, needed.seen)))
    .returning({ id: artifacts.id });
  return aside.length;
}

const CANDIDATES = 1000;
const CANDIDATES_OF_CONNECTOR = 100;

/**
 * A subquery of ids, so that however many rows are at hand a turn looks at no more than these. What AWS releases never waits
 * behind what only connectors can: one of them may be silent for weeks.
 */
export function firstAtAws(most = CANDIDATES): SQL {
  return sql`(select first.id from ${artifacts} first where first.state <> 'released' and first.kind not in ${SOURCE_KINDS}
    and first.release_not_before <= now() order by first.release_not_before limit ${most})`;
}

/** The same of what connectors release: the first of each, so that none waits behind another. */
export function firstAtSource(): SQL {
  return sql`(select first.id from connectors site cross join lateral (
    select own.id from ${artifacts} own where own.connector_id = site.id and own.state <> 'released'
      and own.kind in ${SOURCE_KINDS} and own.release_not_before <= now()
    order by own.release_not_before limit ${CANDIDATES_OF_CONNECTOR}) first)`;
}

/** The run's snapshot was to be removed: what is still there is tried on, and what failed when its time has come. */
export async function releaseLeftAtSource(tx: Queries, runId: string): Promise<void> {
  await tx
    .update(artifacts)
    .set({
      releaseNotBefore: sql`least(${artifacts.releaseNotBefore}, now() + make_interval(secs => case
        when ${artifacts.releaseFault} is null then 0 else power(2, least(${artifacts.releaseAttempts}, ${HOPELESS})) end))`,
    })
    .where(
      and(eq(artifacts.runId, runId), sql`${artifacts.state} <> 'released' and ${artifacts.kind} in ${SOURCE_KINDS}`),
    );
}

/** Condition on artifacts: a baseline that counts is made of it. */
function inBaseline() {
  return sql`exists (select 1 from baselines b where b.revoked_at is null and (
    (${artifacts.kind} = 'ebs-snapshot' and b.snapshot_id = ${artifacts.externalId})
    or (${artifacts.kind} = 'digest-set' and b.digest_prefixes ? ${artifacts.token})))`;
}

/** Condition on artifacts: it is an AMI that the console shows, or a part of one. What became of its run later changes nothing. */
function inRecordedImage() {
  return sql`(${artifacts.kind} in ('image', 'ebs-snapshot') and exists (select 1 from ${images}
    where ${images.deregisteredAt} is null and ${images.workspaceId} = ${artifacts.workspaceId}
      and (${images.id} = ${artifacts.externalId} or ${images.snapshotIds} ? ${artifacts.externalId})))`;
}

/** Condition on artifacts: it is the copy of an AMI that stands, or is being made. One that failed, or whose AMI went, is neither. */
function inStandingCopy() {
  // Not by `exists`, for which all of them would be read and hashed.
  return sql`(${artifacts.kind} = 'image-copy' and coalesce((select c.state in ('pending', 'copying', 'available')
      and i.deregistered_at is null from ${imageCopies} c join ${images} i on i.id = c.image_id
    where c.artifact_id = ${artifacts.id} limit 1), false))`;
}

/** A run ended: whatever it made is looked at now. */
export async function releaseAfterRun(tx: Queries, runId: string): Promise<void> {
  await tx
    .update(artifacts)
    .set({ releaseNotBefore: sql`now()` })
    .where(and(eq(artifacts.runId, runId), sql`${artifacts.state} <> 'released'`));
}

/** Baselines of a job changed or went: what they were made of is looked at now. */
export async function releaseAfterBaselines(tx: Queries, were: readonly BaselineParts[]): Promise<void> {
  const snapshots = were.map(({ snapshotId }) => snapshotId);
  const digests = were.flatMap(({ digestPrefixes }) => digestPrefixes);
  // One statement for both would read the whole ledger.
  for (const parts of [
    sql`${artifacts.externalId} = any(${sql.param(snapshots)}::text[]) and ${artifacts.kind} = 'ebs-snapshot'`,
    sql`${artifacts.token} = any(${sql.param(digests)}::text[]) and ${artifacts.kind} = 'digest-set'`,
  ]) {
    await tx
      .update(artifacts)
      .set({ releaseNotBefore: sql`now()` })
      .where(and(sql`${artifacts.state} <> 'released'`, parts));
  }
}

/** What a baseline is made of at AWS. */
export interface BaselineParts {
  snapshotId: string;
  digestPrefixes: string[];
}

/** Tries after which only a person can help: then it is looked at about once an hour. */
export const HOPELESS = 12;

/** A release that failed is tried again after 2, 4, 8 … 4096 seconds; what waits for a person is shown at once. */
export function afterFailedRelease(fault: Fault) {
  const attempts = fault.code === 'result-kept' ? sql`${HOPELESS}::int` : sql`${artifacts.releaseAttempts} + 1`;
  return {
    releaseAttempts: attempts,
    releaseFault: fault,
    releaseNotBefore: sql`now() + make_interval(secs => power(2, least(${attempts}, ${HOPELESS})))`,
  };
}
