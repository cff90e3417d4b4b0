// The refusals of EBS direct, with AWS's exceptions and reasons.
import type { PacedContext } from '../pace.ts';
import { AwsError, type AwsRequest } from '../service.ts';
import type { SnapshotRecord, SnapshotStore } from '../snapshots/store.ts';
import type { BlockTokens } from './block-tokens.ts';

/** What every call of EBS direct works with. */
export interface Ebs {
  context: PacedContext;
  snapshots: SnapshotStore;
  tokens: BlockTokens;
}

/** ValidationException with a reason of the API's list. */
export function invalid(reason: string, message: string): AwsError {
  return new AwsError(400, 'ValidationException', message, { Reason: reason });
}

export function notFound(id: string): AwsError {
  return new AwsError(404, 'ResourceNotFoundException', `The snapshot '${id}' does not exist.`, {
    Reason: 'SNAPSHOT_NOT_FOUND',
  });
}

export function findSnapshot({ snapshots }: Ebs, id: string): SnapshotRecord {
  if (!/^snap-[0-9a-f]+$/.test(id)) throw invalid('INVALID_SNAPSHOT_ID', `The snapshot id '${id}' is not valid.`);
  const record = snapshots.seen(id);
  if (!record) throw notFound(id);
  return record;
}

/** Blocks can be read and listed of completed snapshots only. */
export function readable(ebs: Ebs, id: string): SnapshotRecord {
  const record = findSnapshot(ebs, id);
  if (record.state !== 'completed') {
    throw invalid(
      'INVALID_SNAPSHOT_ID',
      `The snapshot '${id}' is ${record.state}; only completed snapshots can be read.`,
    );
  }
  return record;
}

/** Blocks can be written while the snapshot is pending and was not completed. */
export function demandWritable(record: SnapshotRecord): void {
  const { id } = record;
  if (record.state === 'error') {
    throw invalid('WRITE_REQUEST_TIMEOUT', `The snapshot '${id}' is in error: ${record.stateMessage ?? 'timed out'}`);
  }
  if (record.state !== 'pending' || record.completing || record.timeoutMinutes === undefined) {
    throw invalid('INVALID_SNAPSHOT_ID', `The snapshot '${id}' is not pending; nothing can be written to it.`);
  }
}

/** A header or query value that must be a whole number in a range. */
export function wholeNumber(text: string | undefined, name: string, least: number, most: number): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw invalid('INVALID_PARAMETER_VALUE', `Invalid value '${text}' for ${name}: must be from ${least} to ${most}.`);
  }
  return value;
}

/** The whole body, or undefined when it is longer than `most` bytes. The rest of a longer body is left to the front door. */
export async function readBody(request: AwsRequest, most: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request.body as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > most) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}
