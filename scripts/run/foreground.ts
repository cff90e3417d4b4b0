// An installation in the foreground: from the command line to its end, by a signal or because its caller is gone.
import { PostgresSetUpError } from '../../db/postgres/server.ts';
import { SetUpError } from '../setup/set-up-error.ts';
import type { Landfall } from './landfall.ts';

/** Signals closer together than this are one: terminal and npm may both send the first. */
const SAME_SIGNAL_MS = 700;

const began = Number(process.env.LANDFALL_STARTED_AT) || Date.now();

/** One line, with the seconds since the person pressed Enter. */
export function say(text: string): void {
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`);
}

/**
 * Opens and runs an installation until it is told to end. What `open` and `run` throw is shown, and ends this process
 * with code 1 once everything is down.
 */
export async function inForeground(
  open: () => Promise<Landfall>,
  run: (landfall: Landfall, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  let landfall: Landfall | undefined;
  let stopped: Promise<void> | undefined;
  let firstSignal = 0;
  const ending = new AbortController();

  /** Ends what runs, once, and then this process. */
  const stop = (code: number): Promise<void> => {
    ending.abort(new Error('stopping'));
    stopped ??= (async () => {
      const from = Date.now();
      await landfall?.stop();
      if (code === 0) say(`stopped in ${((Date.now() - from) / 1000).toFixed(1)} s`);
      process.exit(code);
    })();
    return stopped;
  };
  const onSignal = () => {
    if (firstSignal === 0) {
      firstSignal = Date.now();
      say('stopping (once more to force it)');
      void stop(0);
    } else if (Date.now() - firstSignal > SAME_SIGNAL_MS) {
      say('stopping by force');
      landfall?.kill();
      process.exit(130);
    }
  };

  // A terminal that was closed must not end what runs.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  if (process.connected) {
    // Whoever started us was killed: end as if asked to.
    process.on('disconnect', () => void stop(0));
    process.channel?.unref();
  }
  try {
    landfall = await open();
    await run(landfall, ending.signal);
  } catch (error) {
    if (!stopped) {
      console.error(`\n${explain(error)}\n`);
      await stop(1);
    }
  }
}

function explain(error: unknown): string {
  if (error instanceof SetUpError || error instanceof PostgresSetUpError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
