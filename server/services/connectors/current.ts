// A connector as it is now; one that was disassociated is refused.
import { and, eq, isNull } from 'drizzle-orm';
import { connectors } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { ProgramContext } from '../context.ts';
import type { ConnectorHead } from './status.ts';

export const CONNECTOR_HEAD = {
  id: connectors.id,
  workspaceId: connectors.workspaceId,
  session: connectors.session,
  bandwidth: connectors.bandwidth,
  status: connectors.status,
  statusReason: connectors.statusReason,
  checkRequestedAt: connectors.checkRequestedAt,
} satisfies Record<keyof ConnectorHead, unknown>;

export async function currentConnector(ctx: ProgramContext, connectorId: string): Promise<ConnectorHead> {
  const [row] = await ctx.db
    .select(CONNECTOR_HEAD)
    .from(connectors)
    .where(and(eq(connectors.id, connectorId), isNull(connectors.disassociatedAt)));
  if (!row) throw faultError('connector-refused');
  return row;
}
