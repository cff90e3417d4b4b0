// Waits for vCenter's tasks, and finds those that are under way.

import { pause } from '../../disks/pause.ts';
import { readObject, readObjects } from './properties.ts';
import type { VimSession } from './session.ts';
import { localizedFault, VimFault } from './soap.ts';
import type { ManagedObject } from './xml/markup.ts';
import { child, object, text, type XmlNode } from './xml/xml-node.ts';

/** The task did not end in the time that was given; it may still be running. */
export class TaskDeadline extends Error {
  override readonly name = 'TaskDeadline';
}

const FIRST_POLL_MS = 50;
const LONGEST_POLL_MS = 1_000;

/** Waits between two looks: short at first, once a second in the end. */
export function pollDelay(look: number): number {
  return Math.min(FIRST_POLL_MS * 2 ** look, LONGEST_POLL_MS);
}

/**
 * Waits until the task has ended and gives its result (the reference that it made), or null.
 * An abort or a missed deadline leaves the task alone: vCenter brings it to its end, and who comes back finds its work.
 * @throws VimFault of the task, TaskDeadline, the signal's reason
 */
export async function waitForTask(
  session: VimSession,
  task: ManagedObject,
  options: { signal: AbortSignal; deadlineMs: number },
): Promise<ManagedObject | null> {
  const deadline = Date.now() + options.deadlineMs;
  for (let look = 0; ; look += 1) {
    const info = (await readObject(session, task, ['info'], options.signal)).properties.get('info');
    const state = text(info, 'state');
    if (state === 'success') return object(info, 'result');
    if (state === 'error') throw taskFault(info);
    if (Date.now() >= deadline) {
      const name = text(info, 'name') ?? 'a task';
      throw new TaskDeadline(
        `${name} (${task.value}) is still ${state} after ${Math.round(options.deadlineMs / 1000)} s`,
      );
    }
    await pause(Math.min(pollDelay(look), Math.max(1, deadline - Date.now())), options.signal);
  }
}

/** Tasks of these methods that are queued or running on the machine. */
export async function runningTasks(
  session: VimSession,
  vm: ManagedObject,
  methods: readonly string[],
  signal: AbortSignal,
): Promise<ManagedObject[]> {
  return running(session, vm, ({ method }) => methods.includes(method), signal);
}

/** Exports of the machine or its snapshots that are under way and that this account began. */
export function runningExports(
  session: VimSession,
  vm: ManagedObject,
  account: string,
  signal: AbortSignal,
): Promise<ManagedObject[]> {
  const isExport = (what: string) => /export/i.test(what);
  return running(
    session,
    vm,
    ({ method, described, by }) => by === account && [method, described].some(isExport),
    signal,
  );
}

/** How a task is told from others: what it does, in both ways in which vCenter says it, and whose it is. */
interface TaskMarks {
  method: string;
  described: string;
  by: string | null;
}

async function running(
  session: VimSession,
  vm: ManagedObject,
  wanted: (marks: TaskMarks) => boolean,
  signal: AbortSignal,
): Promise<ManagedObject[]> {
  const paths = { VirtualMachine: ['name'], Task: ['info'] };
  const found = await readObjects(session, [vm], paths, signal, [
    { name: 'tasks', type: 'VirtualMachine', path: 'recentTask' },
  ]);
  const tasks: ManagedObject[] = [];
  for (const { object: task, properties } of found) {
    if (task.type !== 'Task') continue;
    const info = properties.get('info');
    const state = text(info, 'state');
    // Called as on the wire (`CreateSnapshot_Task`); some versions leave the suffix out.
    const method = (text(info, 'name') ?? '').replace(/_Task$/, '');
    const marks = { method, described: text(info, 'descriptionId') ?? '', by: text(child(info, 'reason'), 'userName') };
    if ((state === 'queued' || state === 'running') && wanted(marks)) tasks.push(task);
  }
  return tasks;
}

function taskFault(info: XmlNode | undefined): VimFault {
  const error = child(info, 'error');
  return error ? localizedFault(error) : new VimFault('SystemError', 'The task failed without saying why.');
}
