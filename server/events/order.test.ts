// Events become visible in the order of their ids, whatever order their transactions began in.

import { asc, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
    .where(sql`workspace_id = SLOW`)
    .orderBy(asc(events.id));
  expect(own.map(({ subject }) => subject)).toEqual(['held', 'next']);
});
