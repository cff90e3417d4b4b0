// Ends exports whose lease never became known, because the answer to ExportSnapshot was lost. vCenter lists no leases, but an
// export has a task, and the lease ends with it. For sources/vsphere only.
import type { VimSession } from './session.ts';
import { VimFault } from './soap.ts';
import { runningExports, TaskDeadline, waitForTask } from './tasks.ts';
import type { ManagedObject } from './xml/markup.ts';

/** A cancelled export lets go of the machine within moments. */
const END_MS = 60_000;

/**
 * Cancels every export of the server that this connector's own account began: the console runs one run per server, and what
 * that run knows of it ends by its lease. Answers how many there were.
 */
export async function endLostExports(session: VimSession, vm: ManagedObject, signal: AbortSignal): Promise<number> {
  const tasks = await runningExports(session, vm, await session.account(signal), signal);
  for (const task of tasks) {
    try {
      await session.call(task, 'CancelTask', [], { signal });
      await waitForTask(session, task, { signal, deadlineMs: END_MS });
    } catch (error) {
      // A cancelled task ends with a fault, as does one that ended before it could be cancelled.
      if (!(error instanceof VimFault)) throw error instanceof TaskDeadline ? stillThere(error) : error;
      if (['NoPermission', 'NotSupported'].includes(error.type)) throw error;
    }
  }
  return tasks.length;
}

function stillThere(error: TaskDeadline): TaskDeadline {
  return new TaskDeadline(`an export that was cancelled goes on: ${error.message}`);
}
