// Which objects a filter specification means: the traversal of the property collector.
import type { Center } from '../center.ts';
import { isType, type ManagedObject, valueAt } from '../inventory/managed-object.ts';
import { child, childrenNamed, type Element, flagOf, textOf } from '../soap/element.ts';
import { invalidArgument } from '../soap/fault.ts';
import { type MoRef, ref, type Value } from '../soap/value.ts';

/** The reference that an element holds. */
export function refOf(element: Element | undefined, name: string): MoRef {
  if (!element?.refType) throw invalidArgument(name);
  return ref(element.refType, element.text);
}

/** Objects of one `objectSet`, each once, in the order in which they are reached. */
export function selectObjects(
  center: Center,
  find: (object: MoRef) => ManagedObject | undefined,
  set: Element,
): ManagedObject[] {
  const start = startOf(center, find, refOf(child(set, 'obj'), 'obj'));
  const named = new Map<string, Element>();
  const collectNames = (specs: Element[]) => {
    for (const spec of specs) {
      const name = textOf(spec, 'name');
      if (name && child(spec, 'path')) named.set(name, spec);
      collectNames(childrenNamed(spec, 'selectSet'));
    }
  };
  const specs = childrenNamed(set, 'selectSet');
  collectNames(specs);

  const chosen = new Map<string, ManagedObject>();
  const visited = new Set<string>();
  const visit = (object: ManagedObject, selections: Element[]) => {
    for (const selection of selections) {
      const spec = child(selection, 'path') ? selection : named.get(textOf(selection, 'name') ?? '');
      if (!spec) throw invalidArgument('selectSet.name');
      if (!isType(object.ref.type, textOf(spec, 'type') ?? '')) continue;
      const path = textOf(spec, 'path') ?? '';
      const step = `${object.ref.value} ${path} ${textOf(spec, 'name') ?? ''}`;
      if (visited.has(step) && textOf(spec, 'name')) continue;
      visited.add(step);
      for (const next of references(valueAt(object, path, new Map()))) {
        const found = find(next);
        if (!found) continue;
        if (!flagOf(spec, 'skip')) chosen.set(found.ref.value, found);
        visit(found, childrenNamed(spec, 'selectSet'));
      }
    }
  };
  if (!flagOf(set, 'skip')) chosen.set(start.ref.value, start);
  visit(start, specs);
  return [...chosen.values()];
}

function startOf(center: Center, find: (object: MoRef) => ManagedObject | undefined, object: MoRef): ManagedObject {
  return find(object) ?? center.get(object);
}

/** Every reference in a value. */
export function references(value: Value): MoRef[] {
  if (typeof value !== 'object') return [];
  if (value.kind === 'ref') return [value];
  return value.kind === 'list' ? value.items.flatMap(references) : [];
}
