// A managed object as the property collector sees it.
import { invalidProperty } from '../soap/fault.ts';
import { list, type MoRef, member, type Value } from '../soap/value.ts';
import { hasField } from './schema.ts';

export interface ManagedObject {
  ref: MoRef;
  /** Each property that may be set, computed when it is asked for. Others of its type are known and unset. */
  properties: Record<string, () => Value>;
}

const supertypes: Record<string, string[]> = {
  Folder: ['ManagedEntity'],
  Datacenter: ['ManagedEntity'],
  ClusterComputeResource: ['ComputeResource', 'ManagedEntity'],
  ComputeResource: ['ManagedEntity'],
  HostSystem: ['ManagedEntity'],
  ResourcePool: ['ManagedEntity'],
  VirtualApp: ['ResourcePool', 'ManagedEntity'],
  VirtualMachine: ['ManagedEntity'],
  Datastore: ['ManagedEntity'],
  Network: ['ManagedEntity'],
  ContainerView: ['ManagedObjectView', 'View'],
  ListView: ['ManagedObjectView', 'View'],
};

/** Whether an object of this type counts as one of that type. */
export function isType(type: string, wanted: string): boolean {
  if (type === wanted || wanted === 'ManagedObject') return true;
  const above = supertypes[type] ?? [];
  return above.includes(wanted) || (wanted === 'ExtensibleManagedObject' && above.includes('ManagedEntity'));
}

/**
 * The value at a path such as `config.hardware.device`; undefined where something on the way is unset. InvalidProperty when a
 * type on the way has no such field.
 */
export function valueAt(object: ManagedObject, path: string, memo: Map<string, Value>): Value {
  const [first, ...rest] = path.split('.') as [string, ...string[]];
  const property = Object.hasOwn(object.properties, first) ? object.properties[first] : undefined;
  if (!property && !hasField(object.ref.type, first)) throw invalidProperty(path);
  let value = memo.has(first) ? memo.get(first) : property?.();
  memo.set(first, value);
  for (const step of rest) {
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value.kind !== 'data') throw invalidProperty(path);
    const known = Object.hasOwn(value.fields, step);
    if (!known && !hasField(value.type, step)) throw invalidProperty(path);
    value = known ? value.fields[step] : undefined;
  }
  return value;
}

/** What every ManagedEntity has. */
export function entityProperties(
  name: string,
  parent: MoRef | undefined,
  recentTask: () => MoRef[],
  custom: { fields(): Value[]; values(): Value[] },
): Record<string, () => Value> {
  const empty = (type: string) => () => list(type, []);
  return {
    name: () => name,
    parent: () => parent,
    overallStatus: () => member('ManagedEntityStatus', 'green'),
    configStatus: () => member('ManagedEntityStatus', 'green'),
    configIssue: empty('Event'),
    effectiveRole: () => list('int', [-1]),
    permission: empty('Permission'),
    recentTask: () => list('ManagedObjectReference', recentTask()),
    declaredAlarmState: empty('AlarmState'),
    triggeredAlarmState: empty('AlarmState'),
    alarmActionsEnabled: () => true,
    disabledMethod: empty('string'),
    tag: empty('Tag'),
    availableField: () => list('CustomFieldDef', custom.fields()),
    value: () => list('CustomFieldValue', custom.values()),
    customValue: () => list('CustomFieldValue', custom.values()),
  };
}
