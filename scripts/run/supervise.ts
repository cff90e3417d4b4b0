// npm start, second half: starts Postgres, web, worker, connector and lab on one data folder and keeps them running.
// Started by scripts/run/start.mjs once everything is installed.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PostgresSetUpError } from '../../db/postgres/server.ts';
import { SetUpError } from '../setup/set-up-error.ts';
import { checkPort, Landfall, type StartOptions } from './landfall.ts';

/** Signals closer together than this are one: terminal and npm may both send the first. */
const SAME_SIGNAL_MS = 700;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const began = Number(process.env.LANDFALL_STARTED_AT) || Date.now();
const say = (text: string) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${text}`);
// A terminal that was closed must not end what runs.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

function readOptions(): StartOptions {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      data: { type: 'string' },
      'guest-image': { type: 'string' },
      'no-lab': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  });
  const port = values.port ?? (process.env.PORT || '3000');
  if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new SetUpError(`${port} is not a port: it is a number from 1 to 65535.`);
  }
  return {
    root,
    port: Number(port),
    host: values.host ?? (process.env.LANDFALL_HOST || '127.0.0.1'),
    dataFolder: path.resolve(values.data ?? (process.env.LANDFALL_DATA || path.join(root, 'data'))),
    lab: !values['no-lab'],
    guestImage: values['guest-image'] ?? (process.env.LANDFALL_LAB_GUEST_IMAGE || undefined),
    verbose: values.verbose,
    own: process.env,
    say,
  };
}

function explain(error: unknown): string {
  if (error instanceof SetUpError || error instanceof PostgresSetUpError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

let landfall: Landfall | undefined;
let stopped: Promise<void> | undefined;
let firstSignal = 0;

/** Ends what runs, once, and then this process. */
function stop(code: number): Promise<void> {
  stopped ??= (async () => {
    const from = Date.now();
    await landfall?.stop();
    if (code === 0) say(`stopped in ${((Date.now() - from) / 1000).toFixed(1)} s`);
    process.exit(code);
  })();
  return stopped;
}

function onSignal(): void {
  if (firstSignal === 0) {
    firstSignal = Date.now();
    say('stopping (once more to force it)');
    void stop(0);
  } else if (Date.now() - firstSignal > SAME_SIGNAL_MS) {
    say('stopping by force');
    landfall?.kill();
    process.exit(130);
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
if (process.connected) {
  // Whoever started us was killed: end as if asked to.
  process.on('disconnect', () => void stop(0));
  process.channel?.unref();
}

try {
  const options = readOptions();
  landfall = await Landfall.open(options);
  await checkPort(options);
  await landfall.start();
} catch (error) {
  if (!stopped) {
    console.error(`\n${explain(error)}\n`);
    await stop(1);
  }
}
