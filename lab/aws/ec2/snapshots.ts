// EC2's operations on EBS snapshots.
import { AwsError } from '../service.ts';
import type { SnapshotRecord } from '../snapshots/store.ts';
import { applyFilters, page, tagSet } from './describe.ts';
import type { Xml } from './query.ts';
import { checkForm, endDryRun, found, invalid, readDescription, tagsFor } from './refusals.ts';
import type { Action, Ec2 } from './state.ts';

export function snapshotActions(ec2: Ec2): Record<string, Action> {
  const { snapshots, context } = ec2;
  return {
    DescribeSnapshots(parameters) {
      const ids = parameters.list('SnapshotId');
      const seen = snapshots.allSeen();
      for (const id of ids) {
        found(
          'snapshot',
          id,
          seen.find((record) => record.id === id),
        );
      }
      const owners = parameters.list('Owner').map((owner) => (owner === 'self' ? context.account : owner));
      const chosen = seen.filter(
        ({ id, owner }) => (!ids.length || ids.includes(id)) && (!owners.length || owners.includes(owner)),
      );
      const shown = page(applyFilters(chosen, parameters, {}, { as: 'snapshot', xml: snapshotXml }), parameters, {
        least: 5,
        most: 1000,
        byId: ids.length > 0,
      });
      return { snapshotSet: shown.items.map((record) => snapshotXml(record)), nextToken: shown.nextToken };
    },

    async DeleteSnapshot(parameters) {
      const id = parameters.required('SnapshotId');
      found('snapshot', id, snapshots.seen(id));
      const image = Object.values(ec2.state.images).find(({ mappings }) =>
        mappings.some(({ snapshotId }) => snapshotId === id),
      );
      if (image) {
        throw new AwsError(400, 'InvalidSnapshot.InUse', `The snapshot ${id} is currently in use by ${image.id}`);
      }
      // A pending one may be deleted: AWS's guide says that it goes when it completes; here it goes at once.
      endDryRun(parameters);
      await snapshots.remove(id);
      return { return: true };
    },

    CopySnapshot(parameters, request) {
      const id = parameters.required('SourceSnapshotId');
      const region = parameters.required('SourceRegion');
      if (region !== context.region || (parameters.text('DestinationRegion') ?? request.region) !== context.region) {
        throw invalid(`The lab has only the region ${context.region}; ${region} is not in it.`);
      }
      const original = found('snapshot', id, snapshots.seen(id));
      requireCompleted(original);
      const encrypted = parameters.flag('Encrypted') ?? (original.encrypted || ec2.snapshots.encryptionByDefault);
      if (original.encrypted && !encrypted) throw invalid('A copy of an encrypted snapshot must be encrypted.');
      const kmsKeyId = parameters.text('KmsKeyId');
      if (kmsKeyId && !encrypted) {
        throw new AwsError(400, 'InvalidParameterDependency', 'KmsKeyId is only allowed together with Encrypted.');
      }
      const tags = tagsFor(parameters, ['snapshot']).snapshot ?? {};
      endDryRun(parameters);
      const copy = snapshots.copy(original, {
        description: readDescription(parameters),
        encrypted,
        kmsKeyId: encrypted ? (kmsKeyId ?? original.kmsKeyId ?? defaultKey(ec2)) : undefined,
        tags,
      });
      snapshots.complete(copy);
      return { snapshotId: copy.id, tagSet: tagSet(tags) };
    },

    GetEbsEncryptionByDefault: () => ({
      ebsEncryptionByDefault: ec2.snapshots.encryptionByDefault,
      sseType: 'sse-ebs',
    }),
    EnableEbsEncryptionByDefault(parameters) {
      endDryRun(parameters);
      ec2.snapshots.settings.change({ encryptionByDefault: true });
      return { ebsEncryptionByDefault: true };
    },
    DisableEbsEncryptionByDefault(parameters) {
      endDryRun(parameters);
      ec2.snapshots.settings.change({ encryptionByDefault: false });
      return { ebsEncryptionByDefault: false };
    },
    GetEbsDefaultKmsKeyId: () => ({ kmsKeyId: shownDefaultKey(ec2) }),
    ModifyEbsDefaultKmsKeyId(parameters) {
      const kmsKeyId = parameters.required('KmsKeyId');
      endDryRun(parameters);
      ec2.snapshots.settings.change({ defaultKmsKeyId: kmsKeyId });
      return { kmsKeyId: shownDefaultKey(ec2) };
    },
    ResetEbsDefaultKmsKeyId(parameters) {
      endDryRun(parameters);
      ec2.snapshots.settings.change({ defaultKmsKeyId: undefined });
      return { kmsKeyId: shownDefaultKey(ec2) };
    },
  };
}

/** ARN of the key where a request names none: the account's choice, or the one that AWS makes for EBS in every account. */
export function defaultKey({ snapshots }: Ec2): string {
  return snapshots.settings.defaultKey;
}

function shownDefaultKey({ snapshots }: Ec2): string {
  return snapshots.settings.now.defaultKmsKeyId === undefined ? 'alias/aws/ebs' : snapshots.settings.defaultKey;
}

/** Only a completed snapshot can become a volume, an image or a copy. */
function requireCompleted(record: SnapshotRecord): void {
  if (record.state !== 'completed') {
    throw new AwsError(400, 'IncorrectState', `The snapshot ${record.id} is in the ${record.state} state.`);
  }
}

/** A completed snapshot by its id, or AWS's refusal. */
export function completedSnapshot({ snapshots }: Ec2, id: string): SnapshotRecord {
  checkForm('snapshot', id);
  const record = found('snapshot', id, snapshots.seen(id));
  requireCompleted(record);
  return record;
}

function snapshotXml(record: SnapshotRecord): Xml {
  return {
    snapshotId: record.id,
    volumeId: record.volumeId,
    status: record.state,
    statusMessage: record.stateMessage,
    startTime: record.startTime,
    completionTime: record.completionTime,
    progress: `${record.progress}%`,
    ownerId: record.owner,
    volumeSize: record.volumeSize,
    description: record.description,
    encrypted: record.encrypted,
    kmsKeyId: record.kmsKeyId,
    storageTier: 'standard',
    sseType: record.encrypted ? 'sse-kms' : 'none',
    tagSet: tagSet(record.tags),
  };
}
