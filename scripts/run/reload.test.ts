import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { programsOf, reloadOnChange } from './reload.ts';

let root = '';
const restart = vi.fn(async (_name: string) => {});
const said: string[] = [];
let stop = () => {};

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'reload-'));
  for (const folder of ['server/engine', 'db/migrations', 'replication/model', 'connector', 'lab']) {
    mkdirSync(path.join(root, folder), { recursive: true });
  }
  restart.mockClear();
  said.length = 0;
  stop = reloadOnChange(root, { restart }, (text) => said.push(text)).close;
});
afterEach(() => {
  stop();
  rmSync(root, { recursive: true, force: true });
});

const write = (file: string) => writeFileSync(path.join(root, file), '// changed');
const restarted = (count: number) =>
  vi.waitFor(
    () => {
      expect(restart).toHaveBeenCalledTimes(count);
      return restart.mock.calls.map(([name]) => name);
    },
    { timeout: 15_000 },
  );

test.each([
  ['server/engine/engine.ts', ['worker']],
  ['replication/model/itinerary.ts', ['worker', 'connector']],
  ['replication/steps/cloud/verify.ts', ['worker']],
  ['replication/steps/connector/copy-disks.ts', ['connector']],
  ['db/schema/cloud.ts', ['worker']],
  ['lab/world/default.ts', ['lab']],
  // The console loads these by itself.
  ['server/api/root.ts', []],
  ['server/gateway/gateway.ts', []],
  ['server/services/jobs/create.test.ts', []],
  ['db/migrations/meta/_journal.json', []],
  ['db/migrations/0000_start.sql', []],
  ['server/engine/.engine.ts.swp', []],
])('%s is loaded by %j', (file, programs) => expect(programsOf(file)).toEqual(programs));

test('a file that is written again and again is one change', async () => {
  for (let i = 0; i < 5; i += 1) write('server/engine/sweep.ts');
  expect(await restarted(1)).toEqual(['worker']);
  await vi.waitFor(() => expect(said.join()).toMatch(/worker started again .*server\/engine\/sweep.ts changed/));
});

test('a file that an editor puts in the place of the old one is seen each time, and so is one in a new folder', async () => {
  for (const count of [1, 2]) {
    write('connector/work.ts~');
    renameSync(path.join(root, 'connector/work.ts~'), path.join(root, 'connector/work.ts'));
    await restarted(count);
  }
  mkdirSync(path.join(root, 'connector/setup'));
  write('connector/setup/wizard.ts');
  expect(await restarted(3)).toEqual(['connector', 'connector', 'connector']);
});

test('a migration restarts nothing, and it is said how it is applied', async () => {
  write('db/migrations/0042_more.sql');
  await vi.waitFor(() => expect(said.join()).toMatch(/0042_more.sql changed: start again to apply it/), {
    timeout: 15_000,
  });
  expect(restart).not.toHaveBeenCalled();
});
