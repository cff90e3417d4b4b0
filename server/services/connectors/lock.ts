// A connector, locked for a change: the first thing that a verb on a connector does when it must see the row as it is.

import { and, eq, isNull } from 'drizzle-orm';
import { type ConnectorRow, connectors } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { Work } from '../context.ts';

/** The connector, locked for a change. @throws `not-found`, also when it was disassociated */
export async function lockConnector(work: Work, workspaceId: WorkspaceId, connectorId: string): Promise<ConnectorRow> {
  const [connector] = await work.tx
    .select()
    .from(connectors)
    .where(
      and(eq(connectors.id, connectorId), eq(connectors.workspaceId, workspaceId), isNull(connectors.disassociatedAt)),
    )
    .for('update');
  if (!connector) throw faultError('not-found', { message: `There is no connector ${connectorId}.` });
  return connector;
}
