// How an AWS target is used: the transfer path, how disks are read, how much is read back, encryption, tags, and what is
// launched with. Runs copy it when they are made.
import { z } from 'zod';
import { distributionProblems } from '../../../replication/model/distribution.ts';
import { faultError } from '../../../replication/model/fault.ts';
import { type LaunchDefaults, launchDefaultsSchema } from '../../../replication/model/launch-configuration.ts';
import { kmsKeyProblem, useFields } from '../../../replication/model/target-fields.ts';
import type { TargetRow } from './store.ts';

export const targetUseInput = z.object({
  transfer: useFields.transfer.default('s3'),
  transport: useFields.transport.default('auto'),
  verification: useFields.verification.default('sampled'),
  encrypted: useFields.encrypted.default(false),
  kmsKeyArn: useFields.kmsKeyArn.default(null),
  tags: useFields.tags.default({}),
  launchDefaults: useFields.launchDefaults.default(null),
  distribution: useFields.distribution.default([]),
});
export type TargetUse = z.output<typeof targetUseInput>;

export const targetInput = z.object({ targetId: z.string().optional() }).optional();

/** @throws `input-invalid` when its parts do not go together */
export function checkUse(
  { encrypted, kmsKeyArn, distribution }: Pick<TargetUse, 'encrypted' | 'kmsKeyArn' | 'distribution'>,
  { region, account }: { region: string; account: string | null },
): void {
  if (kmsKeyArn && !encrypted)
    throw faultError('input-invalid', { message: 'A key was chosen, but encryption was not.' });
  const message = kmsKeyProblem(kmsKeyArn, region);
  if (message) {
    throw faultError('input-invalid', { message, remedy: 'Give the ARN of a key in the Region of the target.' });
  }
  const wrong = distributionProblems({ region, account, encrypted, kmsKeyArn, distribution });
  for (const [at, problem] of wrong.entries())
    if (problem)
      throw faultError('input-invalid', { message: `Sharing and copying of AMIs, entry ${at + 1}: ${problem}` });
}

export function settingsOf(target: TargetRow): TargetUse {
  const { transfer, transport, verification, encrypted, kmsKeyArn, tags, distribution } = target;
  const use = { transfer, transport, verification, encrypted, kmsKeyArn, tags, distribution };
  return { ...use, launchDefaults: launchDefaultsOf(target) };
}

/** Null while none were chosen. */
export function launchDefaultsOf({ launchDefaults }: Pick<TargetRow, 'launchDefaults'>): LaunchDefaults | null {
  return launchDefaultsSchema.safeParse(launchDefaults).data ?? null;
}
