// npm run audit:verify: reads the whole audit trail and says whether any row was changed, removed, added or put elsewhere since it
// was written. It changes nothing, and web and worker may run meanwhile.
//
//   npm run audit:verify -- [--data FOLDER] [--workspace ID] [--expect SEQ:HASH]
//
// Of DATABASE_URL and LANDFALL_SECRET_KEY, or of the data folder of npm start. Ends with 1 when something is wrong.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { asc } from 'drizzle-orm';
import { openDatabase } from '../db/client.ts';
import { workspaces } from '../db/schema/index.ts';
import { type ChainReport, verifyChain } from './audit/chain.ts';
import { sealingKeys } from './audit/seal.ts';
import { KeyRingError, readKeyRing } from './secrets/key-ring.ts';

const { values } = parseArgs({
  options: { data: { type: 'string' }, workspace: { type: 'string' }, expect: { type: 'string' } },
});
try {
  process.exitCode = (await verify()) ? 0 : 1;
} catch (error) {
  console.error(
    error instanceof KeyRingError ? error.message : `The audit trail could not be read: ${(error as Error).message}`,
  );
  process.exitCode = 1;
}

async function verify(): Promise<boolean> {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(values.expect ?? '') ?? [];
  if (values.expect !== undefined && (!seq || !values.workspace))
    throw new Error(
      '--expect takes the head that an earlier run printed, such as 120:9f2c…, together with --workspace.',
    );
  const { url, secretKey } = values.data === undefined ? fromEnvironment() : fromFolder(values.data);
  const keys = new Map(sealingKeys(readKeyRing({ LANDFALL_SECRET_KEY: secretKey })).map((key) => [key.id, key]));
  const db = openDatabase(url, { max: 1 });
  try {
    const reports = await db.transaction(
      async (tx) => {
        const all = await tx.select().from(workspaces).orderBy(asc(workspaces.id));
        const asked = all.filter(({ id }) => values.workspace === undefined || values.workspace === id);
        if (asked.length === 0) throw new Error(`there is no workspace ${values.workspace}.`);
        const found: ChainReport[] = [];
        for (const { id, name } of asked) {
          const expected = seq && hash ? { expected: { seq: Number(seq), hash } } : {};
          const report = await verifyChain(tx, id, { keys, ...expected });
          found.push(report);
          say(name, report);
        }
        return found;
      },
      { isolationLevel: 'repeatable read', accessMode: 'read only' },
    );
    return reports.every(({ problems }) => problems.length === 0);
  } finally {
    await db.$client.end();
  }
}

function say(name: string, { workspaceId, rows, first, head, seals, problems }: ChainReport): void {
  const from =
    first !== null && first > 1 ? `, from row ${first} on: what was older was taken away by the rule of retention` : '';
  console.log(`${name} (${workspaceId}): ${rows} rows${from}; ${seals} seals.`);
  for (const { seq, auditId, what } of problems)
    console.error(`  ${seq === null ? '' : `Row ${seq}`}${auditId === null ? '' : ` (entry ${auditId})`}: ${what}`);
  if (problems.length === 0) console.log('  Nothing was changed, removed, added or put elsewhere.');
  if (head) console.log(`  Head: ${head.seq}:${head.hash} (keep it elsewhere, and give it to --expect later)`);
}

function fromEnvironment(): { url: string; secretKey: string | undefined } {
  const { DATABASE_URL, LANDFALL_SECRET_KEY } = process.env;
  if (DATABASE_URL) return { url: DATABASE_URL, secretKey: LANDFALL_SECRET_KEY };
  throw new Error('set DATABASE_URL and LANDFALL_SECRET_KEY, or name the data folder of npm start with --data.');
}

function fromFolder(folder: string): { url: string; secretKey: string | undefined } {
  const read = (...file: string[]) => JSON.parse(readFileSync(path.join(folder, ...file), 'utf8'));
  const { port, password } = read('pg', 'connection.json') as { port: number; password: string };
  const { secretKey } = read('secrets.json') as { secretKey?: string };
  return { url: `postgres://landfall:${password}@127.0.0.1:${port}/landfall`, secretKey };
}
