// What the property collector answers about the chosen objects.
import type { Center } from '../center.ts';
import { isType, type ManagedObject, valueAt } from '../inventory/managed-object.ts';
import { childrenNamed, type Element, flagOf, textOf, textsOf } from '../soap/element.ts';
import { type Data, data, list, type MoRef, ref, type Value } from '../soap/value.ts';
import { selectObjects } from './select.ts';

/** An object and the property paths asked of it. */
export interface ObjectPaths {
  object: MoRef;
  paths: string[];
}

export type Find = (object: MoRef) => ManagedObject | undefined;

/** The objects that filter specifications choose and for which properties are asked. */
export function objectPaths(center: Center, find: Find, specs: Element[]): ObjectPaths[] {
  const found = new Map<string, { object: MoRef; paths: Set<string> }>();
  for (const spec of specs) {
    const propSets = childrenNamed(spec, 'propSet');
    for (const set of childrenNamed(spec, 'objectSet')) {
      for (const object of selectObjects(center, find, set)) {
        const asked = propSets.filter((propSet) => isType(object.ref.type, textOf(propSet, 'type') ?? ''));
        if (asked.length === 0) continue;
        const entry = found.get(object.ref.value) ?? { object: object.ref, paths: new Set<string>() };
        for (const propSet of asked) {
          const paths = flagOf(propSet, 'all') ? Object.keys(object.properties) : textsOf(propSet, 'pathSet');
          for (const path of paths) entry.paths.add(path);
        }
        found.set(object.ref.value, entry);
      }
    }
  }
  return [...found.values()].map(({ object, paths }) => ({ object, paths: [...paths] }));
}

/** The values that are set. Throws InvalidProperty for a path that the type does not have. */
export function readPaths(object: ManagedObject, paths: string[]): [string, Value][] {
  const memo = new Map<string, Value>();
  const values: [string, Value][] = [];
  for (const path of paths) {
    const value = valueAt(object, path, memo);
    if (value !== undefined) values.push([path, value]);
  }
  return values;
}

function objectContent(object: ManagedObject, paths: string[]): Data {
  return data('ObjectContent', {
    obj: object.ref,
    propSet: list(
      'DynamicProperty',
      readPaths(object, paths).map(([name, val]) => data('DynamicProperty', { name, val })),
    ),
    missingSet: list('MissingProperty', []),
  });
}

/** Objects that went away since they were chosen are left out. */
export function contents(find: Find, asked: ObjectPaths[]): Data[] {
  return asked.flatMap(({ object, paths }) => {
    const found = find(ref(object.type, object.value));
    return found ? [objectContent(found, paths)] : [];
  });
}
