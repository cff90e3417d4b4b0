// What both kinds of import tasks share: making, describing, cancelling, failing.

import { paced } from '../pace.ts';
import { AwsError } from '../service.ts';
import { newId } from '../snapshots/store.ts';
import { applyFilters, page, tagSet } from './describe.ts';
import type { Parameters, Xml } from './query.ts';
import { checkForm, endDryRun, found, invalid, readDescription, tagsFor, tokenMismatch } from './refusals.ts';
import { defaultKey } from './snapshots.ts';
import type { Action, Ec2, ImportTask } from './state.ts';

/** Work of tasks that run now, to be able to break it off. */
const running = new WeakMap<Ec2, Map<string, AbortController>>();

/** Starts a task's work; whatever it throws makes the task `deleted` with the message, as VM Import does. */
export function startTask(ec2: Ec2, task: ImportTask, work: (signal: AbortSignal) => Promise<void>): void {
  const own = new AbortController();
  const tasks = running.get(ec2) ?? new Map<string, AbortController>();
  running.set(ec2, tasks.set(task.id, own));
  const signal = AbortSignal.any([own.signal, ec2.timers.signal]);
  void work(signal)
    .catch((error: unknown) => {
      // A lab that closes leaves the task as it is; it begins again at the next start.
      if (ec2.timers.signal.aborted) return;
      failTask(ec2, task, own.signal.aborted ? String(own.signal.reason) : clientError(ec2, error));
    })
    .finally(() => tasks.delete(task.id));
}

function clientError(ec2: Ec2, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/^(Client|Server)Error|^FirstBootFailure/.test(message)) return message;
  ec2.context.log(`An import task failed inside the lab: ${error instanceof Error ? error.stack : message}`);
  return `ServerError: an internal error has occurred during conversion. (${message})`;
}

/** Adds a line to the task's log. */
export function note(ec2: Ec2, task: ImportTask, text: string): void {
  task.log.push({ at: ec2.context.now().toISOString(), text });
}

/** `deleting`, and soon after `deleted`, where failed and cancelled tasks end. */
function failTask(ec2: Ec2, task: ImportTask, message: string): void {
  task.status = 'deleting';
  task.statusMessage = message;
  task.progress = undefined;
  note(ec2, task, `deleting: ${message}`);
  ec2.state.saveTask(task);
  ec2.context.log(`Import task ${task.id} failed: ${message}`);
  ec2.timers.after(paced(ec2.context, 1000), () => {
    task.status = 'deleted';
    ec2.state.saveTask(task);
  });
}

/** Lets the rules for `vmie:ImportSnapshot` and `vmie:ImportImage` fall on a task's work: fail (its message is the status message), delay. */
export async function taskFaults(ec2: Ec2, task: ImportTask, signal: AbortSignal): Promise<number | undefined> {
  const operation = task.kind === 'snapshot' ? 'vmie:ImportSnapshot' : 'vmie:ImportImage';
  const attributes: Record<string, string> = task.disk
    ? { task: task.id, bucket: task.disk.bucket, key: task.disk.key }
    : { task: task.id, snapshotId: task.image?.disks[0]?.snapshotId ?? '' };
  let bytesPerSecond: number | undefined;
  for (const effect of ec2.context.faults.take('aws', operation, attributes)) {
    if (effect.kind === 'fail') throw new Error(effect.message ?? `ClientError: ${effect.code}`);
    if (effect.kind === 'delay') await rest(effect.ms, signal);
    if (effect.kind === 'rate') bytesPerSecond = effect.bytesPerSecond;
    if (effect.kind === 'hang') await rest(2 ** 31 - 1, signal);
  }
  return bytesPerSecond;
}

/** Waits; rejects as soon as the task is broken off. */
export function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** The task that an earlier request with the same token made, if there is one. */
export function repeated(
  ec2: Ec2,
  parameters: Parameters,
  kind: ImportTask['kind'],
  print: string,
): ImportTask | undefined {
  const token = parameters.text('ClientToken');
  if (!token) return undefined;
  if (token.length > 64) throw invalid('ClientToken must not be longer than 64 characters.');
  const task = Object.values(ec2.state.tasks).find((other) => other.kind === kind && other.clientToken === token);
  if (task && task.fingerprint !== print) throw tokenMismatch();
  return task;
}

/** Refuses what the account may not do now: an unknown service role, too many tasks. */
function checkTaskAllowed(ec2: Ec2, parameters: Parameters): void {
  const role = parameters.text('RoleName') ?? 'vmimport';
  if (!ec2.state.settings.roles.includes(role)) {
    throw new AwsError(
      400,
      'InvalidParameter',
      `The service role ${role} provided does not exist or does not have sufficient permissions`,
    );
  }
  const active = Object.values(ec2.state.tasks).filter(({ status }) => status === 'active').length;
  if (active >= ec2.state.settings.importTasks) {
    throw new AwsError(400, 'ResourceCountLimitExceeded', `You have reached the limit of ${active} conversion tasks.`);
  }
}

/** A task as the request asks for it, when nothing stands against it; not saved yet. Ends a dry run. */
export function askedTask(
  ec2: Ec2,
  parameters: Parameters,
  given: Pick<ImportTask, 'kind' | 'fingerprint' | 'progress'> & { encryptedByDefault: boolean },
): ImportTask {
  const { encryptedByDefault, ...task } = given;
  const encrypted = parameters.flag('Encrypted') ?? encryptedByDefault;
  const kmsKeyId = parameters.text('KmsKeyId');
  if (kmsKeyId && !encrypted) {
    throw new AwsError(400, 'InvalidParameterDependency', 'KmsKeyId is only allowed together with Encrypted.');
  }
  const resource = `import-${task.kind}-task` as const;
  const tags = tagsFor(parameters, [resource])[resource] ?? {};
  checkTaskAllowed(ec2, parameters);
  endDryRun(parameters);
  const clientToken = parameters.text('ClientToken');
  return {
    ...task,
    id: newId(task.kind === 'image' ? 'import-ami' : 'import-snap'),
    status: 'active',
    statusMessage: 'pending',
    description: readDescription(parameters),
    ...(clientToken ? { clientToken } : {}),
    encrypted,
    ...(encrypted ? { kmsKeyId: kmsKeyId ?? defaultKey(ec2) } : {}),
    tags,
    created: ec2.context.now().toISOString(),
    log: [],
  };
}

/** Tasks of a kind, filtered and paged as both Describe operations do. */
export function chooseTasks(
  ec2: Ec2,
  parameters: Parameters,
  kind: ImportTask['kind'],
): { items: ImportTask[]; nextToken: string | undefined } {
  const ids = parameters.list('ImportTaskId');
  for (const id of ids) findTask(ec2, id, kind);
  const chosen = Object.values(ec2.state.tasks).filter(
    (task) => task.kind === kind && (!ids.length || ids.includes(task.id)),
  );
  const table = {
    'task-state': ({ status }: ImportTask) => [status],
    'import-task-id': ({ id }: ImportTask) => [id],
  };
  // Unlike everywhere else in EC2, the list is called "Filters" on the wire.
  return page(applyFilters(chosen, parameters, table, undefined, 'Filters'), parameters, {
    least: 1,
    most: 1000,
    byId: false,
  });
}

function findTask(ec2: Ec2, id: string, kind: ImportTask['kind']): ImportTask {
  const task = ec2.state.tasks[id];
  return found(kind === 'snapshot' ? 'importSnapshot' : 'importImage', id, task?.kind === kind ? task : undefined);
}

export function importTaskActions(ec2: Ec2): Record<string, Action> {
  return {
    CancelImportTask(parameters) {
      const id = parameters.required('ImportTaskId');
      const kind = id.startsWith('import-ami-') ? 'image' : 'snapshot';
      checkForm(kind === 'image' ? 'importImage' : 'importSnapshot', id);
      const task = findTask(ec2, id, kind);
      if (task.status !== 'active') {
        throw new AwsError(400, 'IncorrectState', `The import task ${id} is ${task.status} and cannot be cancelled.`);
      }
      endDryRun(parameters);
      const reason = parameters.text('CancelReason');
      running
        .get(ec2)
        ?.get(id)
        ?.abort(`Task was cancelled by the user${reason ? `: ${reason}` : ''}`);
      task.status = 'deleting';
      return { importTaskId: id, previousState: 'active', state: 'deleting' };
    },
  };
}

/** Tags as both kinds of tasks show them. */
export function taskTags(task: ImportTask): Xml {
  return tagSet(task.tags);
}
