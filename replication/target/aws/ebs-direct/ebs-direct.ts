// EBS direct of one AWS target: snapshots written and read block by block over one pool of connections and one pace.
// Made by ../open-target.ts; everybody else sees the port.
import type { AwsClients } from '../clients.ts';
import type { AwsTargetConfig } from '../target.ts';
import { BLOCK_CALL_OPTIONS, type BlockCallOptions, BlockCalls } from './block-calls.ts';
import { BlockWire } from './block-wire.ts';
import { describeSnapshots, type WaitTimes, waitCompleted } from './describe-snapshots.ts';
import { readAccountEncryption } from './encryption.ts';
import { listBlocks, listChanges } from './list-blocks.ts';
import type { EbsDirect } from './port.ts';
import { SnapshotReader } from './read-blocks.ts';
import { completeSnapshot, EbsSnapshotWriter, resumeWriter } from './snapshot-writer.ts';
import { startSnapshot } from './start-snapshot.ts';

export interface EbsDirectOptions extends Partial<BlockCallOptions>, Partial<WaitTimes> {
  attemptSeconds?: number;
}

const TIMES: WaitTimes = { everyMs: 5000, notFoundMs: 120_000, deadlineMs: 12 * 3600_000 };
const ATTEMPT_SECONDS = 30;

export function createEbsDirect(
  clients: AwsClients,
  config: AwsTargetConfig,
  options: EbsDirectOptions = {},
): { ebs: EbsDirect; close: () => void } {
  const callOptions = { ...BLOCK_CALL_OPTIONS, ...options };
  const times = { ...TIMES, ...options };
  const wire = new BlockWire(clients, {
    region: config.region,
    connections: callOptions.concurrency,
    attemptSeconds: options.attemptSeconds ?? ATTEMPT_SECONDS,
  });
  const calls = new BlockCalls(wire, callOptions);
  const reader = (snapshotId: string) => new SnapshotReader(clients, calls, snapshotId);
  const { notFoundMs } = times;

  const ebs: EbsDirect = {
    async startSnapshot(input, signal, writerOptions = {}) {
      const started = await startSnapshot(clients, input, signal);
      if (started.outcome === 'parent-refused') return started;
      const { capacityBytes } = input;
      const { snapshotId } = started;
      const writerInput = { ...writerOptions, capacityBytes, snapshotId, hasParent: input.parentSnapshotId !== null };
      return { ...started, writer: new EbsSnapshotWriter(clients, calls, { ...writerInput, notFoundMs }) };
    },
    resumeSnapshot({ capacityBytes, parentSnapshotId, checkpoint }, writerOptions = {}) {
      const hasParent = parentSnapshotId !== null;
      return resumeWriter(clients, calls, { ...writerOptions, capacityBytes, hasParent, checkpoint, notFoundMs });
    },
    complete: (snapshotId, completion, signal) => completeSnapshot(clients, snapshotId, completion, signal),
    describe: (snapshotIds, signal) => describeSnapshots(clients, snapshotIds, signal),
    waitCompleted: (snapshotId, signal, given = {}) =>
      waitCompleted(clients, snapshotId, signal, {
        ...times,
        ...(given.deadlineMs && { deadlineMs: given.deadlineMs }),
      }),
    listBlocks: (snapshotId, signal, from) => listBlocks(clients, snapshotId, signal, from),
    listChanges: (first, second, signal) => listChanges(clients, first, second, signal),
    readBlock: async (snapshotId, index, signal) => (await reader(snapshotId).read(index, signal))?.bytes ?? null,
    sample: (snapshotId, expected, signal) => reader(snapshotId).sample(expected, signal),
    compare: (snapshotId, expected, signal) => reader(snapshotId).compare(expected, signal),
    accountEncryption: (signal) => readAccountEncryption(clients, signal),
  };
  return { ebs, close: () => void wire.close() };
}
