// The blocks of completed snapshots, page after page: pages may be empty and yet have a next one, and their tokens
// expire. For ebs-direct.ts and the reader of this folder.
import { FaultError } from '../../../model/fault.ts';
import type { AwsClients } from '../clients.ts';
import { awsSignature } from '../faults.ts';
import type { ListedBlock } from './port.ts';

/** AWS's most; a page of so many is about 1.5 MB. */
export const LARGEST_PAGE = 10_000;
/** AWS's least. */
export const SMALLEST_PAGE = 100;
/** New listings begun in a row without a block between them. */
const RESTARTS = 3;

/** From index `from` on, ascending. */
export async function* listBlocks(
  clients: AwsClients,
  snapshotId: string,
  signal: AbortSignal,
  from = 0,
  pageSize = LARGEST_PAGE,
): AsyncGenerator<ListedBlock> {
  const pages = pagesOf(from, async (place) => {
    const page = await clients.ebs(
      'ebs:ListSnapshotBlocks',
      signal,
      (ebs, http) => ebs.listSnapshotBlocks({ SnapshotId: snapshotId, MaxResults: pageSize, ...place }, http),
      { refused: 'ebs-snapshot-failed' },
    );
    return { items: page.Blocks ?? [], next: page.NextToken };
  });
  for await (const { BlockIndex, BlockToken } of pages) yield { index: BlockIndex ?? 0, token: BlockToken ?? '' };
}

/**
 * What one page says that begins at block `index`: the first block that is there from it on, or null for none on this
 * page; `isEnd` when no page follows. AWS begins a list at the block asked for or the next one that is there.
 */
export async function listedFrom(
  clients: AwsClients,
  snapshotId: string,
  index: number,
  signal: AbortSignal,
): Promise<{ first: ListedBlock | null; isEnd: boolean }> {
  const input = { SnapshotId: snapshotId, MaxResults: SMALLEST_PAGE, StartingBlockIndex: index };
  const page = await clients.ebs('ebs:ListSnapshotBlocks', signal, (ebs, http) => ebs.listSnapshotBlocks(input, http), {
    refused: 'ebs-snapshot-failed',
  });
  const found = page.Blocks?.[0];
  const first = found && { index: found.BlockIndex ?? 0, token: found.BlockToken ?? '' };
  return { first: first ?? null, isEnd: !page.NextToken };
}

/** Indexes of blocks that are not the same stored block in both; their bytes may yet be equal. Ascending. */
export async function* listChanges(
  clients: AwsClients,
  firstSnapshotId: string,
  secondSnapshotId: string,
  signal: AbortSignal,
): AsyncGenerator<number> {
  const pages = pagesOf(0, async (place) => {
    const ids = { FirstSnapshotId: firstSnapshotId, SecondSnapshotId: secondSnapshotId };
    const page = await clients.ebs(
      'ebs:ListChangedBlocks',
      signal,
      (ebs, http) => ebs.listChangedBlocks({ ...ids, MaxResults: LARGEST_PAGE, ...place }, http),
      { refused: 'ebs-snapshot-failed' },
    );
    return { items: page.ChangedBlocks ?? [], next: page.NextToken };
  });
  for await (const { BlockIndex } of pages) yield BlockIndex ?? 0;
}

/** A place in a listing: a page's token, or the block to begin at. */
type Place = { NextToken: string } | { StartingBlockIndex: number };

async function* pagesOf<T extends { BlockIndex?: number | undefined }>(
  from: number,
  ask: (place: Place) => Promise<{ items: T[]; next: string | undefined }>,
): AsyncGenerator<T> {
  let place: Place = { StartingBlockIndex: from };
  let start = from;
  let restarts = 0;
  for (;;) {
    let page: Awaited<ReturnType<typeof ask>>;
    try {
      page = await ask(place);
    } catch (error) {
      // An expired token only ever ends the listing that it belongs to: begin another behind what we have.
      if (!('NextToken' in place) || reasonOf(error) !== 'INVALID_PAGE_TOKEN') throw error;
      if (restarts >= RESTARTS) throw error;
      restarts += 1;
      place = { StartingBlockIndex: start };
      continue;
    }
    if (page.items.length > 0) restarts = 0;
    for (const item of page.items) {
      start = (item.BlockIndex ?? start) + 1;
      yield item;
    }
    if (!page.next) return;
    place = { NextToken: page.next };
  }
}

/** The reason that AWS gives with a ValidationException; empty for every other error. */
export function reasonOf(error: unknown): string {
  const raw = error instanceof FaultError ? error.cause : error;
  if (awsSignature(raw).code !== 'ValidationException') return '';
  return String((raw as { Reason?: unknown } | undefined)?.Reason ?? '');
}
