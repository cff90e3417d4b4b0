// npm run dev, second half: an installation of its own that runs from the sources, filled with something to look at.
// Started by scripts/run/dev.mjs once everything is installed.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../../db/postgres/server.ts';
import { signIn } from './console-client.ts';
import { makePassword, openDataFolder } from './data-folder.ts';
import { takeDevFolder } from './dev-folder.ts';
import { inForeground, say } from './foreground.ts';
import { Landfall } from './landfall.ts';
import { readPort } from './ports.ts';
import { fillConsole } from './sample-data.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const HOST = '127.0.0.1';
const COMMAND = 'npm run dev';
const PASSWORDS = 'passwords.json';
/** The lab hurries: what takes a real vCenter or AWS a minute takes three seconds. */
const LAB_OPTIONS = '--clock-scale 0.05 --aws-clock-scale 0.05';

/** What may be set for the pretend data centre and the programs, and nothing that leads to a real database, vCenter or AWS. */
const ELSEWHERE = /^(DATABASE_URL|PG.*|NEXTAUTH_.*|AWS_.*|LANDFALL_(?!LAB_|LEASE_|OUTAGE_|WORKER_).*)$/;

interface Passwords {
  admin: string;
  viewer: string;
}

const OWN_FOLDER = path.join(root, '.landfall/dev');
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '3100' },
    data: { type: 'string', default: OWN_FOLDER },
    fresh: { type: 'boolean', default: false },
    empty: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
const dataFolder = path.resolve(values.data);
let passwords: Passwords;

await inForeground(
  async () => {
    const port = readPort(values.port);
    // Before anything is put into it, or deleted.
    takeDevFolder(dataFolder, OWN_FOLDER);
    if (values.fresh) {
      await clear(dataFolder, `http://localhost:${port}`);
      takeDevFolder(dataFolder, OWN_FOLDER);
    }
    passwords = keptPasswords(path.join(dataFolder, PASSWORDS));
    return Landfall.open({
      root,
      port,
      host: HOST,
      dataFolder,
      lab: true,
      guestImage: process.env.LANDFALL_LAB_GUEST_IMAGE || 'none',
      verbose: values.verbose,
      command: COMMAND,
      development: true,
      own: {
        LANDFALL_LAB_OPTIONS: LAB_OPTIONS,
        ...ownEnvironment(),
        LANDFALL_FIRST_ADMIN_PASSWORD: passwords.admin,
        LANDFALL_FIRST_VIEWER_PASSWORD: passwords.viewer,
      },
      say,
    });
  },
  async (landfall, signal) => {
    const { url, lab } = await landfall.start();
    say('ready');
    const lines = [
      '',
      `  Landfall       ${url}`,
      `  Administrator  admin@landfall.local   ${passwords.admin}`,
      `  Viewer         viewer@landfall.local  ${passwords.viewer}`,
      `  Everything is kept in ${landfall.dataFolder} (logs in logs/). A saved file is loaded at once; Ctrl+C stops it.`,
      '',
    ];
    console.log(lines.join('\n'));
    if (values.empty || !lab) return;
    const member = { email: 'admin@landfall.local', password: passwords.admin };
    try {
      await fillConsole({ api: await signIn(url, member, signal), labControl: lab.control.url, say, signal });
    } catch (error) {
      // What is there can be worked on, and the next start goes on with what is missing.
      if (!signal.aborted) say(`the sample data are not complete: ${error instanceof Error ? error.message : error}`);
    }
  },
);

function ownEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ELSEWHERE.test(name)));
}

/** Passwords of a console that nobody but this machine reaches; shown at every start, so kept in clear. */
function keptPasswords(file: string): Passwords {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Passwords;
  const made = { admin: makePassword(), viewer: makePassword() };
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o711 });
  writeFileSync(file, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600 });
  return made;
}

/** Deletes the data folder, unless somebody runs on it. A PostgreSQL that a killed start left there is ended first. */
async function clear(folder: string, url: string): Promise<void> {
  const taken = openDataFolder(folder, { url, command: COMMAND });
  try {
    if (existsSync(taken.at('pg/cluster/postmaster.pid'))) {
      const left = await startEmbeddedPostgres(taken.at('pg'));
      await left.stop({ now: true });
    }
    rmSync(folder, { recursive: true, force: true });
  } finally {
    taken.release();
  }
}
