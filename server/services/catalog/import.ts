// Importing the server catalog: a task for each connector, and the pages that come back.
import { and, eq, inArray, isNull, notInArray, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { connectors, servers, tasks } from '../../../db/schema/index.ts';
import { type Fault, faultError } from '../../../replication/model/fault.ts';
import { type CatalogServer, readiness } from '../../../replication/model/server.ts';
import { guard, inTransaction, parseInput, type ServiceContext, type Work } from '../context.ts';
import { hintTasks } from '../leases/hints.ts';
import { type Held, lockHeld } from '../leases/lease.ts';

export const importCatalogInput = z.object({
  /** None: every connector of the workspace. */
  connectorId: z.string().optional(),
});

/** Starts an import on one or all connectors; those already importing go on. Answers how many import now. */
export async function importCatalog(
  ctx: ServiceContext,
  input: z.infer<typeof importCatalogInput>,
): Promise<{ connectors: number }> {
  const workspaceId = guard(ctx, 'catalog.import');
  const { connectorId } = parseInput(importCatalogInput, input);
  return inTransaction(ctx, workspaceId, (work) => beginImport(work, workspaceId, connectorId));
}

/** The same within a transaction of the caller, who has asked for the permission. */
export async function beginImport(
  { tx, audit, event }: Work,
  workspaceId: string,
  connectorId?: string,
): Promise<{ connectors: number }> {
  const rows = await tx
    .select()
    .from(connectors)
    .where(
      and(
        eq(connectors.workspaceId, workspaceId),
        isNull(connectors.disassociatedAt),
        connectorId ? eq(connectors.id, connectorId) : undefined,
      ),
    );
  if (rows.length === 0) {
    throw faultError('no-connector', {
      message: 'There is no connector to import from.',
      remedy: 'Add a connector on the Connectors page first.',
    });
  }
  for (const connector of rows) {
    const [made] = await tx
      .insert(tasks)
      .values({
        id: newId.task(),
        workspaceId,
        kind: 'import-catalog',
        place: 'connector',
        connectorId: connector.id,
      })
      .onConflictDoNothing()
      .returning({ id: tasks.id });
    if (!made) continue;
    await tx
      .update(connectors)
      .set({
        catalogState: 'importing',
        catalogFault: null,
        catalogSummary: { found: 0, added: 0, changed: 0, gone: 0 },
      })
      .where(eq(connectors.id, connector.id));
    await hintTasks(tx, connector.id);
    audit({
      action: 'catalog.import',
      subjectKind: 'connector',
      subjectId: connector.id,
      subjectName: connector.name,
    });
    event({ topic: 'connectors', subjectId: connector.id, kind: 'changed' });
  }
  event({ topic: 'servers', subjectId: null, kind: 'changed' });
  return { connectors: rows.length };
}

/** Stores a page; the last one marks the servers that were not seen as gone. Repeating a page changes nothing. */
export async function receiveCatalogPage(
  ctx: ServiceContext,
  workspaceId: string,
  held: Held,
  page: { servers: CatalogServer[]; last: boolean },
): Promise<void> {
  await inTransaction(ctx, workspaceId, async (work) => {
    const { tx, event } = work;
    const { task } = await lockHeld(tx, held);
    const connectorId = task.connectorId;
    if (task.kind !== 'import-catalog' || !connectorId) throw faultError('lease-lost');
    const [connector] = await tx.select().from(connectors).where(eq(connectors.id, connectorId)).for('update');
    const summary = { ...(connector?.catalogSummary ?? { found: 0, added: 0, changed: 0, gone: 0 }) };
    for (const server of page.servers) {
      const outcome = await storeServer(work, { workspaceId, connectorId, taskId: task.id, server, at: ctx.now() });
      if (outcome !== 'seen-before') summary.found += 1;
      if (outcome === 'added') summary.added += 1;
      if (outcome === 'changed') summary.changed += 1;
    }
    if (page.last) {
      const gone = await tx
        .update(servers)
        .set({ goneAt: ctx.now() })
        .where(
          and(
            eq(servers.connectorId, connectorId),
            isNull(servers.goneAt),
            isNull(servers.clearedAt),
            or(isNull(servers.seenInTask), notInArray(servers.seenInTask, [task.id])),
          ),
        )
        .returning({ id: servers.id });
      summary.gone = gone.length;
    }
    await tx.update(connectors).set({ catalogSummary: summary }).where(eq(connectors.id, connectorId));
    event({ topic: 'servers', subjectId: null, kind: 'changed' });
    event({ topic: 'connectors', subjectId: connectorId, kind: 'changed' });
  });
}

/** The import of a connector came to its end; a successful one has stored its last page before. */
export async function importEnded(
  { tx, event }: Work,
  connectorId: string,
  catalogFault: Fault | null,
  at: Date,
): Promise<void> {
  await tx
    .update(connectors)
    .set(
      catalogFault
        ? { catalogState: 'failed', catalogFault }
        : { catalogState: 'available', catalogAt: at, catalogFault: null },
    )
    .where(eq(connectors.id, connectorId));
  event({ topic: 'connectors', subjectId: connectorId, kind: 'changed' });
  event({ topic: 'servers', subjectId: null, kind: 'changed' });
}

async function storeServer(
  { tx }: Work,
  input: { workspaceId: string; connectorId: string; taskId: string; server: CatalogServer; at: Date },
): Promise<'added' | 'changed' | 'same' | 'seen-before'> {
  const { server, at } = input;
  const values = {
    uuid: server.uuid,
    name: server.name,
    path: server.path,
    power: server.power,
    guestName: server.guestName,
    guestFamily: server.guestFamily,
    vcpus: server.vcpus,
    memoryMiB: server.memoryMiB,
    diskCount: server.disks.length,
    diskBytes: server.disks.reduce((sum, disk) => sum + disk.capacityBytes, 0),
    address: server.addresses[0] ?? null,
    host: server.host,
    readiness: readiness(server.findings),
    record: server,
    lastSeenAt: at,
    goneAt: null,
    clearedAt: null,
  };
  const [before] = await tx
    .select({ id: servers.id, record: servers.record, clearedAt: servers.clearedAt, seenInTask: servers.seenInTask })
    .from(servers)
    .where(and(eq(servers.connectorId, input.connectorId), eq(servers.vmId, server.vmId)));
  if (!before) {
    await tx.insert(servers).values({
      id: newId.server(),
      workspaceId: input.workspaceId,
      connectorId: input.connectorId,
      vmId: server.vmId,
      seenInTask: input.taskId,
      firstSeenAt: at,
      ...values,
    });
    return 'added';
  }
  await tx
    .update(servers)
    .set({ ...values, seenInTask: input.taskId })
    .where(eq(servers.id, before.id));
  if (before.seenInTask === input.taskId) return 'seen-before';
  if (before.clearedAt) return 'added';
  return JSON.stringify(shape(before.record)) === JSON.stringify(shape(server)) ? 'same' : 'changed';
}

/** What counts as a change: not what varies by itself from minute to minute. */
function shape(server: CatalogServer): unknown {
  const { findings: _findings, addresses: _addresses, tools: _tools, nics, disks, ...rest } = server;
  return [
    Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)),
    disks.map((disk) => [disk.id, disk.capacityBytes, disk.datastore, disk.order]),
    nics.map((nic) => [nic.mac, nic.network]),
  ];
}

/** Empties the catalog. Servers with a replication job stay; the answer says how many. */
export async function clearCatalog(ctx: ServiceContext): Promise<{ cleared: number; kept: number }> {
  const workspaceId = guard(ctx, 'catalog.clear');
  return inTransaction(ctx, workspaceId, async ({ tx, audit, event }) => {
    const withJob = sql`exists (select 1 from replication_jobs j where j.server_id = ${servers.id} and j.deleted_at is null)`;
    const { rowCount } = await tx
      .update(servers)
      .set({ clearedAt: ctx.now() })
      .where(and(eq(servers.workspaceId, workspaceId), isNull(servers.clearedAt), sql`not ${withJob}`));
    const cleared = rowCount ?? 0;
    const [left] = await tx
      .select({ count: sql<number>`count(*)::int` })
      .from(servers)
      .where(and(eq(servers.workspaceId, workspaceId), isNull(servers.clearedAt)));
    const kept = left?.count ?? 0;
    const all = await tx.select({ id: connectors.id }).from(connectors).where(eq(connectors.workspaceId, workspaceId));
    if (kept === 0 && all.length > 0) {
      await tx
        .update(connectors)
        .set({ catalogState: 'not-imported', catalogSummary: null, catalogAt: null })
        .where(
          and(
            inArray(
              connectors.id,
              all.map((row) => row.id),
            ),
            sql`${connectors.catalogState} <> 'importing'`,
          ),
        );
    }
    audit({
      action: 'catalog.clear',
      subjectKind: 'catalog',
      subjectId: workspaceId,
      subjectName: 'Server catalog',
      after: { cleared, kept },
    });
    event({ topic: 'servers', subjectId: null, kind: 'changed' });
    event({ topic: 'connectors', subjectId: null, kind: 'changed' });
    return { cleared, kept };
  });
}
