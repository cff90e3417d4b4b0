// npm run dev: installs what is missing, with the tools that work on Landfall needs, and hands over to scripts/run/dev.ts.
// Runs on a fresh clone under any Node from 20.9: nothing here may need an installed package.
import { parseArgs } from 'node:util';
import { checkOwnNode, ensureInstalled, handOver, SetUpError, showAndExit } from '../setup/install.mjs';

const help = `Landfall for those who work on it: everything runs from the sources, and loads what changes.

  npm run dev [-- options]

  --port NUMBER  where the console answers (default 3100)
  --data FOLDER  where everything is kept (default .landfall/dev)
  --fresh        begin anew: everything in that folder is deleted
  --empty        leave out the jobs, runs and instances that every page has something to show by
  --verbose      show what the programs write (else it goes to FOLDER/logs)
  --help         this text
`;

try {
  checkOwnNode();
  const options = {
    port: { type: 'string' },
    data: { type: 'string' },
    fresh: { type: 'boolean' },
    empty: { type: 'boolean' },
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
    process.env.LANDFALL_STARTED_AT = String(began);
    const seconds = () => ((Date.now() - began) / 1000).toFixed(1).padStart(5);
    const installed = await ensureInstalled((text) => console.log(`         ${text}`), { tools: true });
    if (installed) console.log(`${seconds()} s  packages installed`);
    handOver('scripts/run/dev.ts', process.argv.slice(2));
  }
} catch (error) {
  showAndExit(error);
}
