// Making a run of a job: on demand by a person, or because it is due. The job's settings are copied into it.
import { and, eq, inArray } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import {
  type JobRow,
  type RunRow,
  type RunSettings,
  replicationRuns,
  runLog,
  servers,
} from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { ITINERARY } from '../../../replication/model/itinerary.ts';
import type { RunType } from '../../../replication/model/run.ts';
import { nudgeRun } from '../../queue/queue.ts';
import type { Work } from '../context.ts';
import { targetOf } from '../targets/store.ts';

/** The run that is pending or active, if any. There is at most one. */
export async function openRun(work: Work, jobId: string): Promise<RunRow | null> {
  const [run] = await work.tx
    .select()
    .from(replicationRuns)
    .where(and(eq(replicationRuns.jobId, jobId), inArray(replicationRuns.state, ['pending', 'active'])));
  return run ?? null;
}

/** Inserts a pending run; one that is due while another goes on is recorded as missed. */
export async function createRun(
  work: Work,
  job: JobRow,
  input: {
    type: RunType;
    scheduledFor: Date;
    /** How much this run reads back, whatever the settings say. */
    verification?: RunSettings['verification'];
    /** The cutover whose final run it is: it waits for no place in the queue. */
    cutoverId?: string;
  },
): Promise<{ runId: string; missed: boolean }> {
  const { tx } = work;
  const [server] = await tx.select().from(servers).where(eq(servers.id, job.serverId));
  if (!server) throw faultError('server-gone');
  const other = await openRun(work, job.id);
  if (other && input.type === 'on-demand') {
    throw faultError('conflict', {
      message: `${other.id} of this job is still ${other.state}.`,
      remedy: 'Wait until it has ended, or cancel it first.',
    });
  }
  const { target, place } = await targetOf(tx, job.workspaceId, job.targetId);
  const first = ITINERARY[0];
  if (!first) throw new Error('The itinerary is empty');
  const runId = newId.run();
  await tx.insert(replicationRuns).values({
    id: runId,
    workspaceId: job.workspaceId,
    jobId: job.id,
    connectorId: job.connectorId,
    targetId: target.id,
    targetRevision: place.revision,
    serverName: server.name,
    type: input.type,
    state: other ? 'missed' : 'pending',
    settings: {
      license: job.license,
      imageMethod: job.imageMethod,
      keepImages: job.keepImages,
      vmId: server.vmId,
      guestFamily: server.guestFamily,
      target: { name: target.name, region: place.region, bucket: place.bucket },
      transfer: target.transfer,
      transport: target.transport,
      verification: input.verification ?? job.verification ?? target.verification,
      encryption: { encrypted: target.encrypted, kmsKeyArn: target.kmsKeyArn },
      tags: target.tags,
      ...(target.distribution.length > 0 && { distribution: target.distribution }),
      ...(input.cutoverId && { cutoverId: input.cutoverId }),
    },
    step: first.id,
    scheduledFor: input.scheduledFor,
    ...(other ? { endedAt: input.scheduledFor } : {}),
  });
  if (other) {
    await tx
      .insert(runLog)
      .values({ runId, level: 'warning', text: `Missed: ${other.id} was still ${other.state} when this run was due.` });
  } else {
    await nudgeRun(tx, runId);
  }
  work.event({ topic: 'runs', subjectId: runId, kind: 'changed', data: { jobId: job.id } });
  work.event({ topic: 'jobs', subjectId: job.id, kind: 'changed' });
  return { runId, missed: other !== null };
}
