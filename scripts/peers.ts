// What npm run test:peers runs: installs the peers (kept in .landfall/peers, so that the next run is quick) and tests against them.
// A peer that cannot be had here makes its tests skip, and the last lines say which and why.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPeers } from './peer-programs.ts';
import { type CheckResult, closeReport, tallyVitest } from './report.ts';
import { endWithCaller, run } from './run.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const reports = path.join(root, '.landfall/reports');

function peerTests(): string[] {
  const folder = path.join(root, 'peers');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'));
}

endWithCaller();
mkdirSync(reports, { recursive: true });
const { env, missing } = await installPeers(path.join(root, '.landfall/peers'));
const absent = Object.entries(missing).map(([name, why]) => `${name} is not installed: ${why}`);
const began = performance.now();
let tests: CheckResult = { name: 'peers', passed: 0, failed: 0, skipped: 0, seconds: 0 };
if (peerTests().length === 0) {
  tests = { ...tests, skipped: 1, notRun: [...absent, 'there is no test in peers/ yet'] };
} else {
  const file = path.join(reports, 'vitest-peers.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const args = ['run', '-c', 'vitest.peers.config.ts', ...reporters, ...process.argv.slice(2)];
  const { code } = await run(path.join(root, 'node_modules/.bin/vitest'), args, {
    cwd: root,
    env: { ...process.env, ...env, LANDFALL_PEERS_MISSING: JSON.stringify(missing) },
    timeoutMs: 2_400_000,
  });
  const { skippedNames, ...tally } = tallyVitest(file, code);
  tests = { ...tests, ...tally, seconds: (performance.now() - began) / 1000, notRun: [...absent, ...skippedNames] };
}
const { failed } = closeReport('peers', reports, [tests]);
process.exit(failed === 0 ? 0 : 1);
