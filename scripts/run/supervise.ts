// npm start, second half: starts Postgres, web, worker, connector and lab on one data folder and keeps them running.
// Started by scripts/run/start.mjs once everything is installed.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inForeground, say } from './foreground.ts';
import { Landfall, type StartOptions } from './landfall.ts';
import { readPort } from './ports.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

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
  return {
    root,
    port: readPort(values.port ?? (process.env.PORT || '3000')),
    host: values.host ?? (process.env.LANDFALL_HOST || '127.0.0.1'),
    dataFolder: path.resolve(values.data ?? (process.env.LANDFALL_DATA || path.join(root, 'data'))),
    lab: !values['no-lab'],
    guestImage: values['guest-image'] ?? (process.env.LANDFALL_LAB_GUEST_IMAGE || undefined),
    verbose: values.verbose,
    command: 'npm start',
    own: process.env,
    say,
  };
}

await inForeground(
  () => Landfall.open(readOptions()),
  async (landfall) => {
    const { url, passwords, firstRun } = await landfall.start();
    say('ready');
    const lines = ['', `  Landfall       ${url}`];
    if (passwords) {
      lines.push(
        `  Administrator  admin@landfall.local   ${passwords.admin}`,
        `  Viewer         viewer@landfall.local  ${passwords.viewer}`,
        '  The passwords are shown this once and kept nowhere in clear: write them down.',
      );
    }
    if (firstRun) {
      lines.push(
        `  First account  ${firstRun}`,
        '  Nobody has an account yet: whoever opens this address becomes the administrator. It is printed until somebody has.',
      );
    }
    console.log(
      [...lines, `  Everything is kept in ${landfall.dataFolder} (logs in logs/). Ctrl+C stops it.`, ''].join('\n'),
    );
  },
);
