// What a cutover does at AWS: launches the final AMI, looks at the instance, stops it on the way back.
// Called by the engine between two transactions; a token, or the nature of the call, makes repeating it harmless.

import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { and, eq } from 'drizzle-orm';
import { cutovers, instances } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import type { CutoverCheck, CutoverOptions } from '../../../replication/model/cutover.ts';
import { FaultError, toFault } from '../../../replication/model/fault.ts';
import { inTransaction, type ProgramContext, systemContext, type Work } from '../context.ts';
import { launchBegins, launchMade, type Outside, outsideFailed } from '../cutovers/advance.ts';
import { CutoverChange } from '../cutovers/change.ts';
import { instanceLooked } from '../cutovers/instance-checks.ts';
import { launchAsConfigured } from './launch.ts';
import { cloudDeadline, targetPool } from './target-pool.ts';

const CONNECT_MS = 4_000;
const KEPT_LINES = 200;
/** AWS lets a console be read some times a second by a whole account. */
const LOOK_EVERY_MS = 3_000;
const lookedAt = new Map<string, number>();

interface Found {
  id: string;
  workspaceId: WorkspaceId;
}

export async function doOutside(ctx: ProgramContext, found: Found, outside: Outside): Promise<void> {
  const own = systemContext(ctx.db, found.workspaceId, 'Landfall');
  try {
    if (outside.do === 'launch') {
      const requestId = createHash('sha256').update(outside.token).digest('hex').slice(0, 32);
      // With the row of the launch, so that a roll-back either finds it or keeps it from being made.
      const { id } = await launchAsConfigured(
        own,
        { requestId, runId: outside.runId, purpose: 'final' },
        (work, launchId) => within(work, ctx, found, (change) => launchBegins(change, launchId)),
      );
      await changing(ctx, found, (change) => launchMade(change, id));
    } else if (outside.do === 'look-at-instance') {
      if (isDue(found.id)) await look(ctx, found, outside.launchId);
    } else await stop(ctx, outside.launchId);
  } catch (error) {
    const failed = error instanceof FaultError ? error : new FaultError(toFault(error), { cause: error });
    await changing(ctx, found, (change) => outsideFailed(change, outside, failed));
  }
}

async function changing(
  ctx: ProgramContext,
  found: Found,
  work: (change: CutoverChange) => void | Promise<void>,
): Promise<void> {
  await inTransaction(systemContext(ctx.db, found.workspaceId), found.workspaceId, (transaction) =>
    within(transaction, ctx, found, work),
  );
}

async function within(
  transaction: Work,
  ctx: ProgramContext,
  { id }: Found,
  work: (change: CutoverChange) => void | Promise<void>,
): Promise<void> {
  const [row] = await transaction.tx.select().from(cutovers).where(eq(cutovers.id, id)).for('update');
  if (!row) return;
  const change = new CutoverChange(transaction, row, ctx.now());
  await work(change);
  await change.write();
}

/** Whether this process may look at the instance of a cutover again. */
function isDue(cutoverId: string): boolean {
  const now = performance.now();
  for (const [id, at] of lookedAt) if (now - at > LOOK_EVERY_MS) lookedAt.delete(id);
  if (lookedAt.has(cutoverId)) return false;
  lookedAt.set(cutoverId, now);
  return true;
}

async function look(ctx: ProgramContext, found: Found, launchId: string): Promise<void> {
  const [row] = await ctx.db
    .select({ instance: instances, options: cutovers.options })
    .from(cutovers)
    .innerJoin(instances, eq(instances.id, cutovers.launchId))
    .where(and(eq(cutovers.id, found.id), eq(instances.id, launchId)));
  if (!row) return;
  const { instance, options } = row;
  const [output, tcp] = await Promise.all([
    instance.instanceId && instance.state === 'running' ? consoleOf(ctx, instance, instance.instanceId) : null,
    instance.state === 'running' ? tcpCheck(options, instance.detail) : null,
  ]);
  const text = output ? lastLines(output.text) : null;
  await changing(ctx, found, (change) => instanceLooked(change, instance, text, tcp));
}

async function consoleOf(ctx: ProgramContext, row: typeof instances.$inferSelect, instanceId: string) {
  const target = await targetPool().at(ctx.db, row);
  return target.instances.consoleOutput(instanceId, cloudDeadline());
}

/** PostgreSQL keeps no NUL in a text; a serial console may send some. */
function lastLines(text: string): string {
  return text.replaceAll('\u0000', '').split(/\r?\n/).slice(-KEPT_LINES).join('\n').slice(-64_000);
}

/** Null when none was asked for. */
async function tcpCheck(
  { tcp }: CutoverOptions,
  detail: (typeof instances.$inferSelect)['detail'],
): Promise<CutoverCheck | null> {
  if (!tcp) return null;
  const host = tcp.host ?? detail?.publicAddress ?? detail?.privateAddress;
  const check = { id: 'tcp', label: `TCP port ${tcp.port}` };
  if (!host) return { ...check, state: 'wait', text: 'The instance has no address yet.' };
  const problem = await new Promise<string | null>((resolve) => {
    const socket = connect({ host, port: tcp.port, timeout: CONNECT_MS });
    const end = (said: string | null) => {
      socket.destroy();
      resolve(said);
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end('no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
  const at = `${host}:${tcp.port}`;
  return problem
    ? { ...check, state: 'wait', text: `${at} does not take connections yet (${problem}).` }
    : { ...check, state: 'pass', text: `${at} takes connections.` };
}

async function stop(ctx: ProgramContext, launchId: string): Promise<void> {
  const [row] = await ctx.db.select().from(instances).where(eq(instances.id, launchId));
  if (!row?.instanceId) return;
  const target = await targetPool().at(ctx.db, row);
  await target.instances.stop(row.instanceId, cloudDeadline());
}
