// Where the PostgreSQL that comes along listens, for commands beside a running installation.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { SetUpError } from '../setup/set-up-error.ts';

/** @throws SetUpError when no database was ever started in the data folder; `how` says what to do then */
export function embeddedDatabaseUrl(folder: string, how: string): string {
  const file = path.join(folder, 'pg/connection.json');
  if (!existsSync(file)) throw new SetUpError(`There is no database in ${folder}: ${how}`);
  const { port, password } = JSON.parse(readFileSync(file, 'utf8')) as { port: number; password: string };
  return `postgres://landfall:${password}@127.0.0.1:${port}/landfall`;
}
