// Why a pending run has not begun: its connector, what ended runs left at its server, and whether there is a place for it.
import { and, eq, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { awsTargetPlaces, connectors, type RunRow, replicationRuns } from '../../../db/schema/index.ts';
import { openSourceArtifacts } from '../artifacts/at-source.ts';
import { connectorStatus } from '../connectors/status.ts';

/** Runs with what they wait for, in one statement; whoever asks says which. */
export function readPending(db: Queries) {
  const { id, createdAt, workspaceId, connectorId, settings, waitingFor, cancelRequestedAt } = replicationRuns;
  const { targetId, targetRevision } = replicationRuns;
  return db
    .select({
      ...{ id, workspaceId, settings, waitingFor, cancelRequestedAt },
      at: sql<string>`${createdAt}::text`,
      leftOver: openSourceArtifacts({ connectorId, workspaceId, vmId: sql`(${settings} ->> 'vmId')` }),
      connector: {
        id: connectors.id,
        name: connectors.name,
        checks: connectors.checks,
        checkedAt: connectors.checkedAt,
        lastSeenAt: connectors.lastSeenAt,
        disassociatedAt: connectors.disassociatedAt,
        maxRuns: connectors.maxRuns,
      },
      place: { account: awsTargetPlaces.account, region: awsTargetPlaces.region },
    })
    .from(replicationRuns)
    .innerJoin(
      awsTargetPlaces,
      and(eq(awsTargetPlaces.targetId, targetId), eq(awsTargetPlaces.revision, targetRevision)),
    )
    .leftJoin(connectors, eq(connectors.id, connectorId));
}

type Pending = Awaited<ReturnType<typeof readPending>>[number];

/** Null when nothing is in its way but perhaps a place. */
export function whyHeldBack({ connector, leftOver }: Pending, now: Date): string | null {
  if (!connector || connector.disassociatedAt)
    return 'Waits for a connector: the one of this server was disassociated.';
  const { status, reason } = connectorStatus(connector, now);
  if (status !== 'healthy') return `Waits for the connector ${connector.name}: ${reason ?? 'it is not healthy'}.`;
  if (leftOver > 0) return `Waits until the source snapshot of the last run is removed (${leftOver} left).`;
  return null;
}

/** The service is down while a final run waits, so it waits for nobody's place. */
export function needsPlace({ settings }: Pick<RunRow, 'settings'>): boolean {
  return !settings.cutoverId;
}
