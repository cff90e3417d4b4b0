// What happened, as vCenter tells it: logins, tasks, power. The last thousand; they do not survive a restart.
import type { Center } from './center.ts';
import type { Session } from './sessions.ts';
import { type Data, data, type MoRef, ref, time, type Value } from './soap/value.ts';
import type { VmState } from './state.ts';
import type { Task } from './tasks.ts';

export interface LabEvent {
  key: number;
  /** Events of one operation share the key of the first. */
  chain: number;
  /** `VmPoweredOnEvent`. */
  type: string;
  at: number;
  user: string;
  message: string;
  /** The machine that it is about. */
  vm?: VmState;
  /** What this type of event says beyond all others. */
  details: Record<string, Value>;
}

const REMEMBERED = 1000;

export class Events {
  readonly #center: Center;
  #events: LabEvent[] = [];
  #next = 1;

  constructor(center: Center) {
    this.#center = center;
  }

  /** Oldest first. */
  all(): LabEvent[] {
    return this.#events;
  }

  loggedIn(session: Session): void {
    const { user, address, userAgent } = session;
    this.#add('UserLoginSessionEvent', user, `User ${user}@${address} logged in as ${userAgent}`, undefined, {
      ipAddress: address,
      userAgent,
      locale: 'en',
      sessionId: session.key,
    });
  }

  loggedOut(session: Session): void {
    const { user, address, userAgent } = session;
    this.#add('UserLogoutSessionEvent', user, `User ${user}@${address} logged out`, undefined, {
      ipAddress: address,
      userAgent,
      callCount: 0,
      sessionId: session.key,
      loginTime: time(session.loginAt),
    });
  }

  taskBegan(task: Task, info: Data): void {
    const vm = this.#center.state.vms.find((one) => one.vm.id === task.entity.value);
    this.#add('TaskEvent', task.user, `Task: ${task.descriptionId}`, vm, { info });
  }

  switched(vm: VmState): void {
    const type = { poweredOn: 'VmPoweredOnEvent', poweredOff: 'VmPoweredOffEvent', suspended: 'VmSuspendedEvent' };
    const words = { poweredOn: 'powered on', poweredOff: 'powered off', suspended: 'suspended' };
    const message = `${vm.vm.name} on ${vm.vm.host} in ${vm.vm.datacenter} is ${words[vm.vm.power]}`;
    this.#add(type[vm.vm.power], '', message, vm, { template: vm.vm.template ?? false });
  }

  #add(type: string, user: string, message: string, vm: VmState | undefined, details: Record<string, Value>): void {
    const key = this.#next++;
    this.#events.push({ key, chain: key, type, at: Date.now(), user, message, vm, details });
    if (this.#events.length > REMEMBERED) this.#events = this.#events.slice(-REMEMBERED);
    this.#center.changed();
  }

  /** The event with the places that it happened at. */
  describe(event: LabEvent): Data {
    return data(event.type, {
      key: event.key,
      chainId: event.chain,
      createdTime: time(event.at),
      userName: event.user,
      ...(event.vm ? this.#placesOf(event.vm) : {}),
      fullFormattedMessage: event.message,
      ...event.details,
    });
  }

  #placesOf(vm: VmState): Record<string, Value> {
    const { inventory } = this.#center;
    const { datacenter, host } = inventory.places(vm);
    const cluster = inventory.parent(host) ?? host;
    const argument = (type: string, field: string, object: MoRef) =>
      data(type, { name: inventory.name(object), [field]: object });
    return {
      datacenter: argument('DatacenterEventArgument', 'datacenter', datacenter),
      computeResource: argument('ComputeResourceEventArgument', 'computeResource', cluster),
      host: argument('HostEventArgument', 'host', host),
      vm: argument('VmEventArgument', 'vm', ref('VirtualMachine', vm.vm.id)),
    };
  }
}
