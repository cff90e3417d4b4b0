// Reads blocks of completed snapshots back, each proven by its SHA-256: one, a sample, or all of them compared.
// Made by ebs-direct.ts.

import { createHash } from 'node:crypto';
import { DISK_BLOCK_BYTES, ZERO_BLOCK_DIGEST } from '../../../disks/block.ts';
import { faultError } from '../../../model/fault.ts';
import type { AwsClients } from '../clients.ts';
import { type BlockCalls, DamagedBlock } from './block-calls.ts';
import type { BlockAnswer } from './block-wire.ts';
import { LARGEST_PAGE, listBlocks, listedFrom, reasonOf, SMALLEST_PAGE } from './list-blocks.ts';
import type { BlockMismatch, DigestEntry, ListedBlock, SnapshotComparison, SomeIndexes } from './port.ts';
import { sideBySide } from './side-by-side.ts';

export interface ProvenBlock {
  bytes: Buffer;
  digest: Buffer;
}

/** Blocks in memory at once while a snapshot is compared: 16 MiB. */
const READS_AT_ONCE = 32;
const INDEXES_TOLD = 100;

export class SnapshotReader {
  readonly #clients: AwsClients;
  readonly #calls: BlockCalls;
  readonly snapshotId: string;

  constructor(clients: AwsClients, calls: BlockCalls, snapshotId: string) {
    this.#clients = clients;
    this.#calls = calls;
    this.snapshotId = snapshotId;
  }

  /** Null where the snapshot has no such block. */
  async read(index: number, signal: AbortSignal): Promise<ProvenBlock | null> {
    const token = await this.#tokenOf(index, signal);
    return token === null ? null : this.#readListed({ index, token }, signal);
  }

  async sample(expected: readonly DigestEntry[], signal: AbortSignal): Promise<BlockMismatch[]> {
    const inOrder = [...expected].sort((left, right) => left.index - right.index);
    const mismatches: BlockMismatch[] = [];
    await sideBySide(this.#withTokens(inOrder, signal), READS_AT_ONCE, signal, async (one, stop) => {
      const found = one.token === null ? null : await this.#readListed({ ...one, token: one.token }, stop);
      if (!sameDigest(found?.digest ?? ZERO_BLOCK_DIGEST, one.digest)) {
        mismatches.push({ index: one.index, expected: one.digest, found: found?.digest ?? null });
      }
    });
    return mismatches.sort((left, right) => left.index - right.index);
  }

  async compare(
    expected: AsyncIterable<DigestEntry> | Iterable<DigestEntry>,
    signal: AbortSignal,
  ): Promise<SnapshotComparison> {
    const missing = new IndexTally();
    const unexpected = new IndexTally();
    const different = new IndexTally();
    let blocksRead = 0;
    const pairs = paired(expected, listBlocks(this.#clients, this.snapshotId, signal));
    await sideBySide(pairs, READS_AT_ONCE, signal, async ({ index, digest, token }, stop) => {
      if (token === null) {
        if (digest && !sameDigest(digest, ZERO_BLOCK_DIGEST)) missing.add(index);
        return;
      }
      const block = await this.#readListed({ index, token }, stop);
      blocksRead += 1;
      if (sameDigest(block.digest, digest ?? ZERO_BLOCK_DIGEST)) return;
      (digest ? different : unexpected).add(index);
    });
    const equal = missing.count + unexpected.count + different.count === 0;
    return {
      equal,
      blocksRead,
      missing: missing.told(),
      unexpected: unexpected.told(),
      different: different.told(),
    };
  }

  /** Reads a listed block; its token may have expired since, then another is asked for. */
  async #readListed({ index, token }: ListedBlock, signal: AbortSignal): Promise<ProvenBlock> {
    const get = (good: string) =>
      this.#calls.get({ snapshotId: this.snapshotId, index, token: good }, (answer) => proven(answer, index), signal);
    try {
      return await get(token);
    } catch (error) {
      if (reasonOf(error) !== 'INVALID_BLOCK_TOKEN') throw error;
      const fresh = await this.#tokenOf(index, signal);
      if (fresh === null) throw error;
      return get(fresh);
    }
  }

  async #tokenOf(index: number, signal: AbortSignal): Promise<string | null> {
    for await (const block of listBlocks(this.#clients, this.snapshotId, signal, index, SMALLEST_PAGE)) {
      return block.index === index ? block.token : null;
    }
    return null;
  }

  /**
   * Joins tokens to blocks in ascending order, without listing what lies far between them. Blocks that are expected to be
   * there are found by going on in the listing; one that is expected to be zeros is asked for by itself, as the listing of
   * a sparse disk could go on through empty pages to its end.
   */
  async *#withTokens(
    blocks: readonly DigestEntry[],
    signal: AbortSignal,
  ): AsyncGenerator<DigestEntry & { token: string | null }> {
    const [zeros, others] = [true, false].map((wanted) =>
      blocks.filter(({ digest }) => sameDigest(digest, ZERO_BLOCK_DIGEST) === wanted),
    ) as [DigestEntry[], DigestEntry[]];
    const first = others[0]?.index ?? 0;
    const meanGap = ((others.at(-1)?.index ?? 0) - first) / Math.max(1, others.length);
    const pageSize = meanGap < LARGEST_PAGE / 10 ? LARGEST_PAGE : SMALLEST_PAGE;
    const listFrom = (index: number) => listBlocks(this.#clients, this.snapshotId, signal, index, pageSize);
    if (others.length > 0) {
      let listing = listFrom(first);
      let at = await listing.next();
      for (const block of others) {
        if (!at.done && block.index - at.value.index > pageSize) {
          await listing.return(undefined);
          listing = listFrom(block.index);
          at = await listing.next();
        }
        while (!at.done && at.value.index < block.index) at = await listing.next();
        yield { ...block, token: !at.done && at.value.index === block.index ? at.value.token : null };
      }
      await listing.return(undefined);
    }
    let absentBelow = 0;
    for (const block of zeros) {
      let token: string | null = null;
      if (block.index >= absentBelow) {
        const seen = await listedFrom(this.#clients, this.snapshotId, block.index, signal);
        if (seen.first?.index === block.index) token = seen.first.token;
        absentBelow = seen.first?.index ?? (seen.isEnd ? Number.POSITIVE_INFINITY : block.index + 1);
      }
      yield { ...block, token };
    }
  }
}

/** Both lists ascending, joined by index; what only one of them has comes with null for the other. */
async function* paired(
  expected: AsyncIterable<DigestEntry> | Iterable<DigestEntry>,
  listing: AsyncGenerator<ListedBlock>,
): AsyncGenerator<{ index: number; digest: Uint8Array | null; token: string | null }> {
  let last = -1;
  let listed = await listing.next();
  try {
    for await (const { index, digest } of expected) {
      if (index <= last) throw faultError('internal', { message: `Digest ${index} follows ${last}: not ascending.` });
      last = index;
      for (; !listed.done && listed.value.index < index; listed = await listing.next()) {
        yield { index: listed.value.index, digest: null, token: listed.value.token };
      }
      const here = !listed.done && listed.value.index === index ? listed.value.token : null;
      if (here !== null) listed = await listing.next();
      yield { index, digest, token: here };
    }
    for (; !listed.done; listed = await listing.next()) {
      yield { index: listed.value.index, digest: null, token: listed.value.token };
    }
  } finally {
    await listing.return(undefined);
  }
}

function proven({ headers, body }: BlockAnswer, index: number): ProvenBlock {
  const digest = createHash('sha256').update(body).digest();
  if (body.length !== DISK_BLOCK_BYTES || digest.toString('base64') !== headers['x-amz-checksum']) {
    throw new DamagedBlock(`Block ${index} came back from AWS damaged (${body.length} bytes).`);
  }
  return { bytes: body, digest };
}

function sameDigest(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

/** Counts indexes and keeps the lowest hundred. */
class IndexTally {
  count = 0;
  #lowest: number[] = [];

  add(index: number): void {
    this.count += 1;
    if (this.#lowest.length === INDEXES_TOLD && index > this.#lowest.at(-1)!) return;
    this.#lowest = [...this.#lowest, index].sort((left, right) => left - right).slice(0, INDEXES_TOLD);
  }

  told(): SomeIndexes {
    return { count: this.count, first: this.#lowest };
  }
}
