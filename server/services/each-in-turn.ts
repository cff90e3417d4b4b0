// One after another, so that whichever fails holds up none of those behind it: what a tick looks at, it looks at again next time,
// in the same order.
import { log } from '../log.ts';
import { faultOf } from './database-faults.ts';

/** Each failure is logged as `what`. @throws when the database is away, since then each of the rest would wait for it, too */
export async function eachInTurn<One extends { id: string }>(
  what: string,
  all: readonly One[],
  work: (one: One) => Promise<unknown>,
): Promise<void> {
  for (const one of all) {
    try {
      await work(one);
    } catch (error) {
      if (faultOf(error).code === 'console-database-away') throw error;
      log().warn({ error, id: one.id }, `${what}; it is tried again`);
    }
  }
}
