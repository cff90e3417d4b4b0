// The lab's S3: file-backed, streaming, as strict as the real one where a client can notice. Made by lab/aws/main.ts.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { OneAccount } from '../account.ts';
import { applyFaults } from '../apply-faults.ts';
import type { LabAwsContext, LabAwsPart, StagedObjects } from '../context.ts';
import { AwsError, type AwsRequest, type AwsResponse } from '../service.ts';
import { addressOf } from './addressing.ts';
import { mustBeBucketName } from './buckets.ts';
import { mustPermit, type S3Call } from './call.ts';
import { slice } from './data-files.ts';
import { sweepLifecycle } from './lifecycle.ts';
import { operationOf } from './operations.ts';
import { S3Store } from './store.ts';

const SWEEP_EVERY_MS = 60_000;

/**
 * Opens `<dataDir>/s3`, with the bucket of each account in it; control calls mean that of the first unless they name one. `staged` is what EC2 reads imports from.
 * Control calls: `objects {bucket?, prefix?, sha256?}`, `uploads {bucket?}`, `createBucket {bucket, region?, account?}`, `sweepLifecycle {at?}`.
 */
export async function createS3(
  context: Omit<LabAwsContext, 's3' | 'snapshots'>,
  accounts: readonly OneAccount[],
): Promise<LabAwsPart & { staged: StagedObjects }> {
  const store = await S3Store.open(join(context.dataDir, 's3'));
  const makeBucket = (name: string, region: string, account: string): void => {
    const owner = account === context.account ? {} : { owner: account };
    const created = context.now().toISOString();
    if (!store.bucket(name)) store.createBucket({ name, ...owner, region, created, settings: {} });
  };
  for (const one of accounts) makeBucket(one.bucket, one.region, one.account);
  const bucket = accounts[0]?.bucket as string;
  const timer = setInterval(() => sweepLifecycle(store, context.now()), SWEEP_EVERY_MS);
  timer.unref();
  const staged = stagedObjects(store);
  return {
    service: (request) => serve({ ...context, s3: staged, snapshots: undefined }, store, request),
    staged,
    control: {
      objects: (input: { bucket?: string; prefix?: string; sha256?: boolean } = {}) =>
        describeObjects(store, input.bucket ?? bucket, input.prefix ?? '', input.sha256 ?? false),
      /** `{ bucket?, key }`: the object is gone, and nobody asked whether that was allowed. */
      deleteObject: async (input: { bucket?: string; key: string }) =>
        store.removeObject(input.bucket ?? bucket, input.key),
      uploads: async (input: { bucket?: string } = {}) =>
        store.uploads(input.bucket).map(({ id, bucket, key, initiated, initiator, parts }) => ({
          uploadId: id,
          bucket,
          key,
          initiated,
          initiator,
          parts: parts.size,
          size: [...parts.values()].reduce((sum, part) => sum + part.size, 0),
        })),
      createBucket: async (input: { bucket: string; region?: string; account?: string }) => {
        mustBeBucketName(input.bucket);
        makeBucket(input.bucket, input.region ?? context.region, input.account ?? context.account);
        return store.bucket(input.bucket);
      },
      sweepLifecycle: async (input: { at?: string } = {}) =>
        sweepLifecycle(store, input.at === undefined ? context.now() : new Date(input.at)),
    },
    close: async () => clearInterval(timer),
  };
}

async function serve(context: LabAwsContext, store: S3Store, request: AwsRequest): Promise<AwsResponse> {
  const call: S3Call = { request, context, store, ...addressOf(request) };
  const operation = operationOf(call);
  // S3's own words, for what the lab does not offer: a caller must not take it for done.
  if (!operation)
    throw new AwsError(
      501,
      'NotImplemented',
      'A header or query you provided implies functionality that is not implemented',
    );
  const attributes: Record<string, string> = { accessKeyId: request.accessKeyId };
  if (call.bucket !== '') attributes.bucket = call.bucket;
  if (call.key !== '') attributes.key = call.key;
  for (const name of ['uploadId', 'partNumber']) {
    const value = request.query.get(name);
    if (value !== null) attributes[name] = value;
  }
  await applyFaults(request, `s3:${operation.name}`, attributes);
  mustBeHere(call);
  if (operation.action !== undefined) mustPermit(call, operation.action);
  return operation.run(call);
}

/** A bucket is reached with the signature of its own region only. */
function mustBeHere({ store, bucket, request }: S3Call): void {
  const region = store.bucket(bucket)?.region;
  if (region === undefined || region === request.region) return;
  const message = `The authorization header is malformed; the region '${request.region}' is wrong; expecting '${region}'`;
  throw new AwsError(400, 'AuthorizationHeaderMalformed', message, { Region: region });
}

function stagedObjects(store: S3Store): StagedObjects {
  return {
    async open(bucket, key, range) {
      const object = store.object(bucket, key);
      if (!object) return undefined;
      const segments = range ? slice(object.segments, range.start, range.end) : object.segments;
      return { size: object.size, stream: store.data.read(segments) };
    },
    bucketRegion: (bucket) => store.bucket(bucket)?.region,
  };
}

async function describeObjects(store: S3Store, bucket: string, prefix: string, withHash: boolean): Promise<object[]> {
  const described: object[] = [];
  for (const key of [...store.keysFrom(bucket, prefix)]) {
    if (!key.startsWith(prefix)) break;
    const object = store.object(bucket, key);
    if (!object) continue;
    const { size, etag, modified, headers, tags, encryption, storageClass } = object;
    const sha256 = withHash ? await hashOf(store, object.segments) : undefined;
    described.push({ key, size, etag, modified, headers, tags, encryption, storageClass, sha256 });
  }
  return described;
}

async function hashOf(store: S3Store, segments: Parameters<S3Store['data']['read']>[0]): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of store.data.read(segments) as AsyncIterable<Buffer>) hash.update(bytes);
  return hash.digest('hex');
}
