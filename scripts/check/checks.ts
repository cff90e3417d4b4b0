// What npm test runs, in this order: format, types, imports, unused, references, walls, unit, build, stories. Names as arguments choose some of them.
// Exit code 0 only when nothing failed; the last lines say what did not run and why.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithCaller, type RunOptions, run } from '../setup/child-program.ts';
import { ensureChromium } from '../setup/chromium.ts';
import { NAMED_PROOFS } from './named-proofs.ts';
import { addUp, type CheckResult, closeReport, type Tally, tallyPlaywright, tallyVitest } from './report.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const bin = path.join(root, 'node_modules/.bin');
const reports = path.join(root, '.landfall/reports');
const node = process.execPath;
const env: NodeJS.ProcessEnv = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` };
// With a colour setting of their own, tools would warn about the other one.
if (env.NO_COLOR) delete env.FORCE_COLOR;

/** Stories that take about as long together as all others; both groups at once use two cores well. */
const IN_SECOND_GROUP =
  /^(0-two-tabs|cancelled-run|delta|members|refused-server|test-target|two-targets|viewer|windows-licence|wrong-password)\./;

type Outcome = Omit<CheckResult, 'name' | 'seconds'>;

const start = (command: string, args: string[], options: RunOptions = {}) =>
  run(command, args, { cwd: root, env, ...options });

/** A program that is one check: it passes when it exits with 0. */
async function one(command: string, args: string[], options: RunOptions = {}): Promise<Outcome> {
  const { code } = await start(command, args, options);
  return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

const left = (why: string): Outcome => ({ passed: 0, failed: 0, skipped: 1, notRun: [why] });

async function types(): Promise<Outcome> {
  // Next's own declarations (and those of the routes) are made, not kept in git.
  const { code, output } = await start(path.join(bin, 'next'), ['typegen'], { capture: true });
  if (code !== 0) console.log(output);
  const checked = await one(path.join(bin, 'tsc'), ['--noEmit', '--incremental', 'false']);
  return code === 0 ? checked : { passed: 0, failed: 1, skipped: 0 };
}

async function unit(): Promise<Outcome> {
  const file = path.join(reports, 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const { code } = await start(path.join(bin, 'vitest'), ['run', ...reporters], { timeoutMs: 2_400_000 });
  const { skippedNames, ...tally } = tallyVitest(file, code);
  return { ...tally, notRun: skippedNames };
}

function storyFiles(): string[] {
  const folder = path.join(root, 'e2e/stories');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(story|spec|test)\.ts$/.test(name),
  );
}

async function stories(built: boolean): Promise<Outcome> {
  if (storyFiles().length === 0) return left('there is no story in e2e/stories yet');
  if (!built) return left('the console did not build');
  const browser = await ensureChromium();
  if ('refusal' in browser) return { passed: 0, failed: 1, skipped: 0, notRun: [browser.refusal] };
  const groups = [[], []] as [string[], string[]];
  for (const file of storyFiles()) groups[IN_SECOND_GROUP.test(file) ? 1 : 0].push(`e2e/stories/${file}`);
  return addUp(await Promise.all(groups.map((files, index) => storyGroup(`${index + 1}`, files, browser.path))));
}

/** Stories of one group are told one after the other, in an installation of their own. */
async function storyGroup(name: string, files: string[], chromium: string): Promise<Tally> {
  const file = path.join(reports, `playwright-${name}.json`);
  const data = mkdtempSync(path.join(tmpdir(), 'landfall-stories-'));
  const options = ['--reporter=list,json', '--output', `test-results/${name}`];
  const { code } = await start(path.join(bin, 'playwright'), ['test', ...options, ...files], {
    env: { ...env, CHROMIUM_PATH: chromium, PLAYWRIGHT_JSON_OUTPUT_FILE: file, LANDFALL_STORIES_DATA: data },
    timeoutMs: 2_700_000,
  });
  if (code === 0) rmSync(data, { recursive: true, force: true });
  else console.log(`What the programs wrote is in ${data}/logs.`);
  return tallyPlaywright(file, code);
}

let built = true;
const checks: Record<string, () => Promise<Outcome>> = {
  format: () => one(path.join(bin, 'biome'), ['ci', '--colors=off', '.']),
  types,
  imports: () => one(node, ['scripts/check/imports.mjs']),
  // knip.json names what is started by its name; everything else must be used by one of those.
  unused: () => one(path.join(bin, 'knip'), ['--treat-config-hints-as-errors']),
  references: () => one(node, ['scripts/check/references.ts']),
  walls: () => one(node, ['scripts/check/walls.ts']),
  unit,
  build: async () => {
    const outcome = await one(node, ['scripts/setup/build.ts'], { lifeLine: true, timeoutMs: 1_300_000 });
    built = outcome.failed === 0;
    return outcome;
  },
  stories: () => stories(built),
};

endWithCaller();
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`There is no check called ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}.`);
  process.exit(2);
}
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const results: CheckResult[] = [];
for (const [name, check] of Object.entries(checks)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n── ${name}`);
  const began = performance.now();
  const outcome = await check();
  results.push({ name, seconds: (performance.now() - began) / 1000, ...outcome });
}
const { failed } = closeReport('test', reports, results);
if (chosen.length === 0) {
  console.log('\nNot part of npm test:');
  for (const [name, { what, why }] of Object.entries(NAMED_PROOFS))
    console.log(`  npm run proof:${name}: ${what}; ${why}. Last results: docs/proofs.md`);
}
process.exit(failed === 0 ? 0 : 1);
