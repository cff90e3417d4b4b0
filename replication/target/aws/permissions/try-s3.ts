// Trials of S3's rights. Where the console may write, on scratch objects; else on objects and uploads that do not exist, which S3
// tells only who may ask.
import { randomUUID } from 'node:crypto';
import type { S3 } from '@aws-sdk/client-s3';
import { DIGEST_PREFIX } from '../../../model/baseline.ts';
import type { HttpOptions } from '../call.ts';
import { stagingPlace } from '../s3-staging.ts';
import { rightsOf } from './rights.ts';
import { notTried, type Said, type Trial } from './trial.ts';

const WORDS = 'Landfall writes this to see whether it may.\n';
const ENCRYPTED = { ServerSideEncryption: 'AES256' } as const;
/** Looks like the id of an upload. */
const NOBODYS_UPLOAD = 'bGFuZGZhbGwtbm9ib2R5cy11cGxvYWQ-';

const NONE_HERE = (codes: RegExp) => ({
  codes,
  detail: 'S3 says that the bucket has none, and would have refused before.',
});

type OnBucket = (s3: S3, bucket: { Bucket: string }, http: HttpOptions) => Promise<unknown>;

const BUCKET: Record<string, [run: OnBucket, none?: RegExp]> = {
  's3:GetBucketLocation': [(s3, bucket, http) => s3.getBucketLocation(bucket, http)],
  's3:ListBucket': [(s3, bucket, http) => s3.listObjectsV2({ ...bucket, MaxKeys: 1 }, http)],
  's3:ListBucketMultipartUploads': [(s3, bucket, http) => s3.listMultipartUploads({ ...bucket, MaxUploads: 1 }, http)],
  's3:GetLifecycleConfiguration': [
    (s3, bucket, http) => s3.getBucketLifecycleConfiguration(bucket, http),
    /^NoSuchLifecycleConfiguration$/,
  ],
  's3:GetBucketVersioning': [(s3, bucket, http) => s3.getBucketVersioning(bucket, http)],
  's3:GetBucketPublicAccessBlock': [
    (s3, bucket, http) => s3.getPublicAccessBlock(bucket, http),
    /^NoSuchPublicAccessBlockConfiguration$/,
  ],
  's3:GetBucketPolicy': [(s3, bucket, http) => s3.getBucketPolicy(bucket, http), /^NoSuchBucketPolicy$/],
};

export async function tryOnBucket(trial: Trial, action: string): Promise<Said> {
  const [run, none] = BUCKET[action] ?? [];
  if (!run)
    return notTried('Trying it would change the bucket. The worker uses it where the rule for the prefix is missing.');
  const { bucket: Bucket, owner } = stagingPlace(trial.config);
  return trial.tryS3(action, (s3, http) => run(s3, { Bucket, ...owner }, http), none && NONE_HERE(none));
}

/** By action, of the rights on objects under one of the two prefixes. */
export async function tryOnObjects(trial: Trial, on: 'staged' | 'digests'): Promise<Map<string, Said>> {
  const said = new Map<string, Said>();
  const rights = rightsOf('console', trial.options.chosen);
  const may = (action: string) => rights.some((right) => right.action === action && right.on === on);
  const under = on === 'staged' ? trial.options.chosen.prefix : DIGEST_PREFIX;
  const Key = `${under}.check/${randomUUID()}`;
  const { bucket: Bucket, owner } = stagingPlace(trial.config);
  const object = { Bucket, ...owner, Key };
  const kind = on === 'staged' ? 's3-object' : 'digest-set';
  const scratch = may('s3:PutObject') ? await trial.options.declare(kind, Key, { key: Key }) : null;
  if (scratch) {
    const put = await trial.judge(
      () => trial.s3('s3:PutObject', (s3, http) => s3.putObject({ ...object, Body: WORDS, ...ENCRYPTED }, http)),
      'A scratch object was written.',
    );
    said.set('s3:PutObject', put);
  }
  const written = said.get('s3:PutObject')?.outcome === 'allowed';
  said.set(
    's3:GetObject',
    await trial.judge(
      () => trial.s3('s3:GetObject', (s3, http) => s3.getObject({ ...object, Range: 'bytes=0-0' }, http)),
      'The scratch object was read.',
      {
        codes: /^(NotFound|NoSuchKey)$/,
        detail: 'S3 says that there is no such object, and would have refused before.',
      },
    ),
  );
  if (may('s3:AbortMultipartUpload')) said.set('s3:AbortMultipartUpload', await tryAbort(trial, object, written));
  if (may('s3:DeleteObject')) {
    const deletion = await trial.judge(
      () => trial.s3('s3:DeleteObject', (s3, http) => s3.deleteObject(object, http)),
      written ? 'The scratch object was deleted.' : 'The deletion of an object that is not there went through.',
    );
    said.set('s3:DeleteObject', deletion);
    if (deletion.outcome === 'allowed') await scratch?.gone();
  }
  if (said.get('s3:PutObject')?.outcome === 'denied') await scratch?.gone();
  return said;
}

async function tryAbort(trial: Trial, object: { Bucket: string; Key: string }, begins: boolean): Promise<Said> {
  let UploadId = NOBODYS_UPLOAD;
  const scratch = begins ? await trial.options.declare('s3-upload', `${object.Key}/upload`, { key: object.Key }) : null;
  if (scratch) {
    const begun = await trial.judge(async () => {
      const answer = await trial.s3('s3:PutObject', (s3, http) =>
        s3.createMultipartUpload({ ...object, ...ENCRYPTED }, http),
      );
      UploadId = answer.UploadId ?? UploadId;
      await scratch.made(UploadId);
    }, 'An upload was begun.');
    if (begun.outcome !== 'allowed') return notTried(`No upload could be begun. ${begun.detail}`);
  }
  const aborted = await trial.judge(
    () => trial.s3('s3:AbortMultipartUpload', (s3, http) => s3.abortMultipartUpload({ ...object, UploadId }, http)),
    'An upload was begun and given up.',
    { codes: /^NoSuchUpload$/, detail: 'S3 says that there is no such upload, and would have refused before.' },
  );
  if (aborted.outcome === 'allowed') await scratch?.gone();
  return aborted;
}
