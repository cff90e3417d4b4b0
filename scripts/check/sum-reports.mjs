// Adds up what npm test and npm run test:peers counted and prints the one plain line on which CI ends.
// A report that is missing counts as one failure: its run broke before it could count. Plain Node, for a machine where the
// installation itself failed.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const reports = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../.landfall/reports');
const failed = [];
const sum = { passed: 0, failed: 0, skipped: 0 };
for (const name of ['test', 'peers']) {
  try {
    const report = JSON.parse(readFileSync(path.join(reports, `${name}.json`), 'utf8'));
    for (const key of Object.keys(sum)) sum[key] += report[key];
    // Said once more here: where only the end of the output is kept, this is what must be in it.
    for (const { failedTests = [] } of report.checks ?? []) failed.push(...failedTests);
  } catch {
    console.log(`The run "${name}" left no report: it broke off before its end.`);
    sum.failed += 1;
  }
}
for (const test of failed) console.log(`FAILED ${test}\n`);
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;
