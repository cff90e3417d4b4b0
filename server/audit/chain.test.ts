// Whatever somebody does to the rows of the audit trail behind our back is found.

import { asc, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../db/client.ts';
import { audit, auditChain, auditSeals, workspaces } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { createTestDatabase, type TestDatabase } from '../../db/testing.ts';
import { verifyChain } from './chain.ts';
import { macOf, renewSeals, type SealingKey, sealChains, trimChain } from './seal.ts';

const KEY: SealingKey = { id: 'k1', secret: Buffer.alloc(32, 7) };
const KEYS = new Map([[KEY.id, KEY]]);
let database: TestDatabase;
let db: Database;
let workspaceId: WorkspaceId;
let made = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, { max: 20 });
});
afterAll(async () => {
  await db.$client.end();
  await database.drop();
});
beforeEach(async () => {
  made += 1;
  workspaceId = `ws-${made}` as WorkspaceId;
  await db.insert(workspaces).values({ id: workspaceId, name: workspaceId });
});

const entry = (name: string, at?: Date) => ({
  workspaceId,
  actorKind: 'member' as const,
  actorId: 'm',
  actorName: 'Ann “the first” Ünal',
  action: 'job.edit',
  subjectKind: 'job',
  subjectId: `sms-job-${name}`,
  subjectName: name,
  before: { b: 1, a: [null, 'x'] },
  after: { a: 2.5 },
  address: '192.0.2.1',
  ...(at && { at }),
});
const write = (names: string[], at?: Date) => db.insert(audit).values(names.map((name) => entry(name, at)));
const verify = (expected?: { seq: number; hash: string }) =>
  verifyChain(db, workspaceId, { keys: KEYS, ...(expected && { expected }) });
const rows = () => db.select().from(audit).where(eq(audit.workspaceId, workspaceId)).orderBy(asc(audit.id));
const idOf = async (name: string) => (await rows()).find(({ subjectName }) => subjectName === name)?.id ?? 0;
/** Without the chain's trigger, as somebody with the database's password would. */
const behindItsBack = (statement: ReturnType<typeof sql>) =>
  db.transaction(async (tx) => {
    await tx.execute(sql`set local session_replication_role = replica`);
    await tx.execute(statement);
  });

describe('a chain', () => {
  it('holds for what was written, whatever came at once', async () => {
    await write(['one', 'two']);
    await Promise.all(Array.from({ length: 30 }, (_, index) => write([`at once ${index}`])));
    const report = await verify();
    expect(report).toMatchObject({ rows: 32, first: 1, head: { seq: 32 }, problems: [] });
    expect(report.head?.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is found whole while rows are added, sealed and taken away all the time', async () => {
    const old = new Date(Date.now() - 40 * 86_400_000);
    const atOnce = () =>
      db.transaction((tx) => verifyChain(tx, workspaceId, { keys: KEYS }), { isolationLevel: 'repeatable read' });
    let over = false;
    let written = 0;
    const writer = async (of: number) => {
      for (; !over; written += 1) await write([`writer ${of}, ${written}`], old);
    };
    const sealer = async () => {
      const trimmed = { workspaceId, before: new Date(), rows: 5, key: KEY };
      while (!over) {
        await sealChains(db, KEY, new Date());
        await db.transaction((tx) => trimChain(tx, { ...trimmed, now: new Date() }));
      }
    };
    const work = Promise.all([writer(1), writer(2), writer(3), sealer()]);
    try {
      for (let looked = 0; looked < 20 || written < 100; looked += 1) expect((await atOnce()).problems).toEqual([]);
    } finally {
      over = true;
      await work;
    }
    await write(['last']);
    await behindItsBack(sql`update audit set actor_name = 'Nobody' where id = ${await idOf('last')}`);
    expect((await atOnce()).problems).toHaveLength(1);
  });

  it('is the same in any time zone and of an empty workspace there is none', async () => {
    expect(await verify()).toMatchObject({ rows: 0, head: null, problems: [] });
    await write(['one']);
    await db.transaction(async (tx) => {
      await tx.execute(sql`set local time zone 'Asia/Kathmandu'`);
      expect((await verifyChain(tx, workspaceId, { keys: KEYS })).problems).toEqual([]);
    });
  });

  it.each<[string, (id: number) => ReturnType<typeof sql>, RegExp]>([
    ['a changed name', (id) => sql`update audit set actor_name = 'Bob' where id = ${id}`, /was changed/],
    [
      'a changed time',
      (id) => sql`update audit set at = at + interval '1 millisecond' where id = ${id}`,
      /was changed/,
    ],
    ['a changed document', (id) => sql`update audit set after = '{"a":2.6}' where id = ${id}`, /was changed/],
    ['a removed row', (id) => sql`delete from audit where id = ${id}`, /was removed/],
    ['a row of another workspace', (id) => sql`update audit set workspace_id = 'ws-1' where id = ${id}`, /was removed/],
    ['a link that was removed', (id) => sql`delete from audit_chain where audit_id = ${id}`, /Row 2 .* missing/],
    [
      'an added row',
      (
        id,
      ) => sql`insert into audit (workspace_id, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, subject_name)
      select workspace_id, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, subject_name from audit where id = ${id}`,
      /beside the chain/,
    ],
  ])('breaks at %s', async (_, change, what) => {
    await write(['one', 'two', 'three']);
    await behindItsBack(change(await idOf('two')));
    const { problems } = await verify();
    expect(problems.map((problem) => problem.what).join(' ')).toMatch(what);
  });

  it('breaks where two rows changed places', async () => {
    await write(['one', 'two', 'three']);
    const [two, three] = [await idOf('two'), await idOf('three')];
    await behindItsBack(sql`update audit_chain set audit_id = -1 where audit_id = ${two}`);
    await behindItsBack(sql`update audit_chain set audit_id = ${two} where audit_id = ${three}`);
    await behindItsBack(sql`update audit_chain set audit_id = ${three} where audit_id = -1`);
    expect((await verify()).problems.map(({ seq }) => seq)).toEqual([2, 3]);
  });

  it('names the first row that does not fit, and not all after it', async () => {
    await write(['one', 'two', 'three', 'four']);
    await behindItsBack(sql`update audit set action = 'x' where id = ${await idOf('two')}`);
    expect((await verify()).problems).toEqual([expect.objectContaining({ seq: 2, auditId: await idOf('two') })]);
  });
});

describe('a seal', () => {
  it('is broken by a chain that was worked out anew', async () => {
    await write(['one', 'two', 'three']);
    await sealChains(db, KEY, new Date('2026-12-01T10:00:00Z'));
    await behindItsBack(sql`update audit set actor_name = 'Bob' where id = ${await idOf('two')}`);
    // As the database itself would, from the second row on.
    await behindItsBack(sql`do $$ declare link record; last text := ''; begin
      for link in select c.seq, a from audit_chain c join audit a on a.id = c.audit_id where c.workspace_id = '${sql.raw(workspaceId)}' order by c.seq loop
        last := audit_digest(last, link.a);
        update audit_chain set hash = last where workspace_id = '${sql.raw(workspaceId)}' and seq = link.seq;
      end loop; end $$`);
    expect((await verify()).problems).toEqual([
      expect.objectContaining({ seq: 3, what: 'The chain up to here is not the one that was sealed.' }),
    ]);
  });

  it('finds an end that was cut off, as a head that was kept elsewhere does', async () => {
    await write(['one', 'two', 'three']);
    const { head } = await verify();
    await sealChains(db, KEY, new Date());
    const id = await idOf('three');
    await behindItsBack(sql`delete from audit where id = ${id}`);
    await behindItsBack(sql`delete from audit_chain where audit_id = ${id}`);
    expect((await verify()).problems).toEqual([expect.objectContaining({ what: 'Row 3 of the chain is missing.' })]);
    await db.delete(auditSeals).where(eq(auditSeals.workspaceId, workspaceId));
    expect((await verify()).problems).toEqual([]);
    expect((await verify(head ?? undefined)).problems).toHaveLength(1);
  });

  it('is good under its own key only', async () => {
    await write(['one']);
    await sealChains(db, KEY, new Date());
    const [seal] = await db.select().from(auditSeals).where(eq(auditSeals.workspaceId, workspaceId));
    const other = new Map([[KEY.id, { ...KEY, secret: Buffer.alloc(32, 8) }]]);
    const wrong = await verifyChain(db, workspaceId, { keys: other });
    expect(wrong.problems).toEqual([
      expect.objectContaining({ what: expect.stringContaining('not made by Landfall') }),
    ]);
    const unknown = await verifyChain(db, workspaceId, { keys: new Map() });
    expect(unknown.problems).toEqual([expect.objectContaining({ what: expect.stringContaining('k1') })]);
    expect(seal?.mac).toBe(macOf(seal as NonNullable<typeof seal>, KEY));
  });

  it('goes along to another key, unless it was not good', async () => {
    await write(['one']);
    await sealChains(db, KEY, new Date('2026-12-01T10:00:00Z'));
    await write(['two']);
    await sealChains(db, KEY, new Date('2026-12-02T10:00:00Z'));
    await db
      .update(auditSeals)
      .set({ mac: 'forged' })
      .where(sql`${auditSeals.workspaceId} = ${workspaceId} and seq = 1`);
    const next: SealingKey = { id: 'k2', secret: Buffer.alloc(32, 9) };
    await renewSeals(db, [next, KEY]);
    const seals = await db
      .select()
      .from(auditSeals)
      .where(eq(auditSeals.workspaceId, workspaceId))
      .orderBy(asc(auditSeals.seq));
    expect(seals.map(({ keyId }) => keyId)).toEqual(['k1', 'k2']);
    const { problems } = await verifyChain(db, workspaceId, { keys: new Map([[next.id, next]]) });
    expect(problems).toEqual([expect.objectContaining({ seq: 1, what: expect.stringContaining('k1') })]);
  });

  it('is one for a day, and none where nothing was added', async () => {
    const seqs = async () => {
      const all = await db
        .select()
        .from(auditSeals)
        .where(eq(auditSeals.workspaceId, workspaceId))
        .orderBy(asc(auditSeals.seq));
      return all.map(({ seq }) => seq);
    };
    for (const time of ['2026-12-01T10:00:00Z', '2026-12-01T23:59:00Z', '2026-12-02T00:01:00Z']) {
      await write([time]);
      await Promise.all([sealChains(db, KEY, new Date(time)), sealChains(db, KEY, new Date(time))]);
    }
    expect(await seqs()).toEqual([2, 3]);
    await sealChains(db, KEY, new Date('2026-12-03T00:00:00Z'));
    expect(await seqs()).toEqual([2, 3]);
    expect((await verify()).problems).toEqual([]);
  });
});

describe('retention', () => {
  const old = new Date('2025-01-01T00:00:00Z');
  const trim = () =>
    db.transaction((tx) =>
      trimChain(tx, { workspaceId, before: new Date('2026-01-01T00:00:00Z'), rows: 2, key: KEY, now: new Date() }),
    );

  it('takes old rows away and leaves a chain that can be proved', async () => {
    await write(['one', 'two', 'three', 'four', 'five'], old);
    await sealChains(db, KEY, old);
    await write(['young']);
    const turns = [await trim(), await trim()];
    expect(turns[0]).toBe(true);
    while (await trim());
    expect((await rows()).map(({ subjectName }) => subjectName)).toEqual(['young']);
    expect(await verify()).toMatchObject({ rows: 1, first: 6, problems: [] });
    await write(['next']);
    expect(await verify()).toMatchObject({ rows: 2, head: { seq: 7 }, problems: [] });
  });

  it('says so where a head that was kept elsewhere is older than what is left', async () => {
    await write(['one', 'two'], old);
    const { head } = await verify();
    await write(['three'], old);
    await write(['young']);
    while (await trim());
    expect((await verify(head ?? undefined)).problems).toEqual([
      expect.objectContaining({ what: expect.stringContaining('not there to be compared') }),
    ]);
    const all = await db.select().from(auditSeals).where(eq(auditSeals.workspaceId, workspaceId));
    expect((await verify({ seq: all[0]?.seq ?? 0, hash: all[0]?.hash ?? '' })).problems).toEqual([]);
  });

  it('leaves the newest row, and what is younger though an older one stands behind it', async () => {
    await write(['one'], old);
    await write(['young']);
    await write(['late'], old);
    while (await trim());
    expect((await rows()).map(({ subjectName }) => subjectName)).toEqual(['young', 'late']);
    expect((await verify()).problems).toEqual([]);
  });

  it('is not what somebody says who only takes the first rows away', async () => {
    await write(['one', 'two', 'three']);
    const first = await idOf('one');
    await behindItsBack(sql`delete from audit_chain where audit_id = ${first}`);
    await behindItsBack(sql`delete from audit where id = ${first}`);
    const [link] = await db
      .select()
      .from(auditChain)
      .where(eq(auditChain.workspaceId, workspaceId))
      .orderBy(asc(auditChain.seq));
    expect(link?.seq).toBe(2);
    expect((await verify()).problems.length).toBeGreaterThan(0);
  });
});
