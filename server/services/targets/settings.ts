// How an AWS target is used: the transfer path, how disks are read, how much is read back, encryption, tags, and what is
// launched with. Runs copy it when they are made.
import { z } from 'zod';
import { TRANSFER_PATHS } from '../../../replication/model/baseline.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { type LaunchDefaults, launchDefaultsSchema } from '../../../replication/model/launch-configuration.ts';
import { MAX_TAGS, tagKeyProblem, tagValueProblem } from '../../../replication/model/tag.ts';
import type { TargetRow } from './store.ts';

export const nameField = z.string().trim().min(1, 'A name').max(60, 'At most 60 characters');

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
};

export const targetUseInput = z.object({
  transfer: useFields.transfer.default('s3'),
  transport: useFields.transport.default('auto'),
  verification: useFields.verification.default('sampled'),
  encrypted: useFields.encrypted.default(false),
  kmsKeyArn: useFields.kmsKeyArn.default(null),
  tags: useFields.tags.default({}),
  launchDefaults: useFields.launchDefaults.default(null),
});
export type TargetUse = z.output<typeof targetUseInput>;

export const targetInput = z.object({ targetId: z.string().optional() }).optional();

/** @throws `input-invalid` when its parts do not go together */
export function checkUse({ encrypted, kmsKeyArn }: Pick<TargetUse, 'encrypted' | 'kmsKeyArn'>, region: string): void {
  if (kmsKeyArn && !encrypted)
    throw faultError('input-invalid', { message: 'A key was chosen, but encryption was not.' });
  const ofKey = kmsKeyArn?.split(':')[3];
  if (ofKey && ofKey !== region)
    throw faultError('input-invalid', {
      message: `The KMS key is one of ${ofKey}, and the target is in ${region}: snapshots are encrypted with a key of their own Region.`,
      remedy: 'Give the ARN of a key in the Region of the target.',
    });
}

export function settingsOf(target: TargetRow): TargetUse {
  const { transfer, transport, verification, encrypted, kmsKeyArn, tags } = target;
  return { transfer, transport, verification, encrypted, kmsKeyArn, tags, launchDefaults: launchDefaultsOf(target) };
}

/** Null while none were chosen. */
function launchDefaultsOf({ launchDefaults }: Pick<TargetRow, 'launchDefaults'>): LaunchDefaults | null {
  return launchDefaultsSchema.safeParse(launchDefaults).data ?? null;
}
