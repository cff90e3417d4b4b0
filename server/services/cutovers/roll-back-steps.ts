// The way back, step by step: the final run ends, the instance is stopped, the source is powered on again.
import { eq } from 'drizzle-orm';
import { instances, replicationRuns } from '../../../db/schema/index.ts';
import { isEnded } from '../../../replication/model/run.ts';
import type { Outside } from './advance.ts';
import { endRollBack } from './answer.ts';
import type { CutoverChange } from './change.ts';
import { CONNECTOR_REMEDY, newestPower, orderPower } from './power.ts';
import { timeInStep, waitsByItself } from './waits.ts';

/** After so long a person is asked: the source is down meanwhile. */
const INSTANCE_MS = 3 * 60_000;
const GO_ON =
  'The roll-back can go on without it: the run is cancelled, and cleans up after itself as soon as its connector or AWS answers.';

export async function advanceRollBack(change: CutoverChange): Promise<Outside | null> {
  switch (change.row.step) {
    case 'end-final-run':
      await endFinalRun(change);
      return null;
    case 'stop-instance':
      return stopInstance(change);
    case 'start-source':
      await startSource(change);
      return null;
    default:
      return null;
  }
}

async function endFinalRun(change: CutoverChange): Promise<void> {
  const { finalRunId } = change.row;
  const [run] = finalRunId
    ? await change.work.tx.select().from(replicationRuns).where(eq(replicationRuns.id, finalRunId))
    : [];
  if (run && !isEnded(run.state)) {
    const waits = waitsByItself(change.row, { run }, change.at);
    if (waits) return change.wait(waits);
    return change.ask(`${run.id} has not ended yet.`, GO_ON, ['try-again', 'done-by-hand']);
  }
  change.begin('stop-instance', { outcome: run?.state === 'cancelled' ? 'done' : 'skipped' });
}

async function stopInstance(change: CutoverChange): Promise<Outside | null> {
  const { launchId } = change.row;
  const [instance] = launchId ? await change.work.tx.select().from(instances).where(eq(instances.id, launchId)) : [];
  // A launch that EC2 has not answered yet is answered, or refused, within a minute (cloud/watch-instances.ts).
  const gone =
    !instance || instance.terminatedAt !== null || instance.state === 'stopped' || instance.state === 'failed';
  if (!gone && timeInStep(change.row, change.at) > INSTANCE_MS) {
    const what = instance.instanceId
      ? `${instance.instanceId} is ${instance.state}.`
      : 'EC2 does not say whether it launched.';
    change.ask(what, 'See to it in the EC2 console that no instance of this server runs, then say so here.', [
      'try-again',
      'done-by-hand',
    ]);
    return null;
  }
  if (!gone && !instance.instanceId) {
    change.wait('Waits for EC2 to say whether it launched the instance.');
    return null;
  }
  if (gone || !instance?.instanceId) {
    change.begin('start-source', { outcome: instance?.state === 'stopped' ? 'done' : 'skipped' });
    return null;
  }
  // The source does not start beside its own copy.
  change.wait(`Waits until ${instance.instanceId} is stopped.`);
  return instance.state === 'stopping' ? null : { do: 'stop-instance', launchId: instance.id };
}

async function startSource(change: CutoverChange): Promise<void> {
  const { row, work } = change;
  if (row.sourceStopped === null) return endRollBack(change, null);
  if (row.sourceStopped === 'by-team') {
    return change.ask(
      `Start ${row.serverName} again, then say so here.`,
      'Your team stopped the server itself, so Landfall does not start it.',
      ['done-by-hand'],
    );
  }
  const task = await newestPower(work, row.id);
  const ordered = task?.power?.action === 'power-on' && (task.attempt >= row.attempt || task.state === 'open');
  if (!task || !ordered) {
    await orderPower(change, 'power-on');
    change.say('info', 'The server is powered on again.');
    return change.wait('Waits for the server to be on.');
  }
  if (task.state === 'open') {
    const waits = waitsByItself(row, { power: task }, change.at);
    if (waits) return change.wait(waits);
    return change.ask('The connector does not take it up.', CONNECTOR_REMEDY, ['try-again', 'done-by-hand']);
  }
  if (task.state === 'done' && task.powerResult?.power === 'on' && task.powerResult.note === null)
    return endRollBack(change, null);
  const why = task.fault?.message ?? task.powerResult?.note ?? 'The connector gave up.';
  change.ask(`${row.serverName} could not be powered on: ${why}`, task.fault?.remedy ?? null, [
    'try-again',
    'done-by-hand',
  ]);
}
