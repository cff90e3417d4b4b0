// Runs a named proof and prints its line for docs/proofs.md; with --record it puts the line there. Exit code 0 when it passed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { endWithCaller, run } from '../setup/child-program.ts';
import { NAMED_PROOFS } from './named-proofs.ts';
import { tallyVitest } from './report.ts';

const root = path.resolve(import.meta.dirname, '../..');
const reports = path.join(root, '.landfall/reports');
const page = path.join(root, 'docs/proofs.md');
const TIMEOUT_MS = 3_600_000;

const { positionals, values } = parseArgs({ allowPositionals: true, options: { record: { type: 'boolean' } } });
const [name = ''] = positionals;
const proof = Object.hasOwn(NAMED_PROOFS, name) ? NAMED_PROOFS[name] : undefined;
if (!proof) {
  console.error(`There is no proof called "${name}"; there are ${Object.keys(NAMED_PROOFS).join(', ')}.`);
  process.exit(2);
}

endWithCaller();
mkdirSync(reports, { recursive: true });
const file = path.join(reports, `proof-${name}.json`);
const args = ['run', ...proof.files, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
const began = performance.now();
const { code } = await run(path.join(root, 'node_modules/.bin/vitest'), args, {
  cwd: root,
  env: { ...process.env, ...proof.env },
  timeoutMs: TIMEOUT_MS,
});
const seconds = Math.round((performance.now() - began) / 1000);
const { passed, failed, skipped } = tallyVitest(file, code);
const commit = await run('git', ['describe', '--always', '--dirty'], { cwd: root, capture: true });
const cells = [
  new Date().toISOString().slice(0, 10),
  name,
  commit.output.trim(),
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`,
  `${seconds} s`,
  `${availableParallelism()} cores, load ${(loadavg()[1] ?? 0).toFixed(1)}`,
];
const line = `| ${cells.join(' | ')} |`;
console.log(`\n${line}`);
if (values.record) writeFileSync(page, `${readFileSync(page, 'utf8').trimEnd()}\n${line}\n`);
process.exit(failed === 0 ? 0 : 1);
