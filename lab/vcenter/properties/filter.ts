// A property filter of WaitForUpdates: what its client has been told, and what is different now.
import type { Center } from '../center.ts';
import type { ManagedObject } from '../inventory/managed-object.ts';
import type { Element } from '../soap/element.ts';
import { type Data, data, list, type MoRef, member, type Value } from '../soap/value.ts';
import { type Find, objectPaths, readPaths } from './retrieve.ts';

interface Told {
  object: MoRef;
  /** Path to the value as JSON. */
  values: Map<string, string>;
}

export class PropertyFilter {
  readonly ref: MoRef;
  readonly #center: Center;
  readonly #find: Find;
  readonly #spec: Element;
  #told = new Map<string, Told>();

  constructor(center: Center, find: Find, own: MoRef, spec: Element) {
    this.#center = center;
    this.#find = find;
    this.ref = own;
    this.#spec = spec;
  }

  /** The client starts from nothing: everything is news again. */
  forget(): void {
    this.#told.clear();
  }

  /** Tells at most `limit` objects of news; undefined when there are none. The rest stays news. */
  update(limit: number): { update: Data; objects: number; truncated: boolean } | undefined {
    const news: Data[] = [];
    let truncated = false;
    const present = new Set<string>();
    for (const { object, paths } of objectPaths(this.#center, this.#find, [this.#spec])) {
      present.add(object.value);
      const found = this.#find(object);
      if (!found) continue;
      if (news.length >= limit) {
        truncated = true;
        break;
      }
      const change = this.#changeOf(found, paths);
      if (change) news.push(change);
    }
    if (!truncated) {
      for (const [id, told] of this.#told) {
        if (present.has(id)) continue;
        this.#told.delete(id);
        news.push(objectUpdate('leave', told.object, []));
      }
    }
    if (news.length === 0) return undefined;
    const update = data('PropertyFilterUpdate', {
      filter: this.ref,
      objectSet: list('ObjectUpdate', news),
      missingSet: list('ObjectUpdate', []),
    });
    return { update, objects: news.length, truncated };
  }

  #changeOf(object: ManagedObject, paths: string[]): Data | undefined {
    const known = this.#told.get(object.ref.value);
    const values = new Map<string, string>();
    const changes: Data[] = [];
    for (const [name, val] of readPaths(object, paths)) {
      const text = JSON.stringify(val);
      values.set(name, text);
      if (known?.values.get(name) !== text) changes.push(propertyChange(name, val));
    }
    for (const name of known?.values.keys() ?? []) if (!values.has(name)) changes.push(propertyChange(name, undefined));
    this.#told.set(object.ref.value, { object: object.ref, values });
    if (!known) return objectUpdate('enter', object.ref, changes);
    return changes.length > 0 ? objectUpdate('modify', object.ref, changes) : undefined;
  }
}

function propertyChange(name: string, val: Value): Data {
  return data('PropertyChange', { name, op: member('PropertyChangeOp', 'assign'), val });
}

function objectUpdate(kind: string, obj: MoRef, changes: Data[]): Data {
  return data('ObjectUpdate', {
    kind: member('ObjectUpdateKind', kind),
    obj,
    changeSet: list('PropertyChange', changes),
    missingSet: list('MissingProperty', []),
  });
}
