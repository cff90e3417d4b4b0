// The disks of a run in one shape, while they are copied and after. Pure.
import type { CopyMode } from '../../../../replication/model/baseline.ts';
import type { Run } from '../types.ts';

export interface DiskRow {
  id: string;
  label: string;
  capacityBytes: number;
  /** Null until it is decided. */
  mode: CopyMode | null;
  reason: string | null;
  /** What the source calls changed; null when it was not asked. */
  changedBytes: number | null;
  /** What is known of the copy; null before it began. */
  bytesRead: number | null;
  bytesSent: number | null;
  /** Bytes a second: now while it is copied, on the whole afterwards. */
  rate: number | null;
  secondsLeft: number | null;
  state: 'waiting' | 'running' | 'done';
  snapshotId: string | null;
}

type RunDisks = Pick<Run, 'disks' | 'progress' | 'status'>;

/** Results take precedence over progress: they were recorded when the step ended. */
export function diskRows({ disks, progress, status }: RunDisks): DiskRow[] {
  const live = new Map(progress?.disks.map((disk) => [disk.id, disk]));
  const known = disks.length > 0 ? disks : (progress?.disks ?? []).map((disk) => ({ ...disk, ...NOTHING_YET }));
  return known.map((disk) => {
    const now = status.state === 'active' ? live.get(disk.id) : undefined;
    const whole = disk.bytesRead !== null && disk.seconds ? disk.bytesRead / disk.seconds : null;
    return {
      id: disk.id,
      label: disk.label,
      capacityBytes: disk.capacityBytes,
      mode: disk.mode ?? null,
      reason: disk.reason ?? null,
      changedBytes: disk.changedBytes ?? null,
      bytesRead: disk.bytesRead ?? now?.bytesRead ?? null,
      bytesSent: disk.bytesSent ?? now?.bytesSent ?? null,
      rate: disk.bytesRead === null ? (now?.state === 'running' ? now.rate : null) : whole,
      secondsLeft: now?.state === 'running' ? now.secondsLeft : null,
      state: disk.snapshotId ? 'done' : (now?.state ?? 'waiting'),
      snapshotId: disk.snapshotId,
    };
  });
}

const NOTHING_YET = {
  mode: null,
  reason: null,
  changedBytes: null,
  bytesRead: null,
  bytesSent: null,
  seconds: null,
  snapshotId: null,
};

/** Bytes of all disks together; null while nothing is known. */
export function copiedSoFar(run: RunDisks & Pick<Run, 'bytes'>): { read: number | null; sent: number | null } {
  if (run.bytes.read !== null) return run.bytes;
  const rows = diskRows(run).filter((row) => row.bytesRead !== null);
  if (rows.length === 0) return { read: null, sent: null };
  return {
    read: rows.reduce((sum, row) => sum + (row.bytesRead ?? 0), 0),
    sent: rows.reduce((sum, row) => sum + (row.bytesSent ?? 0), 0),
  };
}
