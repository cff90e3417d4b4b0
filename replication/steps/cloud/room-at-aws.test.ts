// Imports and snapshots at the lab's AWS when the account has more under way than it may.
import { randomBytes } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import type { Artifact } from '../../model/artifact.ts';
import { toFault } from '../../model/fault.ts';
import type { StepProgress } from '../../model/step-results.ts';
import { faults, lab, labSays, stageDisk, target, targetForTests } from '../../target/aws/testing-target.ts';
import { DiskBoard } from './disk-board.ts';
import { importVmdks } from './import-vmdks.ts';
import { startPackSnapshot } from './start-snapshots.ts';
import type { CloudStepContext } from './step.ts';

targetForTests();
afterEach(() => labSays('ec2Settings', { importTasks: 20 }));

/** A context with a ledger in memory, and what the step says. */
function contextOf(signal = new AbortController().signal) {
  const ledger = new Map<string, Artifact>();
  const progress: StepProgress[] = [];
  const lines: string[] = [];
  const context = {
    run: {
      id: `sms-run-${randomBytes(4).toString('hex')}`,
      jobId: 'j',
      workspaceId: 'w',
      serverName: 'Büro',
      attempt: 1,
    },
    results: {},
    target,
    signal,
    pollMs: 10,
    async declare(input: Pick<Artifact, 'kind' | 'token' | 'diskId' | 'details'>) {
      const row: Artifact = { id: input.token, state: 'declared', externalId: null, fence: 1, ...input };
      const known = ledger.get(input.token) ?? row;
      ledger.set(input.token, known);
      return { ...known };
    },
    async confirm(artifact: Artifact, state: Artifact['state'], externalId: string | null) {
      Object.assign(ledger.get(artifact.token) as Artifact, { state, externalId });
    },
    progress: (told: StepProgress) => void progress.push(told),
    log: (_level: string, text: string) => void lines.push(text),
  } as unknown as CloudStepContext;
  return { context, ledger, progress, lines };
}

async function staged(count: number) {
  const disks = [];
  for (let at = 0; at < count; at += 1) {
    const bytes = randomBytes(512 * 1024);
    const key = await stageDisk(`many-${randomBytes(6).toString('hex')}`, bytes);
    disks.push({ id: `disk-${at}`, key, bucket: lab.bucket, capacityBytes: bytes.length, bytesRead: 0, bytesSent: 0 });
  }
  return disks as unknown as Parameters<typeof importVmdks>[1];
}

const activeTasks = async () =>
  (await labSays<{ status: string }[]>('tasks')).filter(({ status }) => status === 'active').length;

test('28 disks where 20 imports are allowed: as many as there is room for, the rest after them', {
  timeout: 60_000,
}, async () => {
  const disks = await staged(28);
  // Each import takes a while, so that all of the room is used at once.
  faults.add({ side: 'aws', operation: 'vmie:ImportSnapshot', effect: { kind: 'delay', ms: 2000 } });
  const { context, ledger, progress, lines } = contextOf();
  const made = await importVmdks(context, disks, new DiskBoard(context, disks), () => null);
  expect(made.size).toBe(28);
  expect(new Set(made.values()).size).toBe(28);
  expect(lines.filter((line) => /no room for \d+ of 28 disks/.test(line))).toHaveLength(1);
  const waited = progress.find(({ note }) => note?.startsWith('Waiting: AWS has no room'));
  expect(waited?.note).toContain('limit of 20 conversion tasks');
  expect(waited?.disks.filter(({ state }) => state === 'waiting').length).toBeGreaterThan(0);
  expect(progress.at(-1)?.disks.every(({ state }) => state === 'done')).toBe(true);
  const rows = [...ledger.values()].filter(({ kind }) => kind === 'import-snapshot-task');
  expect(rows.map(({ state }) => state)).toEqual(Array(28).fill('released'));
});

test('an account whose imports are all somebody else\u2019s is waited for, with the reason', async () => {
  await labSays('ec2Settings', { importTasks: 0 });
  const disks = await staged(1);
  const { context, progress } = contextOf();
  const importing = importVmdks(context, disks, new DiskBoard(context, disks), () => null);
  await vi.waitFor(() => expect(progress.at(-1)?.note).toMatch(/^Waiting: AWS has no room for 1 of 1 disks yet/));
  await labSays('ec2Settings', { importTasks: 20 });
  expect((await importing).size).toBe(1);
});

test('the wait obeys the signal, and ends with a fault in words when there was no room for too long', async () => {
  await labSays('ec2Settings', { importTasks: 0 });
  const disks = await staged(1);
  const stop = new AbortController();
  const waiting = contextOf(stop.signal);
  const cancelled = importVmdks(waiting.context, disks, new DiskBoard(waiting.context, disks), () => null);
  await vi.waitFor(() => expect(waiting.progress.length).toBeGreaterThan(0));
  stop.abort(new Error('cancelled by a person'));
  await expect(cancelled).rejects.toThrow('cancelled by a person');

  const { context } = contextOf();
  const deadlines = { importMs: 60_000, roomMs: 200 };
  const late = importVmdks(context, disks, new DiskBoard(context, disks), () => null, deadlines);
  const fault = await late.then(() => null, toFault);
  expect(fault).toMatchObject({ code: 'aws-busy', cause: expect.stringContaining('ResourceCountLimitExceeded') });
  expect(await target.staging.head(disks[0]?.key ?? '', new AbortController().signal)).not.toBeNull();
  expect(await activeTasks()).toBe(0);
});

test('a snapshot that is to be written into waits while the account has as many pending ones as it may', async () => {
  await labSays('snapshotSettings', { pendingSnapshots: 0 });
  const { context, progress } = contextOf();
  const disk = { id: 'disk-0', label: 'Hard disk 1', order: 0, capacityBytes: 512 * 1024 };
  Object.assign(context.results, { 'take-snapshot': { disks: [disk] } });
  const starting = startPackSnapshot(context, disk.id, null, null);
  await vi.waitFor(() => expect(progress.at(-1)?.note).toMatch(/^Waiting: AWS has no room for another snapshot yet/));
  await labSays('snapshotSettings', { pendingSnapshots: 100 });
  const started = await starting;
  expect(started.outcome).toBe('started');
  if (started.outcome === 'started') await started.writer.abort();
});
