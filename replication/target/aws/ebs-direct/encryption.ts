// What to ask for so that a snapshot is encrypted as the job wants it, and whether the chain can go on. Pure but for
// the account's own setting, which it reads.
import type { WantedEncryption } from '../../../model/baseline.ts';
import { faultError } from '../../../model/fault.ts';

export type { WantedEncryption } from '../../../model/baseline.ts';

import type { AwsClients } from '../clients.ts';
import type { AccountEncryption, SnapshotInfo } from './port.ts';

export interface EncryptionPlan {
  /** To be given to startSnapshot when there is no parent, or when a new chain is begun. */
  encryption: { encrypted: true; kmsKeyArn?: string } | undefined;
  /** Why the parent does not fit, in a sentence for a person; null when it does, or when there is none. */
  newChain: string | null;
}

const KEY_ARN = /^arn:aws[a-z-]*:kms:[^:]+:\d{12}:key\/.+$/;

export async function readAccountEncryption(clients: AwsClients, signal: AbortSignal): Promise<AccountEncryption> {
  const [setting, key] = await Promise.all([
    clients.ec2('ec2:GetEbsEncryptionByDefault', signal, (ec2, http) => ec2.getEbsEncryptionByDefault({}, http)),
    clients.ec2('ec2:GetEbsDefaultKmsKeyId', signal, (ec2, http) => ec2.getEbsDefaultKmsKeyId({}, http)),
  ]);
  return { byDefault: setting.EbsEncryptionByDefault ?? false, defaultKey: key.KmsKeyId ?? '' };
}

/** @throws `input-invalid` when the key is no ARN of a key, or is given without encryption. */
export function planEncryption(
  wanted: WantedEncryption,
  account: AccountEncryption,
  parent: Pick<SnapshotInfo, 'snapshotId' | 'state' | 'encrypted' | 'kmsKeyArn'> | null,
): EncryptionPlan {
  const { kmsKeyArn } = wanted;
  if (kmsKeyArn && !wanted.encrypted) {
    throw faultError('input-invalid', { message: 'A key was chosen, but encryption was not.' });
  }
  if (kmsKeyArn && !KEY_ARN.test(kmsKeyArn)) {
    const message = `EBS direct takes the ARN of a key; "${kmsKeyArn}" is none (an alias is not enough).`;
    throw faultError('input-invalid', { message });
  }
  return {
    // Where the account encrypts by itself it also chooses the key, so nothing needs to be said.
    encryption: wanted.encrypted ? { encrypted: true, ...(kmsKeyArn && { kmsKeyArn }) } : undefined,
    newChain: parent && misfit(wanted, account, parent),
  };
}

function misfit(
  { encrypted, kmsKeyArn }: WantedEncryption,
  account: AccountEncryption,
  parent: Pick<SnapshotInfo, 'snapshotId' | 'state' | 'encrypted' | 'kmsKeyArn'>,
): string | null {
  const id = parent.snapshotId;
  if (parent.state !== 'completed') return `The parent snapshot ${id} is not completed.`;
  if (!parent.encrypted && account.byDefault) {
    return `The account now encrypts every new snapshot, and the parent snapshot ${id} is not encrypted.`;
  }
  if (!parent.encrypted && encrypted) return `Encryption was chosen, and the parent snapshot ${id} is not encrypted.`;
  if (parent.encrypted && !encrypted && !account.byDefault) {
    return `Encryption was switched off, and a child of the encrypted snapshot ${id} would be encrypted.`;
  }
  if (!parent.encrypted) return null;
  // The default key may be told by its alias, which cannot be compared with the parent's key.
  const key = kmsKeyArn ?? (KEY_ARN.test(account.defaultKey) ? account.defaultKey : null);
  if (!key || key === parent.kmsKeyArn) return null;
  return `The parent snapshot ${id} is encrypted with another key (${parent.kmsKeyArn ?? 'unknown'}) than ${key}.`;
}
