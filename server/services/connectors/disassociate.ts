// Ending the association of a connector: only when no replication job needs it any more.
import { and, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { connectors, replicationJobs, tasks } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { lockConnector } from './lock.ts';

export const connectorInput = z.object({ connectorId: z.string() });
export type ConnectorInput = z.infer<typeof connectorInput>;

export async function disassociateConnector(ctx: ServiceContext, input: ConnectorInput): Promise<void> {
  const workspaceId = guard(ctx, 'connector.disassociate');
  const { connectorId } = parseInput(connectorInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const { tx, audit, event } = work;
    const connector = await lockConnector(work, workspaceId, connectorId);
    const [jobs] = await tx
      .select({ count: sql<number>`count(*)::int` })
      .from(replicationJobs)
      .where(and(eq(replicationJobs.connectorId, connectorId), isNull(replicationJobs.deletedAt)));
    if (jobs && jobs.count > 0) {
      throw faultError('conflict', {
        message: `${jobs.count} replication job${jobs.count === 1 ? ' needs' : 's need'} this connector.`,
        remedy: 'Delete these replication jobs first; their AMIs stay.',
      });
    }
    await tx
      .update(connectors)
      .set({ disassociatedAt: ctx.now(), tokenHash: '', status: 'unhealthy', statusReason: 'it was disassociated' })
      .where(eq(connectors.id, connectorId));
    await tx
      .update(tasks)
      .set({ state: 'cancelled', holder: null, endedAt: sql`now()` })
      .where(and(eq(tasks.connectorId, connectorId), eq(tasks.state, 'open')));
    audit({
      action: 'connector.disassociate',
      subjectKind: 'connector',
      subjectId: connectorId,
      subjectName: connector.name,
    });
    event({ topic: 'connectors', subjectId: connectorId, kind: 'removed' });
  });
}

/** Asks a connector to run its health checks at once. */
export async function checkConnectorNow(ctx: ServiceContext, input: ConnectorInput): Promise<void> {
  const workspaceId = guard(ctx, 'catalog.import');
  const { connectorId } = parseInput(connectorInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, event }) => {
    const [row] = await tx
      .update(connectors)
      .set({ checkRequestedAt: ctx.now() })
      .where(
        and(
          eq(connectors.id, connectorId),
          eq(connectors.workspaceId, workspaceId),
          isNull(connectors.disassociatedAt),
        ),
      )
      .returning();
    if (!row) throw faultError('not-found', { message: `There is no connector ${connectorId}.` });
    await tx.execute(sql`select pg_notify('landfall_tasks', ${connectorId})`);
    event({ topic: 'connectors', subjectId: connectorId, kind: 'changed' });
  });
}
