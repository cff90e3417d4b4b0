// Ending the association of a connector: only when no replication job needs it any more, and nothing is left at the source
// that it alone can remove.
import { and, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { connectors, replicationJobs, tasks } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { leftAtSource } from '../artifacts/at-source.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { hintTasks } from '../leases/hints.ts';
import { lockConnector } from './lock.ts';

export const connectorInput = z.object({ connectorId: z.string() });
export type ConnectorInput = z.infer<typeof connectorInput>;

export const disassociateInput = connectorInput.extend({
  /** The connector's name, typed by a person who knows that source snapshots stay behind. */
  leaveBehind: z.string().optional(),
});

/** Of more jobs nobody needs to know the number. */
const MOST_COUNTED = 100;

/** @throws `left-at-source` while runs of it have something at the source that only it can remove */
export async function disassociateConnector(
  ctx: ServiceContext,
  input: z.infer<typeof disassociateInput>,
): Promise<void> {
  const workspaceId = guard(ctx, 'connector.disassociate');
  const { connectorId, leaveBehind } = parseInput(disassociateInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const { tx, audit, event } = work;
    const connector = await lockConnector(work, workspaceId, connectorId);
    const jobs = await tx
      .select({ id: replicationJobs.id })
      .from(replicationJobs)
      .where(and(eq(replicationJobs.connectorId, connectorId), isNull(replicationJobs.deletedAt)))
      .limit(MOST_COUNTED + 1);
    if (jobs.length > 0) {
      const many = jobs.length > MOST_COUNTED ? `More than ${MOST_COUNTED}` : jobs.length;
      throw faultError('conflict', {
        message: `${many} replication job${jobs.length === 1 ? ' needs' : 's need'} this connector.`,
        remedy: 'Delete these replication jobs first; their AMIs stay.',
      });
    }
    const left = await leftAtSource(tx, workspaceId, connectorId);
    if (left.snapshots + left.exports > 0 && leaveBehind === undefined) throw stillToRemove(connector.name, left);
    if (leaveBehind !== undefined && leaveBehind.trim() !== connector.name) {
      throw faultError('input-invalid', {
        message: `What was typed is not the name of the connector, ${connector.name}.`,
        remedy: 'Type the name of the connector as it stands above.',
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
      ...(left.snapshots > 0 && { after: { leftBehind: left } }),
    });
    event({ topic: 'connectors', subjectId: connectorId, kind: 'removed' });
  });
}

function stillToRemove(name: string, { snapshots, exports, servers }: Awaited<ReturnType<typeof leftAtSource>>) {
  const what = [
    ...(snapshots > 0 ? [`${snapshots} source snapshot${snapshots === 1 ? '' : 's'}`] : []),
    ...(exports > 0 ? [`${exports} open export${exports === 1 ? '' : 's'}`] : []),
  ].join(' and ');
  const some = servers.slice(0, 5).join(', ');
  const more = servers.length > 5 ? ` and ${servers.length - 5} more` : '';
  return faultError('left-at-source', {
    message: `${what} of ${some}${more} ${snapshots + exports === 1 ? 'is' : 'are'} still to be removed through ${name}.`,
    remedy:
      'Wait: they go by themselves while the connector runs and reaches its VM manager. If it will never run again, disassociate it all the same by its name: then the snapshots stay, and the overview says what to remove by hand.',
  });
}

/** Asks a connector to run its health checks at once. */
export async function checkConnectorNow(ctx: ServiceContext, input: ConnectorInput): Promise<void> {
  const workspaceId = guard(ctx, 'catalog.import');
  const { connectorId } = parseInput(connectorInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
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
    await hintTasks(tx, connectorId);
    audit({ action: 'connector.check', subjectKind: 'connector', subjectId: connectorId, subjectName: row.name });
    event({ topic: 'connectors', subjectId: connectorId, kind: 'changed' });
  });
}
