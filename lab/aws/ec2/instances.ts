// The life of instances after their launch: describing, status, console, stopping, starting, terminating.
import { paced } from '../pace.ts';
import { AwsError } from '../service.ts';
import { applyFilters, type FilterTable, page } from './describe.ts';
import type { Guests } from './guests.ts';
import { instanceXml, reservationXml, stateCodes, statusXml } from './instance-xml.ts';
import { publicAddresses } from './placement.ts';
import type { Parameters, Xml } from './query.ts';
import { endDryRun, found } from './refusals.ts';
import type { Action, Ec2, InstanceRecord, InstanceStateName } from './state.ts';

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

/** What is not shown in the instance, or no more when it is terminated. */
const filters: FilterTable<InstanceRecord> = {
  'reservation-id': ({ reservationId }) => [reservationId],
  'subnet-id': ({ subnetId }) => [subnetId],
  'vpc-id': ({ vpcId }) => [vpcId],
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
      const shown = page(
        applyFilters(all, parameters, filters, { as: 'instance', xml: (one) => instanceXml(ec2, one) }),
        parameters,
        {
          least: 5,
          most: 1000,
          byId: chosen.length > 0,
        },
      );
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
      const shown = page(applyFilters(all, parameters, {}, { as: 'instanceStatus', xml: statusXml }), parameters, {
        least: 5,
        most: 1000,
        byId: chosen.length > 0,
      });
      return { instanceStatusSet: shown.items.map(statusXml), nextToken: shown.nextToken };
    },

    DescribeInstanceCreditSpecifications(parameters) {
      const chosen = named(parameters);
      const burstable = Object.values(state.instances).filter(({ cpuCredits }) => cpuCredits === 'unlimited');
      const shown = page(
        applyFilters(chosen.length ? chosen : burstable, parameters, { 'instance-id': ({ id }) => [id] }),
        parameters,
        { least: 5, most: 1000, byId: chosen.length > 0 },
      );
      const withCredits = shown.items.filter(({ cpuCredits }) => cpuCredits);
      return {
        instanceCreditSpecificationSet: withCredits.map(({ id, cpuCredits }) => ({ instanceId: id, cpuCredits })),
        nextToken: shown.nextToken,
      };
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
        if (instance.publicIp) instance.publicIp = publicAddresses(ec2, 1)[0] ?? '';
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
      currentState: { code: stateCodes[instance.state], name: instance.state },
      previousState: { code: stateCodes[before], name: before },
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
