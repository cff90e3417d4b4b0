// npm start: sets up what is missing and hands over to scripts/run/supervise.ts, under the Node among our packages.
// Runs on a fresh machine under any Node from 20.9: nothing here may need an installed package.
import { parseArgs } from 'node:util';
import { checkOwnNode, ensureInstalled, handOver, SetUpError, showAndExit } from '../setup/install.mjs';

const help = `Landfall: a console with which a team moves its servers to AWS.

  npm start [-- options]

  --port NUMBER   where the console answers (default 3000, or $PORT)
  --host ADDRESS  which address it listens on (default 127.0.0.1; 0.0.0.0 for all)
  --data FOLDER   where everything is kept (default ./data, or $LANDFALL_DATA)
  --no-lab        leave out the pretend data centre and the pretend AWS
  --guest-image FILE  a raw disk image as the disk of one more server of the lab (or $LANDFALL_LAB_GUEST_IMAGE; none for none);
                      without it there is a tiny Linux that boots, where QEMU and Debian's tools to build it are installed
  --verbose       show what the programs write (else it goes to FOLDER/logs)
  --help          this text

DATABASE_URL makes it use your PostgreSQL (14 or newer) instead of its own.
`;

try {
  checkOwnNode();
  const options = {
    port: { type: 'string' },
    host: { type: 'string' },
    data: { type: 'string' },
    'guest-image': { type: 'string' },
    'no-lab': { type: 'boolean' },
    verbose: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  };
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new SetUpError(`${error.message}\n\n${help}`);
  }
  if (values.help) {
    console.log(help);
  } else {
    const began = Date.now();
    const seconds = () => ((Date.now() - began) / 1000).toFixed(1).padStart(5);
    const installed = await ensureInstalled((text) => console.log(`         ${text}`), { tools: false });
    if (installed) console.log(`${seconds()} s  packages installed`);
    process.env.LANDFALL_STARTED_AT = String(began);
    handOver('scripts/run/supervise.ts', process.argv.slice(2));
  }
} catch (error) {
  showAndExit(error);
}
