// One cutover, locked, and everything that one transaction changes of it. Each verb of this folder and each step of the
// engine works through it, so that row, time line, log and event never disagree.

import { and, eq } from 'drizzle-orm';
import { type CutoverRow, cutoverLog, cutovers } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import {
  type Choice,
  type CutoverState,
  type CutoverStepId,
  cutoverStep,
  type StepRecord,
} from '../../../replication/model/cutover.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { ServiceContext, Work } from '../context.ts';

type Line = Pick<typeof cutoverLog.$inferInsert, 'level' | 'text' | 'who'>;

/** The name of the person who acts, or null for Landfall itself. */
export function personOf(ctx: ServiceContext): string | null {
  return ctx.principal.kind === 'member' ? ctx.principal.name : null;
}

/** Locks a cutover for a change. @throws `not-found` */
export async function lockCutover(work: Work, ctx: ServiceContext, workspaceId: WorkspaceId, id: string) {
  const [row] = await work.tx
    .select()
    .from(cutovers)
    .where(and(eq(cutovers.id, id), eq(cutovers.workspaceId, workspaceId)))
    .for('update');
  if (!row) throw faultError('not-found', { message: `There is no cutover ${id}.` });
  return new CutoverChange(work, row, ctx.now());
}

export class CutoverChange {
  readonly work: Work;
  readonly before: CutoverRow;
  readonly at: Date;
  /** The row as it will be. */
  row: CutoverRow;
  readonly #lines: (Line & { step: CutoverStepId })[] = [];

  constructor(work: Work, row: CutoverRow, at: Date) {
    this.work = work;
    this.before = row;
    this.row = { ...row };
    this.at = at;
  }

  set(values: Partial<CutoverRow>): void {
    this.row = { ...this.row, ...values };
  }

  say(level: Line['level'], text: string, who: string | null = null): void {
    this.#lines.push({ level, text, who, step: this.row.step });
  }

  /** Ends the step that it is in, and begins this one; a new step begins with its first try and nothing to wait for. */
  begin(step: CutoverStepId, ended: { outcome?: NonNullable<StepRecord['outcome']>; by?: string | null } = {}): void {
    this.endStep(ended);
    this.set({
      step,
      attempt: 0,
      question: null,
      waitingFor: null,
      timeline: { ...this.row.timeline, [step]: { startedAt: this.at.toISOString() } },
    });
  }

  /** The step that it is in ends, and no other begins. */
  endStep({ outcome = 'done', by }: { outcome?: NonNullable<StepRecord['outcome']>; by?: string | null } = {}): void {
    const { step, timeline } = this.row;
    const record = timeline[step] ?? { startedAt: this.at.toISOString() };
    if (record.endedAt) return;
    const ended = { ...record, endedAt: this.at.toISOString(), outcome, ...(by && { by }) };
    this.set({ timeline: { ...timeline, [step]: ended } });
  }

  /** Another try of the step; what it may take counts from now on. */
  tryAgain(): void {
    const { step, timeline, attempt } = this.row;
    const record = { startedAt: this.at.toISOString(), ...timeline[step], since: this.at.toISOString() };
    this.set({ attempt: attempt + 1, question: null, waitingFor: null, timeline: { ...timeline, [step]: record } });
  }

  /** Waits for a person from now on. */
  ask(text: string, detail: string | null, choices: [Choice, ...Choice[]]): void {
    const number = this.row.questions + 1;
    this.set({
      questions: number,
      question: { number, text, detail, choices, askedAt: this.at.toISOString() },
      waitingFor: null,
    });
    this.say('warning', detail ? `${text} ${detail}` : text);
  }

  wait(what: string | null): void {
    this.set({ waitingFor: what });
  }

  end(state: CutoverState, by: string | null): void {
    this.endStep({ by });
    this.set({ state, endedAt: this.at, question: null, waitingFor: null });
  }

  /** Writes the row where it changed, the lines of the log, and the events that tell of both. */
  async write(): Promise<void> {
    const { tx, event } = this.work;
    const { id, jobId } = this.row;
    const changed = Object.fromEntries(
      Object.entries(this.row).filter(([name, value]) => value !== this.before[name as keyof CutoverRow]),
    );
    if (Object.keys(changed).length > 0) await tx.update(cutovers).set(changed).where(eq(cutovers.id, id));
    if (this.#lines.length > 0)
      await tx.insert(cutoverLog).values(this.#lines.map((line) => ({ ...line, cutoverId: id, at: this.at })));
    if (Object.keys(changed).length === 0 && this.#lines.length === 0) return;
    event({ topic: 'cutovers', subjectId: id, kind: 'changed', data: { jobId } });
    if (this.row.state !== this.before.state) event({ topic: 'jobs', subjectId: jobId, kind: 'changed' });
  }

  /** What a person reads for the step that it is in. */
  get stepLabel(): string {
    return cutoverStep(this.row.step).label;
  }
}
