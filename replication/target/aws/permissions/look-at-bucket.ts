// What the staging bucket is like: where, whose, and how it is set up. Nothing is changed.
import type { TargetFinding } from '../../../model/target-test.ts';
import { hasAwsCode } from '../faults.ts';
import { withStagingRule } from '../lifecycle.ts';
import { stagingPlace } from '../s3-staging.ts';
import type { Trial } from './trial.ts';

type Look = Pick<TargetFinding, 'outcome' | 'detail'>;

export async function lookAtBucket(trial: Trial, account: string | null): Promise<TargetFinding[]> {
  const { bucket, owner } = stagingPlace(trial.config);
  const here = { Bucket: bucket };
  const { region } = trial.config;
  const looks: [id: string, label: string, look: () => Promise<Look>, missing?: [codes: RegExp, means: Look]][] = [
    [
      'bucket',
      'Bucket',
      async () => {
        const { LocationConstraint } = await trial.s3('s3:GetBucketLocation', (s3, http) =>
          s3.getBucketLocation(here, http),
        );
        const where = LocationConstraint
          ? LocationConstraint === 'EU'
            ? 'eu-west-1'
            : LocationConstraint
          : 'us-east-1';
        return where === region
          ? { outcome: 'good', detail: `${bucket} is in ${region}.` }
          : {
              outcome: 'bad',
              detail: `${bucket} is in ${where}, the target in ${region}: imports need both in one Region.`,
            };
      },
      [/^(NoSuchBucket|NotFound)$/, { outcome: 'bad', detail: `There is no bucket ${bucket}.` }],
    ],
    [
      'owner',
      'Owner of the bucket',
      async () => {
        if (!account) return { outcome: 'unknown', detail: 'AWS did not say which account the console belongs to.' };
        await trial.s3('s3:ListBucket', (s3, http) => s3.headBucket({ ...here, ExpectedBucketOwner: account }, http));
        return { outcome: 'good', detail: `It belongs to the account ${account}.` };
      },
      [
        /^(403|Forbidden|AccessDenied)$/,
        { outcome: 'bad', detail: `It does not belong to the account ${account}, or may not be looked at.` },
      ],
    ],
    [
      'expiry',
      'What is staged expires',
      async () => {
        const rules = await trial
          .s3('s3:GetLifecycleConfiguration', (s3, http) =>
            s3.getBucketLifecycleConfiguration({ ...here, ...owner }, http),
          )
          .catch((error) => {
            if (hasAwsCode(error, /^NoSuchLifecycleConfiguration$/)) return null;
            throw error;
          });
        const lacking = withStagingRule(rules?.Rules ?? [], trial.options.chosen.prefix) !== null;
        return lacking
          ? { outcome: 'advice', detail: 'The rule for the prefix is not there yet. The worker adds it by itself.' }
          : { outcome: 'good', detail: 'Objects and uploads under the prefix expire after 7 days.' };
      },
    ],
    [
      'versioning',
      'Versioning',
      async () => {
        const { Status } = await trial.s3('s3:GetBucketVersioning', (s3, http) =>
          s3.getBucketVersioning({ ...here, ...owner }, http),
        );
        return Status === 'Enabled'
          ? {
              outcome: 'advice',
              detail: 'It is on: what a run deletes stays, and costs, for another day. Staging needs no versions.',
            }
          : { outcome: 'good', detail: 'It is off.' };
      },
    ],
    [
      'public-access',
      'Public access',
      async () => {
        const answer = await trial.s3('s3:GetBucketPublicAccessBlock', (s3, http) =>
          s3.getPublicAccessBlock({ ...here, ...owner }, http),
        );
        const { BlockPublicAcls, BlockPublicPolicy, IgnorePublicAcls, RestrictPublicBuckets } =
          answer.PublicAccessBlockConfiguration ?? {};
        return BlockPublicAcls && BlockPublicPolicy && IgnorePublicAcls && RestrictPublicBuckets
          ? { outcome: 'good', detail: 'It is blocked.' }
          : { outcome: 'advice', detail: 'It is not blocked in full. Switch all four settings on.' };
      },
      [
        /^NoSuchPublicAccessBlockConfiguration$/,
        {
          outcome: 'advice',
          detail: 'The bucket does not block it. Switch all four settings on, unless the account blocks it.',
        },
      ],
    ],
    [
      'tls',
      'TLS only',
      async () => {
        const { Policy } = await trial.s3('s3:GetBucketPolicy', (s3, http) =>
          s3.getBucketPolicy({ ...here, ...owner }, http),
        );
        return refusesPlain(Policy)
          ? { outcome: 'good', detail: 'The bucket’s policy refuses requests without TLS.' }
          : NOT_TLS_ONLY;
      },
      [
        /^NoSuchBucketPolicy$/,
        {
          outcome: 'advice',
          detail:
            'The bucket has no policy, so it takes requests without TLS. The templates have one that refuses them.',
        },
      ],
    ],
  ];
  return Promise.all(
    looks.map(async ([id, label, look, missing]): Promise<TargetFinding> => {
      const row = { id, label };
      try {
        return { ...row, ...(await look()) };
      } catch (error) {
        if (missing && hasAwsCode(error, missing[0])) return { ...row, ...missing[1] };
        const why = error instanceof Error ? error.message : String(error);
        return { ...row, outcome: 'unknown', detail: trial.signal.aborted ? 'There was no time left to look.' : why };
      }
    }),
  );
}

const NOT_TLS_ONLY: Look = {
  outcome: 'advice',
  detail: 'The bucket’s policy does not refuse requests without TLS. The templates have a statement that does.',
};

/** Whether a statement denies what comes without TLS. */
function refusesPlain(policy: string | undefined): boolean {
  try {
    const { Statement } = JSON.parse(policy ?? '{}') as { Statement?: unknown };
    return [Statement].flat().some((statement) => {
      const { Effect, Condition } = (statement ?? {}) as {
        Effect?: string;
        Condition?: Record<string, Record<string, unknown>>;
      };
      const flag = Condition?.Bool?.['aws:SecureTransport'];
      return Effect === 'Deny' && [flag].flat().map(String).includes('false');
    });
  } catch {
    return false;
  }
}
