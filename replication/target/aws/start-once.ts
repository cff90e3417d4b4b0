// Starting an import under a token that AWS may know already.
import type { Tag } from '@aws-sdk/client-ec2';
import { faultError } from '../../model/fault.ts';
import { fromTags } from './ec2-names.ts';
import { hasAwsCode } from './faults.ts';
import { findTask, MADE_OF_TAG, type TaskPages } from './import-tasks.ts';

/**
 * The id of the token's task: the one that was just started, or an earlier one that makes the same thing of the same bytes.
 * AWS gives the earlier one back for the same request, and refuses the token for any other; then it is looked at.
 * @throws `made-before` when the token's task was made of something else
 */
export async function startOnce(
  start: () => Promise<{ ImportTaskId?: string | undefined; Tags?: Tag[] | undefined }>,
  wanted: { token: string; tags: Record<string, string>; refused: 'import-snapshot-failed' | 'import-image-failed' },
  pages: ReturnType<TaskPages>,
): Promise<string> {
  const madeOf = wanted.tags[MADE_OF_TAG];
  try {
    const { ImportTaskId: taskId, Tags } = await start();
    if (!taskId) throw faultError(wanted.refused, { cause: 'AWS gave no task id.' });
    const answered = fromTags(Tags)[MADE_OF_TAG];
    if (answered !== undefined && answered !== madeOf) throw madeBefore(taskId);
    return taskId;
  } catch (error) {
    if (!hasAwsCode(error, /^IdempotentParameterMismatch$/)) throw error;
    const there = await findTask(wanted.token, pages);
    if (there && there.tags[MADE_OF_TAG] === madeOf) return there.taskId;
    throw madeBefore(there?.taskId ?? null, error);
  }
}

function madeBefore(taskId: string | null, error?: unknown) {
  const what = taskId ? `The import ${taskId}` : 'An import';
  return faultError(
    'made-before',
    { message: `${what} at AWS bears this run's name, and was made of something else.` },
    error,
  );
}
