// Counts what ran: one tally over checks, vitest and Playwright, kept in .landfall/reports for whoever adds them up.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface CheckResult {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
  seconds: number;
  /** Why the check, or a part of it, did not run. */
  notRun?: string[];
  /** Each failed test: its name and how its message begins. */
  failedTests?: string[];
}

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

export function addUp(results: Tally[]): Tally {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of results) {
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
  }
  return sum;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Enough of a failed test's message to know what it was. */
const MESSAGE_CHARACTERS = 600;

interface VitestReport {
  testResults: {
    name: string;
    status: string;
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[];
  }[];
}

/** Counts a vitest JSON report. A file that could not be loaded counts as one failure, and so does a failing exit without any. */
export function tallyVitest(file: string, code: number): Tally & { skippedNames: string[]; failedTests: string[] } {
  const report = readJson(file) as VitestReport | undefined;
  const tally = { passed: 0, failed: 0, skipped: 0, skippedNames: [] as string[], failedTests: [] as string[] };
  for (const suite of report?.testResults ?? []) {
    let failedHere = 0;
    for (const { status, fullName, failureMessages } of suite.assertionResults) {
      if (status === 'passed') tally.passed += 1;
      else if (status === 'failed') {
        failedHere += 1;
        tally.failedTests.push(`${fullName}: ${(failureMessages?.[0] ?? '').slice(0, MESSAGE_CHARACTERS)}`);
      } else {
        tally.skipped += 1;
        tally.skippedNames.push(fullName);
      }
    }
    tally.failed += failedHere || (suite.status === 'failed' ? 1 : 0);
  }
  if (tally.failed === 0 && (code !== 0 || !report)) tally.failed = 1;
  return tally;
}

interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
}

/** Counts a Playwright JSON report; a story that passed only on a second try counts as failed. */
export function tallyPlaywright(file: string, code: number): Tally {
  const stats = (readJson(file) as PlaywrightReport | undefined)?.stats;
  const tally = {
    passed: stats?.expected ?? 0,
    failed: (stats?.unexpected ?? 0) + (stats?.flaky ?? 0),
    skipped: stats?.skipped ?? 0,
  };
  if (tally.failed === 0 && (code !== 0 || !stats)) tally.failed = 1;
  return tally;
}

/** Writes the report and prints the closing lines: one line a check, then what did not run and why, then the sum. */
export function closeReport(name: 'test' | 'peers', folder: string, results: CheckResult[]): Tally {
  const sum = addUp(results);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify({ ...sum, checks: results }, undefined, 2)}\n`);
  console.log('');
  for (const { name: check, passed, failed, skipped, seconds } of results) {
    const word = failed > 0 ? 'FAILED' : passed > 0 ? 'ok' : 'not run';
    const counts = `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
    console.log(`  ${word.padEnd(8)}${check.padEnd(10)}${seconds.toFixed(1).padStart(7)} s   ${counts}`);
  }
  const notRun = results.flatMap(({ name: check, notRun: reasons }) =>
    (reasons ?? []).map((why) => `${check}: ${why}`),
  );
  console.log(notRun.length > 0 ? '\nWhat did not run:' : '\nNothing was left out.');
  for (const line of notRun) console.log(`  ${line}`);
  console.log(`landfall-summary ${JSON.stringify({ run: name, ...sum, notRun: notRun.length })}`);
  return sum;
}
