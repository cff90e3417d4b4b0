// A connector as it is now; one that was disassociated is refused.
import { and, eq, isNull } from 'drizzle-orm';
import { connectors } from '../../../db/schema/index.ts';
import { faultError } from '../../../replication/model/fault.ts';
import type { ServiceContext } from '../context.ts';
import type { ConnectorRow } from './status.ts';

export async function currentConnector(ctx: ServiceContext, connectorId: string): Promise<ConnectorRow> {
  const [row] = await ctx.db
    .select()
    .from(connectors)
    .where(and(eq(connectors.id, connectorId), isNull(connectors.disassociatedAt)));
  if (!row) throw faultError('connector-refused');
  return row;
}
