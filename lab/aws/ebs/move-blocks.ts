// PutSnapshotBlock and GetSnapshotBlock.
import { createHash } from 'node:crypto';
import type { AwsRequest, AwsResponse } from '../service.ts';
import { blockSize, blocksPerGiB } from '../snapshots/block-file.ts';
import type { SnapshotRecord } from '../snapshots/store.ts';
import {
  demandWritable,
  type Ebs,
  findSnapshot,
  invalid,
  notFound,
  readable,
  readBody,
  wholeNumber,
} from './validation.ts';

export async function putSnapshotBlock(
  ebs: Ebs,
  request: AwsRequest,
  path: Record<string, string>,
): Promise<AwsResponse> {
  const { headers } = request;
  const record = findSnapshot(ebs, path.snapshotId ?? '');
  demandWritable(record);
  const index = blockIndex(record, path.blockIndex ?? '');
  if (Number(headers['x-amz-data-length']) !== blockSize) {
    throw invalid('INVALID_PARAMETER_VALUE', `The data length must be ${blockSize} bytes.`);
  }
  const checksum = headers['x-amz-checksum'];
  if (!checksum || headers['x-amz-checksum-algorithm'] !== 'SHA256') {
    throw invalid('INVALID_PARAMETER_VALUE', 'A block needs its checksum with the algorithm SHA256.');
  }
  const progress = wholeNumber(headers['x-amz-progress'], 'Progress', 0, 100);
  const bytes = await readBody(request, blockSize);
  if (bytes?.length !== blockSize) throw invalid('INVALID_BLOCK', 'Failed to read block data');
  const digest = createHash('sha256').update(bytes).digest();
  const base64 = digest.toString('base64');
  if (base64 !== checksum) throw invalid('INVALID_BLOCK', 'The checksum does not match the data of the block.');
  // Reading took time: the snapshot may have been completed or deleted meanwhile.
  if (!ebs.snapshots.get(record.id)) throw notFound(record.id);
  demandWritable(record);
  await ebs.snapshots.putBlock(record, index, bytes, digest);
  if (progress !== undefined) record.progress = progress;
  return { status: 201, headers: { 'x-amz-checksum': base64, 'x-amz-checksum-algorithm': 'SHA256' } };
}

export async function getSnapshotBlock(
  ebs: Ebs,
  request: AwsRequest,
  path: Record<string, string>,
): Promise<AwsResponse> {
  const record = readable(ebs, path.snapshotId ?? '');
  const index = blockIndex(record, path.blockIndex ?? '');
  ebs.tokens.check(request.query.get('blockToken'), `${record.id}/${index}`, 'INVALID_BLOCK_TOKEN');
  const read = await ebs.snapshots.readHashed(record.id, index);
  if (!read) throw invalid('INVALID_BLOCK', `The snapshot '${record.id}' holds no block ${index}.`);
  return {
    status: 200,
    headers: {
      'content-type': 'application/octet-stream',
      'x-amz-data-length': String(blockSize),
      'x-amz-checksum': read.sha256.toString('base64'),
      'x-amz-checksum-algorithm': 'SHA256',
    },
    body: read.bytes,
  };
}

function blockIndex(record: SnapshotRecord, text: string): number {
  const index = /^\d{1,9}$/.test(text) ? Number(text) : -1;
  if (index < 0 || index >= record.volumeSize * blocksPerGiB) {
    throw invalid('INVALID_BLOCK', `The block index ${text} lies outside of a volume of ${record.volumeSize} GiB.`);
  }
  return index;
}
