// One box for everything that has a name or an id: a few of each kind, the likeliest first. Each part is found by an index and
// reads a bounded number of rows, however large the fleet is.

import { and, eq, isNull, type SQL, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import type { Queries } from '../../../db/client.ts';
import {
  awsTargetPlaces,
  awsTargets,
  connectors,
  cutovers,
  images,
  instances,
  members,
  replicationJobs,
  replicationRuns,
  servers,
  users,
} from '../../../db/schema/index.ts';
import type { WorkspaceId } from '../../../db/schema/workspace-id.ts';
import { wellFormedText } from '../../../replication/model/foreign-text.ts';
import { may, type Permission } from '../../access/permissions.ts';
import { guard, parseInput, type ServiceContext } from '../context.ts';
import { searched, startingWith } from '../list-filter.ts';

export const searchInput = z.object({ text: z.string().trim().min(1).max(200).overwrite(wellFormedText) });

export type FoundKind = 'server' | 'job' | 'run' | 'image' | 'instance' | 'cutover' | 'connector' | 'target' | 'member';

export interface FoundThing {
  kind: FoundKind;
  id: string;
  name: string;
  /** Beside the name: an address, a job's state, an e-mail. */
  detail: string | null;
}

/** Of each kind. */
const SHOWN = 5;
/** Rows among which the likeliest are chosen, where many contain the text. */
const LOOKED_AT = 100;

interface Fleet {
  kind: FoundKind;
  permission: Permission;
  table: PgTable;
  id: PgColumn;
  begins: string;
  workspaceId: PgColumn;
  is?: SQL;
  /** Null: found by its id only, as runs are: a server that was copied daily has hundreds of them. */
  name: PgColumn | null;
  shown: PgColumn;
  search: PgColumn;
  detail: PgColumn;
}

const FLEET: readonly Fleet[] = [
  {
    kind: 'server',
    permission: 'server.read',
    table: servers,
    id: servers.id,
    begins: 's-',
    workspaceId: servers.workspaceId,
    is: isNull(servers.clearedAt),
    name: servers.name,
    shown: servers.name,
    search: servers.search,
    detail: servers.address,
  },
  {
    kind: 'job',
    permission: 'job.read',
    table: replicationJobs,
    id: replicationJobs.id,
    begins: 'sms-job-',
    workspaceId: replicationJobs.workspaceId,
    is: isNull(replicationJobs.deletedAt),
    name: replicationJobs.serverName,
    shown: replicationJobs.serverName,
    search: replicationJobs.search,
    detail: replicationJobs.state,
  },
  {
    kind: 'run',
    permission: 'run.read',
    table: replicationRuns,
    id: replicationRuns.id,
    begins: 'sms-run-',
    workspaceId: replicationRuns.workspaceId,
    name: null,
    shown: replicationRuns.serverName,
    search: replicationRuns.search,
    detail: replicationRuns.state,
  },
  {
    kind: 'image',
    permission: 'image.read',
    table: images,
    id: images.id,
    begins: 'ami-',
    workspaceId: images.workspaceId,
    is: isNull(images.deregisteredAt),
    name: images.name,
    shown: images.name,
    search: images.search,
    detail: images.jobId,
  },
  {
    kind: 'instance',
    permission: 'instance.read',
    table: instances,
    id: instances.id,
    begins: 'i-',
    workspaceId: instances.workspaceId,
    name: instances.name,
    shown: instances.name,
    search: instances.search,
    detail: instances.state,
  },
  {
    kind: 'cutover',
    permission: 'cutover.read',
    table: cutovers,
    id: cutovers.id,
    begins: 'cutover-',
    workspaceId: cutovers.workspaceId,
    name: cutovers.serverName,
    shown: cutovers.serverName,
    search: cutovers.search,
    detail: cutovers.state,
  },
];

/** What the member may read of everything that the text names or is part of; a kind without any is left out. */
export async function searchEverything(ctx: ServiceContext, input: z.input<typeof searchInput>): Promise<FoundThing[]> {
  const workspaceId = guard(ctx, 'workspace.read');
  const { text } = parseInput(searchInput, input);
  const { principal } = ctx;
  const allowed = ({ permission }: { permission: Permission }) =>
    principal.kind !== 'member' || may(principal.role, permission);
  return ctx.db.transaction(
    async (tx) => {
      // As for lists: bounded parts by their indexes, whatever PostgreSQL believes of a text.
      await tx.execute(sql`select set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
        set_config('plan_cache_mode', 'force_custom_plan', true), set_config('max_parallel_workers_per_gather', '0', true)`);
      const found: FoundThing[] = [];
      for (const fleet of FLEET.filter(allowed)) found.push(...(await ofFleet(tx, fleet, workspaceId, text)));
      for (const small of SMALL.filter(allowed)) found.push(...(await small.find(tx, workspaceId, pattern(text))));
      return found;
    },
    { accessMode: 'read only' },
  );
}

async function ofFleet(tx: Queries, fleet: Fleet, workspaceId: WorkspaceId, text: string): Promise<FoundThing[]> {
  const { table, id, begins, name, search } = fleet;
  const scope = and(sql`${fleet.workspaceId} = ${workspaceId}`, fleet.is) as SQL;
  // Such that no index over the workspace serves it: only the one for texts is left.
  const loose = and(sql`${fleet.workspaceId} || '' = ${workspaceId}`, fleet.is) as SQL;
  const lower = text.toLowerCase();
  const parts: { where: SQL; by: PgColumn | null; limit: number }[] = [];
  const isId = lower.startsWith(begins);
  if (isId) for (const { where } of startingWith(id, lower, true).ranges) parts.push({ where, by: id, limit: SHOWN });
  if (name && [...text].length < 3) {
    for (const { where } of startingWith(name, text, false).ranges) parts.push({ where, by: name, limit: SHOWN });
  } else if (name && !isId) {
    // One of this very name is among them, however many contain it.
    parts.push({ where: sql`${name} = ${text}`, by: name, limit: SHOWN });
    const contains = searched(text, { search });
    for (const { where } of contains.arms ?? []) parts.push({ where, by: null, limit: LOOKED_AT });
  }
  if (parts.length === 0) return [];
  const selects = parts.map(
    ({ where, by, limit }) =>
      sql`(select ${id} as id, ${fleet.shown} as name, ${fleet.detail}::text as detail from ${table} where ${by ? scope : loose} and ${where}${by ? sql` order by ${by}` : sql``} limit ${limit})`,
  );
  const { rows } = await tx.execute<{ id: string; name: string | null; detail: string | null }>(
    sql.join(selects, sql` union `),
  );
  return rows
    .map((row) => ({ kind: fleet.kind, id: row.id, name: row.name ?? row.id, detail: row.detail }))
    .sort((one, other) => rank(one, lower) - rank(other, lower) || one.name.localeCompare(other.name))
    .slice(0, SHOWN);
}

/** The very thing, then what starts with the text, then what has it somewhere, then what has it in another field. */
function rank({ id, name }: FoundThing, lower: string): number {
  const shown = name.toLowerCase();
  if (id === lower || shown === lower) return 0;
  if (id.startsWith(lower) || shown.startsWith(lower)) return 1;
  return shown.includes(lower) ? 2 : 3;
}

/** Kinds of which there are few: all of them may be looked at. */
const SMALL: {
  permission: Permission;
  find(tx: Queries, workspaceId: WorkspaceId, like: string): Promise<FoundThing[]>;
}[] = [
  {
    permission: 'connector.read',
    find: async (tx, workspaceId, like) => {
      const rows = await tx
        .select({ id: connectors.id, name: connectors.name, detail: connectors.host })
        .from(connectors)
        .where(
          and(
            eq(connectors.workspaceId, workspaceId),
            isNull(connectors.disassociatedAt),
            sql`(${connectors.name} ilike ${like} or ${connectors.id} ilike ${like} or ${connectors.host} ilike ${like})`,
          ),
        )
        .orderBy(connectors.name)
        .limit(SHOWN);
      return rows.map((row) => ({ kind: 'connector', ...row }));
    },
  },
  {
    permission: 'target.read',
    find: async (tx, workspaceId, like) => {
      const rows = await tx
        .select({ id: awsTargets.id, name: awsTargets.name, detail: awsTargetPlaces.bucket })
        .from(awsTargets)
        .innerJoin(
          awsTargetPlaces,
          and(eq(awsTargetPlaces.targetId, awsTargets.id), eq(awsTargetPlaces.revision, awsTargets.revision)),
        )
        .where(
          and(
            eq(awsTargets.workspaceId, workspaceId),
            sql`(${awsTargets.name} ilike ${like} or ${awsTargets.id} ilike ${like} or ${awsTargetPlaces.bucket} ilike ${like})`,
          ),
        )
        .orderBy(awsTargets.name)
        .limit(SHOWN);
      return rows.map((row) => ({ kind: 'target', ...row }));
    },
  },
  {
    permission: 'workspace.read',
    find: async (tx, workspaceId, like) => {
      const rows = await tx
        .select({ id: members.id, name: users.name, detail: users.email })
        .from(members)
        .innerJoin(users, eq(users.id, members.userId))
        .where(
          and(
            eq(members.workspaceId, workspaceId),
            isNull(members.removedAt),
            sql`(${users.name} ilike ${like} or ${users.email} ilike ${like})`,
          ),
        )
        .orderBy(users.name)
        .limit(SHOWN);
      return rows.map((row) => ({ kind: 'member', ...row }));
    },
  },
];

/** Of a few letters, which are in many a name, only what starts with them. */
const pattern = (text: string) =>
  `${[...text].length < 3 ? '' : '%'}${text.replace(/[\\%_]/g, (special) => `\\${special}`)}%`;
