// Seals: where the chain of an audit trail stood at some time, under a key that the database does not hold. Who can write to the
// database only can work out a whole new chain, but not its seals.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { and, desc, eq, lt, sql } from 'drizzle-orm';
import type { Queries } from '../../db/client.ts';
import { auditChain, auditSeals, workspaces } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { type MasterKey, readKeyRing } from '../secrets/key-ring.ts';

/** A key for seals and nothing else, of each master key, in the same order: the first one seals. */
export function sealingKeys(masters: readonly MasterKey[] = readKeyRing()): SealingKey[] {
  return masters.map(({ id, key }) => ({
    id,
    secret: createHmac('sha256', key).update('seals of the audit trail').digest(),
  }));
}

export interface SealingKey {
  id: string;
  secret: Uint8Array;
}

type Seal = typeof auditSeals.$inferSelect;
type Sealed = Pick<Seal, 'workspaceId' | 'seq' | 'hash' | 'kind' | 'at'>;

/** HMAC-SHA-256, hex, of everything that the seal says. */
export function macOf({ workspaceId, seq, hash, kind, at }: Sealed, key: SealingKey): string {
  const said = JSON.stringify([workspaceId, seq, hash, kind, at.toISOString(), key.id]);
  return createHmac('sha256', key.secret).update(said).digest('hex');
}

export function isSealGood(seal: Seal, key: SealingKey): boolean {
  const expected = Buffer.from(macOf(seal, key));
  const given = Buffer.from(seal.mac);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** Seals every workspace's chain that grew since its last seal. A later seal takes the place of an earlier one of the same day. */
export async function sealChains(db: Queries, key: SealingKey, now: Date): Promise<void> {
  const grown = await db
    .select({ workspaceId: workspaces.id, seq: auditChain.seq, hash: auditChain.hash })
    .from(workspaces)
    .innerJoin(
      auditChain,
      and(
        eq(auditChain.workspaceId, workspaces.id),
        sql`${auditChain.seq} = (select c.seq from audit_chain c where c.workspace_id = ${workspaces.id} order by c.seq desc limit 1)`,
      ),
    )
    .where(
      sql`${auditChain.seq} > coalesce((select s.seq from audit_seals s where s.workspace_id = ${workspaces.id} order by s.seq desc limit 1), 0)`,
    );
  for (const head of grown) {
    const seal = { ...head, kind: 'seal' as const, at: now };
    // Two workers at once seal the same: one of them is enough.
    await db
      .insert(auditSeals)
      .values({ ...seal, keyId: key.id, mac: macOf(seal, key) })
      .onConflictDoNothing();
    const sameDay = sql`date_trunc('day', ${auditSeals.at} at time zone 'UTC') = date_trunc('day', ${now.toISOString()}::timestamptz at time zone 'UTC')`;
    await db
      .delete(auditSeals)
      .where(
        and(
          eq(auditSeals.workspaceId, head.workspaceId),
          eq(auditSeals.kind, 'seal'),
          lt(auditSeals.seq, head.seq),
          sameDay,
        ),
      );
  }
}

/**
 * Takes away rows that are older than the rule of retention allows, a piece at a time, and seals where the chain begins from then
 * on. The newest row stays whatever its age.
 * @returns whether there may be more
 */
export async function trimChain(
  tx: Queries,
  {
    workspaceId,
    before,
    rows,
    key,
    now,
  }: { workspaceId: WorkspaceId; before: Date; rows: number; key: SealingKey; now: Date },
): Promise<boolean> {
  const [first] = await tx
    .select({ seq: auditChain.seq })
    .from(auditChain)
    .where(eq(auditChain.workspaceId, workspaceId))
    .orderBy(auditChain.seq)
    .limit(1);
  const [head] = await tx
    .select({ seq: auditChain.seq })
    .from(auditChain)
    .where(eq(auditChain.workspaceId, workspaceId))
    .orderBy(desc(auditChain.seq))
    .limit(1);
  if (!first || !head) return false;
  // Only as far as every row is old: commits may be in another order than the times of their rows.
  const [young] = (
    await tx.execute<{ seq: string | null }>(sql`
      select min(c.seq) as seq from audit_chain c join audit a on a.id = c.audit_id
      where c.workspace_id = ${workspaceId} and c.seq between ${first.seq} and ${first.seq + rows}
        and a.at >= ${before.toISOString()}::timestamptz`)
  ).rows;
  const upTo = Math.min(head.seq - 1, young?.seq ? Number(young.seq) - 1 : first.seq + rows);
  if (upTo < first.seq) return false;
  const gone = await tx.execute<{ seq: string; hash: string }>(sql`
    with old as (delete from audit_chain where workspace_id = ${workspaceId} and seq <= ${upTo} returning seq, hash, audit_id),
      rows as (delete from audit where id in (select audit_id from old) and workspace_id = ${workspaceId})
    select seq, hash from old order by seq desc limit 1`);
  const last = gone.rows[0];
  if (!last) return false;
  await tx.delete(auditSeals).where(and(eq(auditSeals.workspaceId, workspaceId), lt(auditSeals.seq, upTo + 1)));
  const seal = { workspaceId, seq: Number(last.seq), hash: last.hash, kind: 'trim' as const, at: now };
  await tx.insert(auditSeals).values({ ...seal, keyId: key.id, mac: macOf(seal, key) });
  return upTo - first.seq >= rows;
}

/** Puts seals under the first key, so that the others can be taken away. One that its own key does not prove stays as it is. */
export async function renewSeals(db: Queries, keys: readonly SealingKey[]): Promise<number> {
  const [first] = keys;
  if (!first) return 0;
  let renewed = 0;
  for (const seal of await db.select().from(auditSeals).where(sql`${auditSeals.keyId} <> ${first.id}`)) {
    const own = keys.find(({ id }) => id === seal.keyId);
    if (!own || !isSealGood(seal, own)) continue;
    const { workspaceId, seq, kind } = seal;
    await db
      .update(auditSeals)
      .set({ keyId: first.id, mac: macOf(seal, first) })
      .where(and(eq(auditSeals.workspaceId, workspaceId), eq(auditSeals.seq, seq), eq(auditSeals.kind, kind)));
    renewed += 1;
  }
  return renewed;
}
