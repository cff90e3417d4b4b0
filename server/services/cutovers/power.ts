// Power tasks: what the connector is asked to do with the source of a cutover, and what came of it.
// The row stands before the connector acts, so that a roll-back knows what to give back.
import { and, eq, sql } from 'drizzle-orm';
import { newId } from '../../../db/ids.ts';
import { cutoverLog, cutovers, replicationJobs, servers, type TaskRow, tasks } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { type PowerAction, powerResultSchema } from '../../../replication/model/power.ts';
import type { LogLine } from '../../../replication/wire/gateway.ts';
import type { Work } from '../context.ts';
import { hintTasks } from '../leases/hints.ts';
import type { CutoverChange } from './change.ts';

/** Powering on or off is a matter of seconds; a guest shuts down in its own time. */
const SWITCH_SECONDS = 180;

export const CONNECTOR_REMEDY =
  'Check that the connector runs and reaches the console; it takes the task up as soon as it does. Or do it in vCenter by hand.';

/** Asks for one action; an earlier one of this cutover that is still open is given up. */
export async function orderPower(change: CutoverChange, action: PowerAction): Promise<void> {
  const { work, row } = change;
  await endPowerTasks(work, row.id);
  const [found] = await work.tx
    .select({ vmId: servers.vmId, name: servers.name, connectorId: replicationJobs.connectorId })
    .from(replicationJobs)
    .innerJoin(servers, eq(servers.id, replicationJobs.serverId))
    .where(eq(replicationJobs.id, row.jobId));
  if (!found) throw faultError('server-gone');
  const deadlineSeconds = action === 'shut-down' ? row.options.shutdownMinutes * 60 : SWITCH_SECONDS;
  await work.tx.insert(tasks).values({
    id: newId.task(),
    workspaceId: row.workspaceId,
    kind: 'power',
    place: 'connector',
    connectorId: found.connectorId,
    cutoverId: row.id,
    attempt: row.attempt,
    power: { action, vmId: found.vmId, serverName: found.name, deadlineSeconds },
    createdAt: sql`clock_timestamp()`,
  });
  await hintTasks(work.tx, found.connectorId);
}

/** The newest power task of a cutover; null before the first. */
export async function newestPower(work: Work, cutoverId: string): Promise<TaskRow | null> {
  const [task] = await work.tx
    .select()
    .from(tasks)
    .where(and(eq(tasks.cutoverId, cutoverId), sql`${tasks.kind} = 'power'`))
    .orderBy(sql`${tasks.createdAt} desc`)
    .limit(1);
  return task ?? null;
}

/** Gives up what the connector is still at: with its next word it hears that it no longer holds the task. */
export async function endPowerTasks(work: Work, cutoverId: string): Promise<void> {
  await work.tx
    .update(tasks)
    .set({ state: 'cancelled', holder: null, endedAt: sql`now()` })
    .where(and(eq(tasks.cutoverId, cutoverId), sql`${tasks.kind} = 'power' and ${tasks.state} = 'open'`));
}

/** What the connector says while it acts, with the step that its cutover is in. At least one line. */
export async function logForCutover({ tx, event }: Work, cutoverId: string, lines: readonly LogLine[]): Promise<void> {
  const [cutover] = await tx.select({ step: cutovers.step }).from(cutovers).where(eq(cutovers.id, cutoverId));
  if (!cutover) return;
  await tx.insert(cutoverLog).values(
    lines.map(({ at, level, text }) => ({
      cutoverId,
      at: new Date(at),
      level: level === 'debug' ? ('info' as const) : level,
      step: cutover.step,
      text,
    })),
  );
  event({ topic: 'cutovers', subjectId: cutoverId, kind: 'changed' });
}

/** Keeps what came of a power task, for the next step of its cutover. @throws `input-invalid` */
export async function keepPowerResult({ tx }: Work, taskId: string, result: unknown): Promise<void> {
  const parsed = powerResultSchema.safeParse(result);
  if (!parsed.success) {
    throw faultError('input-invalid', {
      message: 'The result of a power task is not what the console expects.',
      cause: parsed.error.message,
    });
  }
  await tx.update(tasks).set({ powerResult: parsed.data }).where(eq(tasks.id, taskId));
}
