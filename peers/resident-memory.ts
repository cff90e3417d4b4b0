// The resident memory of a process, read from /proc as Linux has it.
import { readFileSync } from 'node:fs';

/** Why it cannot be read on this system; undefined where it can. */
export const notMeasurable =
  process.platform === 'linux' ? undefined : 'the memory of a process is read from /proc, as Linux has it';

/** Bytes that are resident now. */
export function residentBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS');
}

/** The most bytes that were ever resident. */
export function peakResidentBytes(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

function statusBytes(pid: number, field: string): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm'));
  return Number(line?.[1]) * 1024;
}
