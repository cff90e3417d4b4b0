// What the checks of a launched instance say, and what follows: on to the cut-over, another look, or a question.
import type { instances } from '../../../db/schema/index.ts';
import type { CutoverCheck } from '../../../replication/model/cutover.ts';
import type { CutoverChange } from './change.ts';

type InstanceRow = typeof instances.$inferSelect;

/** What a guest writes when it does not come up; from the consoles of Linux and of Windows' boot manager. */
const TROUBLE =
  /Kernel panic|not syncing|emergency mode|Give root password for maintenance|ALERT!.* does not exist|dracut.*timeout|Boot failed|No bootable device|0xc000000f/i;

/** `output`: the last lines of its serial console; null while it could not be read. */
export function instanceLooked(
  change: CutoverChange,
  instance: InstanceRow,
  output: string | null,
  tcp: CutoverCheck | null,
): void {
  const { row } = change;
  if (row.state !== 'active' || row.step !== 'check-instance' || row.question || row.launchId !== instance.id) return;
  const checks = [statusCheck(instance), consoleCheck(row.options.consoleText, output), ...(tcp ? [tcp] : [])];
  if (JSON.stringify(checks) !== JSON.stringify(row.instanceChecks)) change.set({ instanceChecks: checks });
  if (output !== null && output !== row.consoleOutput) change.set({ consoleOutput: output });
  const failed = checks.filter(({ state }) => state === 'fail');
  const open = checks.filter(({ state }) => state === 'wait');
  const began = row.timeline['check-instance'];
  const since = new Date(began?.since ?? began?.startedAt ?? change.at).getTime();
  const late = change.at.getTime() - since > row.options.checkMinutes * 60_000;
  if (failed.length > 0) {
    change.ask('A check of the instance failed.', sentences(failed), ['check-again', 'go-on']);
  } else if (open.length === 0) {
    change.say('info', `The instance passes its checks. ${sentences(checks)}`);
    change.begin('cut-over');
  } else if (late) {
    const text = `The checks did not all pass within ${row.options.checkMinutes} min.`;
    change.ask(text, sentences(open), ['check-again', 'go-on']);
  } else change.wait(sentences(open));
}

const sentences = (checks: readonly CutoverCheck[]) => checks.map(({ text }) => text).join(' ');

function statusCheck(instance: InstanceRow): CutoverCheck {
  const check = { id: 'status', label: 'Status checks' };
  const name = instance.instanceId ?? instance.id;
  if (instance.fault) return { ...check, state: 'fail', text: instance.fault.message };
  if (['shutting-down', 'terminated', 'stopping', 'stopped', 'failed'].includes(instance.state)) {
    return { ...check, state: 'fail', text: `${name} is ${instance.state}.` };
  }
  const { systemStatus = null, instanceStatus = null } = instance.detail ?? {};
  if (systemStatus === 'impaired' || instanceStatus === 'impaired')
    return { ...check, state: 'fail', text: `EC2 calls ${name} impaired.` };
  if (systemStatus === 'ok' && instanceStatus === 'ok')
    return { ...check, state: 'pass', text: `${name} passes both status checks of EC2.` };
  return { ...check, state: 'wait', text: `${name} is ${instance.state}; EC2 is still checking.` };
}

function consoleCheck(wanted: string | null, output: string | null): CutoverCheck {
  const check = { id: 'console', label: 'Console output' };
  const [trouble] = TROUBLE.exec(output ?? '') ?? [];
  if (trouble) return { ...check, state: 'fail', text: `The console says "${trouble}".` };
  if (wanted) {
    return output?.includes(wanted)
      ? { ...check, state: 'pass', text: `The console says "${wanted}".` }
      : { ...check, state: 'wait', text: `The console does not say "${wanted}" yet.` };
  }
  return output
    ? { ...check, state: 'pass', text: 'The console output shows no trouble.' }
    : { ...check, state: 'warn', text: 'The console has said nothing yet.' };
}
