// Short-lived credentials for one run, narrowed by a session policy to what its connector does: the run's staged objects, its
// digests and its own snapshots. The policy can only take away: whoever lends must be allowed all of it himself.
import { withoutPatience } from '../../disks/outlast.ts';
import { faultError } from '../../model/fault.ts';
import { type ClientLimits, createClients } from './clients.ts';
import type { Asking } from './sign-in.ts';
import type { AwsCredentials } from './target.ts';

/** What a run's connector reaches. Prefixes end with a slash. */
export interface LentScope {
  partition: string;
  region: string;
  bucket: string;
  /** Where the run stages its disks. */
  stagingPrefix: string;
  /** Where the run's digests go, and under which those of earlier runs of its job lie. */
  digestPrefix: string;
  jobDigestPrefix: string;
  runId: string;
}

/** GetFederationToken for a user, AssumeRole for a role. */
export type Lending = { by: 'federation' } | { by: 'role'; roleArn: string; externalId: string };

/** STS takes no longer one (API reference of AssumeRole and GetFederationToken, `Policy`). */
export const LONGEST_SESSION_POLICY = 2048;
/** Every role allows an hour, and AWS allows no more to whoever has assumed a role himself. */
const LENT_SECONDS = 3600;
const PATIENCE_MS = 15_000;

/** @throws `lending-impossible` when bucket and prefix are too long for it */
export function lentPolicy(scope: LentScope): string {
  const { partition, region, stagingPrefix, digestPrefix, jobDigestPrefix, runId } = scope;
  const bucket = `arn:${partition}:s3:::${scope.bucket}`;
  const snapshots = `arn:${partition}:ec2:${region}::snapshot/*`;
  const allow = (Action: string | string[], Resource: string, Condition?: object) => ({
    Effect: 'Allow',
    Action,
    Resource,
    ...(Condition && { Condition }),
  });
  const tagged = (key: string) => ({ StringEquals: { [`aws:${key}/landfall:run`]: runId } });
  const staged = ['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:AbortMultipartUpload'];
  const kms = ['kms:DescribeKey', 'kms:CreateGrant', 'kms:Decrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'];
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      allow(staged, `${bucket}/${stagingPrefix}*`),
      allow('s3:PutObject', `${bucket}/${digestPrefix}*`),
      allow('s3:GetObject', `${bucket}/${jobDigestPrefix}*`),
      // IfExists: S3 says that an object is missing only to whoever may list, and reading one names no prefix.
      allow(['s3:ListBucket', 's3:ListBucketMultipartUploads'], bucket, {
        StringLikeIfExists: { 's3:prefix': [`${stagingPrefix}*`, `${jobDigestPrefix}*`] },
      }),
      allow('ebs:StartSnapshot', snapshots, tagged('RequestTag')),
      allow('ec2:CreateTags', snapshots, {
        StringEquals: { ...tagged('RequestTag').StringEquals, 'ec2:CreateAction': 'StartSnapshot' },
      }),
      allow(['ebs:PutSnapshotBlock', 'ebs:CompleteSnapshot'], snapshots, tagged('ResourceTag')),
      // Which keys those are says the policy of whoever lends: a child's is its parent's, whatever the target says now.
      allow(kms, '*'),
    ],
  });
  if (policy.length <= LONGEST_SESSION_POLICY) return policy;
  throw faultError('lending-impossible', {
    message: `The rights of a run take ${policy.length} characters, and AWS takes ${LONGEST_SESSION_POLICY} of them for lent credentials.`,
    remedy: 'Give the AWS target a shorter prefix, or let connectors sign in with a key of their own.',
  });
}

/** @throws `lending-impossible` when who is asked for has no right of his own to lend; what else AWS says */
export async function lendCredentials(
  asking: Asking,
  how: Lending,
  scope: LentScope,
  limits?: ClientLimits,
): Promise<Required<AwsCredentials>> {
  const policy = lentPolicy(scope);
  const clients = createClients({ ...asking, bucket: '' }, limits);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const common = { DurationSeconds: LENT_SECONDS, Policy: policy };
  try {
    const { Credentials: given } = await withoutPatience(async () => {
      if (how.by === 'role') {
        const { roleArn: RoleArn, externalId: ExternalId } = how;
        const input = { ...common, RoleArn, ExternalId, RoleSessionName: scope.runId };
        return clients.sts('sts:AssumeRole', signal, (sts, http) => sts.assumeRole(input, http));
      }
      await mustBeLasting(asking);
      // A name of at most 32 characters.
      const input = { ...common, Name: scope.runId.slice(-32) };
      return clients.sts('sts:GetFederationToken', signal, (sts, http) => sts.getFederationToken(input, http));
    });
    if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken || !given.Expiration)
      throw faultError('aws-fault', { message: 'STS gave no credentials for the run.' });
    return {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
      expiration: given.Expiration,
    };
  } finally {
    clients.close();
  }
}

/** STS gives federation tokens for lasting keys only ("Cannot call GetFederationToken with session credentials"). */
async function mustBeLasting({ credentials }: Asking): Promise<void> {
  const { sessionToken } = typeof credentials === 'function' ? await credentials() : credentials;
  if (!sessionToken) return;
  throw faultError('lending-impossible', {
    message: 'The console signs in to AWS with passing credentials, and AWS lets nobody lend from such without a role.',
  });
}
