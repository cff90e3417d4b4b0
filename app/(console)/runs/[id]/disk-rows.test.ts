import { describe, expect, it } from 'vitest';
import { copiedSoFar, diskRows } from './disk-rows.ts';

type Input = Parameters<typeof copiedSoFar>[0];
const GiB = 1024 ** 3;

const taken = { id: 'd1', label: 'Hard disk 1', capacityBytes: 8 * GiB, rootDigest: null };
const before = { ...taken, bytesRead: null, bytesSent: null, seconds: null, snapshotId: null };
const after = { ...taken, bytesRead: 4 * GiB, bytesSent: GiB, seconds: 8, snapshotId: null };
const going = {
  id: 'd1',
  label: 'Hard disk 1',
  capacityBytes: 8 * GiB,
  doneBytes: 2 * GiB,
  bytesRead: GiB,
  bytesSent: GiB / 4,
  rate: 1000,
  secondsLeft: 60,
  state: 'running',
};
const run = (state: string, disks: object[], progress: object[] | null) =>
  ({
    disks,
    progress: progress && { fraction: 0.5, note: null, disks: progress },
    status: { state },
    bytes: { read: null, sent: null },
  }) as unknown as Input;

describe('the disks of a run', () => {
  it('are empty before anything is known, and nothing has been copied', () => {
    expect(diskRows(run('pending', [], null))).toEqual([]);
    expect(copiedSoFar(run('pending', [], null))).toEqual({ read: null, sent: null });
  });

  it('wait between the snapshot and the copy', () => {
    expect(diskRows(run('active', [before], null))[0]).toMatchObject({ state: 'waiting', bytesRead: null, rate: null });
  });

  it('show progress while they are copied', () => {
    const copying = run('active', [before], [going]);
    expect(diskRows(copying)[0]).toMatchObject({ state: 'running', bytesRead: GiB, rate: 1000, secondsLeft: 60 });
    expect(copiedSoFar(copying)).toEqual({ read: GiB, sent: GiB / 4 });
  });

  it('show what was recorded once the copy has ended, and the rate on the whole', () => {
    const converting = run('active', [after], [{ ...going, rate: 0, secondsLeft: null }]);
    expect(diskRows(converting)[0]).toMatchObject({ bytesRead: 4 * GiB, rate: GiB / 2, secondsLeft: null });
  });

  it('do not seem to run on when the run has ended', () => {
    expect(diskRows(run('cancelled', [before], [going]))[0]).toMatchObject({ state: 'waiting', rate: null });
  });

  it('are done when their snapshot is', () => {
    expect(diskRows(run('completed', [{ ...after, snapshotId: 'snap-1' }], null))[0]).toMatchObject({
      state: 'done',
      snapshotId: 'snap-1',
    });
  });
});
