// Trials of EC2's rights: dry runs. What is allowed on things of Landfall's only is tried on one of them.
import { randomUUID } from 'node:crypto';
import type { EC2 } from '@aws-sdk/client-ec2';
import { FaultError } from '../../../model/fault.ts';
import type { TargetFinding } from '../../../model/target-test.ts';
import type { HttpOptions } from '../call.ts';
import { awsSignature } from '../faults.ts';
import { OWN_TAG } from './rights.ts';
import { notTried, OWN_TAGS, type Said, type Trial } from './trial.ts';

const dry = { DryRun: true } as const;

type Describe = (ec2: EC2, http: HttpOptions) => Promise<unknown>;

const DESCRIBES: Record<string, Describe> = {
  'ec2:DescribeImages': (ec2, http) => ec2.describeImages({ ...dry, Owners: ['self'] }, http),
  'ec2:DescribeSnapshots': (ec2, http) => ec2.describeSnapshots({ ...dry, OwnerIds: ['self'], MaxResults: 5 }, http),
  'ec2:DescribeImportSnapshotTasks': (ec2, http) => ec2.describeImportSnapshotTasks({ ...dry, MaxResults: 5 }, http),
  'ec2:DescribeImportImageTasks': (ec2, http) => ec2.describeImportImageTasks({ ...dry, MaxResults: 5 }, http),
  'ec2:DescribeInstances': (ec2, http) => ec2.describeInstances({ ...dry, MaxResults: 5 }, http),
  'ec2:DescribeInstanceStatus': (ec2, http) => ec2.describeInstanceStatus({ ...dry, MaxResults: 5 }, http),
  'ec2:DescribeInstanceTypes': (ec2, http) => ec2.describeInstanceTypes({ ...dry, MaxResults: 5 }, http),
  'ec2:DescribeInstanceTypeOfferings': (ec2, http) =>
    ec2.describeInstanceTypeOfferings({ ...dry, MaxResults: 5 }, http),
  'ec2:DescribeVpcs': (ec2, http) => ec2.describeVpcs({ ...dry, MaxResults: 5 }, http),
  'ec2:DescribeSubnets': (ec2, http) => ec2.describeSubnets({ ...dry, MaxResults: 5 }, http),
  'ec2:DescribeSecurityGroups': (ec2, http) => ec2.describeSecurityGroups({ ...dry, MaxResults: 5 }, http),
  'ec2:DescribeKeyPairs': (ec2, http) => ec2.describeKeyPairs(dry, http),
  'ec2:GetEbsEncryptionByDefault': (ec2, http) => ec2.getEbsEncryptionByDefault(dry, http),
  'ec2:GetEbsDefaultKmsKeyId': (ec2, http) => ec2.getEbsDefaultKmsKeyId(dry, http),
};

/** One each of what Landfall made, and a network; null where there is none, or where it may not be seen. */
interface Own {
  image: string | null;
  snapshot: string | null;
  instance: string | null;
  subnet: string | null;
}

export async function findOwn(trial: Trial): Promise<Own> {
  const tag = [{ Name: `tag:${OWN_TAG.key}`, Values: [OWN_TAG.value] }];
  const alive = { Name: 'instance-state-name', Values: ['pending', 'running', 'stopped'] };
  const none = () => null;
  const [images, snapshots, instances, subnets] = await Promise.all([
    trial
      .ec2('ec2:DescribeImages', (ec2, http) => ec2.describeImages({ Owners: ['self'], Filters: tag }, http))
      .catch(none),
    trial
      .ec2('ec2:DescribeSnapshots', (ec2, http) =>
        ec2.describeSnapshots({ OwnerIds: ['self'], Filters: tag, MaxResults: 5 }, http),
      )
      .catch(none),
    trial
      .ec2('ec2:DescribeInstances', (ec2, http) => ec2.describeInstances({ Filters: [...tag, alive] }, http))
      .catch(none),
    trial.ec2('ec2:DescribeSubnets', (ec2, http) => ec2.describeSubnets({ MaxResults: 5 }, http)).catch(none),
  ]);
  return {
    image: images?.Images?.[0]?.ImageId ?? null,
    snapshot: snapshots?.Snapshots?.[0]?.SnapshotId ?? null,
    instance: instances?.Reservations?.[0]?.Instances?.[0]?.InstanceId ?? null,
    subnet: subnets?.Subnets?.[0]?.SubnetId ?? null,
  };
}

const nothingYet = (what: string) =>
  notTried(`It can only be tried on ${what} that Landfall made, and there is none yet.`);

const TRIALS: Record<string, (trial: Trial, own: Own) => Promise<Said> | Said> = {
  'ec2:ImportSnapshot': (trial) => {
    const { bucket } = trial.config;
    const UserBucket = { S3Bucket: bucket, S3Key: `${trial.options.chosen.prefix}.check/${randomUUID()}` };
    return trial.tryEc2('ec2:ImportSnapshot', (ec2, http) =>
      ec2.importSnapshot({ ...dry, ...roleOf(trial), DiskContainer: { Format: 'VMDK', UserBucket } }, http),
    );
  },
  'ec2:ImportImage': (trial, { snapshot }) => {
    if (!snapshot) return nothingYet('a snapshot');
    const DiskContainers = [{ SnapshotId: snapshot, DeviceName: '/dev/sda1' }];
    const made = { Architecture: 'x86_64', Platform: 'Linux', LicenseType: 'BYOL', DiskContainers };
    return trial.tryEc2('ec2:ImportImage', (ec2, http) => ec2.importImage({ ...dry, ...roleOf(trial), ...made }, http));
  },
  'ec2:CancelImportTask': (trial) =>
    trial.tryEc2(
      'ec2:CancelImportTask',
      (ec2, http) => ec2.cancelImportTask({ ...dry, ImportTaskId: 'import-snap-00000000000000000' }, http),
      {
        codes: /^InvalidConversionTaskId|NotFound$/,
        detail: 'AWS says that there is no such import, and would have refused before.',
      },
    ),
  'ec2:RegisterImage': (trial, { snapshot }) => {
    if (!snapshot) return nothingYet('a snapshot');
    const BlockDeviceMappings = [{ DeviceName: '/dev/sda1', Ebs: { SnapshotId: snapshot } }];
    const made = { Architecture: 'x86_64', VirtualizationType: 'hvm', RootDeviceName: '/dev/sda1' } as const;
    const Name = `landfall-test-${randomUUID()}`;
    return trial.tryEc2('ec2:RegisterImage', (ec2, http) =>
      ec2.registerImage({ ...dry, ...made, Name, BlockDeviceMappings }, http),
    );
  },
  'ec2:CreateTags': (trial, { snapshot, image, subnet }) => {
    const something = snapshot ?? image ?? subnet;
    if (!something) return nothingYet('something');
    return trial.tryEc2('ec2:CreateTags', (ec2, http) =>
      ec2.createTags({ ...dry, Resources: [something], Tags: OWN_TAGS }, http),
    );
  },
  'ec2:RunInstances': (trial, { image, subnet }) => {
    if (!image) return nothingYet('an AMI');
    const TagSpecifications = [{ ResourceType: 'instance' as const, Tags: OWN_TAGS }];
    const where = subnet ? { SubnetId: subnet } : {};
    const made = { ImageId: image, InstanceType: 't3.micro', MinCount: 1, MaxCount: 1, ...where } as const;
    return trial.tryEc2('ec2:RunInstances', (ec2, http) =>
      ec2.runInstances({ ...dry, ...made, TagSpecifications }, http),
    );
  },
  'ec2:DeregisterImage': (trial, { image }) =>
    image
      ? trial.tryEc2('ec2:DeregisterImage', (ec2, http) => ec2.deregisterImage({ ...dry, ImageId: image }, http))
      : nothingYet('an AMI'),
  'ec2:DeleteSnapshot': (trial, { snapshot }) =>
    snapshot
      ? trial.tryEc2('ec2:DeleteSnapshot', (ec2, http) => ec2.deleteSnapshot({ ...dry, SnapshotId: snapshot }, http), {
          codes: /^InvalidSnapshot\.InUse$/,
          detail: 'AWS says that an AMI uses the snapshot, and would have refused before.',
        })
      : nothingYet('a snapshot'),
  // Its own account can use an AMI anyway.
  'ec2:ModifyImageAttribute': (trial, { image }) =>
    image
      ? trial.tryEc2('ec2:ModifyImageAttribute', (ec2, http) =>
          ec2.modifyImageAttribute({ ...dry, ImageId: image, LaunchPermission: ofOwnAccount(trial) }, http),
        )
      : nothingYet('an AMI'),
  'ec2:ModifySnapshotAttribute': (trial, { snapshot }) =>
    snapshot
      ? trial.tryEc2('ec2:ModifySnapshotAttribute', (ec2, http) =>
          ec2.modifySnapshotAttribute(
            { ...dry, SnapshotId: snapshot, CreateVolumePermission: ofOwnAccount(trial) },
            http,
          ),
        )
      : nothingYet('a snapshot'),
  'ec2:TerminateInstances': (trial, { instance }) =>
    instance
      ? trial.tryEc2('ec2:TerminateInstances', (ec2, http) =>
          ec2.terminateInstances({ ...dry, InstanceIds: [instance] }, http),
        )
      : nothingYet('an instance'),
  'ec2:StopInstances': (trial, { instance }) =>
    instance
      ? trial.tryEc2('ec2:StopInstances', (ec2, http) => ec2.stopInstances({ ...dry, InstanceIds: [instance] }, http))
      : nothingYet('an instance'),
  'ec2:GetConsoleOutput': (trial, { instance }) =>
    instance
      ? trial.tryEc2('ec2:GetConsoleOutput', (ec2, http) =>
          ec2.getConsoleOutput({ ...dry, InstanceId: instance }, http),
        )
      : nothingYet('an instance'),
};

/** Undefined for an action that has no trial. */
export function tryEc2(trial: Trial, action: string, own: Own): Promise<Said> | Said | undefined {
  const describe = DESCRIBES[action];
  return describe ? trial.tryEc2(action, describe) : TRIALS[action]?.(trial, own);
}

const ofOwnAccount = ({ config, options }: Trial) => ({
  Add: [{ UserId: config.account ?? options.chosen.account }],
});

function roleOf({ config }: Trial) {
  return config.importRole ? { RoleName: config.importRole } : {};
}

/** What a dry run of an import tells of the role of VM Import, which only IAM could show. */
export async function lookAtImportRole(trial: Trial): Promise<TargetFinding> {
  const { importRole } = trial.options.chosen;
  const row = { id: 'import-role', label: 'Role of VM Import' };
  const UserBucket = { S3Bucket: trial.config.bucket, S3Key: `${trial.options.chosen.prefix}.check/${randomUUID()}` };
  try {
    await trial.ec2('ec2:ImportSnapshot', (ec2, http) =>
      ec2.importSnapshot({ ...dry, ...roleOf(trial), DiskContainer: { Format: 'VMDK', UserBucket } }, http),
    );
  } catch (error) {
    if (!trial.signal.aborted && !(error instanceof FaultError)) throw error;
    const { code, message } = awsSignature(error instanceof FaultError ? error.cause : error);
    if (error instanceof FaultError && error.fault.code === 'import-role-missing')
      return { ...row, outcome: 'bad', detail: `${message}. ${error.fault.remedy}` };
    if (code === 'DryRunOperation') {
      const detail = `In a dry run AWS had nothing against the role ${importRole}. Whether VM Import may assume it and read the bucket shows in the first import.`;
      return { ...row, outcome: 'advice', detail };
    }
  }
  return { ...row, outcome: 'unknown', detail: `Whether the role ${importRole} is there could not be seen.` };
}
