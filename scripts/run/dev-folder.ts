// The data folder of npm run dev: it may be filled with sample data and deleted, so it has to be one that npm run dev has made.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SetUpError } from '../setup/set-up-error.ts';

const MARKER = 'made-by-npm-run-dev';

/**
 * Makes the folder and marks it, or finds the mark of an earlier start. Nothing else in a folder counts: passwords, a database
 * and logs may be somebody's own.
 * @param always the folder in the clone, which nobody else fills; older starts have left no mark there
 * @throws SetUpError for any other folder that holds something
 */
export function takeDevFolder(folder: string, always: string): void {
  const marker = path.join(folder, MARKER);
  if (existsSync(marker)) return;
  if (existsSync(folder) && readdirSync(folder).length > 0 && folder !== always)
    throw new SetUpError(
      `${folder} was not made by npm run dev, which would fill it with sample data: choose another folder with --data.`,
    );
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  writeFileSync(
    marker,
    'npm run dev has made this folder, and npm run dev -- --fresh deletes it with everything in it.\n',
  );
}
