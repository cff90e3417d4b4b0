// What a method of the API is given and gives back.
import type { Center } from '../center.ts';
import type { ManagedObject } from '../inventory/managed-object.ts';
import type { Session } from '../sessions.ts';
import { child, type Element } from '../soap/element.ts';
import { invalidArgument, taskInProgress } from '../soap/fault.ts';
import { type MoRef, ref, type Value } from '../soap/value.ts';
import type { VmState } from '../state.ts';

export interface Call {
  center: Center;
  /** Undefined only in methods that are open to everybody. */
  session: Session | undefined;
  self: MoRef;
  /** The element of the method; its children are the arguments. */
  args: Element;
  /** Any object as this session sees it. */
  find(object: MoRef): ManagedObject | undefined;
  /** Aborted when the client goes away, the session ends or the lab stops. */
  signal: AbortSignal;
  address: string;
  userAgent: string;
  /** Sets or clears the session cookie of the answer. */
  setCookie(key: string | undefined): void;
}

export interface Method {
  /** Type of `_this`. */
  on: string;
  /** What the user must be allowed on `_this`. */
  privilege?: string;
  /** May be called without a session. */
  open?: true;
  /** Oldest API version that has the method, as major.minor. */
  since?: number;
  /** The return value: undefined gives an empty answer, a list several `returnval`. */
  handle(call: Call): Answer | Promise<Answer>;
}

/** What the schema calls anyType is written with the type of every value in it, a list as one `ArrayOf…`. */
export type Answer = Value | { kind?: never; anyType: Value };

export type Methods = Record<string, Method>;

/** A reference among the arguments. */
export function refArgument(call: Call, name: string): MoRef {
  const element = child(call.args, name);
  if (!element?.refType) throw invalidArgument(name);
  return ref(element.refType, element.text);
}

export function sessionOf(call: Call): Session {
  if (!call.session) throw new Error('The method is not open, so there is a session');
  return call.session;
}

/** Most changes of a VM exclude each other, and none goes together with an export. */
export function demandIdle(call: Call, vm: VmState): void {
  const busy = call.center.tasks.runningOn(ref('VirtualMachine', vm.vm.id));
  if (busy) throw taskInProgress(ref('Task', busy.id));
}
