// Where machines stand: names of folders, datacenters and hosts, free space of datastores, names of port groups.
import { type ObjectProperties, type PropertyPaths, readAll, readObjects, type Way } from './properties.ts';
import type { VimSession } from './session.ts';
import { referenceOf, unescapeName } from './vm-record.ts';
import type { ManagedObject } from './xml/markup.ts';
import { amount, text } from './xml/xml-node.ts';

export interface DatastoreFacts {
  /** Id of the managed object; names are unique within a datacenter only. */
  id: string;
  name: string;
  /** Null when vCenter does not tell. */
  freeBytes: number | null;
  accessible: boolean;
}

const PATHS: PropertyPaths = {
  Folder: ['name', 'parent'],
  Datacenter: ['name', 'parent'],
  VirtualApp: ['name', 'parent', 'parentFolder'],
  HostSystem: ['name'],
  Datastore: ['name', 'summary'],
  DistributedVirtualPortgroup: ['name', 'key'],
};
/** From what is in the inventory up to its root. */
const UPWARDS: readonly Way[] = [
  { name: 'up', type: 'ManagedEntity', path: 'parent', onward: ['up', 'out'] },
  { name: 'out', type: 'VirtualApp', path: 'parentFolder', onward: ['up', 'out'] },
];
const PAGE_SIZE = 500;
const MAX_DEPTH = 64;

export class Places {
  readonly #objects = new Map<string, ObjectProperties>();
  readonly #portgroups = new Map<string, string>();

  /** Learns everything that there is, in a few calls. */
  async learnAll(session: VimSession, signal: AbortSignal): Promise<this> {
    const { rootFolder } = await session.content(signal);
    // The view holds what is below its root, not the root itself.
    for (const one of await readObjects(session, [rootFolder], PATHS, signal)) this.#learn(one);
    for await (const page of readAll(session, PATHS, PAGE_SIZE, signal)) for (const one of page) this.#learn(one);
    return this;
  }

  /** Learns some objects and everything above them, in one call. */
  async learn(session: VimSession, objects: readonly (ManagedObject | null)[], signal: AbortSignal): Promise<this> {
    const wanted = objects.filter((one) => one !== null && PATHS[one.type] && !this.#objects.has(one.value));
    const found = await readObjects(session, wanted as ManagedObject[], PATHS, signal, UPWARDS);
    for (const one of found) this.#learn(one);
    return this;
  }

  /** `/Datacenters/DC1/vm/Folder/<name>`, from the parent of a machine. Names stay escaped as vCenter has them. */
  path(parent: ManagedObject | null, name: string): string {
    const names = [name];
    let at = parent;
    for (let depth = 0; at && depth < MAX_DEPTH; depth += 1) {
      const known: ObjectProperties | undefined = this.#objects.get(at.value);
      if (!known) break;
      names.unshift(known.properties.get('name')?.text ?? at.value);
      at = above(known);
    }
    return `/${names.join('/')}`;
  }

  /**
   * Inventory path of the datacenter that holds a folder or vApp, without the root folder: `Europe/East`. Names stay
   * escaped. Null when the datacenter cannot be seen.
   */
  datacenterPath(parent: ManagedObject | null): string | null {
    const names: string[] = [];
    let at = parent;
    for (let depth = 0; at && depth < MAX_DEPTH; depth += 1) {
      const known: ObjectProperties | undefined = this.#objects.get(at.value);
      const over = known ? above(known) : null;
      // What has nothing above it is the root.
      if (!known || !over) break;
      if (names.length > 0 || at.type === 'Datacenter') names.unshift(known.properties.get('name')?.text ?? at.value);
      at = over;
    }
    return names.length > 0 ? names.join('/') : null;
  }

  name(object: ManagedObject | null): string {
    if (!object) return '';
    return unescapeName(this.#objects.get(object.value)?.properties.get('name')?.text ?? object.value);
  }

  /** The name as vCenter has it, with `/`, `\\` and `%` escaped; null when the object cannot be seen. */
  rawName(object: ManagedObject | null): string | null {
    return (object && this.#objects.get(object.value)?.properties.get('name')?.text) || null;
  }

  portgroup(key: string): string | null {
    return this.#portgroups.get(key) ?? null;
  }

  datastore(object: ManagedObject): DatastoreFacts | null {
    const known = this.#objects.get(object.value);
    const summary = known?.properties.get('summary');
    if (!known || !summary) return null;
    return {
      id: object.value,
      name: this.name(object),
      // Some storage calls itself endless: 2^63 - 1 bytes.
      freeBytes: amount(Number.MAX_SAFE_INTEGER, summary, 'freeSpace'),
      accessible: text(summary, 'accessible')?.trim() !== 'false',
    };
  }

  hosts(): string[] {
    return [...this.#objects.values()]
      .filter(({ object }) => object.type === 'HostSystem')
      .map(({ object }) => this.name(object));
  }

  datacenters(): ManagedObject[] {
    return [...this.#objects.values()].filter(({ object }) => object.type === 'Datacenter').map(({ object }) => object);
  }

  #learn(one: ObjectProperties): void {
    this.#objects.set(one.object.value, one);
    const key = one.properties.get('key')?.text;
    if (one.object.type === 'DistributedVirtualPortgroup' && key) this.#portgroups.set(key, this.name(one.object));
  }
}

function above(one: ObjectProperties): ManagedObject | null {
  if (one.object.type === 'HostSystem' || one.object.type === 'Datastore') return null;
  return referenceOf(one.properties.get('parentFolder')) ?? referenceOf(one.properties.get('parent'));
}
