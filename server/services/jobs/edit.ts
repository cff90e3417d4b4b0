// Editing a job. A run that is pending or active keeps what it was made with; the next one takes the new settings.
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { replicationJobs, servers } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import {
  allowedLicenses,
  imageMethodSchema,
  isPaused,
  jobSettingsSchema,
  licenseSchema,
  seedTimeProblem,
} from '../../../replication/model/job.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { lockJob } from './lock.ts';

export const editJobInput = z.object({
  jobId: z.string(),
  settings: jobSettingsSchema.omit({ seedAt: true }).extend({
    license: licenseSchema,
    imageMethod: imageMethodSchema,
    /** When the next run is due, and from which later ones are counted; undefined leaves the schedule's times as they are. */
    nextRunAt: z.date().optional(),
  }),
});
export type EditJobInput = z.input<typeof editJobInput>;

export async function editJob(ctx: ServiceContext, input: EditJobInput): Promise<void> {
  const workspaceId = guard(ctx, 'job.edit');
  const { jobId, settings } = parseInput(editJobInput, input);
  const now = ctx.now();
  const problem = settings.nextRunAt ? seedTimeProblem(settings.nextRunAt, now) : null;
  if (problem) throw faultError('input-invalid', { message: `Next run: ${problem}` });
  await inTransaction(ctx, workspaceId, async (work) => {
    const job = await lockJob(work, workspaceId, jobId);
    const [server] = await work.tx.select().from(servers).where(eq(servers.id, job.serverId));
    if (server && !allowedLicenses(server.guestFamily).includes(settings.license)) {
      throw faultError('input-invalid', {
        message: `The licence ${settings.license.toUpperCase()} cannot be used for ${server.guestName}.`,
      });
    }
    const { license, imageMethod, description, everyHours, keepImages, pauseAfterFailures, verification } = settings;
    const before = {
      license: job.license,
      imageMethod: job.imageMethod,
      description: job.description,
      everyHours: job.everyHours,
      keepImages: job.keepImages,
      pauseAfterFailures: job.pauseAfterFailures,
      verification: job.verification,
      nextRunAt: job.nextRunAt?.toISOString() ?? null,
    };
    const seedAt = settings.nextRunAt ?? (everyHours === job.everyHours ? job.seedAt : now);
    const due =
      settings.nextRunAt ??
      (everyHours === job.everyHours
        ? job.nextRunAt
        : everyHours === null
          ? null
          : new Date(now.getTime() + everyHours * 3_600_000));
    const nextRunAt = isPaused(job.state) ? null : due;
    await work.tx
      .update(replicationJobs)
      .set({
        license,
        imageMethod,
        description,
        everyHours,
        keepImages,
        pauseAfterFailures,
        verification,
        seedAt,
        nextRunAt,
      })
      .where(eq(replicationJobs.id, jobId));
    work.audit({
      action: 'job.edit',
      subjectKind: 'job',
      subjectId: jobId,
      subjectName: job.serverName,
      before,
      after: {
        license,
        imageMethod,
        description,
        everyHours,
        keepImages,
        pauseAfterFailures,
        verification,
        nextRunAt: nextRunAt?.toISOString() ?? null,
      },
    });
    work.event({ topic: 'jobs', subjectId: jobId, kind: 'changed' });
  });
}
