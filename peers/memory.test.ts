// The connector's memory while it copies: the same for a small disk and for one eight times as large, and little.
// Not against a peer, but heavy: minutes of work, and room for one staged copy of the large disk.
import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultWorld } from '../lab/world/default.ts';
import { GiB, type Vm, type World } from '../lab/world/world.ts';
import { expectNothingLeft } from '../proofs/comparisons.ts';
import { type Installation, startInstallation } from '../proofs/installation.ts';
import { importedCatalog, newJob, runOf, until } from '../proofs/runs.ts';
import { cancelRun } from '../server/services/runs/cancel.ts';
import { notMeasurable, residentBytes } from './resident-memory.ts';

const MiB = 1024 * 1024;
const MOST_BYTES = 400 * MiB;
/** The largest disks take minutes: then they are asked for. */
const WHOLE = process.env.LANDFALL_MEASURE_MEMORY === '1';
const GIB = WHOLE ? { small: 1, large: 8 } : { small: 0.5, large: 4 };
const NEEDED_GIB = WHOLE ? 30 : 16;

const { bavail, bsize } = statfsSync(tmpdir());
const freeGiB = Math.floor((bavail * bsize) / GiB);
const reason =
  notMeasurable ??
  (freeGiB < NEEDED_GIB ? `it needs ${NEEDED_GIB} GiB of free space, and ${tmpdir()} has ${freeGiB}` : undefined);

describe.skipIf(reason)(`the connector's memory${reason ? ` (${reason})` : ''}`, () => {
  const worldFile = path.join(tmpdir(), `landfall-memory-${process.pid}.json`);
  let site: Installation;

  beforeAll(async () => {
    writeFileSync(worldFile, JSON.stringify(worldOf(GIB)));
    site = await startInstallation({ labArguments: ['--world', worldFile, '--no-keep-hashes'] });
    await importedCatalog(site);
    // What follows the copy is not waited for: the runs are cancelled when their disks are staged.
    await site.control('/faults', { side: 'aws', operation: 'ec2:ImportSnapshot', effect: { kind: 'hang' } });
  }, 180_000);

  afterAll(async () => {
    await site?.close();
    rmSync(worldFile, { force: true });
  }, 120_000);

  it('does not grow with the disk', async () => {
    const small = await copied('small', GIB.small);
    const large = await copied('large', GIB.large);
    expect(large.peak).toBeLessThan(MOST_BYTES);
    expect(small.peak).toBeLessThan(MOST_BYTES);
    // The highest of a hundred samples lies above that of ten, whatever is copied: what grows would lift the middle.
    expect(large.median).toBeLessThan(small.median * 1.15);
    expect(large.peak).toBeLessThan(small.peak * 1.3);
  }, 2_400_000);

  /** Copies the disk of this server by a fresh connector; its resident memory second by second. */
  async function copied(server: string, gib: number): Promise<{ peak: number; median: number }> {
    await site.connector.end();
    site.connector.start();
    const job = await newJob(site, server);
    const samples: number[] = [];
    const run = await until(
      `${server} is staged`,
      async () => {
        const now = await runOf(site, job);
        if (now?.fault || now?.state === 'failed') throw new Error(JSON.stringify(now.fault));
        if (now?.step === 'copy-disks') samples.push(residentBytes(site.connector.pid));
        await delay(1000);
        return now?.results['copy-disks'] ? now : null;
      },
      2000,
    );
    const [disk] = run.results['copy-disks']?.disks ?? [];
    const peak = Math.max(...samples);
    const median = [...samples].sort((a, b) => a - b)[samples.length >> 1] ?? 0;
    console.log(
      `${server}: ${gib} GiB copied in ${disk?.seconds.toFixed(0)} s, connector's RSS peak ${mib(peak)} MiB, ` +
        `median ${mib(median)} MiB, ${samples.length} samples, ${processorSeconds(site.connector.pid)} s of processor time`,
    );
    await cancelRun(site.ctx, { runId: run.id });
    await until('the run is cancelled', async () => (await runOf(site, job))?.state === 'cancelled', 120);
    await expectNothingLeft(site);
    // The data was there, and no compressor made it small.
    expect(disk?.bytesRead).toBeGreaterThan(gib * GiB);
    expect(disk?.bytesSent).toBeGreaterThan(gib * GiB);
    expect(samples.length).toBeGreaterThan(3);
    return { peak, median };
  }
});

/** Since it was started; from the fields utime and stime, in hundredths. */
function processorSeconds(pid: number): string {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / 100).toFixed(0);
}

function mib(bytes: number): string {
  return (bytes / MiB).toFixed(0);
}

/** One server for each entry, with a disk of so many GiB of noise. */
function worldOf(sizes: Record<string, number>): World {
  const world = defaultWorld();
  const [model] = world.vms;
  const vms = Object.entries(sizes).map(
    ([name, gib], index): Vm => ({
      ...(model as Vm),
      id: `vm-${901 + index}`,
      name,
      disks: [
        {
          controller: 'scsi',
          unit: 0,
          capacityBytes: gib * GiB,
          mode: 'persistent',
          content: { kind: 'incompressible', seed: name, bytes: gib * GiB },
        },
      ],
    }),
  );
  return { ...world, vms };
}
