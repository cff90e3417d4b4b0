// Ends exports whose lease never became known, because the answer to ExportSnapshot was lost. vCenter lists no leases, but an
// export has a task, and the lease ends with it.
import type { VimSession } from './session.ts';
import { VimFault } from './soap.ts';
import { runningExports, TaskDeadline, waitForTask } from './tasks.ts';
import type { ManagedObject } from './xml/markup.ts';

/** A cancelled export lets go of the machine within moments. */
const END_MS = 60_000;
/** One that the account may not cancel ends by itself when nobody has kept its lease alive for five minutes. */
const LAPSE_MS = 6 * 60_000;

/**
 * Cancels every export of the server that this connector's own account began: the console runs one run per server, and what
 * that run knows of it ends by its lease. Without Global.CancelTask they are waited for until vCenter ends them. Answers how
 * many there were.
 */
export async function endLostExports(session: VimSession, vm: ManagedObject, signal: AbortSignal): Promise<number> {
  const tasks = await runningExports(session, vm, await session.account(signal), signal);
  for (const task of tasks) {
    const deadlineMs = (await cancel(session, task, signal)) ? END_MS : LAPSE_MS;
    try {
      await waitForTask(session, task, { signal, deadlineMs });
    } catch (error) {
      // It ends with a fault, cancelled or not.
      if (error instanceof TaskDeadline)
        throw new TaskDeadline(`an export that nobody reads goes on: ${error.message}`);
      if (!(error instanceof VimFault)) throw error;
    }
  }
  return tasks.length;
}

/** Whether it could be cancelled. One that has ended meanwhile could. */
async function cancel(session: VimSession, task: ManagedObject, signal: AbortSignal): Promise<boolean> {
  try {
    await session.call(task, 'CancelTask', [], { signal });
    return true;
  } catch (error) {
    if (!(error instanceof VimFault)) throw error;
    return !['NoPermission', 'RestrictedByAdministrator', 'NotSupported'].includes(error.type);
  }
}
