// The life of instances after their launch: describing, status, console, stopping, starting, terminating. For lab/aws/ec2 only.
import { paced } from '../pace.ts';
import { AwsError } from '../service.ts';
import { applyFilters, type FilterTable, page, tagSet } from './describe.ts';
import type { Guests } from './guests.ts';
import { findInstanceType } from './instance-types.ts';
import type { Parameters, Xml } from './query.ts';
import { endDryRun, found } from './refusals.ts';
import type { Action, Ec2, InstanceRecord, InstanceStateName } from './state.ts';

const codes: Record<InstanceStateName, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/** A guest under QEMU that says nothing for so long (ms of real time) is called impaired. */
const silence = 180_000;

/** Lets a pending instance come up, or go down at once when its AMI cannot start. */
export function beginInstance(ec2: Ec2, guests: Guests, instance: InstanceRecord): void {
  const refused = instance.guest === 'refused';
  ec2.timers.after(paced(ec2.context, 1500), () => {
    if (instance.state !== 'pending') return;
    instance.state = refused ? 'terminated' : 'running';
    if (refused) {
      instance.transitionReason = 'Client initiated shutdown';
      instance.stateReason = {
        code: 'Client.InstanceInitiatedShutdown',
        message: 'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
      };
      freeVolumes(ec2, instance);
    }
    ec2.state.save();
    if (!refused) guests.start(instance);
  });
}

/** After a start of the lab every instance goes on: what ran is booted again, what was changing arrives. */
export function resumeInstances(ec2: Ec2, guests: Guests): void {
  for (const instance of Object.values(ec2.state.instances)) {
    if (instance.state === 'pending') beginInstance(ec2, guests, instance);
    if (instance.state === 'running') {
      if (instance.guest === 'qemu') {
        instance.alive = false;
        instance.started = ec2.context.now().toISOString();
      }
      guests.start(instance);
    }
    if (instance.state === 'stopping') instance.state = 'stopped';
    if (instance.state === 'shutting-down') endInstance(ec2, instance);
  }
}

const filters: FilterTable<InstanceRecord> = {
  'instance-id': ({ id }) => [id],
  'instance-state-name': ({ state }) => [state],
  'instance-state-code': ({ state }) => [codes[state]],
  'instance-type': ({ instanceType }) => [instanceType],
  'image-id': ({ imageId }) => [imageId],
  'subnet-id': ({ subnetId }) => [subnetId],
  'vpc-id': ({ vpcId }) => [vpcId],
  'availability-zone': ({ availabilityZone }) => [availabilityZone],
  'client-token': ({ clientToken }) => [clientToken],
  'key-name': ({ keyName }) => [keyName],
  'reservation-id': ({ reservationId }) => [reservationId],
  'private-ip-address': ({ privateIp }) => [privateIp],
  'instance.group-id': ({ groups }) => groups.map(({ id }) => id),
  'block-device-mapping.volume-id': ({ volumeIds }) => volumeIds,
  architecture: ({ architecture }) => [architecture],
};

const statusFilters: FilterTable<InstanceRecord> = {
  'instance-state-name': ({ state }) => [state],
  'availability-zone': ({ availabilityZone }) => [availabilityZone],
  'instance-status.status': (instance) => [reachability(instance)],
};

export function instanceActions(ec2: Ec2, guests: Guests): Record<string, Action> {
  const { state, context } = ec2;
  const named = (parameters: Parameters) => {
    const ids = parameters.list('InstanceId');
    return ids.map((id) => found('instance', id, state.instances[id]));
  };
  const required = (parameters: Parameters) => {
    const instances = named(parameters);
    if (!instances.length)
      throw new AwsError(400, 'MissingParameter', 'The request must contain the parameter InstanceId');
    return instances;
  };
  return {
    DescribeInstances(parameters) {
      const chosen = named(parameters);
      const all = chosen.length ? chosen : Object.values(state.instances);
      const shown = page(applyFilters(all, parameters, filters), parameters, {
        least: 5,
        most: 1000,
        byId: chosen.length > 0,
      });
      const reservations = Map.groupBy(shown.items, ({ reservationId }) => reservationId);
      return {
        reservationSet: [...reservations.values()].map((members) => reservationXml(ec2, members)),
        nextToken: shown.nextToken,
      };
    },

    DescribeInstanceStatus(parameters) {
      const chosen = named(parameters);
      const everyState = parameters.flag('IncludeAllInstances') ?? false;
      const all = (chosen.length ? chosen : Object.values(state.instances)).filter(
        (instance) => everyState || instance.state === 'running',
      );
      const shown = page(applyFilters(all, parameters, statusFilters), parameters, {
        least: 5,
        most: 1000,
        byId: chosen.length > 0,
      });
      return { instanceStatusSet: shown.items.map(statusXml), nextToken: shown.nextToken };
    },

    TerminateInstances(parameters) {
      const instances = required(parameters);
      endDryRun(parameters);
      return change(ec2, instances, (instance) => {
        if (instance.state === 'terminated' || instance.state === 'shutting-down') return;
        instance.state = 'shutting-down';
        instance.alive = false;
        instance.transitionReason = `User initiated (${context.now().toISOString()})`;
        instance.stateReason = {
          code: 'Client.UserInitiatedShutdown',
          message: 'Client.UserInitiatedShutdown: User initiated shutdown',
        };
        afterStop(ec2, guests, instance, 'shutting-down', () => endInstance(ec2, instance));
      });
    },

    StopInstances(parameters) {
      const instances = required(parameters);
      for (const instance of instances) refuseUnless(instance, ['running', 'stopping', 'stopped'], 'stopped');
      endDryRun(parameters);
      return change(ec2, instances, (instance) => {
        if (instance.state !== 'running') return;
        instance.state = 'stopping';
        instance.alive = false;
        instance.transitionReason = `User initiated (${context.now().toISOString()})`;
        instance.stateReason = {
          code: 'Client.UserInitiatedShutdown',
          message: 'Client.UserInitiatedShutdown: User initiated shutdown',
        };
        afterStop(ec2, guests, instance, 'stopping', () => {
          instance.state = 'stopped';
          state.save();
        });
      });
    },

    StartInstances(parameters) {
      const instances = required(parameters);
      for (const instance of instances) refuseUnless(instance, ['stopped', 'pending', 'running'], 'started');
      endDryRun(parameters);
      return change(ec2, instances, (instance) => {
        if (instance.state !== 'stopped') return;
        instance.state = 'pending';
        instance.alive = false;
        instance.started = context.now().toISOString();
        instance.launchTime = instance.started;
        instance.transitionReason = '';
        instance.stateReason = undefined;
        beginInstance(ec2, guests, instance);
      });
    },

    async GetConsoleOutput(parameters) {
      const id = parameters.required('InstanceId');
      const instance = found('instance', id, state.instances[id]);
      endDryRun(parameters);
      if (instance.state === 'pending') return { instanceId: id, timestamp: new Date(instance.started), output: '' };
      const { text, at } = await guests.console(instance);
      return { instanceId: id, timestamp: at, output: text.toString('base64') };
    },
  };
}

function refuseUnless(instance: InstanceRecord, states: InstanceStateName[], verb: string): void {
  if (states.includes(instance.state)) return;
  throw new AwsError(
    400,
    'IncorrectInstanceState',
    `The instance '${instance.id}' is not in a state from which it can be ${verb}.`,
  );
}

/** Applies a change to each, and answers the states before and after. */
function change(
  ec2: Ec2,
  instances: InstanceRecord[],
  apply: (instance: InstanceRecord) => void,
): { [name: string]: Xml } {
  const changes = instances.map((instance) => {
    const before = instance.state;
    apply(instance);
    return {
      instanceId: instance.id,
      currentState: { code: codes[instance.state], name: instance.state },
      previousState: { code: codes[before], name: before },
    };
  });
  ec2.state.save();
  return { instancesSet: changes };
}

function afterStop(
  ec2: Ec2,
  guests: Guests,
  instance: InstanceRecord,
  during: InstanceStateName,
  then: () => void,
): void {
  const stopped = guests.stop(instance.id, during === 'shutting-down');
  ec2.timers.after(paced(ec2.context, 1200), () => {
    stopped.then(
      () => {
        if (instance.state === during) then();
      },
      (error: unknown) => ec2.context.log(`The guest of ${instance.id} did not stop: ${String(error)}`),
    );
  });
}

function endInstance(ec2: Ec2, instance: InstanceRecord): void {
  instance.state = 'terminated';
  freeVolumes(ec2, instance);
  ec2.state.save();
}

/** Volumes go with their instance, or stay behind as `available`, as each of them was told. */
function freeVolumes({ state }: Ec2, instance: InstanceRecord): void {
  for (const id of instance.volumeIds) {
    const volume = state.volumes[id];
    if (!volume) continue;
    if (volume.deleteOnTermination) delete state.volumes[id];
    else volume.state = 'available';
  }
  instance.volumeIds = [];
}

function reachability(instance: InstanceRecord): 'ok' | 'initializing' | 'impaired' {
  if (instance.alive) return 'ok';
  const silent = Date.now() - Date.parse(instance.started) > silence;
  return silent && instance.guest === 'qemu' ? 'impaired' : 'initializing';
}

function statusXml(instance: InstanceRecord): Xml {
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
    instanceState: { code: codes[instance.state], name: instance.state },
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

function instanceXml({ context, state }: Ec2, instance: InstanceRecord): Xml {
  const gone = instance.state === 'terminated';
  const type = findInstanceType(instance.instanceType);
  const groups = instance.groups.map(({ id, name }) => ({ groupId: id, groupName: name }));
  const dnsName = `ip-${instance.privateIp.replaceAll('.', '-')}.${context.region}.compute.internal`;
  return {
    instanceId: instance.id,
    imageId: instance.imageId,
    instanceState: { code: codes[instance.state], name: instance.state },
    privateDnsName: gone ? '' : dnsName,
    dnsName: '',
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
    monitoring: { state: 'disabled' },
    subnetId: gone ? undefined : instance.subnetId,
    vpcId: gone ? undefined : instance.vpcId,
    privateIpAddress: gone ? undefined : instance.privateIp,
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
    networkInterfaceSet: gone
      ? []
      : [
          {
            networkInterfaceId: instance.interfaceId,
            subnetId: instance.subnetId,
            vpcId: instance.vpcId,
            description: '',
            ownerId: context.account,
            status: 'in-use',
            macAddress: instance.macAddress,
            privateIpAddress: instance.privateIp,
            sourceDestCheck: true,
            groupSet: groups,
            attachment: {
              attachmentId: `eni-attach-${instance.interfaceId.slice(4)}`,
              deviceIndex: 0,
              status: 'attached',
              attachTime: instance.launchTime,
              deleteOnTermination: true,
            },
            privateIpAddressesSet: [{ privateIpAddress: instance.privateIp, primary: true }],
            interfaceType: 'interface',
          },
        ],
    ebsOptimized: false,
    enaSupport: type?.ena === 'required',
    cpuOptions: { coreCount: type ? Math.max(1, Math.floor(type.cpus / 2)) : 1, threadsPerCore: 2 },
    metadataOptions: {
      state: instance.state === 'pending' ? 'pending' : 'applied',
      httpTokens: instance.httpTokens,
      httpPutResponseHopLimit: 2,
      httpEndpoint: 'enabled',
    },
    bootMode: instance.bootMode,
    currentInstanceBootMode: instance.bootMode ?? 'legacy-bios',
  };
}
