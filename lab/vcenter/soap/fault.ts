// The faults of the vim25 API, as errors that methods throw and as data that tasks and leases carry.
import { type Data, data, type MoRef, type Value } from './value.ts';

export class VimFault extends Error {
  /** Type name without the suffix `Fault`: `NotAuthenticated`, `NoPermission`. */
  readonly code: string;
  readonly fields: Record<string, Value>;

  constructor(code: string, message: string, fields: Record<string, Value> = {}) {
    super(message);
    this.code = code;
    this.fields = fields;
  }

  /** The fault as a `LocalizedMethodFault`, for TaskInfo.error and HttpNfcLease.error. */
  localized(): Data {
    return data('LocalizedMethodFault', { fault: data(this.code, this.fields), localizedMessage: this.message });
  }
}

export function notAuthenticated(object: MoRef, privilege = 'System.View'): VimFault {
  return new VimFault('NotAuthenticated', 'The session is not authenticated.', { object, privilegeId: privilege });
}

export function noPermission(object: MoRef, privilege: string): VimFault {
  return new VimFault('NoPermission', 'Permission to perform this operation was denied.', {
    object,
    privilegeId: privilege,
  });
}

export function managedObjectNotFound(object: MoRef): VimFault {
  return new VimFault(
    'ManagedObjectNotFound',
    "The object 'vim." +
      object.type +
      ':' +
      object.value +
      "' has already been deleted or has not been completely created",
    { obj: object },
  );
}

export function invalidProperty(name: string): VimFault {
  return new VimFault('InvalidProperty', 'InvalidProperty', { name });
}

export function invalidArgument(name: string): VimFault {
  return new VimFault('InvalidArgument', `A specified parameter was not correct: ${name}`, { invalidProperty: name });
}

const POWER_WORDS: Record<string, string> = {
  poweredOn: 'Powered on',
  poweredOff: 'Powered off',
  suspended: 'Suspended',
};

export function invalidPowerState(requested: string, existing: string): VimFault {
  return new VimFault(
    'InvalidPowerState',
    `The attempted operation cannot be performed in the current state (${POWER_WORDS[existing] ?? existing}).`,
    { requestedState: requested, existingState: existing },
  );
}

export function taskInProgress(task: MoRef): VimFault {
  return new VimFault(
    'TaskInProgress',
    'The operation is not allowed in the current state: another task is already in progress.',
    { task },
  );
}

export function invalidState(): VimFault {
  return new VimFault('InvalidState', 'The operation is not allowed in the current state.');
}

/** A method that this vCenter, or this API version, does not have. */
export function methodNotFound(object: MoRef, method: string): VimFault {
  return new VimFault('MethodNotFound', `The method ${method} was not found.`, { receiver: object, method });
}
