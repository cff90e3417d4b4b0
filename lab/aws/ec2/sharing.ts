// Who may use an image or a snapshot beside its own account: ModifyImageAttribute, ModifySnapshotAttribute and what they set.
import { AwsError } from '../service.ts';
import type { Parameters, Xml } from './query.ts';
import { endDryRun, found, invalid } from './refusals.ts';
import type { Action, Ec2 } from './state.ts';

export function sharingActions(ec2: Ec2): Record<string, Action> {
  const { state, snapshots } = ec2;
  const managed = (keyArn: string | undefined) => keyArn === snapshots.settings.managedKey;
  return {
    ModifyImageAttribute(parameters) {
      const id = parameters.required('ImageId');
      const image = found('image', id, state.images[id]);
      const change = readChange(parameters, 'LaunchPermission', (account) => {
        throw new AwsError(
          400,
          'InvalidAMIAttributeItemValue',
          `Invalid attribute item value "${account}" for userId item type.`,
        );
      });
      // Quoted in hashicorp/packer#7410 and DataDog/stratus-red-team#109.
      if (change.add.length > 0 && image.mappings.some(({ kmsKeyId }) => managed(kmsKeyId))) {
        throw new AwsError(
          400,
          'InvalidParameter',
          "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.",
        );
      }
      endDryRun(parameters);
      image.sharedWith = changed(image.sharedWith, change);
      state.saveImage(image);
      return { return: true };
    },

    DescribeImageAttribute(parameters): { [name: string]: Xml } {
      const id = parameters.required('ImageId');
      const image = found('image', id, state.images[id]);
      readAttribute(parameters, 'launchPermission');
      return { imageId: id, launchPermission: (image.sharedWith ?? []).map((userId) => ({ userId })) };
    },

    ModifySnapshotAttribute(parameters) {
      const id = parameters.required('SnapshotId');
      const record = found('snapshot', id, snapshots.seen(id));
      const change = readChange(parameters, 'CreateVolumePermission', (account) => {
        throw new AwsError(400, 'InvalidUserID.Malformed', `Invalid user id: "${account}"`);
      });
      // Quoted in hashicorp/packer#7499.
      if (change.add.length > 0 && managed(record.kmsKeyId)) {
        throw new AwsError(400, 'OperationNotPermitted', 'Encrypted snapshots with EBS default key cannot be shared');
      }
      endDryRun(parameters);
      record.sharedWith = changed(record.sharedWith, change);
      snapshots.save(record);
      return { return: true };
    },

    DescribeSnapshotAttribute(parameters): { [name: string]: Xml } {
      const id = parameters.required('SnapshotId');
      const record = found('snapshot', id, snapshots.seen(id));
      readAttribute(parameters, 'createVolumePermission');
      return { snapshotId: id, createVolumePermission: (record.sharedWith ?? []).map((userId) => ({ userId })) };
    },
  };
}

interface Change {
  add: string[];
  remove: string[];
}

/** Either form of the request: the structure, or attribute, operation and user ids. */
function readChange(parameters: Parameters, structure: string, refuse: (account: string) => never): Change {
  const inner = parameters.structure(structure);
  const users = (name: string) => (inner?.structures(name) ?? []).map((one) => one.required('UserId'));
  const change = { add: users('Add'), remove: users('Remove') };
  const listed = parameters.list('UserId');
  if (listed.length > 0) {
    const operation = parameters.required('OperationType');
    if (operation !== 'add' && operation !== 'remove') throw invalid(`Invalid value '${operation}' for OperationType`);
    change[operation].push(...listed);
  }
  for (const account of [...change.add, ...change.remove]) if (!/^\d{12}$/.test(account)) refuse(account);
  if (change.add.length + change.remove.length === 0) {
    throw new AwsError(400, 'MissingParameter', 'The request must name the accounts whose permission is changed');
  }
  return change;
}

function changed(accounts: readonly string[] = [], { add, remove }: Change): string[] {
  return [...new Set([...accounts, ...add])].filter((account) => !remove.includes(account)).sort();
}

function readAttribute(parameters: Parameters, only: string): void {
  const attribute = parameters.required('Attribute');
  if (attribute === only) return;
  throw new AwsError(400, 'UnsupportedOperation', `This is a lab: it shows ${only} and no other attribute.`);
}
