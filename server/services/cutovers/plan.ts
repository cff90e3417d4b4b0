// Planning a cutover: it starts at once, at a set time, or when a person says so. One at a time for each job.
import { and, eq } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { cutoverLog, cutovers } from '../../../db/schema/index.ts';
import { cutoverOptionsSchema } from '../../../replication/model/cutover.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { MAX_SEED_DAYS } from '../../../replication/model/job.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { openCutover } from '../jobs/held-by-cutover.ts';
import { lockJob } from '../jobs/lock.ts';
import { CutoverChange, lockCutover, personOf } from './change.ts';
import { cutoverReadiness, type Readiness } from './checks.ts';

export const planCutoverInput = z.object({
  jobId: z.string(),
  /** now; a time up to 30 days ahead; or null for when a person starts it. */
  start: z.union([z.literal('now'), z.date(), z.null()]),
  options: cutoverOptionsSchema,
});
export type PlanCutoverInput = z.input<typeof planCutoverInput>;

/** @throws `conflict` while another cutover of the job is open */
export async function planCutover(ctx: ServiceContext, input: PlanCutoverInput): Promise<{ id: string }> {
  const { jobId, start, options } = parseInput(planCutoverInput, input);
  const workspaceId = guard(ctx, start === 'now' ? 'cutover.start' : 'cutover.plan');
  const startAt = start instanceof Date ? start : null;
  const problem = startAt && startTimeProblem(startAt, ctx.now());
  if (problem) throw faultError('input-invalid', { message: problem, remedy: 'Choose another time.' });
  return inTransaction(ctx, workspaceId, async (work) => {
    const job = await lockJob(work, workspaceId, jobId);
    const other = await openCutover(work.tx, jobId);
    if (other)
      throw faultError('conflict', {
        message: `${job.serverName} has a cutover that is not over (${other.id}).`,
        remedy: 'Open that cutover: finish it, roll it back or cancel it.',
      });
    const id = newId.cutover();
    const who = personOf(ctx);
    const [row] = await work.tx
      .insert(cutovers)
      .values({
        id,
        workspaceId,
        jobId,
        serverName: job.serverName,
        state: 'planned',
        step: 'check',
        options,
        startAt,
        createdBy: who ?? 'Landfall',
        createdAt: ctx.now(),
      })
      .returning();
    if (!row) throw new Error('The cutover was not inserted');
    await work.tx
      .insert(cutoverLog)
      .values({ cutoverId: id, at: ctx.now(), step: 'check', level: 'decision', who, text: 'Planned the cutover.' });
    const change = new CutoverChange(work, row, ctx.now());
    if (start === 'now') begin(change, who);
    await change.write();
    work.audit({
      action: start === 'now' ? 'cutover.start' : 'cutover.plan',
      subjectKind: 'cutover',
      subjectId: id,
      subjectName: job.serverName,
      after: { jobId, startAt: startAt?.toISOString() ?? null, options },
    });
    work.event({ topic: 'cutovers', subjectId: id, kind: 'changed', data: { jobId } });
    work.event({ topic: 'jobs', subjectId: jobId, kind: 'changed' });
    return { id };
  });
}

export const cutoverInput = z.object({ cutoverId: z.string() });
export type CutoverInput = z.infer<typeof cutoverInput>;

/** Starts a planned cutover now, whatever its time says. */
export async function startCutover(ctx: ServiceContext, input: CutoverInput): Promise<void> {
  const workspaceId = guard(ctx, 'cutover.start');
  const { cutoverId } = parseInput(cutoverInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const change = await lockCutover(work, ctx, workspaceId, cutoverId);
    if (change.row.state !== 'planned')
      throw faultError('conflict', { message: 'This cutover has been started already.', remedy: 'Nothing to do.' });
    begin(change, personOf(ctx));
    await change.write();
    const { id, serverName } = change.row;
    work.audit({ action: 'cutover.start', subjectKind: 'cutover', subjectId: id, subjectName: serverName });
  });
}

/** From here on no run of the job starts but the cutover's own. */
export function begin(change: CutoverChange, who: string | null): void {
  change.set({
    state: 'active',
    startedAt: change.at,
    startedBy: who ?? `Landfall, as ${change.row.createdBy} planned`,
    waitingFor: null,
    timeline: { check: { startedAt: change.at.toISOString(), ...(who && { by: who }) } },
  });
  change.say(who ? 'decision' : 'info', who ? 'Started the cutover.' : 'The cutover begins, as planned.', who);
}

export const readinessInput = z.object({ jobId: z.string(), touchSource: z.boolean() });

/** What a cutover of this job would find now. */
export async function readCutoverReadiness(
  ctx: ServiceContext,
  input: z.infer<typeof readinessInput>,
): Promise<Readiness & { serverName: string }> {
  const workspaceId = guard(ctx, 'cutover.read');
  const { jobId, touchSource } = parseInput(readinessInput, input);
  const job = await ctx.db.query.replicationJobs.findFirst({
    where: (row) => and(eq(row.id, jobId), eq(row.workspaceId, workspaceId)),
  });
  if (!job || job.deletedAt) throw faultError('not-found', { message: `There is no replication job ${jobId}.` });
  return { serverName: job.serverName, ...(await cutoverReadiness(ctx.db, jobId, { touchSource }, ctx.now())) };
}

function startTimeProblem(at: Date, now: Date): string | null {
  if (at.getTime() < now.getTime() - 60_000) return 'The time of the cutover is in the past.';
  if (at.getTime() > now.getTime() + MAX_SEED_DAYS * 86_400_000) return `At most ${MAX_SEED_DAYS} days ahead.`;
  return null;
}
