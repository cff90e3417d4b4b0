// The filters that EC2's API reference documents (2016-11-15), and where their value stands in what an operation shows.
//
// `name` alone: `ebs-info.nvme-support` stands at `ebsInfo.nvmeSupport`; else `name=path`. Lists on the way are looked through.
// Where the lab
// shows nothing at that place the filter finds nothing, as it does at AWS for an attribute that nobody set.
import { Listed, type Xml } from './query.ts';

/** Entries with a prefix in the filter's name and another in the path: `attachment.` in `attachmentSet`. */
function within(prefix: string, path: string, names: string): string {
  return entriesOf(names)
    .map(([name, rest]) => `${prefix}.${name}=${path}.${rest}`)
    .join(' ');
}

function entriesOf(names: string): [name: string, path: string][] {
  return names
    .split(/\s+/)
    .filter(Boolean)
    .map((entry) => {
      const [name = '', path] = entry.split('=');
      return [name, path ?? name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())];
    });
}

const association = 'allocation-id association-id carrier-ip customer-owned-ip ip-owner-id public-dns-name public-ip';
const attachment =
  'attach-time attachment-id delete-on-termination device-index instance-id instance-owner-id network-card-index status';
const operator = 'operator.managed operator.principal';
const permission = `protocol=ipProtocol from-port to-port cidr=ipRanges.cidrIp ipv6-cidr=ipv6Ranges.cidrIpv6 group-id=groups.groupId
  group-name=groups.groupName user-id=groups.userId prefix-list-id=prefixListIds.prefixListId`;
const networkInterface = `availability-zone availability-zone-id description group-id=groupSet.groupId group-name=groupSet.groupName mac-address
  network-interface-id owner-id private-dns-name private-ip-address requester-id requester-managed source-dest-check status subnet-id
  vpc-id outpost-arn ipv6-addresses.ipv6-address=ipv6AddressesSet.ipv6Address ${operator}
  ${within('association', 'association', association)} ${within('attachment', 'attachment', attachment)}`;
const addresses = `${within('association', 'association', `${association} owner-id=ipOwnerId`)} primary private-dns-name private-ip-address`;

const table = {
  image: `architecture boot-mode creation-date description ena-support free-tier-eligible hypervisor image-allowed image-id image-type is-public
    kernel-id manifest-location=imageLocation name owner-alias=imageOwnerAlias owner-id=imageOwnerId platform product-code=productCodes.productCode
    product-code.type=productCodes.type ramdisk-id root-device-name root-device-type source-image-id source-image-region source-instance-id
    state=imageState state-reason-code=stateReason.code state-reason-message=stateReason.message sriov-net-support virtualization-type
    ${within('block-device-mapping', 'blockDeviceMapping', 'device-name')}
    ${within('block-device-mapping', 'blockDeviceMapping.ebs', 'delete-on-termination snapshot-id volume-size volume-type encrypted')}`,
  snapshot: `description encrypted owner-alias owner-id progress snapshot-id start-time status storage-tier transfer-type volume-id volume-size`,
  instance: `affinity=placement.affinity architecture availability-zone=placement.availabilityZone availability-zone-id=placement.availabilityZoneId
    boot-mode capacity-reservation-id capacity-reservation-specification.capacity-reservation-preference
    capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id
    capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn client-token
    current-instance-boot-mode dns-name ebs-optimized ena-support enclave-options.enabled hibernation-options.configured
    host-id=placement.hostId hypervisor iam-instance-profile.arn iam-instance-profile.id image-id instance-id instance-lifecycle
    instance-state-code=instanceState.code instance-state-name=instanceState.name instance-type instance.group-id=groupSet.groupId
    instance.group-name=groupSet.groupName ip-address ipv6-address kernel-id key-name launch-index=amiLaunchIndex launch-time
    maintenance-options.auto-recovery monitoring-state=monitoring.state network-performance-options.bandwidth-weighting ${operator} outpost-arn
    owner-id=networkInterfaceSet.ownerId placement-group-name=placement.groupName placement-partition-number=placement.partitionNumber platform
    platform-details private-dns-name private-dns-name-options.enable-resource-name-dns-a-record
    private-dns-name-options.enable-resource-name-dns-aaaa-record private-dns-name-options.hostname-type private-ip-address
    product-code=productCodes.productCode product-code.type=productCodes.type ramdisk-id reason requester-id reservation-id
    root-device-name root-device-type source-dest-check spot-instance-request-id state-reason-code=stateReason.code
    state-reason-message=stateReason.message subnet-id tenancy=placement.tenancy tpm-support usage-operation usage-operation-update-time
    virtualization-type vpc-id
    ${within('block-device-mapping', 'blockDeviceMapping', 'device-name')}
    ${within('block-device-mapping', 'blockDeviceMapping.ebs', 'attach-time delete-on-termination status volume-id')}
    ${within('metadata-options', 'metadataOptions', 'http-endpoint http-protocol-ipv4 http-protocol-ipv6 http-put-response-hop-limit http-tokens')}
    ${within('metadata-options', 'metadataOptions', 'instance-metadata-tags state')}
    ${within('network-interface', 'networkInterfaceSet', networkInterface)}
    ${within('network-interface', 'networkInterfaceSet', 'public-dns-name=association.publicDnsName tag-key=tagSet.key tag-value=tagSet.value')}
    ${within('network-interface', 'networkInterfaceSet', 'deny-all-igw-traffic ipv6-native ipv6-address=ipv6AddressesSet.ipv6Address')}
    ${within('network-interface', 'networkInterfaceSet', 'ipv6-addresses.is-primary-ipv6=ipv6AddressesSet.isPrimaryIpv6')}
    ${within('network-interface', 'networkInterfaceSet', 'ipv4-prefixes.ipv4-prefix=ipv4PrefixSet.ipv4Prefix')}
    ${within('network-interface', 'networkInterfaceSet', 'ipv6-prefixes.ipv6-prefix=ipv6PrefixSet.ipv6Prefix')}
    ${within('network-interface.addresses', 'networkInterfaceSet.privateIpAddressesSet', addresses)}`,
  instanceStatus: `availability-zone instance-state-code=instanceState.code instance-state-name=instanceState.name
    instance-status.reachability=instanceStatus.details.status instance-status.status system-status.reachability=systemStatus.details.status
    system-status.status attached-ebs-status.status ${operator}
    ${within('event', 'eventsSet', 'code description instance-event-id not-after not-before not-before-deadline')}`,
  volume: `availability-zone availability-zone-id create-time encrypted fast-restored multi-attach-enabled ${operator} size snapshot-id status
    volume-id volume-type ${within('attachment', 'attachmentSet', 'attach-time delete-on-termination device instance-id status')}`,
  subnet: `availability-zone availabilityZone availability-zone-id available-ip-address-count=availableIpAddressCount cidr-block cidrBlock cidr=cidrBlock
    customer-owned-ipv4-pool default-for-az defaultForAz enable-dns64 enable-lni-at-device-index ipv6-native map-customer-owned-ip-on-launch
    map-public-ip-on-launch outpost-arn owner-id private-dns-name-options-on-launch.hostname-type
    private-dns-name-options-on-launch.enable-resource-name-dns-a-record
    private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record state subnet-arn subnet-id vpc-id
    ${within('ipv6-cidr-block-association', 'ipv6CidrBlockAssociationSet', 'ipv6-cidr-block association-id state=ipv6CidrBlockState.state')}`,
  vpc: `cidr=cidrBlock dhcp-options-id is-default isDefault owner-id state vpc-id
    ${within('cidr-block-association', 'cidrBlockAssociationSet', 'cidr-block association-id state=cidrBlockState.state')}
    ${within('ipv6-cidr-block-association', 'ipv6CidrBlockAssociationSet', 'ipv6-cidr-block ipv6-pool association-id state=ipv6CidrBlockState.state')}`,
  securityGroup: `description=groupDescription group-id group-name owner-id vpc-id ${within('ip-permission', 'ipPermissions', permission)}
    ${within('egress.ip-permission', 'ipPermissionsEgress', permission)}`,
  keyPair: 'key-pair-id fingerprint=keyFingerprint key-name',
  instanceType: `auto-recovery-supported bare-metal burstable-performance-supported current-generation dedicated-hosts-supported
    ${within(
      'ebs-info',
      'ebsInfo',
      `attachment-limit-type maximum-ebs-attachments ebs-optimized-info.baseline-bandwidth-in-mbps ebs-optimized-info.baseline-iops
      ebs-optimized-info.baseline-throughput-in-mbps ebs-optimized-info.maximum-bandwidth-in-mbps ebs-optimized-info.maximum-iops
      ebs-optimized-info.maximum-throughput-in-mbps ebs-optimized-support encryption-support nvme-support`,
    )}
    free-tier-eligible hibernation-supported hypervisor instance-storage-supported instance-type memory-info.size-in-mib=memoryInfo.sizeInMiB
    ${within('instance-storage-info', 'instanceStorageInfo', 'disk.count=disks.count disk.size-in-gb=disks.sizeInGB disk.type=disks.type')}
    ${within('instance-storage-info', 'instanceStorageInfo', 'encryption-support nvme-support total-size-in-gb=totalSizeInGB')}
    ${within(
      'network-info',
      'networkInfo',
      `bandwidth-weightings efa-info.maximum-efa-interfaces efa-supported ena-support flexible-ena-queues-support
      encryption-in-transit-supported ipv4-addresses-per-interface ipv6-addresses-per-interface ipv6-supported maximum-network-cards
      maximum-network-interfaces network-performance`,
    )}
    nitro-enclaves-support nitro-tpm-support nitro-tpm-info.supported-versions reboot-migration-support
    processor-info.supported-architecture=processorInfo.supportedArchitectures processor-info.supported-features
    processor-info.sustained-clock-speed-in-ghz supported-boot-mode=supportedBootModes supported-root-device-type=supportedRootDeviceTypes
    supported-usage-class=supportedUsageClasses supported-virtualization-type=supportedVirtualizationTypes vcpu-info.default-cores=vCpuInfo.defaultCores
    vcpu-info.default-threads-per-core=vCpuInfo.defaultThreadsPerCore vcpu-info.default-vcpus=vCpuInfo.defaultVCpus
    vcpu-info.valid-cores=vCpuInfo.validCores vcpu-info.valid-threads-per-core=vCpuInfo.validThreadsPerCore`,
  zone: `group-long-name group-name message=messageSet.message opt-in-status parent-zone-id parent-zone-name region-name state=zoneState zone-id
    zone-name zone-type`,
  region: 'endpoint=regionEndpoint opt-in-status region-name',
  networkInterface: `interface-type ${networkInterface} ${within('addresses', 'privateIpAddressesSet', addresses)}`,
  routeTable: `owner-id route-table-id vpc-id
    ${within('association', 'associationSet', 'gateway-id route-table-association-id route-table-id subnet-id main')}
    ${within(
      'route',
      'routeSet',
      `destination-cidr-block destination-ipv6-cidr-block destination-prefix-list-id egress-only-internet-gateway-id gateway-id instance-id
      nat-gateway-id transit-gateway-id origin state vpc-peering-connection-id`,
    )}`,
  launchTemplate: 'create-time launch-template-name',
  launchTemplateVersion: `create-time is-default-version=defaultVersion ebs-optimized=launchTemplateData.ebsOptimized
    image-id=launchTemplateData.imageId instance-type=launchTemplateData.instanceType kernel-id=launchTemplateData.kernelId
    ram-disk-id=launchTemplateData.ramDiskId http-endpoint=launchTemplateData.metadataOptions.httpEndpoint
    http-protocol-ipv4=launchTemplateData.metadataOptions.httpProtocolIpv4 http-tokens=launchTemplateData.metadataOptions.httpTokens
    host-resource-group-arn=launchTemplateData.placement.hostResourceGroupArn iam-instance-profile=launchTemplateData.iamInstanceProfile.name
    license-configuration-arn=launchTemplateData.licenseSet.licenseConfigurationArn
    network-card-index=launchTemplateData.networkInterfaceSet.networkCardIndex`,
};

export type Filtered = keyof typeof table;

const paths = new Map<Filtered, ReadonlyMap<string, string>>();

/** Where the value of a documented filter stands; undefined for a name that EC2 does not document. */
export function filterPath(resource: Filtered, name: string): string | undefined {
  const known = paths.get(resource) ?? new Map(entriesOf(table[resource]));
  paths.set(resource, known);
  return known.get(name);
}

/** All values at a path of what is shown, as a filter compares them. */
export function valuesAt(shown: Xml, path: string): string[] {
  let found: Xml[] = [shown];
  for (const step of path.split('.')) {
    found = found
      .flat()
      .map((one) =>
        typeof one === 'object' && !Array.isArray(one) && !(one instanceof Date) && !(one instanceof Listed)
          ? one[step]
          : undefined,
      );
  }
  return found.flat().flatMap((one) => {
    if (one === undefined || (typeof one === 'object' && !(one instanceof Date))) return [];
    return [one instanceof Date ? one.toISOString() : String(one)];
  });
}
