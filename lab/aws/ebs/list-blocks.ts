// ListSnapshotBlocks and ListChangedBlocks.
import type { AwsRequest, AwsResponse } from '../service.ts';
import { blockSize, blocksPerGiB } from '../snapshots/block-file.ts';
import { json, mostBlocks } from './snapshot-life.ts';
import { type Ebs, invalid, readable, wholeNumber } from './validation.ts';

/** A page looks at no more blocks than this, found or not: pages of sparse volumes can be empty and yet have a next one. */
const window = 4096;

export async function listSnapshotBlocks(
  ebs: Ebs,
  request: AwsRequest,
  path: Record<string, string>,
): Promise<AwsResponse> {
  const { id, volumeSize } = readable(ebs, path.snapshotId ?? '');
  const { found, next } = await scan(ebs, request, id, volumeSize, (index) => {
    if (!ebs.snapshots.layerOf(id, index)) return undefined;
    return { BlockIndex: index, BlockToken: ebs.tokens.make(`${id}/${index}`) };
  });
  return page(ebs, volumeSize, { Blocks: found }, next);
}

export async function listChangedBlocks(
  ebs: Ebs,
  request: AwsRequest,
  path: Record<string, string>,
): Promise<AwsResponse> {
  const { snapshots, tokens } = ebs;
  const second = readable(ebs, path.snapshotId ?? '');
  const firstId = request.query.get('firstSnapshotId');
  const first = firstId ? readable(ebs, firstId) : undefined;
  if (first && first.lineage !== second.lineage) {
    throw invalid('UNRELATED_SNAPSHOTS', `The snapshots '${first.id}' and '${second.id}' are not of one lineage.`);
  }
  const { found, next } = await scan(ebs, request, `${first?.id ?? ''}>${second.id}`, second.volumeSize, (index) => {
    const before = first ? snapshots.layerOf(first.id, index) : undefined;
    const after = snapshots.layerOf(second.id, index);
    if (before === after) return undefined;
    return {
      BlockIndex: index,
      FirstBlockToken: before && first ? tokens.make(`${first.id}/${index}`) : undefined,
      SecondBlockToken: after ? tokens.make(`${second.id}/${index}`) : undefined,
    };
  });
  return page(ebs, second.volumeSize, { ChangedBlocks: found }, next);
}

interface Scanned<T> {
  found: T[];
  next: string | undefined;
}

/** Looks from the page's start on. The page token says where the next page begins, and is bound to what is listed. */
async function scan<T>(
  { tokens }: Ebs,
  request: AwsRequest,
  subject: string,
  volumeSize: number,
  look: (index: number) => T | undefined,
): Promise<Scanned<T>> {
  const { query } = request;
  const asked = wholeNumber(query.get('maxResults') ?? undefined, 'MaxResults', 1, 10_000) ?? 10_000;
  const most = Math.max(100, asked);
  const token = query.get('pageToken');
  const starting = query.get('startingBlockIndex') ?? undefined;
  let start = wholeNumber(starting, 'StartingBlockIndex', 0, mostBlocks) ?? 0;
  if (token) {
    const [at = '', ...rest] = token.split(':');
    tokens.check(rest.join(':'), `page ${subject} ${at}`, 'INVALID_PAGE_TOKEN');
    start = Number(at);
  }
  const end = volumeSize * blocksPerGiB;
  const last = Math.min(end, start + window);
  const found: T[] = [];
  let index = start;
  for (; index < last && found.length < most; index += 1) {
    const item = look(index);
    if (item) found.push(item);
  }
  return { found, next: index < end ? `${index}:${tokens.make(`page ${subject} ${index}`)}` : undefined };
}

function page(ebs: Ebs, volumeSize: number, lists: Record<string, unknown>, next: string | undefined): AwsResponse {
  return json(200, {
    ...lists,
    ExpiryTime: Number(ebs.tokens.expiry()) / 1000,
    VolumeSize: volumeSize,
    BlockSize: blockSize,
    NextToken: next,
  });
}
