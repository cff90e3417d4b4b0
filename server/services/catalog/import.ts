// Importing the server catalog: a task for each connector, and the pages that come back.

import { isDeepStrictEqual } from 'node:util';
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newId } from '../../../db/ids.ts';
import { connectors, serverSightings, servers, tasks } from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { type Fault, faultError } from '../../../replication/model/fault.ts';
import { type CatalogServer, readiness } from '../../../replication/model/server.ts';
import { guard, inTransaction, type ProgramContext, parseInput, type ServiceContext, type Work } from '../context.ts';
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
  workspaceId: WorkspaceId,
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
    if (connectorId) throw faultError('not-found', { message: `There is no connector ${connectorId}.` });
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
  ctx: ProgramContext,
  workspaceId: WorkspaceId,
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
    for (const outcome of await storeServers(
      work,
      { workspaceId, connectorId, taskId: task.id, at: ctx.now() },
      page,
    )) {
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
            sql`not exists (select 1 from ${serverSightings} seen where seen.server_id = ${servers.id} and seen.task_id = ${task.id})`,
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

type Outcome = 'added' | 'changed' | 'same' | 'seen-before';
interface Import {
  workspaceId: WorkspaceId;
  connectorId: string;
  taskId: string;
  at: Date;
}

/**
 * A row is in some twenty indexes, one of them by when it was last seen, and a new time is a new entry in each. So "last seen"
 * is kept to the hour: until then the row of a server that is as it was is left alone. After it the row is written
 * as a whole, which also renews what an older version had worked out of the same record.
 */
const LAST_SEEN_WITHIN_MS = 3_600_000;

async function storeServers(work: Work, of: Import, page: { servers: CatalogServer[] }): Promise<Outcome[]> {
  const found = new Map(page.servers.map((server) => [server.vmId, server]));
  const rows = await work.tx
    .select({
      id: servers.id,
      vmId: servers.vmId,
      record: servers.record,
      clearedAt: servers.clearedAt,
      goneAt: servers.goneAt,
      lastSeenAt: servers.lastSeenAt,
      seenInTask: serverSightings.taskId,
    })
    .from(servers)
    .leftJoin(serverSightings, eq(serverSightings.serverId, servers.id))
    .where(and(eq(servers.connectorId, of.connectorId), inArray(servers.vmId, [...found.keys()])));
  const known = new Map(rows.map((row) => [row.vmId, row]));
  const sighted: string[] = [];
  const outcomes: Outcome[] = [];
  for (const server of found.values()) {
    const before = known.get(server.vmId);
    if (!before) {
      sighted.push(await addServer(work, of, server));
      outcomes.push('added');
      continue;
    }
    if (!isAsItWas(before, server, of.at))
      await work.tx.update(servers).set(valuesOf(server, of.at)).where(eq(servers.id, before.id));
    sighted.push(before.id);
    if (before.seenInTask === of.taskId) outcomes.push('seen-before');
    else if (before.clearedAt) outcomes.push('added');
    else outcomes.push(JSON.stringify(shape(before.record)) === JSON.stringify(shape(server)) ? 'same' : 'changed');
  }
  if (sighted.length > 0)
    await work.tx
      .insert(serverSightings)
      .values(sighted.map((serverId) => ({ serverId, taskId: of.taskId })))
      .onConflictDoUpdate({ target: serverSightings.serverId, set: { taskId: of.taskId } });
  return outcomes;
}

type Known = Pick<typeof servers.$inferSelect, 'record' | 'clearedAt' | 'goneAt' | 'lastSeenAt'>;

function isAsItWas({ record, clearedAt, goneAt, lastSeenAt }: Known, server: CatalogServer, at: Date): boolean {
  if (clearedAt || goneAt || at.getTime() - lastSeenAt.getTime() > LAST_SEEN_WITHIN_MS) return false;
  // As a jsonb column would give it back: without what is undefined, in any order.
  return isDeepStrictEqual(record, JSON.parse(JSON.stringify(server)));
}

async function addServer({ tx }: Work, of: Import, server: CatalogServer): Promise<string> {
  const { workspaceId, connectorId, at } = of;
  const id = newId.server();
  const values = { ...valuesOf(server, at), vmId: server.vmId, firstSeenAt: at };
  await tx.insert(servers).values({ id, workspaceId, connectorId, ...values });
  return id;
}

function valuesOf(server: CatalogServer, at: Date) {
  return {
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

/**
 * Empties the catalog. Servers with a replication job stay; the answer says how many. One statement for all or nothing: a row that
 * leaves the catalog leaves its indexes, too, so 5,000 take about half a second and 54,000 took 4.6 s on a busy machine, and only an
 * import or a new job of one of them waits that long.
 */
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
