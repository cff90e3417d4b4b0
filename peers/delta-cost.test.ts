// What a delta costs: as much on a disk of 1 TiB as on one of 1 GiB when as much has changed. Read by ranges of the
// datastore's files, sent on both paths; counted by the lab.
// Not against a peer, but heavy: the large disk is copied once before, 8 GiB of noise.
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectors, type replicationRuns } from '../db/schema/index.ts';
import { defaultWorld } from '../lab/world/default.ts';
import { GiB, MiB, type Vm, type World } from '../lab/world/world.ts';
import { type Installation, startInstallation } from '../proofs/installation.ts';
import { importedCatalog, newJob, runOf, setTarget, until } from '../proofs/runs.ts';
import { isEnded } from '../replication/model/run.ts';
import { startRun } from '../server/services/jobs/start-run.ts';
import { notMeasurable, peakResidentBytes } from './resident-memory.ts';

type Run = typeof replicationRuns.$inferSelect;

interface Cost {
  /** What the connector read of the source and of the baseline's digests, and what it sent. */
  sourceBytes: number;
  digestBytes: number;
  sentBytes: number;
  /** Everything that anybody asked of vCenter and of AWS, but for the read-back. */
  requests: number;
  peakRssMib: number;
  /** The read-back by itself: a sample of so many blocks at most, of whatever disk. */
  verifyRequests: number;
}

interface SeenRequest {
  operation: string;
  attributes: Record<string, string>;
  accessKeyId: string;
  bytesOut: number;
}

const BLOCK = 512 * 1024;
/** 25 writes of 4 MiB, each beginning on a block: 100 MiB in 200 blocks. */
const WRITES = 25;
const WRITE_BYTES = 4 * MiB;
const CHANGED_BLOCKS = (WRITES * WRITE_BYTES) / BLOCK;
/** Of 48 blocks with bytes and 32 zeros: each is read, listed, and its digest looked up, and the manifest before. */
const LARGEST_VERIFY = (48 + 32) * 3 + 1;
/** Whole, with the 8 GiB and the memory, it takes minutes: then it is asked for. */
const WHOLE = process.env.LANDFALL_MEASURE_DELTA_COST === '1';
const SERVERS = { small: { gib: 1, allocatedGib: 1 }, large: { gib: 1024, allocatedGib: WHOLE ? 8 : 2 } };
const ROUNDS = WHOLE ? 3 : 1;
const NEEDED_GIB = 14;

const { bavail, bsize } = statfsSync(tmpdir());
const freeGiB = Math.floor((bavail * bsize) / GiB);
const reason =
  notMeasurable ??
  (freeGiB < NEEDED_GIB ? `it needs ${NEEDED_GIB} GiB of free space, and ${tmpdir()} has ${freeGiB}` : undefined);

describe.skipIf(reason)(`the cost of a delta${reason ? ` (${reason})` : ''}`, () => {
  const worldFile = path.join(tmpdir(), `landfall-delta-cost-${process.pid}.json`);
  const jobs: Record<string, { job: string; last: Run }> = {};
  let site: Installation;

  beforeAll(async () => {
    writeFileSync(worldFile, JSON.stringify(worldOf()));
    site = await startInstallation({ labArguments: ['--world', worldFile, '--no-keep-hashes', '--guest-writes', '0'] });
    await importedCatalog(site);
    // The baselines: by the path that is the quickest here, and by export, which leaves out what is not allocated.
    await use('ebs-direct', 'nfc');
    for (const name of Object.keys(SERVERS)) {
      const job = await newJob(site, name);
      jobs[name] = { job, last: await completed(job) };
    }
  }, 1_800_000);

  afterAll(async () => {
    await site?.close();
    rmSync(worldFile, { force: true });
  }, 120_000);

  for (const transfer of ['s3', 'ebs-direct'] as const) {
    it(`is that of the change, by ${transfer}`, async () => {
      await use(transfer);
      const rounds: Record<keyof typeof SERVERS, Cost[]> = { small: [], large: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const name of ['small', 'large'] as const) rounds[name].push(await costOf(name));
      }
      const [small, large] = [inTheMiddle(rounds.small), inTheMiddle(rounds.large)];
      console.log(`A delta of ${WRITES * 4} MiB by ${transfer}: ${JSON.stringify({ small, large })}`);
      // How often a busy machine is asked whether it is ready, and when memory is collected, is not the change's doing.
      const timed = WHOLE ? (['requests', 'peakRssMib'] as const) : [];
      for (const what of ['sourceBytes', 'digestBytes', 'sentBytes', ...timed] as const) {
        expect([what, Math.abs(small[what] - large[what]) / Math.max(small[what], large[what])]).toEqual([
          what,
          expect.toSatisfy((difference: number) => difference <= 0.1),
        ]);
      }
      for (const cost of [small, large]) {
        expect(cost.sentBytes).toBeGreaterThanOrEqual(CHANGED_BLOCKS * BLOCK);
        expect(cost.sentBytes).toBeLessThanOrEqual(1.05 * CHANGED_BLOCKS * BLOCK);
        expect(cost.sourceBytes).toBeLessThanOrEqual(1.05 * CHANGED_BLOCKS * BLOCK);
        expect(cost.verifyRequests).toBeLessThanOrEqual(LARGEST_VERIFY);
      }
    }, 900_000);
  }

  const use = (transfer: 's3' | 'ebs-direct', transport: 'nfc' | 'folder' = 'folder') =>
    setTarget(site, { transfer, transport });

  /** Changes 100 MiB at the same places of either disk, and runs a delta by a fresh connector. */
  async function costOf(name: keyof typeof SERVERS): Promise<Cost> {
    const { job, last } = jobs[name]!;
    const vm = last.settings.vmId;
    for (let write = 0; write < WRITES; write += 1) {
      const at = { vm, disk: 0, offset: write * 40 * MiB, length: WRITE_BYTES };
      await site.control('/vcenter/write', { ...at, seed: `${last.id} ${write}` });
    }
    await freshConnector();
    await site.control('/vcenter/requests', { reset: true });
    await site.control('/aws/requests', { reset: true });
    await startRun(site.ctx, { jobId: job });
    const run = await completed(job, last.id);
    jobs[name] = { job, last: run };
    const peakRssMib = peakResidentBytes(site.connector.pid) / MiB;
    const { recent } = await site.control<{ recent: SeenRequest[] }>('/aws/requests');
    const source = await site.control<{
      soap: Record<string, number>;
      folder: { requests: number; bytes: number };
      nfc: { bytes: number };
    }>('/vcenter/requests');

    const [copied] = run.results['copy-disks']?.disks ?? [];
    expect(copied).toMatchObject({ mode: 'delta', blocks: CHANGED_BLOCKS, bytesRead: CHANGED_BLOCKS * BLOCK });
    expect(run.results['copy-disks']?.transport).toBe('folder');
    expect(source.nfc.bytes).toBe(0);
    const byConnector = recent.filter(({ accessKeyId }) => accessKeyId === site.lab.aws.connector.accessKeyId);
    const isDigest = ({ attributes }: SeenRequest) => attributes.key?.startsWith('landfall-digests/') ?? false;
    const reads = recent.filter(({ operation }) => operation === 's3:GetObject').filter(isDigest);
    const digestReads = reads.filter((one) => byConnector.includes(one));
    const verifying = [
      ...recent.filter(({ operation }) => /^ebs:(Get|List)SnapshotBlocks?$/.test(operation)),
      ...reads.filter((one) => !byConnector.includes(one)),
    ];
    const asked = Object.values(source.soap).reduce((sum, count) => sum + count, source.folder.requests);
    return {
      sourceBytes: source.folder.bytes,
      digestBytes: digestReads.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
      sentBytes: copied?.bytesSent ?? 0,
      requests: asked + recent.length - verifying.length,
      peakRssMib: Math.round(peakRssMib),
      verifyRequests: verifying.length,
    };
  }

  /** A process whose peak is that of the next run alone; waits for its first word, so that its checks are not counted. */
  async function freshConnector(): Promise<void> {
    await site.connector.end();
    const began = Date.now();
    site.connector.start();
    await until('the fresh connector is healthy', async () => {
      const [connector] = await site.db.select().from(connectors);
      return connector?.status === 'healthy' && Number(connector.checkedAt) > began;
    });
  }

  async function completed(job: string, butNot = ''): Promise<Run> {
    const run = await until(
      'the run ends',
      async () => {
        const now = await runOf(site, job, butNot);
        return now && isEnded(now.state) ? now : null;
      },
      1500,
    );
    expect({ state: run.state, fault: run.fault }).toEqual({ state: 'completed', fault: null });
    return run;
  }
});

/** By memory: when the collector runs moves a process's peak by more than the disk could. Nothing else varies so. */
function inTheMiddle(costs: readonly Cost[]): Cost {
  return costs.toSorted((left, right) => left.peakRssMib - right.peakRssMib)[costs.length >> 1]!;
}

/** Disks whose first bytes are noise, computed as they are read. */
function worldOf(): World {
  const world = defaultWorld();
  const [model] = world.vms;
  const vms = Object.entries(SERVERS).map(
    ([name, { gib, allocatedGib }], index): Vm => ({
      ...(model as Vm),
      id: `vm-${901 + index}`,
      name,
      disks: [
        {
          controller: 'scsi',
          unit: 0,
          capacityBytes: gib * GiB,
          mode: 'persistent',
          content: { kind: 'incompressible', seed: name, bytes: allocatedGib * GiB },
        },
      ],
    }),
  );
  return { ...world, vms };
}
