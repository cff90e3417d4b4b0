// What a person sets on a connector: how many runs at once, and how much it may send, by the hour of the day.
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { connectors } from '../../../db/schema/index.ts';
import { bandwidthSchema } from '../../../replication/model/bandwidth.ts';
import { guard, inTransaction, parseInput, type ServiceContext } from '../context.ts';
import { nudgeQueued } from '../limits/limits.ts';
import { lockConnector } from './lock.ts';

export const editConnectorInput = z.object({
  connectorId: z.string(),
  maxRuns: z.number().int().min(1, 'At least 1').max(50, 'At most 50'),
  bandwidth: bandwidthSchema.nullable(),
});

export async function editConnector(ctx: ServiceContext, input: z.infer<typeof editConnectorInput>): Promise<void> {
  const workspaceId = guard(ctx, 'connector.edit');
  const { connectorId, maxRuns, bandwidth } = parseInput(editConnectorInput, input);
  await inTransaction(ctx, workspaceId, async (work) => {
    const { tx, audit, event } = work;
    const before = await lockConnector(work, workspaceId, connectorId);
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
