// What npm run test:peers runs: installs the peers (kept in .landfall/peers, so that the next run is quick) and tests against them.
// A peer that cannot be had here makes its tests skip, and the last lines say which and why.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CheckResult, closeReport, tallyPlaywright, tallyVitest } from '../check/report.ts';
import { endWithCaller, run } from '../setup/child-program.ts';
import { ensureChromium } from '../setup/chromium.ts';
import { installPeers } from './peer-programs.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const reports = path.join(root, '.landfall/reports');

function peerTests(): string[] {
  const folder = path.join(root, 'peers');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'));
}

/** Programs of others that need a browser: axe, and the tiny guest once more. */
async function browserStories(): Promise<CheckResult> {
  const from = performance.now();
  const result = { name: 'browser', passed: 0, failed: 0, skipped: 1, seconds: 0 };
  const withoutGuest = missing['tiny-guest'];
  const browser = await ensureChromium();
  if ('refusal' in browser) return { ...result, notRun: [browser.refusal] };
  const file = path.join(reports, 'playwright-peers.json');
  const chosen = withoutGuest ? ['--grep-invert', 'tiny guest'] : [];
  const args = ['test', '-c', 'playwright.peers.config.ts', '--reporter=list,json', ...chosen];
  const { code } = await run(path.join(root, 'node_modules/.bin/playwright'), args, {
    cwd: root,
    env: {
      ...process.env,
      CHROMIUM_PATH: browser.path,
      PLAYWRIGHT_JSON_OUTPUT_FILE: file,
      ...(withoutGuest ? {} : { LANDFALL_LAB_GUEST_IMAGE: '' }),
    },
    timeoutMs: 1_800_000,
  });
  const tally = tallyPlaywright(file, code);
  return {
    ...result,
    ...tally,
    // Two stories boot it.
    skipped: tally.skipped + (withoutGuest ? 2 : 0),
    notRun: withoutGuest ? [`tiny-guest: ${withoutGuest}`] : [],
    seconds: (performance.now() - from) / 1000,
  };
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
    timeoutMs: 4_800_000,
  });
  const { skippedNames, ...tally } = tallyVitest(file, code);
  tests = { ...tests, ...tally, seconds: (performance.now() - began) / 1000, notRun: [...absent, ...skippedNames] };
}
// Arguments are vitest's and choose some of its tests; the browser belongs to the whole.
const results = process.argv.length > 2 ? [tests] : [tests, await browserStories()];
const { failed } = closeReport('peers', reports, results);
process.exit(failed === 0 ? 0 : 1);
