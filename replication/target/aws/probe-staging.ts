// Whether the bucket takes what a run does to it, tried with the run's very calls: an object stored as digests are, an upload
// begun, sent and completed, both read back and deleted.
import { randomUUID } from 'node:crypto';
import { DIGEST_PREFIX } from '../../model/baseline.ts';
import { faultError } from '../../model/fault.ts';
import type { AwsClients } from './clients.ts';
import { begin, cancel, cancelAllOf, finish, remove } from './multipart.ts';
import { PART_RETRY, type StagingPlace, sendPart } from './part-sender.ts';
import { createDigestStore, readObject } from './s3-objects.ts';

const WORDS = Buffer.from('Landfall writes and reads this to see whether the bucket takes what a run does.\n');

/** A person waits for the answer, so nothing is tried for long. */
const PROBE_RETRY = { ...PART_RETRY, deadlineMs: 8000 };

/**
 * All of it under the staging prefix, where a connector may delete; the digests' own is only read from.
 * Answers whether the bucket keeps what is deleted. @throws the fault that a run would get
 */
export async function probeStaging(
  clients: AwsClients,
  place: StagingPlace,
  prefix: string,
  signal: AbortSignal,
): Promise<{ keepsDeleted: boolean }> {
  const digests = createDigestStore(clients, place);
  await digests.get(`${DIGEST_PREFIX}.check`, signal);
  const key = `${prefix}.check/${randomUUID()}`;
  const small = `${key}-digests`;
  await digests.put(small, WORDS, signal);
  const stored = await digests.get(small, signal);
  await remove(clients, place, small, signal);
  mustBeTheSame(stored, small);

  const assembly = await begin(clients, place, key, signal);
  try {
    const part = { key, uploadId: assembly.uploadId, number: 1, body: WORDS };
    assembly.parts.push(await sendPart(clients, place, part, signal, PROBE_RETRY));
    assembly.bytes = WORDS.length;
    await finish(clients, place, assembly, signal);
    if (assembly.mayHaveTwin) await cancelAllOf(clients, place, key, signal);
  } catch (error) {
    await cancel(clients, place, key, assembly.uploadId, signal).catch(() => {});
    throw error;
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of readObject(clients, place, key, signal)) pieces.push(piece);
  const { kept } = await remove(clients, place, key, signal);
  mustBeTheSame(Buffer.concat(pieces), key);
  return { keepsDeleted: kept };
}

/** Begins an upload and gives it up: nothing is stored. */
export async function probeUpload(
  clients: AwsClients,
  place: StagingPlace,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  const { key, uploadId, mayHaveTwin } = await begin(clients, place, `${prefix}.check/${randomUUID()}`, signal);
  await cancel(clients, place, key, uploadId, signal);
  if (mayHaveTwin) await cancelAllOf(clients, place, key, signal);
}

function mustBeTheSame(bytes: Uint8Array | null, key: string): void {
  if (bytes && Buffer.compare(bytes, WORDS) === 0) return;
  throw faultError('staging-failed', { message: `The object ${key} was not read back as it was written.` });
}
