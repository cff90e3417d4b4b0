// How an AWS target is used: the transfer path, how disks are read, how much is read back, encryption, tags, and what is
// launched with. Runs copy it when they are made.
import { z } from 'zod';
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
});
export type TargetUse = z.output<typeof targetUseInput>;

export const targetInput = z.object({ targetId: z.string().optional() }).optional();

/** @throws `input-invalid` when its parts do not go together */
export function checkUse({ encrypted, kmsKeyArn }: Pick<TargetUse, 'encrypted' | 'kmsKeyArn'>, region: string): void {
  if (kmsKeyArn && !encrypted)
    throw faultError('input-invalid', { message: 'A key was chosen, but encryption was not.' });
  const message = kmsKeyProblem(kmsKeyArn, region);
  if (message) {
    throw faultError('input-invalid', { message, remedy: 'Give the ARN of a key in the Region of the target.' });
  }
}

export function settingsOf(target: TargetRow): TargetUse {
  const { transfer, transport, verification, encrypted, kmsKeyArn, tags } = target;
  return { transfer, transport, verification, encrypted, kmsKeyArn, tags, launchDefaults: launchDefaultsOf(target) };
}

/** Null while none were chosen. */
export function launchDefaultsOf({ launchDefaults }: Pick<TargetRow, 'launchDefaults'>): LaunchDefaults | null {
  return launchDefaultsSchema.safeParse(launchDefaults).data ?? null;
}
