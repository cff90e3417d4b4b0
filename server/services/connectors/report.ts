// What a connector tells of itself: a process began, and its health.
import { eq, isNull, like, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { connectors, replicationRuns, tasks } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { GatewayRequest } from '../../../replication/wire/gateway.ts';
import { nudgeRun } from '../../queue/queue.ts';
import { inTransaction, type ProgramContext } from '../context.ts';
import { type ConnectorHead, connectorStatus, SILENT_AFTER_SECONDS } from './status.ts';

export function holderOf(connectorId: string, session: number): string {
  return `${connectorId}/${session}`;
}

/**
 * A process of the connector begins: the leases of its earlier processes end now, so that their work is taken up at once.
 * Throws `connector-superseded` to one that stands by while another one was heard of lately.
 */
export async function beginSession(
  ctx: ProgramContext,
  connector: ConnectorHead,
  input: Omit<GatewayRequest<'hello'>, 'standBy'> & { standBy?: boolean },
): Promise<number> {
  return inTransaction(ctx, connector.workspaceId, async ({ tx, event }) => {
    if (input.standBy) await demandSilence(ctx, tx, connector.id);
    const [row] = await tx
      .update(connectors)
      .set({
        session: sql`${connectors.session} + 1`,
        version: input.version,
        host: input.host,
        addresses: input.addresses,
        lastSeenAt: ctx.now(),
        ...(input.vmManager
          ? {
              vmManagerName: input.vmManager.name,
              vmManagerId: input.vmManager.id,
              vmManagerUrl: input.vmManager.url,
              vmManagerVersion: input.vmManager.version,
            }
          : {}),
      })
      .where(eq(connectors.id, connector.id))
      .returning({ session: connectors.session });
    if (!row) throw faultError('connector-refused');
    await tx
      .update(tasks)
      .set({ leaseUntil: sql`now() - interval '1 second'` })
      .where(sql`${like(tasks.holder, `${connector.id}/%`)} and ${tasks.state} = 'open'`);
    event({ topic: 'connectors', subjectId: connector.id, kind: 'changed' });
    return row.session;
  });
}

async function demandSilence(ctx: ProgramContext, tx: Queries, connectorId: string): Promise<void> {
  const [row] = await tx
    .select({ host: connectors.host, lastSeenAt: connectors.lastSeenAt })
    .from(connectors)
    .where(eq(connectors.id, connectorId))
    .for('update');
  const seconds = row?.lastSeenAt ? (ctx.now().getTime() - row.lastSeenAt.getTime()) / 1000 : Number.POSITIVE_INFINITY;
  if (row && seconds <= SILENT_AFTER_SECONDS)
    throw faultError('connector-superseded', {
      message: `Another process of this connector is at work on ${row.host}.`,
    });
}

/**
 * Only the newest process of a connector may work. A session above ours was begun after the copy that this database
 * was restored from: its process has to greet again.
 */
export function checkSession(connector: ConnectorHead, session: number): void {
  if (connector.session === session) return;
  throw faultError(session < connector.session ? 'connector-superseded' : 'connector-session-unknown');
}

export async function touchConnector(ctx: ProgramContext, connectorId: string): Promise<void> {
  await ctx.db.update(connectors).set({ lastSeenAt: ctx.now() }).where(eq(connectors.id, connectorId));
}

export async function reportHealth(
  ctx: ProgramContext,
  connector: ConnectorHead,
  input: GatewayRequest<'report-health'>,
): Promise<void> {
  checkSession(connector, input.session);
  const at = ctx.now();
  const said = connectorStatus({ checks: input.checks, checkedAt: at, lastSeenAt: at }, at);
  await inTransaction(ctx, connector.workspaceId, async ({ tx, event }) => {
    await tx
      .update(connectors)
      .set({
        checks: input.checks,
        checkedAt: at,
        lastSeenAt: at,
        checkRequestedAt: null,
        rateBytesPerSecond: input.rateBytesPerSecond,
        status: said.status,
        statusReason: said.reason,
      })
      .where(eq(connectors.id, connector.id));
    const changed =
      connector.status !== said.status || connector.statusReason !== said.reason || connector.checkRequestedAt;
    event({ topic: 'connectors', subjectId: connector.id, kind: changed ? 'changed' : 'progress' });
    if (said.status === 'healthy' && connector.status !== 'healthy') await nudgeWaiting(tx, connector.id);
  });
}

/** Runs that waited for the connector: those that have waited longest need not wait for the sweep. */
async function nudgeWaiting(tx: Queries, connectorId: string): Promise<void> {
  const waiting = await tx
    .select({ id: replicationRuns.id })
    .from(replicationRuns)
    .where(sql`${replicationRuns.state} = 'pending' and ${replicationRuns.connectorId} = ${connectorId}`)
    .orderBy(replicationRuns.createdAt)
    .limit(50);
  for (const { id } of waiting) await nudgeRun(tx, id);
}

/** Connectors that fell silent are told to the screens. Called by the sweep. */
export async function noteSilentConnectors(ctx: ProgramContext): Promise<void> {
  const rows = await ctx.db.select().from(connectors).where(isNull(connectors.disassociatedAt));
  for (const row of rows) {
    const said = connectorStatus(row, ctx.now());
    if (said.status === row.status) continue;
    await inTransaction(ctx, row.workspaceId, async ({ tx, event }) => {
      await tx
        .update(connectors)
        .set({ status: said.status, statusReason: said.reason })
        .where(eq(connectors.id, row.id));
      event({ topic: 'connectors', subjectId: row.id, kind: 'changed' });
    });
  }
}
