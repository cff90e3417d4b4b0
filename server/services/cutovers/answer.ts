// A person's answer to the question that a cutover waits with. An answer to an earlier question changes nothing.
import { z } from 'zod';
import { CHOICES, type Choice, choiceSchema } from '../../../replication/model/cutover.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { type CutoverChange, lockCutover, personOf } from './change.ts';
import { endPowerTasks, orderPower } from './power.ts';

export const answerInput = z.object({ cutoverId: z.string(), question: z.number().int(), choice: choiceSchema });

export async function answerCutover(ctx: ServiceContext, input: z.infer<typeof answerInput>): Promise<void> {
  const workspaceId = guard(ctx, 'cutover.decide');
  const { cutoverId, question, choice } = parseInput(answerInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const change = await lockCutover(work, ctx, workspaceId, cutoverId);
    const asked = change.row.question;
    if (asked?.number !== question || !asked.choices.includes(choice))
      throw faultError('conflict', {
        message: 'This question has been answered already.',
        remedy: 'Look at where the cutover is now.',
      });
    const who = personOf(ctx);
    change.say('decision', `${CHOICES[choice].label} (${asked.text})`, who);
    await ACTS[choice](change, who);
    await change.write();
    const { id, serverName } = change.row;
    work.audit({
      action: 'cutover.decide',
      subjectKind: 'cutover',
      subjectId: id,
      subjectName: serverName,
      after: { question: asked.text, answer: choice },
    });
  });
}

const tryAgain = (change: CutoverChange) => change.tryAgain();

const ACTS: Record<Choice, (change: CutoverChange, who: string | null) => void | Promise<void>> = {
  'check-again': tryAgain,
  'try-again': tryAgain,
  'keep-waiting': async (change) => {
    change.tryAgain();
    await orderPower(change, 'shut-down');
  },
  'power-off': async (change) => {
    change.tryAgain();
    await orderPower(change, 'power-off');
  },
  'source-stopped': (change, by) => {
    change.set({ sourceStopped: 'by-team', downtimeStartedAt: change.at });
    change.begin('final-run', { by });
  },
  'go-on': (change, by) => change.begin('cut-over', { outcome: 'failed', by }),
  'cut-over': (change, by) => {
    change.set({ downtimeEndedAt: change.at });
    change.begin('finish', { by });
    change.set({ state: 'cut-over' });
  },
  'done-by-hand': async (change, by) => {
    if (change.row.step === 'end-final-run') change.begin('stop-instance', { outcome: 'skipped', by });
    else if (change.row.step === 'stop-instance') change.begin('start-source', { outcome: 'skipped', by });
    else {
      await endPowerTasks(change.work, change.row.id);
      endRollBack(change, by);
    }
  },
};

/** The source serves again: the job goes on from the same baseline. */
export function endRollBack(change: CutoverChange, by: string | null): void {
  // After a cut-over the instance had served meanwhile, and its downtime stands.
  if (change.row.downtimeStartedAt && !change.row.downtimeEndedAt) change.set({ downtimeEndedAt: change.at });
  change.say('info', 'Rolled back. The job replicates again from the same baseline.');
  change.end('rolled-back', by);
}
