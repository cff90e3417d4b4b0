// What runs left at the source. When the connector that made it is gone, another one of the same VM manager takes it over; where
// there is none, a person is told what to remove by hand.

import { and, eq, isNotNull, type SQLWrapper, sql } from 'drizzle-orm';
import type { Queries } from '../../../db/client.ts';
import { artifacts, connectors, replicationRuns } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { fault } from '../../../replication/model/fault.ts';
import type { ProgramContext } from '../context.ts';
import { dueForRelease, firstAtSource, HOPELESS } from './due.ts';

/** vCenter ends an export by itself when nobody has spoken of it for 5 minutes (HttpNfcLeaseInfo.leaseTimeout). */
const LEASE_ENDS_MINUTES = 15;

/** What a connector's runs still have at the source, with the names of their servers. */
export async function leftAtSource(
  tx: Queries,
  workspaceId: WorkspaceId,
  connectorId: string,
): Promise<{ snapshots: number; exports: number; servers: string[] }> {
  const rows = await tx
    .select({ kind: artifacts.kind, server: replicationRuns.serverName })
    .from(artifacts)
    .innerJoin(replicationRuns, eq(replicationRuns.id, artifacts.runId))
    .where(
      and(
        eq(artifacts.workspaceId, workspaceId),
        eq(artifacts.connectorId, connectorId),
        // As the index artifacts_at_source says it.
        sql`${artifacts.state} <> 'released' and ${artifacts.kind} in ('vsphere-snapshot', 'nfc-lease')`,
      ),
    );
  return {
    snapshots: rows.filter(({ kind }) => kind === 'vsphere-snapshot').length,
    exports: rows.filter(({ kind }) => kind === 'nfc-lease').length,
    servers: [...new Set(rows.map(({ server }) => server))].sort(),
  };
}

/** Looks after what is due and belongs to connectors that are gone. */
export async function settleOrphansAtSource(ctx: ProgramContext): Promise<void> {
  const { db } = ctx;
  const rows = await db
    .select({
      id: artifacts.id,
      kind: artifacts.kind,
      details: artifacts.details,
      server: replicationRuns.serverName,
      connector: connectors.name,
      vmManager: connectors.vmManagerName,
      gone: sql<boolean>`${connectors.disassociatedAt} < now() - make_interval(mins => ${LEASE_ENDS_MINUTES})`,
      heir: sql<string | null>`(select heir.id from ${connectors} heir where heir.disassociated_at is null
        and heir.workspace_id = ${artifacts.workspaceId} and heir.vm_manager_id = ${connectors.vmManagerId}
        order by heir.last_seen_at desc nulls last limit 1)`,
    })
    .from(artifacts)
    .innerJoin(replicationRuns, eq(replicationRuns.id, artifacts.runId))
    .innerJoin(connectors, eq(connectors.id, artifacts.connectorId))
    .where(and(sql`${artifacts.id} in ${firstAtSource()}`, dueForRelease(), isNotNull(connectors.disassociatedAt)));
  for (const { id, kind, details, server, connector, vmManager, gone, heir } of rows) {
    const name = details.name ?? 'of Landfall';
    const change = heir
      ? { connectorId: heir, releaseFault: null, releaseAttempts: 0 }
      : kind === 'nfc-lease'
        ? gone && { state: 'released' as const, releasedAt: ctx.now() }
        : {
            releaseFault: fault('left-at-source', {
              message: `The snapshot ${name} of ${server} is still in ${vmManager}; the connector ${connector}, which made it, was disassociated.`,
              remedy: `Remove the snapshot ${name} of ${server} in vCenter by hand, then forget the entry. Or enrol a connector for ${vmManager}: it removes it by itself.`,
            }),
            releaseAttempts: HOPELESS,
            releaseNotBefore: sql`now() + interval '1 minute'`,
          };
    if (change) await db.update(artifacts).set(change).where(eq(artifacts.id, id));
  }
}

/**
 * How much ended runs still have on the source's side of a run's server, whichever job they were of and through whichever
 * connector of the VM manager; the run waits for that. A subquery: of one run, or of the columns of a statement's runs.
 */
export function openSourceArtifacts(run: Record<'connectorId' | 'workspaceId' | 'vmId', string | SQLWrapper>) {
  return sql<number>`(select count(*)::int from artifacts left_over
    join replication_runs ended on ended.id = left_over.run_id
    join connectors maker on maker.id = left_over.connector_id
    where left_over.workspace_id = ${run.workspaceId} and left_over.details ->> 'vmId' = ${run.vmId}
      and maker.vm_manager_id = (select own.vm_manager_id from connectors own where own.id = ${run.connectorId})
      and left_over.state <> 'released' and left_over.kind in ('vsphere-snapshot', 'nfc-lease')
      and ended.state not in ('pending', 'active'))`;
}
