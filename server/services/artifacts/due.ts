// When the ledger's rows are released: as soon as nothing needs them any more, and what failed later and later.
import { and, eq, lte, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { artifacts, images, replicationRuns } from '../../../db/schema/index.ts';
import { artifactKindSchema, releasedBy } from '../../../replication/model/artifact.ts';
import type { Fault } from '../../../replication/model/fault.ts';

/** What only a connector can release. */
export const SOURCE_ARTIFACTS = artifactKindSchema.options.filter((kind) => releasedBy(kind) === 'connector');

/** Condition on artifacts joined with their run: nothing needs them any more, and they may be tried now. */
export function dueForRelease() {
  return and(
    sql`${artifacts.state} <> 'released'`,
    lte(artifacts.releaseNotBefore, sql`now()`),
    sql`${artifacts.kind} <> 'instance'`,
    // What could not be removed from the source when its step came is tried on beside the rest of the run.
    sql`(${replicationRuns.state} not in ('pending', 'active') or (${replicationRuns.state} = 'active'
      and ${artifacts.kind} in ('vsphere-snapshot', 'nfc-lease') and ${replicationRuns.timeline} -> 'release-snapshot' ? 'endedAt'))`,
    sql`not (${replicationRuns.state} = 'completed' and ${artifacts.kind} in ('image', 'ebs-snapshot'))`,
    sql`not ${inBaseline()}`,
    sql`not ${inRecordedImage()}`,
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

/** A run ended: whatever it made is looked at now. */
export async function releaseAfterRun(tx: Queries, runId: string): Promise<void> {
  await tx.update(artifacts).set({ releaseNotBefore: sql`now()` }).where(eq(artifacts.runId, runId));
}

/** The baselines of a job changed: what only the old ones held is looked at now. */
export async function releaseAfterBaselines(tx: Queries, jobId: string): Promise<void> {
  await tx
    .update(artifacts)
    .set({ releaseNotBefore: sql`now()` })
    .where(
      sql`${artifacts.state} <> 'released' and ${artifacts.kind} in ('digest-set', 'ebs-snapshot')
        and ${artifacts.runId} in (select r.id from replication_runs r where r.job_id = ${jobId})`,
    );
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
