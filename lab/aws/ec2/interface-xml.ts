// An instance's network interface, as the instance shows it and as it is shown by itself.
import { tagSet } from './describe.ts';
import type { Xml } from './query.ts';
import type { Ec2, InstanceRecord } from './state.ts';

/** As a part of its instance. */
export function interfaceXml({ context }: Pick<Ec2, 'context'>, instance: InstanceRecord): { [name: string]: Xml } {
  const association = associationXml(context.region, instance);
  const dnsName = privateDnsName(context.region, instance);
  return {
    networkInterfaceId: instance.interfaceId,
    subnetId: instance.subnetId,
    vpcId: instance.vpcId,
    description: instance.interface?.description ?? '',
    ownerId: context.account,
    status: 'in-use',
    macAddress: instance.macAddress,
    privateDnsName: dnsName,
    privateIpAddress: instance.privateIp,
    sourceDestCheck: true,
    groupSet: instance.groups.map(({ id, name }) => ({ groupId: id, groupName: name })),
    attachment: attachmentXml(instance),
    association,
    privateIpAddressesSet: [
      { privateIpAddress: instance.privateIp, privateDnsName: dnsName, primary: true, association },
    ],
    interfaceType: 'interface',
    tagSet: tagSet(instance.interface?.tags ?? {}),
  };
}

/** By itself: with its zone, and with the instance that it is attached to. */
export function ownInterfaceXml(ec2: Pick<Ec2, 'context'>, instance: InstanceRecord): Xml {
  const { account } = ec2.context;
  return {
    ...interfaceXml(ec2, instance),
    availabilityZone: instance.availabilityZone,
    requesterManaged: false,
    attachment: { ...attachmentXml(instance), instanceId: instance.id, instanceOwnerId: account },
  };
}

/** A public address is lent while the instance runs. */
export function shownPublicIp({ state, publicIp }: InstanceRecord): string | undefined {
  return state === 'pending' || state === 'running' ? publicIp : undefined;
}

export function privateDnsName(region: string, { privateIp }: InstanceRecord): string {
  return `ip-${privateIp.replaceAll('.', '-')}.${region}.compute.internal`;
}

export function publicDnsName(region: string, address: string): string {
  return `ec2-${address.replaceAll('.', '-')}.${region}.compute.amazonaws.com`;
}

function associationXml(region: string, instance: InstanceRecord): Xml {
  const publicIp = shownPublicIp(instance);
  return publicIp ? { publicIp, publicDnsName: publicDnsName(region, publicIp), ipOwnerId: 'amazon' } : undefined;
}

function attachmentXml({ interfaceId, launchTime }: InstanceRecord): { [name: string]: Xml } {
  return {
    attachmentId: `eni-attach-${interfaceId.slice(4)}`,
    deviceIndex: 0,
    networkCardIndex: 0,
    status: 'attached',
    attachTime: launchTime,
    deleteOnTermination: true,
  };
}
