// What ImportSnapshot's and ImportImage's tasks have in common: states, percentages, failures.
// For snapshots.ts and images.ts; `importFault` also for the steps that poll.
import { createHash } from 'node:crypto';
import type { Tag } from '@aws-sdk/client-ec2';
import { type FaultError, faultError } from '../../model/fault.ts';
import type { AwsClients } from './clients.ts';
import { batches, clientToken, fromTags } from './ec2-names.ts';
import { hasAwsCode } from './faults.ts';
import type { ImportTask } from './target.ts';

const BATCH = 50;

/** EC2 has no `failed`: a task that fails is deleted, and its StatusMessage says why. */
export function importState(status: string | undefined): ImportTask['state'] {
  if (status === 'completed') return 'completed';
  return /^(deleted|deleting|error|cancelled|cancelling)$/.test(status ?? '') ? 'failed' : 'active';
}

/** EC2 sends the percentage as text, or not at all. */
export function importPercent(progress: string | undefined, state: ImportTask['state']): number | null {
  if (state === 'completed') return 100;
  const percent = Number.parseInt(progress ?? '', 10);
  return Number.isNaN(percent) ? null : Math.min(100, Math.max(0, percent));
}

/** The fault of a task that failed, with AWS's words as its cause. */
export function importFault(kind: 'snapshot' | 'image', task: Pick<ImportTask, 'taskId' | 'message'>): FaultError {
  const cause = `${task.taskId}: ${task.message}`;
  if (/service role .*(does not exist|insufficient|not have sufficient)/i.test(task.message)) {
    return faultError('import-role-missing', { cause });
  }
  const code = kind === 'snapshot' ? 'import-snapshot-failed' : 'import-image-failed';
  const elsewhere = /not local to the region/i.test(task.message);
  return elsewhere ? faultError('staging-bucket-missing', { cause }) : faultError(code, { cause });
}

/**
 * Asks about tasks, `BATCH` ids a call. EC2 refuses a whole batch for one id that it does not know; then they are asked
 * one by one, and unknown ones are left out of the answer.
 */
export async function describeTasks(
  taskIds: readonly string[],
  ask: (ids: string[]) => Promise<ImportTask[]>,
): Promise<Map<string, ImportTask>> {
  const tasks = new Map<string, ImportTask>();
  for (const ids of batches([...new Set(taskIds)], BATCH)) {
    for (const task of await askAll(ids, ask)) tasks.set(task.taskId, task);
  }
  return tasks;
}

async function askAll(ids: string[], ask: (ids: string[]) => Promise<ImportTask[]>): Promise<ImportTask[]> {
  try {
    return await ask(ids);
  } catch (error) {
    if (!isUnknownTask(error)) throw error;
    if (ids.length === 1) return [];
    const found: ImportTask[] = [];
    for (const id of ids) found.push(...(await askAll([id], ask)));
    return found;
  }
}

/** The tag by which a task is found again when its id never reached us. */
const TOKEN_TAG = 'landfall:token';

/** The task's tags with its token; a tag's value has at most 256 characters. */
export function withToken(tags: Record<string, string>, token: string): Record<string, string> {
  return { ...tags, [TOKEN_TAG]: clientToken(token) };
}

/** The tag that tells what a task makes its thing of: two tasks of one token are the same only when this is. */
export const MADE_OF_TAG = 'landfall:made-of';

export function madeOfTag(made: unknown): Record<string, string> {
  return { [MADE_OF_TAG]: createHash('sha256').update(JSON.stringify(made)).digest('hex') };
}

/** The task that carries the token, out of all pages: AWS documents no filter of tasks by tag. */
export async function findTask(
  token: string,
  ask: ReturnType<TaskPages>,
): Promise<{ taskId: string; tags: Record<string, string> } | null> {
  const value = clientToken(token);
  for (let next: string | undefined, first = true; first || next; first = false) {
    const page = await ask({ MaxResults: 200, ...(next && { NextToken: next }) });
    for (const { ImportTaskId: taskId, Tags } of page.tasks) {
      const tags = fromTags(Tags);
      if (taskId && tags[TOKEN_TAG] === value) return { taskId, tags };
    }
    next = page.next;
  }
  return null;
}

/** All tasks of one kind, page by page. */
export type TaskPages = (signal: AbortSignal) => (page: { MaxResults: number; NextToken?: string }) => Promise<{
  tasks: { ImportTaskId?: string | undefined; Tags?: Tag[] | undefined }[];
  next: string | undefined;
}>;

/** Cancels an import; one that has ended or is unknown is fine. */
export async function cancelImport(clients: AwsClients, taskId: string, signal: AbortSignal): Promise<void> {
  try {
    await clients.ec2('ec2:CancelImportTask', signal, (ec2, http) =>
      ec2.cancelImportTask({ ImportTaskId: taskId, CancelReason: 'Cancelled by Landfall' }, http),
    );
  } catch (error) {
    if (!isUnknownTask(error) && !hasAwsCode(error, /^(IncorrectState|TaskNotCancell?able)$/)) throw error;
  }
}

function isUnknownTask(error: unknown): boolean {
  return hasAwsCode(error, /^(InvalidConversionTaskId|InvalidImportTaskId|InvalidTaskId)/);
}
