// What a person sets on a connector: how many runs at once, and how much it may send, by the hour of the day.
import { and, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { connectors } from '../../../db/schema/index.ts';
import { bandwidthSchema } from '../../../replication/model/bandwidth.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { nudgeQueued } from '../limits/limits.ts';

export const editConnectorInput = z.object({
  connectorId: z.string(),
  maxRuns: z.number().int().min(1, 'At least 1').max(50, 'At most 50'),
  bandwidth: bandwidthSchema.nullable(),
});

export async function editConnector(ctx: ServiceContext, input: z.infer<typeof editConnectorInput>): Promise<void> {
  const workspaceId = guard(ctx, 'connector.edit');
  const { connectorId, maxRuns, bandwidth } = parseInput(editConnectorInput, input);
  await inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const [before] = await tx
      .select()
      .from(connectors)
      .where(
        and(
          eq(connectors.id, connectorId),
          eq(connectors.workspaceId, workspaceId),
          isNull(connectors.disassociatedAt),
        ),
      )
      .for('update');
    if (!before) throw faultError('not-found', { message: `There is no connector ${connectorId}.` });
    await tx.update(connectors).set({ maxRuns, bandwidth }).where(eq(connectors.id, connectorId));
    audit({
      action: 'connector.edit',
      subjectKind: 'connector',
      subjectId: connectorId,
      subjectName: before.name,
      before: { maxRuns: before.maxRuns, bandwidth: before.bandwidth },
      after: { maxRuns, bandwidth },
    });
    event({ topic: 'connectors', subjectId: connectorId, kind: 'changed' });
    await nudgeQueued(tx, workspaceId);
  });
}
