// The rows of the console: a database as a large company fills it, the production build in front of it, one question after the other.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Asked, type ConsoleRow, measureAnswers, SEARCH } from './answers.ts';
import { openFilled } from './database.ts';
import { writeWorstPlans } from './explain.ts';
import { keepConnectorsAlive } from './heartbeat.ts';
import { LISTS } from './lists.ts';
import { measurePages } from './pages.ts';
import { ms, worstOf } from './table.ts';
import { measureTicks } from './ticks.ts';
import { buildConsole, startWeb } from './web.ts';

export interface ConsoleOptions {
  servers: number;
  /** Folder of the database, kept for the next time; null: one that is removed at the end. */
  keep: string | null;
  /** Lists by their names, `search`, `ticks` and `pages`; null: everything. */
  lists: readonly string[] | null;
  times: number;
  /** Seconds after which a question is given up. */
  longest: number;
  /** File for the plans of the three slowest statements. */
  explain: string | null;
  say(text: string): void;
}

const FEWEST_SERVERS = 100;
/** Named beside the lists: the worker's ticks, which need no console in front of the database. */
const TICKS = 'ticks';
/** What a browser shows. */
const PAGES = 'pages';
const BESIDE_LISTS: readonly string[] = [SEARCH, TICKS, PAGES];

export async function consoleRows(options: ConsoleOptions): Promise<ConsoleRow[]> {
  const { servers, keep, lists, times, longest, explain, say } = options;
  const unknown = lists?.find((name) => !BESIDE_LISTS.includes(name) && !Object.hasOwn(LISTS, name));
  if (unknown !== undefined)
    throw new Error(
      `There is no list "${unknown}": say some of ${[...Object.keys(LISTS), ...BESIDE_LISTS].join(', ')}.`,
    );
  const asksConsole = !lists || lists.some((name) => name !== TICKS);
  if (!Number.isInteger(servers) || servers < FEWEST_SERVERS)
    throw new Error(`--servers takes a whole number from ${FEWEST_SERVERS} on.`);
  const folder = keep ? path.resolve(keep) : mkdtempSync(path.join(tmpdir(), 'landfall-bench-'));
  if (keep) mkdirSync(folder, { recursive: true });
  const rows: ConsoleRow[] = [];
  const asked: Asked[] = [];
  const show = (row: ConsoleRow) => {
    rows.push(row);
    const worst = worstOf(row);
    say(`${row.name}: ${worst?.p95 == null ? (worst?.skipped ?? worst?.missing) : ms(worst.p95)}`);
  };
  const patience = { times, longest: longest * 1000 };
  // The last begun is ended first, also by Ctrl+C: PostgreSQL and the console would outlive the bench.
  const ends: (() => unknown)[] = [];
  const endAll = async () => {
    for (let end = ends.pop(); end; end = ends.pop()) await end();
  };
  const interrupted = () => void endAll().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted);
  try {
    if (!keep) ends.push(() => rmSync(folder, { recursive: true, force: true }));
    if (asksConsole) await buildConsole();
    const { url: databaseUrl } = await openFilled(folder, servers, say, ends);
    ends.push(await keepConnectorsAlive(databaseUrl));
    const web = asksConsole ? await startWeb(databaseUrl, ends) : null;
    if (web) await measureAnswers({ web, databaseUrl, patience, show, asked }, lists);
    if (!lists || lists.includes(TICKS)) await measureTicks(databaseUrl, patience, show);
    if (web && (!lists || lists.includes(PAGES)))
      await measurePages({ web, databaseUrl, times: Math.min(times, 20) }, show);
    if (web && explain) {
      const slowest = asked.toSorted((left, right) => right.p95 - left.p95);
      const plans = await writeWorstPlans(
        { web, databaseUrl, folder, longest: patience.longest * 6 },
        slowest,
        explain,
      );
      say(`${explain}: the plans of the slowest statements, ${plans.map(ms).join(', ')}`);
    }
  } finally {
    await endAll();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted);
  }
  return rows;
}
