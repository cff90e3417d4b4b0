// Which parameters an operation takes, and the refusal of all others.
//
// Names are those of the EC2 API's model (2016-11-15) as they stand on the wire, `#` for a number.
// Those under `reads` have their effect
// here.
// Those under `lacks` are documented too, but the lab has nothing that they could change: they are refused in the lab's own words,
// so that nobody believes in them, unless they ask for what is the case anyway (`false`, or the value behind `=`). A `*` at the end
// stands for a whole structure. Everything else is UnknownParameter, as at AWS.
import { AwsError } from '../service.ts';

interface Declared {
  reads: ReadonlySet<string>;
  /** The value that changes nothing, by name. */
  lacks: ReadonlyMap<string, string>;
}

const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);
const under = (prefix: string, names: string): string =>
  words(names)
    .map((name) => `${prefix}.${name}`)
    .join(' ');

const filter = 'Filter.#.Name Filter.#.Value.#';
const paged = 'NextToken MaxResults';
const tagging = 'TagSpecification.#.ResourceType TagSpecification.#.Tag.#.Key TagSpecification.#.Tag.#.Value';
const clientData = under('ClientData', 'Comment UploadEnd UploadSize UploadStart');
const disks = `BlockDeviceMapping.#.DeviceName ${under(
  'BlockDeviceMapping.#.Ebs',
  'DeleteOnTermination Iops SnapshotId VolumeSize VolumeType KmsKeyId Throughput Encrypted',
)}`;
const disksLack = `BlockDeviceMapping.#.VirtualName ${under(
  'BlockDeviceMapping.#.Ebs',
  'OutpostArn AvailabilityZone AvailabilityZoneId VolumeInitializationRate EbsCardIndex',
)}`;

/** What a launch and the data of a launch template have in common. */
const launch = {
  reads: `${disks} BlockDeviceMapping.#.NoDevice ImageId InstanceType KeyName Monitoring.Enabled SecurityGroupId.# SecurityGroup.# UserData
    Placement.AvailabilityZone CreditSpecification.CpuCredits EbsOptimized InstanceInitiatedShutdownBehavior ${tagging}
    ${under('MetadataOptions', 'HttpTokens HttpPutResponseHopLimit HttpEndpoint')}
    ${under('IamInstanceProfile', 'Arn Name')}
    ${under('NetworkInterface.#', 'AssociatePublicIpAddress SecurityGroupId.# SubnetId PrivateIpAddress Description')}`,
  lacks: `${disksLack} KernelId RamdiskId RamDiskId DisableApiTermination DisableApiStop Monitoring.MetricCategoryId.#
    Placement.Tenancy=default Placement.Affinity=default Placement.* ElasticGpuSpecification.* ElasticInferenceAccelerator.*
    InstanceMarketOptions.* CpuOptions.* CapacityReservationSpecification.CapacityReservationPreference=open
    CapacityReservationSpecification.* HibernationOptions.Configured LicenseSpecification.* MetadataOptions.HttpProtocolIpv6=disabled
    MetadataOptions.InstanceMetadataTags=disabled EnclaveOptions.Enabled PrivateDnsNameOptions.HostnameType=ip-name
    PrivateDnsNameOptions.* MaintenanceOptions.AutoRecovery=default NetworkPerformanceOptions.BandwidthWeighting=default Operator.Principal
    SecondaryInterface.*
    ${under('NetworkInterface.#', 'DeviceIndex=0 DeleteOnTermination=true InterfaceType=interface NetworkCardIndex=0 AssociateCarrierIpAddress')}
    ${under('NetworkInterface.#', 'NetworkInterfaceId Ipv6AddressCount=0 Ipv6Addresses.* PrivateIpAddresses.* SecondaryPrivateIpAddressCount=0')}
    ${under('NetworkInterface.#', 'Ipv4Prefix.* Ipv4PrefixCount=0 Ipv6Prefix.* Ipv6PrefixCount=0 PrimaryIpv6 EnaSrdSpecification.*')}
    ${under('NetworkInterface.#', 'ConnectionTrackingSpecification.* EnaQueueCount')}`,
};

const template = {
  reads: `ClientToken VersionDescription ${under('LaunchTemplateData', launch.reads)}`,
  lacks: `Operator.Principal LaunchTemplateData.InstanceRequirements.* ${under('LaunchTemplateData', launch.lacks)}`,
};

const describeIds = (id: string, more = ''): [string, string] => [
  `${id}.# ${filter} ${paged} ${more}`,
  'IncludeManagedResources',
];

/** By operation: what it reads, and what it lacks. `DryRun` is every operation's. */
const table: Record<string, [reads: string, lacks?: string]> = {
  DescribeSnapshots: [`SnapshotId.# Owner.# ${filter} ${paged}`, 'RestorableBy.#=self'],
  DeleteSnapshot: ['SnapshotId'],
  CopySnapshot: [
    `SourceRegion SourceSnapshotId Description DestinationRegion Encrypted KmsKeyId PresignedUrl ${tagging}`,
    'DestinationOutpostArn CompletionDurationMinutes DestinationAvailabilityZone',
  ],
  GetEbsEncryptionByDefault: [''],
  EnableEbsEncryptionByDefault: [''],
  DisableEbsEncryptionByDefault: [''],
  GetEbsDefaultKmsKeyId: [''],
  ModifyEbsDefaultKmsKeyId: ['KmsKeyId'],
  ResetEbsDefaultKmsKeyId: [''],
  RegisterImage: [
    `Name BootMode TpmSupport ImdsSupport Description Architecture RootDeviceName VirtualizationType EnaSupport ${disks} ${tagging}`,
    `ImageLocation BillingProduct.# UefiData KernelId RamdiskId SriovNetSupport BlockDeviceMapping.#.NoDevice ${disksLack}`,
  ],
  DescribeImages: [`ImageId.# Owner.# IncludeDeprecated IncludeDisabled ${filter} ${paged}`, 'ExecutableBy.#=self'],
  DeregisterImage: ['ImageId DeleteAssociatedSnapshots'],
  CopyImage: [
    `Name SourceImageId SourceRegion ClientToken CopyImageTags Description Encrypted KmsKeyId ${tagging}`,
    'DestinationOutpostArn DestinationAvailabilityZone DestinationAvailabilityZoneId SnapshotCopyCompletionDurationMinutes',
  ],
  ModifyImageAttribute: [
    'ImageId Attribute OperationType UserId.# LaunchPermission.Add.#.UserId LaunchPermission.Remove.#.UserId',
    `UserGroup.# ProductCode.# Value Description.* ImdsSupport.* OrganizationArn.# OrganizationalUnitArn.#
      LaunchPermission.Add.* LaunchPermission.Remove.*`,
  ],
  DescribeImageAttribute: ['ImageId Attribute'],
  ModifySnapshotAttribute: [
    `SnapshotId Attribute OperationType UserId.#
      CreateVolumePermission.Add.#.UserId CreateVolumePermission.Remove.#.UserId`,
    'UserGroup.# CreateVolumePermission.Add.* CreateVolumePermission.Remove.*',
  ],
  DescribeSnapshotAttribute: ['SnapshotId Attribute'],
  ImportSnapshot: [
    `${clientData} ClientToken Description Encrypted KmsKeyId RoleName ${tagging} ${under(
      'DiskContainer',
      'Description Format Url UserBucket.S3Bucket UserBucket.S3Key',
    )}`,
  ],
  DescribeImportSnapshotTasks: [`ImportTaskId.# Filters.#.Name Filters.#.Value.# ${paged}`],
  ImportImage: [
    `Architecture BootMode ${clientData} ClientToken Description Encrypted KmsKeyId LicenseType Platform RoleName UsageOperation
      ${tagging} ${under('DiskContainer.#', 'Description DeviceName Format SnapshotId Url UserBucket.S3Bucket UserBucket.S3Key')}`,
    'Hypervisor=xen LicenseSpecifications.*',
  ],
  DescribeImportImageTasks: [`ImportTaskId.# Filters.#.Name Filters.#.Value.# ${paged}`],
  CancelImportTask: ['CancelReason ImportTaskId'],
  RunInstances: [
    `MaxCount MinCount ClientToken SubnetId PrivateIpAddress ${under(
      'LaunchTemplate',
      'LaunchTemplateId LaunchTemplateName Version',
    )} ${launch.reads}`,
    `AdditionalInfo Ipv6AddressCount=0 Ipv6Address.* EnablePrimaryIpv6 ${launch.lacks}`,
  ],
  DescribeInstances: describeIds('InstanceId'),
  DescribeInstanceStatus: describeIds('InstanceId', 'IncludeAllInstances'),
  DescribeInstanceCreditSpecifications: describeIds('InstanceId'),
  TerminateInstances: ['InstanceId.# Force SkipOsShutdown'],
  StopInstances: ['InstanceId.# Force SkipOsShutdown', 'Hibernate'],
  StartInstances: ['InstanceId.#', 'AdditionalInfo'],
  GetConsoleOutput: ['InstanceId Latest'],
  GetConsoleScreenshot: ['InstanceId WakeUp'],
  DescribeVolumes: describeIds('VolumeId'),
  DeleteVolume: ['VolumeId'],
  CreateTags: ['ResourceId.# Tag.#.Key Tag.#.Value'],
  DeleteTags: ['ResourceId.# Tag.#.Key Tag.#.Value'],
  DescribeTags: [`${filter} ${paged}`],
  DescribeInstanceTypes: [`InstanceType.# IncludeUnsupportedInRegion ${filter} ${paged}`],
  DescribeInstanceTypeOfferings: [`LocationType ${filter} ${paged}`],
  DescribeVpcs: [`VpcId.# ${filter} ${paged}`],
  DescribeSubnets: [`SubnetId.# ${filter} ${paged}`],
  DescribeSecurityGroups: [`GroupId.# GroupName.# ${filter} ${paged}`],
  DescribeKeyPairs: [`KeyName.# KeyPairId.# IncludePublicKey ${filter}`],
  CreateKeyPair: [`KeyName KeyType KeyFormat ${tagging}`],
  ImportKeyPair: [`KeyName PublicKeyMaterial ${tagging}`],
  DeleteKeyPair: ['KeyName KeyPairId'],
  DescribeNetworkInterfaces: describeIds('NetworkInterfaceId'),
  DescribeRouteTables: [`RouteTableId.# ${filter} ${paged}`],
  CreateLaunchTemplate: [`LaunchTemplateName ${template.reads} ${tagging}`, template.lacks],
  CreateLaunchTemplateVersion: [
    `LaunchTemplateId LaunchTemplateName SourceVersion ${template.reads}`,
    `ResolveAlias ${template.lacks}`,
  ],
  DescribeLaunchTemplates: describeIds('LaunchTemplateId', 'LaunchTemplateName.#'),
  DescribeLaunchTemplateVersions: [
    `LaunchTemplateId LaunchTemplateName LaunchTemplateVersion.# MinVersion MaxVersion ${filter} ${paged}`,
    'ResolveAlias IncludeManagedResources',
  ],
  DeleteLaunchTemplate: ['LaunchTemplateId LaunchTemplateName'],
  DescribeRegions: [`RegionName.# AllRegions ${filter}`],
  DescribeAvailabilityZones: [`ZoneName.# ZoneId.# AllAvailabilityZones ${filter}`],
};

const declared = new Map<string, Declared>();

function declaredFor(action: string): Declared | undefined {
  const known = declared.get(action);
  const row = Object.hasOwn(table, action) ? table[action] : undefined;
  if (known || !row) return known;
  const lacks = words(row[1] ?? '').map((entry): [string, string] => {
    const [name = '', value = 'false'] = entry.split('=');
    return [name, value];
  });
  const made = { reads: new Set(['Action', 'Version', 'DryRun', ...words(row[0])]), lacks: new Map(lacks) };
  declared.set(action, made);
  return made;
}

/** Refuses a request with a parameter that its operation does not have, or that has no effect in the lab. */
export function checkParameters(action: string, fields: ReadonlyMap<string, string>): void {
  const { reads, lacks } = declaredFor(action) ?? { reads: new Set<string>(), lacks: new Map<string, string>() };
  for (const [name, value] of fields) {
    const pattern = name.replace(/\.\d+(?=\.|$)/g, '.#');
    if (reads.has(pattern) || /^X-Amz-/i.test(name)) continue;
    const idle = lacks.get(pattern);
    if (idle !== undefined && value.toLowerCase() === idle) continue;
    if (idle !== undefined || wholeStructure(pattern, lacks)) {
      if (idle === undefined && value === 'false') continue;
      throw new AwsError(
        400,
        'UnsupportedOperation',
        `This is a lab: ${action} has a parameter ${name} at AWS, but the lab has nothing that it could change. Leave it out.`,
      );
    }
    throw new AwsError(400, 'UnknownParameter', `The parameter ${name} is not recognized`);
  }
}

function wholeStructure(pattern: string, lacks: Declared['lacks']): boolean {
  const steps = pattern.split('.');
  return steps.some((_, at) => lacks.has(`${steps.slice(0, at).join('.')}.*`));
}
