// npm run web: serves the console alone, as in production, where each program is started by its own service manager.
// Options: -p PORT, -H HOST. The environment is that of docs/operations.md.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildState } from '../setup/build-state.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
process.chdir(root);
const state = buildState(root);
if (state !== 'fresh') {
  const why =
    state === 'missing'
      ? 'The console is not built yet'
      : 'The console was built from other sources than these, or for another path in LANDFALL_PUBLIC_URL';
  console.error(`${why}: run npm run build first.`);
  process.exit(1);
}
Object.assign(process.env, { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' });
// Better said now than by the first page that needs a secret.
const check = spawnSync(process.execPath, ['server/check-secrets.ts'], { stdio: 'inherit' });
if (check.status !== 0) process.exit(1);
// In one process, so that signals reach it.
await import(pathToFileURL(path.join(root, 'server/web.ts')).href);
