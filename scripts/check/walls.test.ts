import { describe, expect, it } from 'vitest';
import { breaches, judge } from './walls.ts';

const SCHEMA = `export const jobs = pgTable('replication_jobs', { id: text(), workspaceId: text() });
export const sessions = pgTable('sessions', { id: text(), userId: text() });`;

const GOOD = `
const isOpen = () => isNull(jobs.deletedAt);
export async function pauseJob(ctx: ServiceContext, input: JobInput) {
  const workspaceId = guard(ctx, 'job.pause');
  const { jobId } = parseInput(jobInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const job = await lockJob(work, workspaceId, jobId);
    await work.tx.update(jobs).set({ state: 'paused' }).where(and(eq(jobs.id, job.id), isOpen()));
    await note(work, jobId);
    await work.tx.delete(sessions).where(eq(sessions.id, jobId));
    tell(work, job);
  });
}
async function note({ tx }: Work, jobId: string) {
  await tx.update(jobs).set({ noted: true }).where(eq(jobs.id, jobId));
}
const tell = ({ audit }: Work, job: JobRow) => audit({ action: 'job.pause', subjectId: job.id });
async function lockJob({ tx }: Work, workspaceId: WorkspaceId, jobId: string) {
  const here = and(eq(jobs.id, jobId), eq(jobs.workspaceId, workspaceId));
  const [job] = await tx.select().from(jobs).where(here).for('update');
  return job;
}
export const listJobs = (ctx: ServiceContext) => {
  const workspaceId = guard(ctx, 'job.read');
  return findPage(ctx.db, JOBS, workspaceId, (tx, here) => tx.select().from(jobs).where(here));
};
export async function createDueRuns(ctx: ProgramContext) {
  const due = await ctx.db.select().from(jobs).where(isOpen());
  for (const job of due) await inTransaction(ctx, job.workspaceId, async ({ tx }) => tx.update(jobs).where(eq(jobs.id, job.id)));
}
`;
const of = (text: string) =>
  breaches(
    new Map([
      ['db/schema/jobs.ts', SCHEMA],
      ['server/services/jobs.ts', text],
    ]),
  );
const seen = (text: string) => of(text).map(({ within, rule, why }) => `${within} ${rule}: ${why}`);

describe('the walls between workspaces', () => {
  it('stand where every statement is about one', () => {
    expect(seen(GOOD)).toEqual([]);
  });

  it.each([
    [
      'a row is looked for without the workspace',
      ', eq(jobs.workspaceId, workspaceId)',
      '',
      'pauseJob statement: lockJob is given jobId',
    ],
    [
      'a row is changed that nobody has looked for',
      '    const job = await lockJob(work, workspaceId, jobId);\n',
      '',
      'pauseJob statement: note is given jobId, which was not looked for in the workspace',
    ],
    [
      'a list is not of the workspace',
      'findPage(ctx.db, JOBS, workspaceId, ',
      'findPage(ctx.db, JOBS, ',
      'listJobs statement: from jobs does not name the workspace',
    ],
    [
      'a sweep over all workspaces is open to members',
      'createDueRuns(ctx: ProgramContext)',
      'createDueRuns(ctx: ServiceContext)',
      'createDueRuns statement: from jobs does not name the workspace',
    ],
    [
      'SQL of its own names no workspace',
      'return job;',
      'await tx.execute(sql`update replication_jobs set noted = true`);',
      'lockJob statement: update replication_jobs does not name the workspace',
    ],
    [
      'nobody asked for the permission',
      "guard(ctx, 'job.pause')",
      'ctx.principal.workspaceId',
      'pauseJob transaction: opens a transaction without having called guard',
    ],
    [
      'a change is not audited',
      '    tell(work, job);\n',
      '',
      'pauseJob audit: changes something without an audit entry',
    ],
    [
      'a text is made a workspace',
      "guard(ctx, 'job.read')",
      'input.workspace as WorkspaceId',
      'listJobs brand: makes a WorkspaceId of a text: ask guard, or read a row',
    ],
  ])('fall where %s', (_what, part, by, why) => {
    expect(GOOD).toContain(part);
    expect(seen(GOOD.replace(part, () => by)).join('\n')).toContain(why);
  });

  it('are not asked of what is listed with a reason, and no reason stays that is not needed', () => {
    const bad = of(GOOD.replace('    tell(work, job);\n', ''));
    const none = { statement: {}, transaction: {}, audit: {}, brand: {} };
    expect(judge(bad, none).breaches).toHaveLength(1);
    const excuse = { 'server/services/jobs.ts#pauseJob': 'so it is' };
    expect(judge(bad, { ...none, audit: excuse })).toEqual({ breaches: [], idle: [] });
    expect(judge(bad, { ...none, audit: excuse, statement: excuse }).idle).toEqual([
      'statement server/services/jobs.ts#pauseJob',
    ]);
  });
});
