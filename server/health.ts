// What a load balancer and the supervisor ask: is this web of use? Answers without signing in, so it tells nothing else.
import { sql } from 'drizzle-orm';
import { database } from '../db/client.ts';
import { log } from './log.ts';

const DEADLINE_MS = 3000;

/** 200 when the database answers within 3 s, 503 otherwise. */
export async function health(): Promise<Response> {
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
    });
    await Promise.race([database().execute(sql`select 1`), late]);
    return answer(200, { status: 'ok', databaseMs: Math.round(performance.now() - started) });
  } catch (error) {
    log().error({ error }, 'health: the database does not answer');
    return answer(503, { status: 'database does not answer' });
  } finally {
    clearTimeout(timer);
  }
}

function answer(status: number, body: object): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } });
}
