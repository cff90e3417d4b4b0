// Instances and their status as the query API shows them.
import { tagSet } from './describe.ts';
import { findInstanceType } from './instance-types.ts';
import { interfaceXml, privateDnsName, publicDnsName, shownPublicIp } from './interface-xml.ts';
import type { Xml } from './query.ts';
import type { Ec2, InstanceRecord, InstanceStateName } from './state.ts';

export const stateCodes: Record<InstanceStateName, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/** A guest under QEMU that says nothing for so long (ms of real time) is called impaired. */
const silence = 180_000;

function reachability(instance: InstanceRecord): 'ok' | 'initializing' | 'impaired' {
  if (instance.alive) return 'ok';
  const silent = Date.now() - Date.parse(instance.started) > silence;
  return silent && instance.guest === 'qemu' ? 'impaired' : 'initializing';
}

export function statusXml(instance: InstanceRecord): Xml {
  const running = instance.state === 'running';
  const status = running ? reachability(instance) : 'not-applicable';
  const summary = (value: string): Xml => ({
    status: value,
    details: running
      ? [{ name: 'reachability', status: value === 'ok' ? 'passed' : value === 'impaired' ? 'failed' : value }]
      : [],
  });
  const system = running ? (instance.alive ? 'ok' : status === 'impaired' ? 'ok' : 'initializing') : 'not-applicable';
  return {
    instanceId: instance.id,
    availabilityZone: instance.availabilityZone,
    instanceState: { code: stateCodes[instance.state], name: instance.state },
    systemStatus: summary(system),
    instanceStatus: summary(status),
    attachedEbsStatus: summary(system),
  };
}

export function reservationXml(ec2: Ec2, members: InstanceRecord[]): { [name: string]: Xml } {
  return {
    reservationId: members[0]?.reservationId,
    ownerId: ec2.context.account,
    groupSet: [],
    instancesSet: members.map((instance) => instanceXml(ec2, instance)),
  };
}

export function instanceXml({ context, state }: Ec2, instance: InstanceRecord): Xml {
  const gone = instance.state === 'terminated';
  const type = findInstanceType(instance.instanceType);
  const groups = instance.groups.map(({ id, name }) => ({ groupId: id, groupName: name }));
  const publicIp = shownPublicIp(instance);
  const dnsName = privateDnsName(context.region, instance);
  return {
    instanceId: instance.id,
    imageId: instance.imageId,
    instanceState: { code: stateCodes[instance.state], name: instance.state },
    privateDnsName: gone ? '' : dnsName,
    dnsName: publicIp ? publicDnsName(context.region, publicIp) : '',
    reason: instance.transitionReason,
    keyName: instance.keyName,
    amiLaunchIndex: instance.launchIndex,
    productCodes: [],
    instanceType: instance.instanceType,
    launchTime: instance.launchTime,
    placement: { availabilityZone: instance.availabilityZone, groupName: '', tenancy: 'default' },
    platform: instance.platform,
    platformDetails: instance.platformDetails,
    usageOperation: instance.usageOperation,
    monitoring: { state: monitoringOf(instance) },
    subnetId: gone ? undefined : instance.subnetId,
    vpcId: gone ? undefined : instance.vpcId,
    privateIpAddress: gone ? undefined : instance.privateIp,
    ipAddress: publicIp,
    iamInstanceProfile: profileXml(context.account, instance),
    sourceDestCheck: true,
    groupSet: gone ? [] : groups,
    stateReason: instance.stateReason,
    architecture: instance.architecture,
    rootDeviceType: 'ebs',
    rootDeviceName: instance.rootDeviceName,
    blockDeviceMapping: instance.volumeIds.flatMap((id) => {
      const volume = state.volumes[id];
      if (!volume) return [];
      return [
        {
          deviceName: volume.deviceName,
          ebs: {
            volumeId: id,
            status: 'attached',
            attachTime: volume.created,
            deleteOnTermination: volume.deleteOnTermination,
          },
        },
      ];
    }),
    virtualizationType: instance.virtualizationType,
    clientToken: instance.clientToken ?? '',
    tagSet: tagSet(instance.tags),
    hypervisor: 'xen',
    networkInterfaceSet: gone ? [] : [interfaceXml({ context }, instance)],
    ebsOptimized: instance.ebsOptimized ?? false,
    enaSupport: type?.ena === 'required',
    cpuOptions: { coreCount: type ? Math.max(1, Math.floor(type.cpus / 2)) : 1, threadsPerCore: 2 },
    metadataOptions: {
      state: instance.state === 'pending' ? 'pending' : 'applied',
      httpTokens: instance.httpTokens,
      httpPutResponseHopLimit: instance.httpHops ?? 2,
      httpEndpoint: instance.httpEndpoint ?? 'enabled',
    },
    bootMode: instance.bootMode,
    currentInstanceBootMode: instance.bootMode ?? 'legacy-bios',
  };
}

function monitoringOf({ monitoring, state }: InstanceRecord): string {
  if (!monitoring) return 'disabled';
  return state === 'pending' ? 'pending' : 'enabled';
}

function profileXml(account: string, { instanceProfile }: InstanceRecord): Xml {
  if (!instanceProfile) return undefined;
  const arn = instanceProfile.startsWith('arn:')
    ? instanceProfile
    : `arn:aws:iam::${account}:instance-profile/${instanceProfile}`;
  return { arn, id: 'AIPALAB0000000000001' };
}
