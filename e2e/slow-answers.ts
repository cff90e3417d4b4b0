// A console whose answers take their time, as on a busy machine: each comes up to three seconds late, in an order that
// a seed decides.
import { setTimeout as pause } from 'node:timers/promises';
import type { BrowserContext } from '@playwright/test';

const LATEST_MS = 3000;

/** A number from 0 to 1 at each call; the same seed gives the same ones (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Delays every answer that pages of the context get; LANDFALL_STORY_SEED repeats what a story has printed. Of the paths
 * in `lose` the first answer never comes: the server has done what was asked, and the connection is gone.
 */
export async function slowAnswers(context: BrowserContext, { lose = [] }: { lose?: RegExp[] } = {}): Promise<void> {
  const seed = Number(process.env.LANDFALL_STORY_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`answers are late by the seed ${seed} (LANDFALL_STORY_SEED)`);
  const random = randomOf(seed);
  const lost = new Set<RegExp>();
  await context.route('**/*', async (route) => {
    const request = route.request();
    const late = random() * LATEST_MS;
    // A page of its own may be gone before its answer comes; nobody waits for it then.
    const stale = () => {};
    const streams = request.headers().accept?.includes('text/event-stream') || request.resourceType() === 'document';
    if (streams) {
      // What has no end, or may be a redirect, is asked for late.
      await pause(late);
      await route.continue().catch(stale);
      return;
    }
    const answer = await route.fetch({ maxRedirects: 0, maxRetries: 3, timeout: 120_000 }).catch(stale);
    await pause(late);
    const toLose = lose.find((pattern) => pattern.test(request.url()) && !lost.has(pattern));
    if (toLose) {
      lost.add(toLose);
      await route.abort('connectionreset').catch(stale);
    } else if (answer) await route.fulfill({ response: answer }).catch(stale);
    else await route.continue().catch(stale);
  });
}
