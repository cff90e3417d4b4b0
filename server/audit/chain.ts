// The audit trail as a chain of hashes: whether a row was changed, removed, added or put elsewhere since it was written.
// The database appends to it at each commit (the migration audit_chain); here it is worked out anew, and not with
// the database's own function, which whoever changes rows could change as well.

import { createHash } from 'node:crypto';
import { and, asc, desc, eq, sql } from 'drizzle-orm';
import type { Queries } from '../../db/client.ts';
import { audit, auditChain, auditSeals } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import type { SealingKey } from './seal.ts';
import { isSealGood } from './seal.ts';

export interface ChainProblem {
  /** Number of the row in the workspace's chain; null for one that is not in it. */
  seq: number | null;
  /** Of the row of the audit trail; null where no row can be named. */
  auditId: number | null;
  /** A sentence. */
  what: string;
}

export interface ChainReport {
  workspaceId: WorkspaceId;
  /** Rows that were looked at. */
  rows: number;
  /** The first row that is still there: the ones before were taken away by the rule of retention. Null when there is none. */
  first: number | null;
  /** The last row with its hash: kept elsewhere, it shows later whether anything was cut off or written anew. */
  head: { seq: number; hash: string } | null;
  /** Seals that were compared. */
  seals: number;
  problems: ChainProblem[];
}

const ROWS = 2000;
/** Of a chain that is broken throughout nobody reads more. */
const MOST_PROBLEMS = 20;

/** What stands for a row in the chain, as `audit_digest` of the migration has it. */
const CONTENT = sql<string | null>`jsonb_build_array(${audit.id}, ${audit.workspaceId}, extract(epoch from ${audit.at}),
  ${audit.actorKind}, ${audit.actorId}, ${audit.actorName}, ${audit.action}, ${audit.subjectKind}, ${audit.subjectId},
  ${audit.subjectName}, ${audit.before}, ${audit.after}, ${audit.address})::text`;

/**
 * Reads a workspace's whole chain, in pieces. Call it within a repeatable-read transaction, so that rows which are added or
 * trimmed meanwhile make no difference.
 * @param keys those under which seals were made, by id
 * @param expected a head that was kept elsewhere
 */
export async function verifyChain(
  tx: Queries,
  workspaceId: WorkspaceId,
  { keys, expected }: { keys: ReadonlyMap<string, SealingKey>; expected?: { seq: number; hash: string } },
): Promise<ChainReport> {
  const seals = new Map<number, (typeof auditSeals.$inferSelect)[]>();
  const problems: ChainProblem[] = [];
  const report: ChainReport = { workspaceId, rows: 0, first: null, head: null, seals: 0, problems };
  const found = (problem: ChainProblem) => {
    if (problems.length < MOST_PROBLEMS) problems.push(problem);
  };
  for (const seal of await tx
    .select()
    .from(auditSeals)
    .where(eq(auditSeals.workspaceId, workspaceId))
    .orderBy(asc(auditSeals.seq))) {
    const key = keys.get(seal.keyId);
    report.seals += 1;
    if (!key)
      found({
        seq: seal.seq,
        auditId: null,
        what: `A seal was made with the key ${seal.keyId}, which is not known here.`,
      });
    else if (!isSealGood(seal, key))
      found({ seq: seal.seq, auditId: null, what: 'The seal of this row was not made by Landfall.' });
    else seals.set(seal.seq, [...(seals.get(seal.seq) ?? []), seal]);
  }
  const trims = [...seals.values()].flat().filter(({ kind }) => kind === 'trim');
  const trimmed = trims.at(-1);
  let last = { seq: trimmed?.seq ?? 0, hash: trimmed?.hash ?? '' };
  for (;;) {
    const rows = await tx
      .select({
        seq: auditChain.seq,
        hash: auditChain.hash,
        auditId: auditChain.auditId,
        id: audit.id,
        content: CONTENT,
      })
      .from(auditChain)
      .leftJoin(audit, and(eq(audit.id, auditChain.auditId), eq(audit.workspaceId, auditChain.workspaceId)))
      .where(and(eq(auditChain.workspaceId, workspaceId), sql`${auditChain.seq} > ${last.seq}`))
      .orderBy(asc(auditChain.seq))
      .limit(ROWS);
    for (const row of rows) {
      const at = { seq: row.seq, auditId: row.auditId };
      report.rows += 1;
      report.first ??= row.seq;
      if (row.seq !== last.seq + 1) found({ ...at, what: missing(last.seq + 1, row.seq - 1) });
      if (row.id === null) found({ ...at, what: 'The row was removed from the audit trail.' });
      else if (digest(last.hash, row.content ?? '') !== row.hash)
        found({ ...at, what: 'The row, or its place in the chain, was changed.' });
      if (seals.get(row.seq)?.some(({ hash }) => hash !== row.hash))
        found({ ...at, what: 'The chain up to here is not the one that was sealed.' });
      if (expected?.seq === row.seq && expected.hash !== row.hash)
        found({ ...at, what: 'The chain up to here is not the one that was expected.' });
      last = { seq: row.seq, hash: row.hash };
    }
    if (rows.length < ROWS) break;
  }
  report.head = last.seq > 0 ? last : null;
  if (expected && report.first !== null && expected.seq < report.first) {
    const kept = trimmed?.seq === expected.seq && trimmed.hash === expected.hash;
    if (!kept)
      found({
        seq: expected.seq,
        auditId: null,
        what: 'The row that was expected is not there to be compared: what was older than the rule of retention was taken away.',
      });
  }
  const end = Math.max(...seals.keys(), expected?.seq ?? 0, 0);
  if (end > last.seq) found({ seq: null, auditId: null, what: missing(last.seq + 1, end) });
  for (const { id } of await unchained(tx, workspaceId))
    found({ seq: null, auditId: id, what: 'The row was put into the audit trail beside the chain.' });
  return report;
}

function digest(previous: string, content: string): string {
  return createHash('sha256').update(previous).update(content).digest('hex');
}

const missing = (from: number, to: number) =>
  from === to ? `Row ${from} of the chain is missing.` : `Rows ${from} to ${to} of the chain are missing.`;

function unchained(tx: Queries, workspaceId: WorkspaceId): Promise<{ id: number }[]> {
  return tx
    .select({ id: audit.id })
    .from(audit)
    .where(
      and(
        eq(audit.workspaceId, workspaceId),
        sql`not exists (select 1 from ${auditChain} c where c.audit_id = ${audit.id} and c.workspace_id = ${workspaceId})`,
      ),
    )
    .orderBy(desc(audit.id))
    .limit(MOST_PROBLEMS);
}
