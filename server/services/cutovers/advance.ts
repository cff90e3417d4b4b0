// Moves one cutover as far as it goes: looks at what its step waits for, begins the next, or asks a person.
// The engine calls it every second for each that is under way; several workers may. What must be done at AWS is done
// between two transactions, under tokens that make a second time harmless.

import { eq } from 'drizzle-orm';
import { cutovers, instances, replicationJobs, replicationRuns } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { cutoverStep } from '../../../replication/model/cutover.ts';
import { type FaultError, faultError } from '../../../replication/model/fault.ts';
import { isEnded } from '../../../replication/model/run.ts';
import { inTransaction, type ProgramContext, systemContext, type Work } from '../context.ts';
import { createRun, openRun } from '../runs/create.ts';
import { CutoverChange } from './change.ts';
import { cutoverReadiness } from './checks.ts';
import { CONNECTOR_REMEDY, newestPower, orderPower } from './power.ts';
import { advanceRollBack } from './roll-back-steps.ts';
import { waitsByItself } from './waits.ts';

/** What has to be done at AWS before the cutover can go on. */
export type Outside =
  | { do: 'launch'; token: string; runId: string }
  | { do: 'look-at-instance'; launchId: string }
  | { do: 'stop-instance'; launchId: string };

/** Locks the cutover and moves it; null when another worker has it, or there is nothing to do at AWS. */
export async function advanceCutover(
  ctx: ProgramContext,
  found: { id: string; workspaceId: WorkspaceId },
): Promise<Outside | null> {
  const own = systemContext(ctx.db, found.workspaceId, 'Landfall');
  return inTransaction(own, found.workspaceId, async (work) => {
    const [row] = await work.tx
      .select()
      .from(cutovers)
      .where(eq(cutovers.id, found.id))
      .for('update', { skipLocked: true });
    if (!row || row.question) return null;
    const change = new CutoverChange(work, row, ctx.now());
    const outside = row.state === 'rolling-back' ? await advanceRollBack(change) : await advanceActive(change, ctx);
    await change.write();
    return outside;
  });
}

async function advanceActive(change: CutoverChange, ctx: ProgramContext): Promise<Outside | null> {
  if (change.row.state !== 'active') return null;
  switch (change.row.step) {
    case 'check':
      await check(change);
      return null;
    case 'stop-source':
      await stopSource(change);
      return null;
    case 'final-run':
      await finalRun(change, ctx);
      return null;
    case 'launch':
      return launch(change);
    case 'check-instance':
      return change.row.launchId ? { do: 'look-at-instance', launchId: change.row.launchId } : null;
    case 'cut-over':
      change.ask(
        'Has the instance taken over?',
        'Switch users, DNS or the load balancer to it, try the service, then cut over. Until you finish, you can still roll back.',
        ['cut-over'],
      );
      return null;
    default:
      return null;
  }
}

async function check(change: CutoverChange): Promise<void> {
  const { work, row } = change;
  const waits = waitsByItself(row, { run: await openRun(work, row.jobId) }, change.at);
  if (waits) return change.wait(waits);
  const { checks } = await cutoverReadiness(work.tx, row.jobId, row.options, change.at);
  change.set({ checks });
  const failing = checks.filter(({ state }) => state === 'fail');
  if (failing.length > 0) {
    const what = failing.map(({ label, text }) => `${label}: ${text}`).join(' ');
    return change.ask(`${failing.length === 1 ? 'A check does' : `${failing.length} checks do`} not pass.`, what, [
      'check-again',
    ]);
  }
  const warned = checks.filter(({ state }) => state === 'warn').length;
  change.say('info', warned > 0 ? `All checks pass, ${warned} with a warning.` : 'All checks pass.');
  change.begin('stop-source');
}

async function stopSource(change: CutoverChange): Promise<void> {
  const { row, work } = change;
  if (!row.options.touchSource) {
    return change.ask(
      `Stop ${row.serverName} now, then say so here.`,
      'Landfall does not touch the server. What is written after the final run began is not in the AMI.',
      ['source-stopped'],
    );
  }
  const task = await newestPower(work, row.id);
  if (!task || (task.attempt < row.attempt && task.state !== 'open')) {
    // Kept before the connector acts: whatever happens then, a roll-back gives the power back.
    change.set({ sourceStopped: 'by-landfall', downtimeStartedAt: row.downtimeStartedAt ?? change.at });
    await orderPower(change, 'shut-down');
    change.say('info', `The guest is asked to shut down. It has ${row.options.shutdownMinutes} min.`);
    return change.wait('Waits for the guest to shut down.');
  }
  if (task.state === 'open') {
    const waits = waitsByItself(row, { power: task }, change.at);
    if (waits) return change.wait(waits);
    return change.ask('The connector does not take it up.', CONNECTOR_REMEDY, ['try-again', 'power-off']);
  }
  if (task.state === 'done' && task.powerResult?.power === 'off') {
    change.say('info', task.power?.action === 'power-off' ? 'The server is powered off.' : 'The guest has shut down.');
    return change.begin('final-run');
  }
  if (task.state === 'done')
    return change.ask(`${row.serverName} is still on.`, task.powerResult?.note ?? null, ['keep-waiting', 'power-off']);
  const said = task.fault;
  change.ask(said?.message ?? 'The connector gave up.', said?.remedy ?? null, ['try-again', 'power-off']);
}

async function finalRun(change: CutoverChange, ctx: ProgramContext): Promise<void> {
  const { row, work } = change;
  const run = row.finalRunId ? await runOf(work, row.finalRunId) : null;
  // A run that failed was answered with another try.
  const answered = run && isEnded(run.state) && run.state !== 'completed' && isBefore(run.createdAt, change);
  if (!run || answered) return startFinalRun(change, ctx);
  if (!isEnded(run.state)) return change.wait(waitsByItself(row, { run }, change.at));
  if (run.state !== 'completed') {
    const said = run.fault;
    return change.ask(`The final run ${run.state}: ${said?.message ?? ''}`, said?.remedy ?? null, ['try-again']);
  }
  const power = run.results['check-server']?.server.power;
  if (power === 'on')
    change.say(
      'warning',
      'The server was on when the final run took its snapshot: what it wrote after that is not in the AMI.',
    );
  change.say('info', `${run.id} made ${run.imageId}.`);
  change.begin('launch');
}

const isBefore = (createdAt: Date, change: CutoverChange) => {
  const since = change.row.timeline['final-run']?.since;
  return since !== undefined && createdAt.getTime() <= new Date(since).getTime();
};

async function startFinalRun(change: CutoverChange, ctx: ProgramContext): Promise<void> {
  const { row, work } = change;
  const other = await openRun(work, row.jobId);
  if (other) return change.wait(`Waits until ${other.id} has ended.`);
  const [job] = await work.tx.select().from(replicationJobs).where(eq(replicationJobs.id, row.jobId)).for('update');
  if (!job) return;
  const { runId } = await createRun(work, job, {
    type: 'on-demand',
    scheduledFor: ctx.now(),
    cutoverId: row.id,
  });
  change.set({ finalRunId: runId });
  change.say('info', `The final run begins: ${runId}.`);
}

async function runOf(work: Work, runId: string) {
  const [run] = await work.tx.select().from(replicationRuns).where(eq(replicationRuns.id, runId));
  return run ?? null;
}

function launch(change: CutoverChange): Outside | null {
  const { row } = change;
  if (!row.finalRunId) return null;
  return { do: 'launch', token: `${row.id}/${row.attempt}`, runId: row.finalRunId };
}

/**
 * Written with the row of the launch, before EC2 is asked. @throws `conflict` when the cutover is no longer there: rolled
 * back meanwhile, it would never hear of the instance
 */
export function launchBegins(change: CutoverChange, launchId: string): void {
  if (change.row.state !== 'active' || change.row.step !== 'launch')
    throw faultError('conflict', { message: 'The cutover has gone on without this launch.' });
  change.set({ launchId });
}

/** Keeps that the launch was made, where the cutover still waits for it. */
export async function launchMade(change: CutoverChange, launchId: string): Promise<void> {
  if (change.row.state !== 'active' || change.row.step !== 'launch') return;
  const [row] = await change.work.tx
    .select({ type: instances.input })
    .from(instances)
    .where(eq(instances.id, launchId));
  change.set({ launchId, instanceChecks: [] });
  change.say('info', `Launched${row ? ` as ${row.type.instanceType}` : ''}: ${launchId}.`);
  change.begin('check-instance');
}

/** What AWS refused, asked of a person; what may go through at the next call is only told. */
export function outsideFailed(change: CutoverChange, outside: Outside, { fault }: FaultError): void {
  const { row } = change;
  // Rolled back, or answered, meanwhile: then it matters no more.
  if (row.question || !waitsFor(row, outside)) return;
  if (fault.retry === 'now') {
    change.wait(`${fault.message} It is tried again.`);
    return;
  }
  const choices: ['try-again', ...'done-by-hand'[]] =
    row.state === 'rolling-back' ? ['try-again', 'done-by-hand'] : ['try-again'];
  change.ask(
    `${cutoverStep(row.step).label}: ${fault.message}`,
    [fault.remedy, fault.cause].filter(Boolean).join(' '),
    choices,
  );
}

function waitsFor({ state, step }: { state: string; step: string }, outside: Outside): boolean {
  if (outside.do === 'stop-instance') return state === 'rolling-back' && step === 'stop-instance';
  return state === 'active' && step === (outside.do === 'launch' ? 'launch' : 'check-instance');
}
