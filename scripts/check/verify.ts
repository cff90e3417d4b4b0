// What npm run verify does, side by side: format, types, import rules, dead references, the walls between workspaces, and the unit tests
// that the change touches, nearest first, as far as they fit into a minute. The change is what lies between here and the branch that it
// leaves from (origin/main, or the name given as an argument) and what is not committed. Its last lines say what it left out.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { endWithCaller, type Ran, run } from '../setup/child-program.ts';
import { runTestsInTime, type TestsInTime } from './tests-in-time.ts';
import { type ImportGraph, touchedTests } from './touched-tests.ts';

/** Tests end this long after the start. */
const TESTS_END_MS = 52_000;
/** On a busy machine, where all else takes longer, they get this much all the same. */
const TESTS_LEAST_MS = 15_000;
/** Whole installations, programs of others, browsers: minutes each. */
const LEFT_TO_NPM_TEST = /^(proofs|peers|e2e)\//;

const began = Date.now();
const root = path.resolve(import.meta.dirname, '../..');
const bin = (name: string) => path.join(root, 'node_modules/.bin', name);
const cache = path.join(root, '.landfall/verify');
const graphFile = path.join(cache, 'imports.json');
const secondsFile = path.join(cache, 'seconds.json');

const quietly = (command: string, args: string[]): Promise<Ran> =>
  run(command, args, { cwd: root, capture: true, timeoutMs: 300_000 });

function readJson<T>(file: string, otherwise: T): T {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return otherwise;
  }
}

async function git(...args: string[]): Promise<string[] | undefined> {
  const { code, output } = await quietly('git', args);
  return code === 0 ? output.split('\0').filter((line) => line !== '') : undefined;
}

/** Files that differ from where this branch left the other; committed, not committed and new ones. */
async function changedFiles(): Promise<{ since: string; files: string[] }> {
  const wanted = process.argv[2];
  for (const branch of wanted ? [wanted] : ['origin/main', 'main']) {
    const base = (await git('merge-base', 'HEAD', branch))?.[0]?.trim();
    if (!base) continue;
    const changed = (await git('diff', '--name-only', '--no-renames', '-z', base)) ?? [];
    const added = (await git('ls-files', '--others', '--exclude-standard', '-z')) ?? [];
    return { since: `${branch} (${base.slice(0, 9)})`, files: [...new Set([...changed, ...added])].sort() };
  }
  const without = wanted ? `${wanted} is no commit that git knows here` : 'git knows no branch to compare with';
  console.error(`${without}: name one, as in npm run verify -- HEAD~3`);
  process.exit(2);
}

interface Verdict {
  name: string;
  ok: boolean;
  seconds: number;
  says: string;
  /** Shown when it is not ok. */
  output?: string;
}

async function format(files: string[]): Promise<Verdict> {
  const there = files.filter((file) => existsSync(path.join(root, file)));
  if (there.length === 0) return { name: 'format', ok: true, seconds: 0, says: 'nothing to look at' };
  const flags = ['--colors=off', '--no-errors-on-unmatched', '--files-ignore-unknown=true'];
  const { code, output, seconds } = await quietly(bin('biome'), ['check', ...flags, ...there]);
  const says = code === 0 ? `${there.length} changed files` : 'npx biome check --write . mends most of it';
  return { name: 'format', ok: code === 0, seconds, says, output };
}

async function types(): Promise<Verdict> {
  const from = performance.now();
  const generated = await quietly(bin('next'), ['typegen']);
  const known = ['--noEmit', '--incremental', '--tsBuildInfoFile', path.join(cache, 'types.tsbuildinfo')];
  const isFirst = !existsSync(path.join(cache, 'types.tsbuildinfo'));
  const checked = await quietly(bin('tsc'), known);
  const ok = generated.code === 0 && checked.code === 0;
  const says = isFirst ? 'all files, for the first time here' : 'all files that the change reaches';
  const output = `${generated.code === 0 ? '' : generated.output}${checked.output}`;
  return { name: 'types', ok, seconds: (performance.now() - from) / 1000, says, output };
}

async function imports(changed: string[]): Promise<Verdict> {
  const rulesAreTouched = changed.some(
    (file) => file.startsWith('scripts/check/') || file === '.dependency-cruiser.cjs',
  );
  const script = path.join(root, 'scripts/check/imports.mjs');
  const { code, output, seconds } = await quietly(process.execPath, [
    script,
    ...(rulesAreTouched ? [] : ['--without-fixtures']),
    '--graph',
    graphFile,
  ]);
  return { name: 'imports', ok: code === 0, seconds, says: 'all rules, all files', output };
}

async function references(): Promise<Verdict> {
  const { code, output, seconds } = await quietly(process.execPath, [path.join(root, 'scripts/check/references.ts')]);
  return { name: 'references', ok: code === 0, seconds, says: 'all comments, all pages', output };
}

async function walls(): Promise<Verdict> {
  const { code, output, seconds } = await quietly(process.execPath, [path.join(root, 'scripts/check/walls.ts')]);
  return { name: 'walls', ok: code === 0, seconds, says: 'every statement and transaction of the server', output };
}

/** Whether a module's text names the file: by its path, or by the folder that it is read from as a whole. */
function naming(): (module: string, file: string) => boolean {
  const texts = new Map<string, string>();
  return (module, file) => {
    const text = texts.get(module) ?? readFileSync(path.join(root, module), 'utf8');
    texts.set(module, text);
    if (file.startsWith('db/migrations/')) return text.includes("'./migrations'");
    return text.includes(file) || (!file.includes('/') && text.includes(`'${file}'`));
  };
}

const leftOut: string[] = [];
const some = (list: string[]) =>
  list.length > 6 ? `${list.slice(0, 5).join(' ')} and ${list.length - 5} more` : list.join(' ');
const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(0);

async function unit(changed: string[]): Promise<Verdict> {
  const from = performance.now();
  const done = (ok: boolean, says: string) => ({
    name: 'unit',
    ok,
    seconds: (performance.now() - from) / 1000,
    says,
  });
  const graph = readJson<ImportGraph | undefined>(graphFile, undefined);
  if (!graph) return done(false, 'not run: the import check did not come to its end');
  const touched = touchedTests(graph, changed, naming());
  const heavy = touched.filter(({ file }) => LEFT_TO_NPM_TEST.test(file)).map(({ file }) => file);
  if (heavy.length > 0) leftOut.push(`whole installations (npm test, npm run test:peers): ${some(heavy)}`);
  const light = touched.filter(({ file }) => !LEFT_TO_NPM_TEST.test(file)).map(({ file }) => file);
  if (light.length === 0) return done(true, 'no unit test reaches the change');
  const known = readJson<Record<string, number>>(secondsFile, {});
  const endsAt = Math.max(began + TESTS_END_MS, Date.now() + TESTS_LEAST_MS);
  const left = (endsAt - Date.now()) / 1000;
  const long = light.filter((file) => (known[file] ?? 0) > left);
  const files = light.filter((file) => !long.includes(file));
  if (long.length > 0) leftOut.push(`tests that are known to take too long for this: ${some(long)}`);
  const ran: TestsInTime = await runTestsInTime(root, files, endsAt);
  writeFileSync(secondsFile, JSON.stringify({ ...known, ...ran.seconds }, undefined, 1));
  if (ran.unfinished.length > 0)
    leftOut.push(`${ran.unfinished.length} test files that did not come to their turn or end: ${some(ran.unfinished)}`);
  const ended = files.length - ran.unfinished.length;
  const counts = `${ran.passed} passed, ${ran.failed} failed${ran.skipped > 0 ? `, ${ran.skipped} skipped` : ''}`;
  // That nothing failed says nothing where nothing came to its end.
  const says = ended > 0 ? counts : 'no time was left: run them with npx vitest run, or all of this again';
  return done(
    ran.failed === 0 && (ended > 0 || files.length === 0),
    `${says}; ${ended} of ${light.length} files that reach the change`,
  );
}

endWithCaller();
mkdirSync(cache, { recursive: true });
const { since, files } = await changedFiles();
console.log(`${files.length} files differ from ${since}`);
const verdicts: Verdict[] = [];
const note = (verdict: Verdict) => {
  verdicts.push(verdict);
  if (!verdict.ok && verdict.output) console.log(`\n${verdict.output.trim()}\n`);
  const word = verdict.ok ? 'ok' : 'FAILED';
  console.log(
    `  ${word.padEnd(8)}${verdict.name.padEnd(11)}${verdict.seconds.toFixed(1).padStart(5)} s   ${verdict.says}`,
  );
};
await Promise.all([
  format(files).then(note),
  references().then(note),
  walls().then(note),
  types().then(note),
  imports(files)
    .then(note)
    .then(() => unit(files))
    .then(note),
]);
leftOut.push('stories in a browser, dead code, the build (npm test)');
console.log(`\nLeft out:\n${leftOut.map((line) => `  ${line}`).join('\n')}`);
const failed = verdicts.filter(({ ok }) => !ok).map(({ name }) => name);
console.log(
  `\n${failed.length === 0 ? 'Fine' : `Not fine (${failed.join(', ')})`} after ${seconds(Date.now() - began)} s.`,
);
process.exit(failed.length === 0 ? 0 : 1);
