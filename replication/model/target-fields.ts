// What a person may set of an AWS target, field by field: what each takes, and from when on a change of it counts, which the
// pages say before anything is saved. Pure.
import { z } from 'zod';
import { DIGEST_PREFIX, TRANSFER_PATHS } from './baseline.ts';
import { distributionSchema } from './distribution.ts';
import { launchDefaultsSchema } from './launch-configuration.ts';
import { MAX_TAGS, tagKeyProblem, tagValueProblem } from './tag.ts';
import { targetEndpointsSchema } from './target.ts';

export const placeFields = {
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d+$/, 'A Region, such as eu-central-1'),
  bucket: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'Name of a bucket: 3 to 63 small letters, digits, dots and hyphens'),
  prefix: z
    .string()
    .max(200)
    .regex(/^[\w.-]+(\/[\w.-]+)*\/$/, 'Letters, digits and . _ - between slashes, with a slash at the end')
    .refine((prefix) => !prefix.startsWith(DIGEST_PREFIX), `Digests lie under ${DIGEST_PREFIX}`),
  endpoints: targetEndpointsSchema,
  importRole: z
    .string()
    .regex(/^[\w+=,.@-]{1,64}$/, 'Name of a role')
    .nullable(),
};

export const useFields = {
  transfer: z.enum(TRANSFER_PATHS),
  transport: z.enum(['auto', 'nfc', 'folder', 'nbd']),
  verification: z.enum(['sampled', 'full']),
  encrypted: z.boolean(),
  kmsKeyArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:kms:[^:]+:\d{12}:key\/.+$/,
      'The ARN of a key, such as arn:aws:kms:eu-central-1:123456789012:key/…',
    )
    .nullable(),
  tags: z.record(z.string(), z.string()).superRefine((tags, check) => {
    const problems = Object.entries(tags).flatMap(([key, value]) => tagKeyProblem(key) ?? tagValueProblem(value) ?? []);
    if (Object.keys(tags).length > MAX_TAGS) problems.push(`At most ${MAX_TAGS} tags`);
    for (const message of problems) check.addIssue({ code: 'custom', message });
  }),
  /** Null: none. */
  launchDefaults: launchDefaultsSchema.nullable(),
  distribution: distributionSchema,
};

/** Account and sign-in are no part of it: the one never changes, the other is changed by itself. */
export const targetFieldsSchema = z.object({
  name: z.string().trim().min(1, 'Enter a name').max(60, 'At most 60 characters'),
  ...placeFields,
  ...useFields,
});
export type TargetFields = z.output<typeof targetFieldsSchema>;

/** Why the key cannot be one of a target in this Region; null when it can. */
export function kmsKeyProblem(kmsKeyArn: string | null, region: string): string | null {
  const ofKey = kmsKeyArn?.split(':')[3];
  if (!ofKey || ofKey === region) return null;
  return `The key is one of ${ofKey}, and the target is in ${region}: snapshots are encrypted with a key of their own Region.`;
}

/**
 * at-once: nothing at AWS is touched by it, or the very next call goes by it; next-run: runs copy it when they are made;
 * next-launch: read when an instance is launched; new-chain: as next-run, and that run copies every disk whole, since what
 * lies at AWS cannot be built on; never: make another target.
 */
export type Counts = 'at-once' | 'next-run' | 'next-launch' | 'new-chain' | 'never';

/** Held against what runs do by the tests of the baselines and of changed targets. */
export const TARGET_FIELDS = {
  name: 'at-once',
  account: 'never',
  region: 'new-chain',
  bucket: 'new-chain',
  prefix: 'new-chain',
  endpoints: 'next-run',
  importRole: 'next-run',
  encrypted: 'new-chain',
  kmsKeyArn: 'new-chain',
  transfer: 'next-run',
  transport: 'next-run',
  verification: 'next-run',
  tags: 'next-run',
  distribution: 'next-run',
  launchDefaults: 'next-launch',
  signIn: 'at-once',
  connectorSignIn: 'at-once',
} as const satisfies Record<string, Counts>;
export type TargetField = keyof typeof TARGET_FIELDS;

export const isTargetField = (name: string): name is TargetField => Object.hasOwn(TARGET_FIELDS, name);

/** What is said beside the field, and before it is saved. */
export const COUNTS_WORDS: Record<Counts, string> = {
  'at-once': 'Counts at once.',
  'next-run': 'Counts for runs created from then on. Nothing is copied anew.',
  'next-launch': 'Counts for launches from then on. Instances that were launched stay as they are.',
  'new-chain': 'Counts for runs created from then on, and the next run of each job copies every disk whole.',
  never: 'Cannot be changed. Create another target instead.',
};
