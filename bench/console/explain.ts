// What PostgreSQL does for the slowest questions. They are asked once more when everything is measured, with auto_explain on: it
// writes the plan of each statement, as it was done and with its values, into the server's log.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Asked } from './answers.ts';
import { sqlOnce } from './database.ts';
import type { SignedIn } from './web.ts';

const SETTINGS: Record<string, string> = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '0',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_buffers': 'on',
  'auto_explain.log_parameter_max_length': '200',
};
const ASKED_AGAIN = 6;
const SHOWN = 3;

/**
 * Writes the plans of the three slowest statements to `file`, each statement once, and answers their milliseconds (with what
 * it costs to measure every step of a plan).
 * @param folder of the database's server
 */
export async function writeWorstPlans(
  { web, databaseUrl, folder, longest }: { web: SignedIn; databaseUrl: string; folder: string; longest: number },
  slowest: readonly Asked[],
  file: string,
): Promise<number[]> {
  const database = new URL(databaseUrl).pathname.slice(1);
  for (const [name, value] of Object.entries(SETTINGS))
    await sqlOnce(databaseUrl, `alter database ${database} set ${name} = '${value}'`);
  // Settings of a database count for new sessions.
  await sqlOnce(
    databaseUrl,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  const log = path.join(folder, 'postgres.log');
  const before = readFileSync(log, 'utf8').length;
  const plans = new Map<string, { duration: number; text: string }>();
  for (const { row, name, procedure, input } of slowest.slice(0, ASKED_AGAIN)) {
    const from = Math.max(before, readFileSync(log, 'utf8').length);
    await web.ask('session.me', undefined, longest).catch(() => {});
    await web.ask(procedure, input, longest).catch(() => {});
    for (const entry of readFileSync(log, 'utf8')
      .slice(from)
      .split(/^(?=\d{4}-\d\d-\d\d )/m)) {
      const told = /duration: ([\d.]+) ms\s+plan:\s+/.exec(entry);
      if (!told) continue;
      const duration = Number(told[1]);
      const text = entry.slice(told.index + told[0].length).trim();
      const statement = /^Query Text: (.*)/.exec(text)?.[1] ?? text;
      if (duration <= (plans.get(statement)?.duration ?? 0)) continue;
      plans.set(statement, { duration, text: `-- ${row}, ${name}: ${duration.toFixed(1)} ms\n${text}` });
    }
  }
  for (const name of Object.keys(SETTINGS)) await sqlOnce(databaseUrl, `alter database ${database} reset ${name}`);
  const worst = [...plans.values()].sort((left, right) => right.duration - left.duration).slice(0, SHOWN);
  writeFileSync(file, `${worst.map(({ text }) => text).join('\n\n')}\n`);
  return worst.map(({ duration }) => duration);
}
