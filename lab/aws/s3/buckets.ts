// Buckets of the lab's S3 and their settings.
import { policyDocument } from '../iam/policy.ts';
import { AwsError } from '../service.ts';
import { bucketOf, ownerOf, type S3Call, type S3Operation } from './call.ts';
import { readLifecycle } from './lifecycle.ts';
import type { SettingName } from './model.ts';
import { receiveDocument } from './receive.ts';
import { all, asTree, malformedXml, readXml, text, xmlResponse } from './xml.ts';

export const createBucket: S3Operation = async (call) => {
  const { request, store, bucket: name, context } = call;
  const document = await receiveDocument(request);
  const constraint =
    document.length === 0 ? undefined : text(readXml(document, 'CreateBucketConfiguration').LocationConstraint);
  mustBeBucketName(name);
  // The endpoint of us-east-1 makes buckets everywhere, every other only in its own region.
  if (request.region !== 'us-east-1' && constraint !== request.region)
    throw new AwsError(
      400,
      'IllegalLocationConstraintException',
      `The ${constraint ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  const before = store.bucket(name);
  if (before && ownerOf(call, before) !== request.account) {
    const message =
      'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.';
    throw new AwsError(409, 'BucketAlreadyExists', message, { BucketName: name });
  }
  if (before)
    throw new AwsError(
      409,
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
      { BucketName: name },
    );
  const owner = request.account === context.account ? {} : { owner: request.account };
  const created = context.now().toISOString();
  store.createBucket({ name, ...owner, region: constraint ?? 'us-east-1', created, settings: {} });
  return { status: 200, headers: { location: `/${name}` } };
};

export function mustBeBucketName(name: string): void {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) || /\.\.|^\d+\.\d+\.\d+\.\d+$|^xn--/.test(name))
    throw new AwsError(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
}

export const deleteBucket: S3Operation = (call) => {
  const { name } = bucketOf(call);
  if (call.store.objectCount(name) > 0)
    throw new AwsError(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty', { BucketName: name });
  call.store.deleteBucket(name);
  return { status: 204 };
};

export const headBucket: S3Operation = (call) => {
  const { region } = bucketOf(call);
  return {
    status: 200,
    headers: { 'content-type': 'application/xml', 'x-amz-bucket-region': region, 'x-amz-access-point-alias': 'false' },
  };
};

export const listBuckets: S3Operation = (call) =>
  xmlResponse('ListAllMyBucketsResult', {
    Owner: { ID: call.request.account.padStart(64, '0') },
    Buckets: {
      Bucket: call.store
        .buckets()
        .filter((bucket) => ownerOf(call, bucket) === call.request.account)
        .map(({ name, created, region }) => ({ Name: name, CreationDate: created, BucketRegion: region })),
    },
  });

export const getBucketLocation: S3Operation = (call) => {
  const { region } = bucketOf(call);
  const answer = xmlResponse('LocationConstraint', {});
  const body = String(answer.body).replace('></', `>${region === 'us-east-1' ? '' : region}</`);
  return { ...answer, body };
};

const DEFAULT_ENCRYPTION =
  '<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>';

/** What a GET says where nothing was put: a document, or an error. */
const UNSET: Record<SettingName, string | [code: string, message: string]> = {
  lifecycle: ['NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'],
  encryption: DEFAULT_ENCRYPTION,
  publicAccessBlock: ['NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found'],
  tagging: ['NoSuchTagSet', 'The TagSet does not exist'],
  policy: ['NoSuchBucketPolicy', 'The bucket policy does not exist'],
  ownershipControls: ['OwnershipControlsNotFoundError', 'The bucket ownership controls were not found'],
  versioning: '<VersioningConfiguration/>',
  'object-lock': ['ObjectLockConfigurationNotFoundError', 'Object Lock configuration does not exist for this bucket'],
};

export function getSetting(name: SettingName): S3Operation {
  return (call) => {
    const bucket = bucketOf(call);
    const value = bucket.settings[name] ?? UNSET[name];
    if (typeof value !== 'string') throw new AwsError(404, value[0], value[1], { BucketName: bucket.name });
    return {
      status: 200,
      headers: { 'content-type': name === 'policy' ? 'application/json' : 'application/xml' },
      body: value,
    };
  };
}

export function putSetting(name: SettingName): S3Operation {
  return async (call) => {
    bucketOf(call);
    const document = await receiveDocument(call.request, name === 'lifecycle');
    mustBeSetting(call, name, document);
    const bucket = bucketOf(call);
    bucket.settings[name] = document.toString();
    call.store.saveBucket(bucket);
    return { status: name === 'policy' || name === 'tagging' ? 204 : 200 };
  };
}

export function deleteSetting(name: SettingName): S3Operation {
  return (call) => {
    const bucket = bucketOf(call);
    delete bucket.settings[name];
    call.store.saveBucket(bucket);
    return { status: 204 };
  };
}

const ROOTS: Partial<Record<SettingName, string>> = {
  publicAccessBlock: 'PublicAccessBlockConfiguration',
  tagging: 'Tagging',
  ownershipControls: 'OwnershipControls',
  versioning: 'VersioningConfiguration',
  'object-lock': 'ObjectLockConfiguration',
};

function mustBeSetting(call: S3Call, name: SettingName, document: Buffer): void {
  if (name === 'lifecycle') readLifecycle(document);
  else if (name === 'encryption') mustBeEncryption(document);
  else if (name === 'policy') mustBePolicy(document);
  else readXml(document, ROOTS[name]!);
  if (name === 'versioning' && /Enabled/.test(document.toString()))
    throw new AwsError(501, 'NotImplemented', `The lab keeps no versions of objects (bucket ${call.bucket}).`);
}

function mustBeEncryption(document: Buffer): void {
  const rules = all(readXml(document, 'ServerSideEncryptionConfiguration').Rule).map(asTree);
  if (rules.length !== 1) throw malformedXml();
  const algorithm = text(asTree(rules[0]?.ApplyServerSideEncryptionByDefault).SSEAlgorithm) ?? 'AES256';
  if (!['AES256', 'aws:kms', 'aws:kms:dsse'].includes(algorithm)) throw malformedXml();
}

/** By the grammar of the lab's IAM: what it could not evaluate is not taken. */
function mustBePolicy(document: Buffer): void {
  const said = policyDocument.safeParse(jsonOf(document));
  if (said.success && said.data.Statement.every(({ Principal, NotPrincipal }) => Principal ?? NotPrincipal)) return;
  const message = said.success
    ? 'Missing required field Principal'
    : "Policies must be valid JSON and the first byte must be '{'";
  throw new AwsError(400, 'MalformedPolicy', message);
}

function jsonOf(document: Buffer): unknown {
  try {
    return JSON.parse(document.toString());
  } catch {
    return undefined;
  }
}
