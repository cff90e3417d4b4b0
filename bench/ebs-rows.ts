// The rows of bench/ebs-direct.ts, which is a program of its own with servers and sides of its own.
import { execFile } from 'node:child_process';
import { loadavg } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Row, SideResult } from './row.ts';

interface Told {
  mibPerSecond: number;
  cpuMsPerBlock: number;
  peakRssMib: number;
}

const BLOCKS = 2048;
const BLOCK_MIB = 0.5;
const LONGEST_MS = 20 * 60_000;

export async function ebsRows(rounds: number): Promise<Row[]> {
  const [load = 0] = loadavg();
  const program = path.join(import.meta.dirname, 'ebs-direct.ts');
  const args = [program, '--json', '--blocks', String(BLOCKS), '--rounds', String(rounds)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: LONGEST_MS });
  const { rows } = JSON.parse(stdout) as { rows: { latencyMs: number; ours: Told; sdk: Told; ratio: number }[] };
  return rows.map(({ latencyMs, ours, sdk, ratio }) => ({
    name: 'EBS direct writer',
    input: `random blocks, answered after ${latencyMs} ms`,
    peer: 'AWS SDK client',
    ratio,
    ours: sideOf(ours),
    theirs: sideOf(sdk),
    aim: 'at least 2 times as fast',
    met: ratio >= 2,
    load,
  }));
}

function sideOf({ mibPerSecond, cpuMsPerBlock, peakRssMib }: Told): SideResult {
  const bytes = BLOCKS * BLOCK_MIB * 1024 * 1024;
  return {
    seconds: (BLOCKS * BLOCK_MIB) / mibPerSecond,
    cpuSeconds: (cpuMsPerBlock * BLOCKS) / 1000,
    peakRssMib,
    bytes,
  };
}
