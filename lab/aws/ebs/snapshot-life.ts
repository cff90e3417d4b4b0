// StartSnapshot and CompleteSnapshot.
import { AwsError, type AwsRequest, type AwsResponse } from '../service.ts';
import { blockSize, blocksPerGiB } from '../snapshots/block-file.ts';
import { linearChecksum } from '../snapshots/hash.ts';
import type { SnapshotRecord } from '../snapshots/store.ts';
import { demandWritable, type Ebs, findSnapshot, invalid, readBody, wholeNumber } from './validation.ts';

/** AWS's quota of pending snapshots in an account. */

interface StartInput {
  VolumeSize?: unknown;
  ParentSnapshotId?: unknown;
  Tags?: unknown;
  Description?: unknown;
  ClientToken?: unknown;
  Encrypted?: unknown;
  KmsKeyArn?: unknown;
  Timeout?: unknown;
}

export async function startSnapshot(ebs: Ebs, request: AwsRequest): Promise<AwsResponse> {
  const input = await readInput(request);
  const wrong = (message: string) => invalid('INVALID_PARAMETER_VALUE', message);
  const volumeSize = input.VolumeSize;
  if (typeof volumeSize !== 'number' || !Number.isInteger(volumeSize) || volumeSize < 1 || volumeSize > 65536) {
    throw invalid('INVALID_VOLUME_SIZE', 'VolumeSize must be from 1 to 65536 GiB.');
  }
  const timeout = input.Timeout ?? 60;
  if (typeof timeout !== 'number' || !Number.isInteger(timeout) || timeout < 10 || timeout > 4320) {
    throw wrong('Timeout must be from 10 to 4320 minutes.');
  }
  const description = text(input.Description, 'Description', 255) ?? '';
  const clientToken = text(input.ClientToken, 'ClientToken', 255);
  const { ClientToken: _, ...rest } = input;
  const fingerprint = JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
  const earlier = clientToken ? ebs.snapshots.visible().find((other) => other.clientToken === clientToken) : undefined;
  if (earlier) {
    if (earlier.fingerprint === fingerprint) return started(earlier);
    throw new AwsError(409, 'ConflictException', 'The client token was used before with other parameters.');
  }
  const chain = readChain(ebs, input, volumeSize);
  const pending = ebs.snapshots.visible().filter(({ state, timeoutMinutes }) => state === 'pending' && timeoutMinutes);
  const mostPending = ebs.snapshots.settings.now.pendingSnapshots;
  if (pending.length >= mostPending) {
    throw new AwsError(400, 'ConcurrentLimitExceededException', `The account has ${mostPending} pending snapshots.`);
  }
  const record = ebs.snapshots.create({
    volumeSize,
    description,
    timeoutMinutes: timeout,
    tags: readTags(input.Tags),
    ...chain,
    ...(clientToken ? { clientToken, fingerprint } : {}),
  });
  return started(record);
}

/** Parent and encryption, which exclude each other: a child is encrypted as its parent is. */
function readChain(ebs: Ebs, input: StartInput, volumeSize: number): Partial<SnapshotRecord> {
  const parentId = text(input.ParentSnapshotId, 'ParentSnapshotId', 255);
  const kmsKeyArn = text(input.KmsKeyArn, 'KmsKeyArn', 2048);
  const byDefault = ebs.snapshots.encryptionByDefault;
  if (input.Encrypted !== undefined && typeof input.Encrypted !== 'boolean') {
    throw invalid('INVALID_PARAMETER_VALUE', 'Encrypted must be true or false.');
  }
  if (kmsKeyArn && !/^arn:aws[a-z-]*:kms:[^:]+:\d{12}:key\/.+$/.test(kmsKeyArn)) {
    throw invalid('INVALID_CUSTOMER_KEY', 'KmsKeyArn must be the ARN of a key.');
  }
  if (!parentId) {
    const encrypted = input.Encrypted ?? (byDefault || kmsKeyArn !== undefined);
    if (kmsKeyArn && !encrypted) throw invalid('INVALID_PARAMETER_VALUE', 'KmsKeyArn needs Encrypted.');
    if (!encrypted) return {};
    const key = kmsKeyArn ?? ebs.snapshots.settings.defaultKey;
    demandUsableKey(ebs, key);
    return { encrypted: true, kmsKeyId: key };
  }
  if (input.Encrypted !== undefined) {
    throw invalid('INVALID_PARAMETER_VALUE', 'Encrypted and ParentSnapshotId must not be specified together.');
  }
  const parent = findSnapshot(ebs, parentId);
  // AWS documents neither this refusal's reason nor its text; that a parent must be the account's own is known.
  if (parent.owner !== ebs.context.account) {
    throw invalid('INVALID_SNAPSHOT_ID', `The parent snapshot '${parentId}' is owned by another account.`);
  }
  const { refuseParents } = ebs.snapshots.settings.now;
  if (refuseParents === true || (Array.isArray(refuseParents) && refuseParents.includes(parentId))) {
    throw invalid('INVALID_DEPENDENCY_REQUEST', `The lab was told to refuse the parent snapshot '${parentId}'.`);
  }
  if (parent.state !== 'completed') {
    throw invalid('INVALID_SNAPSHOT_ID', `The parent snapshot '${parentId}' is ${parent.state}.`);
  }
  if (volumeSize < parent.volumeSize) {
    throw invalid('INVALID_VOLUME_SIZE', `VolumeSize must not be less than the parent's ${parent.volumeSize} GiB.`);
  }
  if (kmsKeyArn && kmsKeyArn !== parent.kmsKeyId) {
    throw invalid('INVALID_CUSTOMER_KEY', "KmsKeyArn must be the parent's key.");
  }
  if (byDefault && !parent.encrypted) {
    throw invalid(
      'INVALID_DEPENDENCY_REQUEST',
      'Encryption by default is on in this account, and the parent snapshot is not encrypted.',
    );
  }
  if (parent.kmsKeyId) demandUsableKey(ebs, parent.kmsKeyId);
  return {
    parent: parentId,
    below: parentId,
    lineage: parent.lineage,
    encrypted: parent.encrypted,
    ...(parent.kmsKeyId ? { kmsKeyId: parent.kmsKeyId } : {}),
  };
}

function demandUsableKey(ebs: Ebs, key: string): void {
  if (!ebs.snapshots.settings.now.unusableKeys.includes(key)) return;
  throw invalid('INVALID_CUSTOMER_KEY', `The KMS key '${key}' cannot be used.`);
}

export async function completeSnapshot(
  ebs: Ebs,
  request: AwsRequest,
  path: Record<string, string>,
): Promise<AwsResponse> {
  const { headers } = request;
  const changed = wholeNumber(headers['x-amz-changedblockscount'], 'ChangedBlocksCount', 0, 2 ** 31 - 1);
  if (changed === undefined) throw invalid('INVALID_PARAMETER_VALUE', 'ChangedBlocksCount is missing.');
  const record = findSnapshot(ebs, path.snapshotId ?? '');
  if (record.state === 'completed' || record.completing) return json(202, { Status: record.state });
  demandWritable(record);
  const file = ebs.snapshots.file(record.id);
  if (file.count() !== changed) {
    throw invalid(
      'INVALID_PARAMETER_VALUE',
      `ChangedBlocksCount is ${changed}, but ${file.count()} blocks were written to the snapshot.`,
    );
  }
  const checksum = headers['x-amz-checksum'];
  if (checksum) {
    if (headers['x-amz-checksum-algorithm'] !== 'SHA256' || headers['x-amz-checksum-aggregation-method'] !== 'LINEAR') {
      throw invalid('INVALID_PARAMETER_VALUE', 'The checksum of a snapshot must be SHA256, aggregated LINEAR.');
    }
    async function* digests(): AsyncGenerator<Buffer> {
      for (const index of file.indexes()) yield await file.readDigest(index);
    }
    if ((await linearChecksum(digests())) !== checksum) {
      throw invalid('INVALID_PARAMETER_VALUE', 'The checksum does not match the blocks that were written.');
    }
  }
  ebs.snapshots.complete(record);
  return json(202, { Status: record.state });
}

function started(record: SnapshotRecord): AwsResponse {
  return json(201, {
    SnapshotId: record.id,
    OwnerId: record.owner,
    Status: record.state,
    StartTime: Date.parse(record.startTime) / 1000,
    VolumeSize: record.volumeSize,
    BlockSize: blockSize,
    Description: record.description || undefined,
    Tags: Object.entries(record.tags).map(([Key, Value]) => ({ Key, Value })),
    ParentSnapshotId: record.parent,
    KmsKeyArn: record.kmsKeyId,
    SseType: record.encrypted ? 'sse-kms' : 'none',
  });
}

export function json(status: number, body: unknown): AwsResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

async function readInput(request: AwsRequest): Promise<StartInput> {
  const body = await readBody(request, 256 * 1024);
  try {
    const input: unknown = JSON.parse(body?.toString('utf8') ?? '');
    if (typeof input === 'object' && input !== null) return input;
  } catch {
    // Told below.
  }
  throw new AwsError(400, 'SerializationException', 'The body is no JSON object.');
}

function text(value: unknown, name: string, most: number): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string' || value.length > most) {
    throw invalid('INVALID_PARAMETER_VALUE', `${name} must be a text of at most ${most} characters.`);
  }
  return value;
}

function readTags(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!Array.isArray(value) || value.length > 50) throw invalid('INVALID_TAG', 'At most 50 tags can be given.');
  const tags: Record<string, string> = {};
  for (const tag of value as { Key?: unknown; Value?: unknown }[]) {
    const key = text(tag.Key, 'Key', 127);
    if (!key || /^aws:/i.test(key) || key in tags)
      throw invalid('INVALID_TAG', `The tag key '${key ?? ''}' is not allowed.`);
    tags[key] = text(tag.Value, 'Value', 255) ?? '';
  }
  return tags;
}

export const mostBlocks = 65536 * blocksPerGiB;
