// Events become visible in the order of their ids, whatever order their transactions began in.

import { asc, eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Database, openDatabase } from '../../db/client.ts';
import { events, workspaces } from '../../db/schema/index.ts';
import type { WorkspaceId } from '../../db/schema/workspace-id.ts';
import { createTestDatabase, type TestDatabase } from '../../db/testing.ts';
import { followEvents } from './follow.ts';
import { stopListening } from './listen.ts';
import { recordEvents } from './record.ts';

let database: TestDatabase;
let db: Database;
const SLOW = 'ws-slow' as WorkspaceId;
let workspaceId: WorkspaceId;

beforeAll(async () => {
  database = await createTestDatabase();
  process.env.DATABASE_URL = database.url;
  db = openDatabase(database.url, { max: 20 });
  workspaceId = 'ws-order' as WorkspaceId;
  await db.insert(workspaces).values({ id: workspaceId, name: 'Order' });
});

afterAll(async () => {
  await stopListening();
  await db.$client.end();
  await database.drop();
});

const record = (tx: Pick<Database, 'insert'>, name: string) =>
  recordEvents(tx as Database, workspaceId, [{ topic: 'runs', subjectId: name, kind: 'changed' }]);

it('gives a transaction that commits later the larger ids', async () => {
  const committed = Promise.withResolvers<void>();
  const inserted = Promise.withResolvers<void>();
  const late = db.transaction(async (tx) => {
    await record(tx, 'inserted first');
    await record(tx, 'and its second');
    inserted.resolve();
    await committed.promise;
  });
  await inserted.promise;
  await db.transaction((tx) => record(tx, 'committed first'));
  committed.resolve();
  await late;
  const rows = await db.select({ subject: events.subjectId }).from(events).orderBy(asc(events.id));
  expect(rows.map(({ subject }) => subject).slice(-3)).toEqual(['committed first', 'inserted first', 'and its second']);
});

it('lets a follower miss none of many transactions at once', async () => {
  const stop = new AbortController();
  const seen: string[] = [];
  const wanted = Array.from({ length: 100 }, (_, index) => `one of many ${index}`);
  const following = (async () => {
    for await (const { subjectId } of followEvents({ workspaceId, after: 0, signal: stop.signal })) {
      if (subjectId?.startsWith('one of many')) seen.push(subjectId);
      if (seen.length === wanted.length) return;
    }
  })();
  await Promise.all(wanted.map((name) => db.transaction((tx) => record(tx, name))));
  await following;
  stop.abort();
  expect([...seen].sort()).toEqual([...wanted].sort());
});

it('tells only the last thousand of a long absence', async () => {
  await db.execute(sql`
    insert into events (workspace_id, topic, kind, subject_id)
    select ${workspaceId}, 'runs', 'changed', 'missed ' || n from generate_series(1, 1500) n`);
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const { subjectId } of followEvents({ workspaceId, after: 1, signal: stop.signal })) {
    seen.push(subjectId ?? '');
    if (subjectId === 'missed 1500') break;
  }
  stop.abort();
  expect(seen).toHaveLength(1000);
  expect(seen[0]).toBe('missed 501');
});

it('lets no workspace wait for the commit of another', async () => {
  await db.insert(workspaces).values({ id: SLOW, name: 'Slow' });
  const held = Promise.withResolvers<void>();
  const ordered = Promise.withResolvers<void>();
  const slow = db.transaction(async (tx) => {
    await recordEvents(tx, SLOW, [{ topic: 'runs', subjectId: 'held', kind: 'changed' }]);
    // As at the commit: from here on it holds its workspace's order.
    await tx.execute(sql`set constraints events_in_order immediate`);
    ordered.resolve();
    await held.promise;
  });
  await ordered.promise;
  const next = db.transaction((tx) => recordEvents(tx, SLOW, [{ topic: 'runs', subjectId: 'next', kind: 'changed' }]));
  await db.transaction((tx) => record(tx, 'not held up'));
  const rows = await db.select({ subject: events.subjectId }).from(events).orderBy(asc(events.id));
  expect(rows.at(-1)?.subject).toBe('not held up');
  held.resolve();
  await Promise.all([slow, next]);
  const own = await db
    .select({ subject: events.subjectId })
    .from(events)
    .where(eq(events.workspaceId, SLOW))
    .orderBy(asc(events.id));
  expect(own.map(({ subject }) => subject)).toEqual(['held', 'next']);
});

it('lets two transactions that tell two workspaces, each in its own order, both come to their end', async () => {
  const others = ['ws-one' as WorkspaceId, 'ws-two' as WorkspaceId] as const;
  await db.insert(workspaces).values(others.map((id) => ({ id, name: id })));
  const [one, two] = others;
  const tell = (order: readonly WorkspaceId[]) =>
    db.transaction(async (tx) => {
      for (const id of order) await recordEvents(tx, id, [{ topic: 'runs', subjectId: order.join(), kind: 'changed' }]);
    });
  const waiting = (number: number) =>
    vi.waitFor(
      async () => {
        const { rows } = await db.execute(
          sql`select 1 from pg_locks where locktype = 'advisory' and classid = 7306212 and not granted`,
        );
        expect(rows).toHaveLength(number);
      },
      { timeout: 20_000 },
    );
  // Both come to the same place before either may go on: the second of the one is the first of the other.
  const free = Promise.withResolvers<void>();
  const held = db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(7306212, hashtext(${two}))`);
    await free.promise;
  });
  const ended = [tell([two, one])];
  await waiting(1);
  ended.push(tell([one, two]));
  await waiting(2);
  free.resolve();
  await Promise.all([held, ...ended]);
  expect(await db.$count(events, eq(events.workspaceId, one))).toBe(2);
});
