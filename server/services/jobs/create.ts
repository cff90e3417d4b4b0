// The way to create replication jobs, whoever asks: one job for each server, all or none.

import { createHash } from 'node:crypto';
import { and, eq, inArray, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { replicationJobs, servers } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import {
  allowedLicenses,
  imageMethodSchema,
  jobSettingsSchema,
  licenseSchema,
  seedTimeProblem,
} from '../../../replication/model/job.ts';
import { guard, inTransaction, parseInput, type ServiceContext, type Work } from '../context.ts';
import { createRun } from '../runs/create.ts';
import { openTargetOf } from '../targets/store.ts';

export const createJobsInput = z.object({
  /** Made by the caller; sent again with the same input it makes nothing twice and answers the same jobs. */
  requestId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  servers: z
    .array(
      z.object({
        serverId: z.string(),
        license: licenseSchema.default('auto'),
        imageMethod: imageMethodSchema.default('auto'),
      }),
    )
    .min(1, 'Choose at least one server')
    .max(500, 'At most 500 servers at once'),
  /** Where they replicate into; without one: the workspace's first target. */
  targetId: z.string().optional(),
  settings: jobSettingsSchema,
});
export type CreateJobsInput = z.input<typeof createJobsInput>;
type Wanted = z.output<typeof createJobsInput>;

export async function createJobs(ctx: ServiceContext, input: CreateJobsInput): Promise<{ jobIds: string[] }> {
  const workspaceId = guard(ctx, 'job.create');
  const wanted = parseInput(createJobsInput, input);
  const seedProblem = seedTimeProblem(wanted.settings.seedAt, ctx.now());
  return inTransaction(ctx, workspaceId, async (work) => {
    const known = await jobsOfRequest(work, workspaceId, wanted);
    if (known) return { jobIds: known };
    if (seedProblem) throw faultError('input-invalid', { message: `Start of the first run: ${seedProblem}` });
    return insertJobs(ctx, work, workspaceId, wanted);
  });
}

/** The same within a transaction of the caller, who has asked for the permission and parsed the input. */
export async function insertJobs(
  ctx: ServiceContext,
  work: Work,
  workspaceId: WorkspaceId,
  { requestId, servers: wanted, targetId, settings }: Wanted,
): Promise<{ jobIds: string[] }> {
  const now = ctx.now();
  const { tx, audit, event } = work;
  const { target } = await openTargetOf(tx, workspaceId, targetId);
  const ids = [...new Set(wanted.map((one) => one.serverId))];
  if (ids.length < wanted.length) throw faultError('input-invalid', { message: 'A server is named twice.' });
  const rows = await tx
    .select()
    .from(servers)
    .where(and(inArray(servers.id, ids), eq(servers.workspaceId, workspaceId), isNull(servers.clearedAt)));
  const taken = await tx
    .select({ serverId: replicationJobs.serverId, id: replicationJobs.id })
    .from(replicationJobs)
    .where(and(inArray(replicationJobs.serverId, ids), isNull(replicationJobs.deletedAt)));
  const problems: string[] = [];
  for (const one of wanted) {
    const server = rows.find((row) => row.id === one.serverId);
    if (!server) problems.push(`${one.serverId} is not in the catalog`);
    else if (server.goneAt) problems.push(`${server.name} is gone from its VM manager`);
    else if (!allowedLicenses(server.guestFamily).includes(one.license)) {
      problems.push(`${server.name}: the licence ${one.license.toUpperCase()} cannot be used for ${server.guestName}`);
    } else if (server.readiness === 'blocked') {
      const why = server.record.findings.find((finding) => finding.level === 'blocking');
      problems.push(`${server.name} cannot be replicated: ${why?.title ?? 'it is blocked'}`);
    } else if (taken.some((job) => job.serverId === server.id)) {
      problems.push(`${server.name} has a replication job already`);
    }
  }
  if (problems.length > 0) {
    throw faultError('input-invalid', {
      message: `${problems.join('; ')}.`,
      remedy: 'Leave these servers out or resolve what is said, then create again. Nothing was created.',
    });
  }
  const jobIds: string[] = [];
  for (const one of wanted) {
    const server = rows.find((row) => row.id === one.serverId);
    if (!server) continue;
    const seedAt = settings.seedAt ?? now;
    const [job] = await tx
      .insert(replicationJobs)
      .values({
        id: requestId ? jobIdOf(workspaceId, requestId, server.id) : newId.job(),
        workspaceId,
        serverId: server.id,
        connectorId: server.connectorId,
        targetId: target.id,
        serverName: server.name,
        state: 'pending',
        license: one.license,
        imageMethod: one.imageMethod,
        everyHours: settings.everyHours,
        seedAt,
        description: settings.description,
        keepImages: settings.keepImages,
        pauseAfterFailures: settings.pauseAfterFailures,
        verification: settings.verification,
        nextRunAt:
          settings.seedAt ?? (settings.everyHours ? new Date(now.getTime() + settings.everyHours * 3_600_000) : null),
        createdBy: ctx.principal.kind === 'member' ? ctx.principal.memberId : 'system',
        createdAt: now,
      })
      .returning();
    if (!job) throw faultError('internal');
    jobIds.push(job.id);
    audit({
      action: 'job.create',
      subjectKind: 'job',
      subjectId: job.id,
      subjectName: server.name,
      after: { ...settings, license: one.license, imageMethod: one.imageMethod, target: target.name },
    });
    event({ topic: 'jobs', subjectId: job.id, kind: 'changed' });
    // A job that begins now has its first run at once; a later one is made by the scheduler when it is due.
    if (!settings.seedAt) await createRun(work, job, { type: 'automatic', scheduledFor: now });
  }
  event({ topic: 'servers', subjectId: null, kind: 'changed' });
  return { jobIds };
}

/** The same id for the same server of the same request, so that the row itself tells that it was sent before. */
function jobIdOf(workspaceId: WorkspaceId, requestId: string, serverId: string): string {
  const hash = createHash('sha256').update(`${workspaceId}/${requestId}/${serverId}`).digest('hex');
  return `sms-job-${hash.slice(0, 8)}`;
}

/** The jobs that this very request has made before; null when it is new. */
async function jobsOfRequest(work: Work, workspaceId: WorkspaceId, { requestId, servers: wanted }: Wanted) {
  if (!requestId) return null;
  const ids = wanted.map(({ serverId }) => jobIdOf(workspaceId, requestId, serverId));
  const rows = await work.tx
    .select({ id: replicationJobs.id, serverId: replicationJobs.serverId })
    .from(replicationJobs)
    .where(and(inArray(replicationJobs.id, ids), eq(replicationJobs.workspaceId, workspaceId)));
  const made = wanted.every(({ serverId }, at) => rows.some((row) => row.id === ids[at] && row.serverId === serverId));
  return made ? ids : null;
}
