// npm run mutants: applies each wrong patch of scripts/mutants/mutant-patches.ts to a copy of the tree and runs the tests that must
// catch it, the property run among them. Exit code 0 only when every mutant was caught. Words as arguments choose by name.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endWithCaller, run } from '../setup/child-program.ts';
import { MUTANTS, type MutantPatch } from './mutant-patches.ts';

const root = path.resolve(import.meta.dirname, '../..');
const tree = mkdtempSync(path.join(tmpdir(), 'landfall-mutants-'));
const vitest = path.join(tree, 'node_modules/.bin/vitest');
/** Completed runs of the short property run. */
const RUNS = process.env.LANDFALL_PROPERTY_RUNS || '120';

async function copyTree(): Promise<void> {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard'];
  const { code, output } = await run('git', args, { cwd: root, capture: true });
  if (code !== 0) throw new Error(`git ls-files failed:\n${output}`);
  for (const file of output.split('\n').filter((name) => name.trim() !== '')) {
    mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
    // A file that was deleted and not committed is still listed.
    try {
      cpSync(path.join(root, file), path.join(tree, file));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(tree, 'node_modules'));
}

/** Throws when the text to replace is not there, or not alone: then the patch would prove nothing. */
function patched({ name, edits }: MutantPatch): Map<string, string> {
  const files = new Map<string, string>();
  for (const { file, search, replace } of edits) {
    const text = files.get(file) ?? readFileSync(path.join(root, file), 'utf8');
    const found = text.split(search).length - 1;
    if (found !== 1)
      throw new Error(`The mutant “${name}” no longer fits: its text is ${found} times in ${file}:\n${search}`);
    files.set(
      file,
      text.replace(search, () => replace),
    );
  }
  return files;
}

async function test(files: string[], seconds: number): Promise<{ red: boolean; seconds: number; output: string }> {
  const env = { ...process.env, LANDFALL_PROPERTY_RUNS: RUNS, NO_COLOR: '1' };
  const ran = await run(vitest, ['run', ...files], { cwd: tree, env, capture: true, timeoutMs: seconds * 1000 });
  return { red: ran.code !== 0, seconds: ran.seconds, output: ran.output };
}

const CHECKS = [
  { name: 'tests of that area', files: (mutant: MutantPatch) => mutant.tests },
  { name: 'property run', files: () => ['proofs/property.test.ts'] },
];

async function judge(mutant: MutantPatch): Promise<boolean> {
  const files = patched(mutant);
  for (const [file, text] of files) writeFileSync(path.join(tree, file), text);
  try {
    const said: string[] = [];
    let caught = false;
    for (const check of CHECKS) {
      const { red, seconds, output } = await test(check.files(mutant), 1200);
      const why =
        /^ *(?:Error|AssertionError)[^\n]*(?:\n[^\n]+)?/m.exec(output)?.[0].replaceAll(/\s+/g, ' ').slice(0, 160) ?? '';
      said.push(`    ${check.name}: ${red ? 'caught' : 'STAYED GREEN'} in ${seconds.toFixed(0)} s ${red ? why : ''}`);
      caught ||= red;
    }
    console.log(`${caught ? 'caught' : 'NOT CAUGHT'}: ${mutant.name}\n${said.join('\n')}`);
    return caught;
  } finally {
    for (const file of files.keys()) cpSync(path.join(root, file), path.join(tree, file));
  }
}

endWithCaller();
const words = process.argv.slice(2);
const chosen = MUTANTS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
let missed = chosen.length === 0;
try {
  for (const mutant of chosen) patched(mutant);
  await copyTree();
  // Without a patch everything is green, or nothing below would mean anything.
  for (const files of [[...new Set(chosen.flatMap(({ tests }) => tests))], ['proofs/property.test.ts']]) {
    const clean = await test(files, 1800);
    console.log(`without a patch: ${files.join(' ')} ${clean.red ? 'RED' : 'green'} in ${clean.seconds.toFixed(0)} s`);
    if (clean.red) throw new Error(clean.output.slice(-6000));
  }
  for (const mutant of chosen) missed = !(await judge(mutant)) || missed;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  missed = true;
} finally {
  rmSync(tree, { recursive: true, force: true });
}
process.exit(missed ? 1 : 0);
