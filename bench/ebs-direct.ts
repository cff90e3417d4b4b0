// Measures our EBS direct writer against the plain SDK client: the same blocks, concurrency and server, each side in
// turn and in a process of its own. Run by hand or by `npm run bench`; prints a table and, with --json, the figures.
//
//   node bench/ebs-direct.ts [--blocks 2048] [--workers 256] [--rounds 5] [--server sink|lab] [--json]
//
// The sink reads every request and answers 201 after the added latency, in the least code there can be: the lab checks
// signatures, hashes and stores, which on a small machine costs more than either client and would hide the ratio.
// 256 at once, because fewer make the latency the bound: 128 puts that take 100 ms are 640 MiB/s for any client.
import { type ChildProcess, fork } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DISK_BLOCK_BYTES, type DiskBlock } from '../replication/disks/block.ts';

interface Place {
  url: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

interface Task {
  side: 'ours' | 'sdk';
  place: Place;
  blocks: number;
  workers: number;
}

interface Measured {
  mibPerSecond: number;
  cpuMsPerBlock: number;
  peakRssMib: number;
}

const ROLES: Record<string, () => Promise<void>> = { sink: runSink, lab: runLab, side: runSide, main: runMain };
const never = new AbortController().signal;

const { values: options } = parseArgs({
  options: {
    role: { type: 'string', default: 'main' },
    latency: { type: 'string', default: '0' },
    blocks: { type: 'string', default: '2048' },
    workers: { type: 'string', default: '256' },
    rounds: { type: 'string', default: '5' },
    server: { type: 'string', default: 'sink' },
    json: { type: 'boolean', default: false },
  },
});
await ROLES[options.role]?.();

async function runMain(): Promise<void> {
  const rows: { latencyMs: number; ours: Measured; sdk: Measured; ratio: number; cpuRatio: number }[] = [];
  for (const latencyMs of [0, 100]) {
    const server = startRole(options.server, ['--latency', String(latencyMs)]);
    const place = (await told(server)) as Place;
    const all: Record<Task['side'], Measured[]> = { ours: [], sdk: [] };
    for (let round = 0; round < Number(options.rounds); round += 1) {
      for (const side of ['sdk', 'ours'] as const) {
        const child = startRole('side', []);
        child.send({ side, place, blocks: Number(options.blocks), workers: Number(options.workers) } satisfies Task);
        all[side].push((await told(child)) as Measured);
        await ended(child);
      }
    }
    server.disconnect();
    await ended(server);
    const ours = inTheMiddle(all.ours, ({ mibPerSecond }) => mibPerSecond);
    const sdk = inTheMiddle(all.sdk, ({ mibPerSecond }) => mibPerSecond);
    // Each round's ratio by itself: what else the machine does meanwhile falls on both of its sides.
    const rounds = all.ours.map((one, round) => one.mibPerSecond / all.sdk[round]!.mibPerSecond);
    const ratio = inTheMiddle(rounds, (value) => value);
    rows.push({ latencyMs, ours, sdk, ratio, cpuRatio: sdk.cpuMsPerBlock / ours.cpuMsPerBlock });
  }
  if (options.json) return console.log(JSON.stringify({ server: options.server, workers: options.workers, rows }));
  console.log(`EBS direct, ${options.workers} puts at once, ${options.blocks} blocks, against the ${options.server}:`);
  for (const { latencyMs, ours, sdk, ratio, cpuRatio } of rows) {
    console.log(`  +${latencyMs} ms  ours ${text(ours)}`);
    console.log(`  +${latencyMs} ms  SDK  ${text(sdk)}`);
    console.log(
      `  +${latencyMs} ms  ours is ${ratio.toFixed(2)} times as fast, with 1/${cpuRatio.toFixed(2)} of the CPU`,
    );
  }
}

function text({ mibPerSecond, cpuMsPerBlock, peakRssMib }: Measured): string {
  return `${mibPerSecond.toFixed(0)} MiB/s, ${cpuMsPerBlock.toFixed(2)} ms of CPU a block, peak RSS ${peakRssMib.toFixed(0)} MiB`;
}

/** The median, by `value`. */
function inTheMiddle<T>(rounds: readonly T[], value: (round: T) => number): T {
  return rounds.toSorted((left, right) => value(left) - value(right))[Math.floor(rounds.length / 2)]!;
}

function startRole(role: string, more: string[]): ChildProcess {
  return fork(import.meta.filename, ['--role', role, ...more], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

function told(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`A process of the bench ended with ${code}.`)));
  });
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Writes the blocks as one side does and tells the parent how it went. */
async function runSide(): Promise<void> {
  const task = await new Promise<Task>((resolve) => process.once('message', resolve));
  const { blocks, workers, place } = task;
  const data = sampleBlocks();
  const side = task.side === 'ours' ? await oursOf(place, blocks, workers) : await sdkOf(place, blocks, workers);
  // Connections, code and clients are warm when the clock starts, on both sides.
  await manyAtOnce(workers, workers, (index) => side.put(index, data));
  const cpu = process.cpuUsage();
  const start = performance.now();
  await manyAtOnce(blocks, workers, (index) => side.put(workers + index, data));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const measured: Measured = {
    mibPerSecond: (blocks * DISK_BLOCK_BYTES) / 1024 ** 2 / seconds,
    cpuMsPerBlock: (user + system) / 1000 / blocks,
    peakRssMib: process.resourceUsage().maxRSS / 1024,
  };
  side.close();
  process.send?.(measured, () => process.disconnect());
}

interface Side {
  put(index: number, data: readonly Sample[]): Promise<unknown>;
  close(): void;
}

interface Sample {
  bytes: Uint8Array;
  digest: Uint8Array;
}

async function oursOf(place: Place, blocks: number, workers: number): Promise<Side> {
  const { openEbsDirect } = await import('../replication/target/aws/open-target.ts');
  const endpoints = { ebs: place.url };
  const ebs = openEbsDirect({ ...place, bucket: 'none', endpoints }, { ebs: { concurrency: workers } });
  const capacityBytes = (blocks + workers) * DISK_BLOCK_BYTES;
  const input = { capacityBytes, parentSnapshotId: null, description: '', tags: {}, token: 'bench' };
  const started = await ebs.startSnapshot({ ...input, token: `ours-${process.pid}` }, never);
  if (started.outcome !== 'started') throw new Error(started.awsWords);
  return {
    put: (index, data) => {
      const { bytes, digest } = data[index % data.length]!;
      const block: DiskBlock = { index, offset: index * DISK_BLOCK_BYTES, length: bytes.length, data: bytes, digest };
      return started.writer.write(block, never);
    },
    close: () => ebs.close(),
  };
}

/** The client as its documentation shows it, with sockets enough for all workers. Digests are given to it too. */
async function sdkOf(place: Place, blocks: number, workers: number): Promise<Side> {
  const { EBSClient, PutSnapshotBlockCommand, StartSnapshotCommand } = await import('@aws-sdk/client-ebs');
  const { Agent } = await import('node:http');
  const { NodeHttpHandler } = await import('@smithy/node-http-handler');
  const client = new EBSClient({
    region: place.region,
    endpoint: place.url,
    credentials: place.credentials,
    requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true, maxSockets: workers }) }),
  });
  const VolumeSize = Math.ceil(((blocks + workers) * DISK_BLOCK_BYTES) / 1024 ** 3);
  const { SnapshotId } = await client.send(new StartSnapshotCommand({ VolumeSize }));
  return {
    put: (BlockIndex, data) => {
      const { bytes, digest } = data[BlockIndex % data.length]!;
      return client.send(
        new PutSnapshotBlockCommand({
          SnapshotId,
          BlockIndex,
          BlockData: bytes,
          DataLength: bytes.length,
          Checksum: Buffer.from(digest).toString('base64'),
          ChecksumAlgorithm: 'SHA256',
        }),
      );
    },
    close: () => client.destroy(),
  };
}

/** Bytes that do not compress, and no two blocks alike. */
function sampleBlocks(): Sample[] {
  return Array.from({ length: 16 }, (_, number) => {
    const bytes = Buffer.alloc(DISK_BLOCK_BYTES);
    for (let at = 0; at < bytes.length; at += 32) {
      createHmac('sha256', String(number)).update(String(at)).digest().copy(bytes, at);
    }
    return { bytes, digest: createHash('sha256').update(bytes).digest() };
  });
}

async function manyAtOnce(count: number, workers: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

/** Counts bytes and answers; the snapshot's id is the same for everybody. */
async function runSink(): Promise<void> {
  const latencyMs = Number(options.latency);
  const started = JSON.stringify({ SnapshotId: 'snap-0123456789abcdef0', BlockSize: DISK_BLOCK_BYTES });
  const answer = (body: string) =>
    `HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const put = answer('');
  const start = answer(started);
  const server = createServer({ noDelay: true }, (socket) => {
    let head: Buffer | null = null;
    let missing = 0;
    let reply = put;
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece) => {
      let rest: Buffer | null = piece;
      if (missing === 0) {
        head = head ? Buffer.concat([head, piece]) : piece;
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        const lines = head.toString('latin1', 0, end);
        missing = Number(/content-length: *(\d+)/i.exec(lines)?.[1] ?? 0);
        reply = lines.startsWith('POST') ? start : put;
        rest = head.subarray(end + 4);
        head = null;
      }
      missing -= rest.length;
      if (missing > 0) return;
      if (latencyMs > 0) setTimeout(() => socket.write(reply), latencyMs);
      else socket.write(reply);
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
    process.send?.({ url: `http://127.0.0.1:${port}`, region: 'eu-central-1', credentials } satisfies Place);
  });
  process.once('disconnect', () => process.exit());
}

async function runLab(): Promise<void> {
  const { startLabAws } = await import('../lab/aws/main.ts');
  const { FaultRules } = await import('../lab/faults/rules.ts');
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-ebs-'));
  const faults = new FaultRules();
  const lab = await startLabAws({ dataDir, faults, guestQemu: false });
  const ms = Number(options.latency);
  if (ms > 0) faults.add({ side: 'aws', operation: 'ebs:PutSnapshotBlock', effect: { kind: 'delay', ms } });
  process.send?.({ url: lab.url, region: lab.region, credentials: lab.credentials } satisfies Place);
  process.once('disconnect', async () => {
    await lab.close();
    await rm(dataDir, { recursive: true, force: true });
    process.exit();
  });
}
