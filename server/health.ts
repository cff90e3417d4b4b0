// What a load balancer and the supervisor ask: is this web of use? Answers without signing in, so it tells nothing else.
import { sql } from 'drizzle-orm';
import { type Database, database } from '../db/client.ts';
import { databaseFailure, sqlState } from '../db/failures.ts';
import { log } from './log.ts';

const DEADLINE_MS = 3000;
/** However often it is asked, the database is written to no more often than this. */
const PROBE_EVERY_MS = 5000;

interface Probe {
  at: number;
  result: Promise<{ reason: string | null; milliseconds: number }>;
}
const slot = globalThis as { landfallHealthProbe?: Probe | undefined };

/** 200 when the database takes a write within 3 s, 503 with the reason otherwise. */
export async function health(): Promise<Response> {
  const now = performance.now();
  if (!slot.landfallHealthProbe || now - slot.landfallHealthProbe.at > PROBE_EVERY_MS)
    slot.landfallHealthProbe = { at: now, result: probe(database()) };
  const { reason, milliseconds } = await slot.landfallHealthProbe.result;
  if (reason === null) return answer(200, { status: 'ok', databaseMs: milliseconds });
  // The next one who asks looks again.
  slot.landfallHealthProbe = undefined;
  return answer(503, { status: reason });
}

async function probe(db: Database): Promise<{ reason: string | null; milliseconds: number }> {
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let reason: string | null = null;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
    });
    await Promise.race([writeOnce(db), late]);
  } catch (error) {
    // A user without the right TEMPORARY can write all the same: then it is known only that the database answers.
    if (sqlState(error) === '42501') log().warn('health: writing cannot be tried without TEMPORARY on the database');
    else {
      reason = reasonOf(error);
      log().error({ error }, `health: ${reason}`);
    }
  } finally {
    clearTimeout(timer);
  }
  return { reason, milliseconds: Math.round(performance.now() - started) };
}

/**
 * A table of this connection alone, a row, a commit: it needs room for a file and for the journal, as every write does, and
 * leaves nothing. A row of an existing table would go into a page that has room while the disk is full.
 */
async function writeOnce(db: Database): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.execute(sql`create temporary table landfall_health (one int) on commit drop`);
    await tx.execute(sql`insert into landfall_health values (1)`);
  });
}

function reasonOf(error: unknown): string {
  switch (sqlState(error)) {
    case '53100':
      return 'the database cannot be written to: its disk is full';
    case '25006':
      return 'the database takes no writes: it is a standby, or set to read only';
    case '53300':
      return 'the database has no free connection';
    default:
      return databaseFailure(error) === 'busy' ? 'the database is busy' : 'database does not answer';
  }
}

function answer(status: number, body: object): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } });
}
