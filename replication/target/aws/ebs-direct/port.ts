// EBS direct as a port: snapshots written and read block by block, without a disk image between.
// target.ts hands it on; the steps, the connector and server/services/cloud call it, ebs-direct.ts makes it.
import type { DiskWriter, SealedDisk, WriterCheckpoint } from '../../../disks/writer.ts';

export interface StartSnapshotInput {
  /** Bytes of the disk; the volume gets whole GiB. */
  capacityBytes: number;
  /** The completed snapshot whose bytes hold wherever nothing is written. */
  parentSnapshotId: string | null;
  /** Only without a parent: a child is encrypted as its parent is. See planEncryption. */
  encryption?: { encrypted: true; kmsKeyArn?: string };
  description: string;
  tags: Record<string, string>;
  /** The ledger's token: the same token gives the same snapshot, also after a crash. */
  token: string;
}

/** A snapshot that waits for blocks, or why AWS takes no child of this parent: then make a full copy in a new chain. */
export type StartedSnapshot =
  | { outcome: 'started'; snapshotId: string; writer: SnapshotWriter }
  | { outcome: 'parent-refused'; parentSnapshotId: string; reason: ParentRefusal; awsWords: string };

export type ParentRefusal =
  /** It is pending, in error, or no snapshot that can have children. */
  | 'parent-not-usable'
  | 'parent-gone'
  /** Shared from elsewhere, or its key may not be used. */
  | 'parent-not-yours'
  /** The account's encryption, the key and the parent do not go together. */
  | 'encryption'
  | 'volume-size'
  | 'other';

export interface DigestEntry {
  index: number;
  digest: Uint8Array;
}

export interface ResumeSnapshotInput {
  capacityBytes: number;
  /** As the snapshot was started with: decides whether zeros are written. */
  parentSnapshotId: string | null;
  /** The last checkpoint of the writer before, of the very same frozen source. */
  checkpoint: WriterCheckpoint;
}

export interface SnapshotWriterOptions {
  /**
   * The digests of the disk, ascending, zero blocks left out; asked for only when the writer did not see every block
   * that the snapshot holds (after a resume that skipped them) or saw them too far out of order. Without it such a
   * snapshot is completed without the optional checksum over all blocks.
   */
  digests?: (signal: AbortSignal) => AsyncIterable<DigestEntry>;
}

export interface SealedSnapshot extends SealedDisk {
  readonly snapshotId: string;
  /** Distinct blocks written, zeros included. */
  readonly changedBlocks: number;
  /** SHA-256 over the digests of all written blocks, ascending, in base64; null when it could not be given. */
  readonly linearChecksum: string | null;
}

/**
 * Takes blocks in any order and many at a time; each `write` resolves when AWS has taken the block, and holds it until
 * then, so the caller's concurrency is the memory bound. `abort` stops everything and leaves the snapshot to the
 * ledger. A sealed snapshot is still pending at AWS: wait for its completion.
 */
/** With what a snapshot is completed: AWS compares it with the blocks that were put. */
export interface Completion {
  changedBlocks: number;
  /** Base64; null where the blocks came in another order than the checksum takes them. */
  linearChecksum: string | null;
}

export interface SnapshotWriter extends DiskWriter<SealedSnapshot> {
  readonly snapshotId: string;
  /** What `seal` will say of the blocks that are written, for whoever must repeat it. */
  readonly completion: Completion;
  checkpoint(): WriterCheckpoint;
}

export interface SnapshotInfo {
  snapshotId: string;
  state: 'pending' | 'completed' | 'error' | 'other';
  /** 0–100, or null when AWS does not say. */
  percent: number | null;
  /** AWS's own words; empty when it says nothing. */
  message: string;
  volumeGiB: number;
  encrypted: boolean;
  kmsKeyArn: string | null;
  tags: Record<string, string>;
}

export interface AccountEncryption {
  /** Everything new is encrypted, whether asked for or not. */
  byDefault: boolean;
  /** A key's ARN, or the alias of the key that AWS made (`alias/aws/ebs`). */
  defaultKey: string;
}

export interface ListedBlock {
  index: number;
  /** What GetSnapshotBlock asks for; expires. */
  token: string;
}

export interface BlockMismatch {
  index: number;
  expected: Uint8Array;
  /** Digest of what AWS holds; null where the snapshot has no such block. */
  found: Uint8Array | null;
}

/** Indexes of blocks: how many there are, and the first hundred. */
export interface SomeIndexes {
  count: number;
  first: number[];
}

export interface SnapshotComparison {
  equal: boolean;
  /** Blocks read back and hashed. */
  blocksRead: number;
  /** Expected, but not in the snapshot. */
  missing: SomeIndexes;
  /** In the snapshot and not zeros, but not expected. */
  unexpected: SomeIndexes;
  different: SomeIndexes;
}

export interface EbsDirect {
  /** @throws FaultError when AWS refuses for a reason that is not the parent's. */
  startSnapshot(
    input: StartSnapshotInput,
    signal: AbortSignal,
    options?: SnapshotWriterOptions,
  ): Promise<StartedSnapshot>;
  /** Goes on where a writer stopped. Blocks that the checkpoint names are not sent again. */
  resumeSnapshot(input: ResumeSnapshotInput, options?: SnapshotWriterOptions): SnapshotWriter;
  /** One call for all snapshots asked about; those that AWS does not know (yet) are left out. */
  describe(snapshotIds: string[], signal: AbortSignal): Promise<Map<string, SnapshotInfo>>;
  /** Asks to complete a snapshot that somebody else wrote and may have completed: asked twice it is no other. */
  complete(snapshotId: string, completion: Completion, signal: AbortSignal): Promise<void>;
  /** Resolves when the snapshot is completed. @throws `ebs-snapshot-failed` when it fails or the time is over. */
  waitCompleted(snapshotId: string, signal: AbortSignal, options?: { deadlineMs?: number }): Promise<SnapshotInfo>;
  /** Every block that the snapshot or one of its parents holds, ascending, from index `from` on. */
  listBlocks(snapshotId: string, signal: AbortSignal, from?: number): AsyncIterable<ListedBlock>;
  /** Indexes of the blocks in which the second snapshot may differ from the first, ascending. */
  listChanges(firstSnapshotId: string, secondSnapshotId: string, signal: AbortSignal): AsyncIterable<number>;
  /** The bytes of a block (512 KiB), proven by their SHA-256; null where the snapshot has no such block. */
  readBlock(snapshotId: string, index: number, signal: AbortSignal): Promise<Buffer | null>;
  /** Reads these blocks back and tells which are not as expected. */
  sample(snapshotId: string, expected: DigestEntry[], signal: AbortSignal): Promise<BlockMismatch[]>;
  /** Reads every block back. `expected` ascending, blocks of zeros left out or not; memory is bounded. */
  compare(
    snapshotId: string,
    expected: AsyncIterable<DigestEntry> | Iterable<DigestEntry>,
    signal: AbortSignal,
  ): Promise<SnapshotComparison>;
  accountEncryption(signal: AbortSignal): Promise<AccountEncryption>;
}
