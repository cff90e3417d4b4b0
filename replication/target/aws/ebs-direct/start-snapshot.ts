// StartSnapshot: what is sent, and which of AWS's refusals are the parent's.
import type { StartSnapshotCommandInput } from '@aws-sdk/client-ebs';
import { checkCapacity } from '../../../disks/block.ts';
import { FaultError, faultError } from '../../../model/fault.ts';
import type { AwsClients } from '../clients.ts';
import { clientToken, description, toTags } from '../ec2-names.ts';
import { awsSignature, deniedAction } from '../faults.ts';
import type { ParentRefusal, StartedSnapshot, StartSnapshotInput } from './port.ts';

const GIB = 1024 ** 3;
/** Three days without a block, AWS's most: slow lines and stopped connectors must not cost the snapshot. */
const TIMEOUT_MINUTES = 4320;

type Refused = Extract<StartedSnapshot, { outcome: 'parent-refused' }>;

export async function startSnapshot(
  clients: AwsClients,
  input: StartSnapshotInput,
  signal: AbortSignal,
): Promise<{ outcome: 'started'; snapshotId: string } | Refused> {
  checkCapacity(input.capacityBytes);
  const { parentSnapshotId } = input;
  if (parentSnapshotId && input.encryption) {
    throw faultError('internal', { message: 'A child snapshot is encrypted as its parent is; both cannot be given.' });
  }
  try {
    const answer = await clients.ebs(
      'ebs:StartSnapshot',
      signal,
      (ebs, http) => ebs.startSnapshot(startInput(input), http),
      { refused: 'ebs-snapshot-failed' },
    );
    if (!answer.SnapshotId) throw faultError('ebs-snapshot-failed', { cause: 'AWS gave no snapshot id.' });
    return { outcome: 'started', snapshotId: answer.SnapshotId };
  } catch (error) {
    const reason = parentSnapshotId ? parentRefusal(error) : null;
    if (!parentSnapshotId || !reason) throw error;
    const awsWords = error instanceof FaultError ? (error.fault.cause ?? error.message) : String(error);
    return { outcome: 'parent-refused', parentSnapshotId, reason, awsWords };
  }
}

function startInput(input: StartSnapshotInput): StartSnapshotCommandInput {
  const Tags = toTags(input.tags, 'ebs');
  return {
    VolumeSize: Math.ceil(input.capacityBytes / GIB),
    ...(input.parentSnapshotId && { ParentSnapshotId: input.parentSnapshotId }),
    ...(input.encryption && {
      Encrypted: true,
      ...(input.encryption.kmsKeyArn && { KmsKeyArn: input.encryption.kmsKeyArn }),
    }),
    ...(Tags.length > 0 && { Tags }),
    ...(input.description && { Description: description(input.description) }),
    Timeout: TIMEOUT_MINUTES,
    ClientToken: clientToken(input.token),
  };
}

/**
 * Why AWS takes no child of the parent; null when the refusal has another cause (the identity, a quota, the network).
 * Reasons from the EBS direct API's ValidationExceptionReason, ResourceNotFoundExceptionReason and
 * AccessDeniedExceptionReason.
 */
function parentRefusal(error: unknown): ParentRefusal | null {
  const raw = error instanceof FaultError ? error.cause : error;
  const { code, message } = awsSignature(raw);
  const reason = String((raw as { Reason?: unknown } | undefined)?.Reason ?? '');
  if (code === 'ResourceNotFoundException') return 'parent-gone';
  if (code === 'AccessDeniedException') {
    // IAM's own refusal names the action; then no other snapshot would be taken either.
    return deniedAction(message) || /not authorized to perform/i.test(message) ? null : 'parent-not-yours';
  }
  if (code !== 'ValidationException') return null;
  switch (reason) {
    case 'INVALID_TAG':
      return null;
    case 'INVALID_VOLUME_SIZE':
      return 'volume-size';
    case 'INVALID_CUSTOMER_KEY':
    case 'INVALID_DEPENDENCY_REQUEST':
      return 'encryption';
    case 'INVALID_SNAPSHOT_ID':
    case 'UNRELATED_SNAPSHOTS':
      return 'parent-not-usable';
    default:
      return /encrypt|kms/i.test(message) ? 'encryption' : 'other';
  }
}
