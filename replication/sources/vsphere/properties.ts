// Reads properties of vCenter's objects: some known ones, or all of a kind below a folder, page by page.
import { FaultError } from '../../model/fault.ts';
import type { VimSession } from './session.ts';
import { element, type ManagedObject, type Markup, reference, typed } from './xml/markup.ts';
import { AnswerError, child, children, object, text, type XmlNode } from './xml/xml-node.ts';

/** What was read of one object. Properties that are unset, or may not be read, are not in `properties`. */
export interface ObjectProperties {
  readonly object: ManagedObject;
  readonly properties: ReadonlyMap<string, XmlNode>;
  /** Path to type of fault of each property that was refused (`NoPermission`). */
  readonly refused: ReadonlyMap<string, string>;
}

/** Paths to read, by type of object. */
export type PropertyPaths = Readonly<Record<string, readonly string[]>>;

const CLEANUP_TIMEOUT_MS = 5_000;
const MAX_RESTARTS = 3;

/** A property whose references are read too, and from what they lead to the ways named in `onward`. */
export interface Way {
  name: string;
  /** Type of the objects that have the property, or one that they extend. */
  type: string;
  path: string;
  onward?: readonly string[];
}

/**
 * Reads the paths of each of the objects, and of those that the ways lead to when their type is in `paths`.
 * An object that is gone fails the whole call with ManagedObjectNotFound; one at the end of a way is left out.
 */
export async function readObjects(
  session: VimSession,
  objects: readonly ManagedObject[],
  paths: PropertyPaths,
  signal: AbortSignal,
  ways: readonly Way[] = [],
): Promise<ObjectProperties[]> {
  if (objects.length === 0) return [];
  const { propertyCollector } = await session.content(signal);
  const selections = ways.map(selection);
  const objectSets = objects.map((one) =>
    element('objectSet', [reference('obj', one), element('skip', false), ...selections]),
  );
  const call = [filterSpec(paths, objectSets), element('options')];
  const found: ObjectProperties[] = [];
  let page = readPage(await session.call(propertyCollector, 'RetrievePropertiesEx', call, { signal }));
  found.push(...page.objects);
  while (page.token !== null) {
    const next = [element('token', page.token)];
    page = readPage(
      await session.call(propertyCollector, 'ContinueRetrievePropertiesEx', next, {
        signal,
        retryInNewSession: false,
      }),
    );
    found.push(...page.objects);
  }
  return found;
}

/** Reads the paths of one object. */
export async function readObject(
  session: VimSession,
  one: ManagedObject,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ObjectProperties> {
  const [found] = await readObjects(session, [one], { [one.type]: paths }, signal);
  return found ?? { object: one, properties: new Map(), refused: new Map() };
}

/**
 * Every object of the given types below the root folder that the account may see, page by page.
 * The view and the paging belong to a session: when it is lost on the way they are begun again, and what was given
 * out before is left out. The view is destroyed in every case.
 */
export async function* readAll(
  session: VimSession,
  paths: PropertyPaths,
  pageSize: number,
  signal: AbortSignal,
): AsyncGenerator<ObjectProperties[]> {
  const given = new Set<string>();
  for (let restarts = 0; ; restarts += 1) {
    try {
      for await (const page of readView(session, paths, pageSize, signal)) {
        const fresh = page.filter(({ object: one }) => !given.has(one.value));
        for (const { object: one } of fresh) given.add(one.value);
        if (fresh.length > 0) yield fresh;
      }
      return;
    } catch (error) {
      const isLost = error instanceof FaultError && error.fault.code === 'vcenter-session-lost';
      if (!isLost || restarts >= MAX_RESTARTS) throw error;
    }
  }
}

async function* readView(
  session: VimSession,
  paths: PropertyPaths,
  pageSize: number,
  signal: AbortSignal,
): AsyncGenerator<ObjectProperties[]> {
  const { rootFolder, viewManager, propertyCollector } = await session.content(signal);
  const sameSession = { signal, retryInNewSession: false };
  const created = await session.call(
    viewManager,
    'CreateContainerView',
    [
      reference('container', rootFolder),
      ...Object.keys(paths).map((type) => element('type', type)),
      element('recursive', true),
    ],
    { signal },
  );
  const view = object(created, 'returnval');
  if (!view) throw new AnswerError('CreateContainerView gave no view');
  let token: string | null = null;
  try {
    const members = element('objectSet', [
      reference('obj', view),
      element('skip', true),
      selection({ name: 'members', type: 'ContainerView', path: 'view' }),
    ]);
    const call = [filterSpec(paths, [members]), element('options', [element('maxObjects', pageSize)])];
    let page = readPage(await session.call(propertyCollector, 'RetrievePropertiesEx', call, sameSession));
    for (;;) {
      token = page.token;
      yield page.objects;
      if (token === null) return;
      const next = [element('token', token)];
      page = readPage(await session.call(propertyCollector, 'ContinueRetrievePropertiesEx', next, sameSession));
    }
  } finally {
    await release(session, view, token === null ? null : { propertyCollector, token });
  }
}

/** Frees the view and a paging that was not read to its end. Both end with the session anyway. */
async function release(
  session: VimSession,
  view: ManagedObject,
  open: { propertyCollector: ManagedObject; token: string } | null,
): Promise<void> {
  const options = {
    signal: AbortSignal.timeout(CLEANUP_TIMEOUT_MS),
    timeoutMs: CLEANUP_TIMEOUT_MS,
    retryInNewSession: false,
  };
  if (open) {
    const token = [element('token', open.token)];
    await session.call(open.propertyCollector, 'CancelRetrievePropertiesEx', token, options).catch(() => undefined);
  }
  await session.call(view, 'DestroyView', [], options).catch(() => undefined);
}

function selection({ name, type, path, onward = [] }: Way): Markup {
  return typed('selectSet', 'TraversalSpec', [
    element('name', name),
    element('type', type),
    element('path', path),
    element('skip', false),
    ...onward.map((next) => element('selectSet', [element('name', next)])),
  ]);
}

function filterSpec(paths: PropertyPaths, objectSets: readonly Markup[]): Markup {
  const propSets = Object.entries(paths).map(([type, pathSet]) =>
    element('propSet', [
      element('type', type),
      element('all', false),
      ...pathSet.map((path) => element('pathSet', path)),
    ]),
  );
  return element('specSet', [...propSets, ...objectSets]);
}

function readPage(answer: XmlNode): { objects: ObjectProperties[]; token: string | null } {
  const result = child(answer, 'returnval');
  return {
    objects: children(result, 'objects').flatMap((one) => readObjectContent(one) ?? []),
    token: text(result, 'token'),
  };
}

/** Null for an object without its reference: nothing can be done with it, and the others of the page count. */
function readObjectContent(node: XmlNode): ObjectProperties | null {
  const one = object(node, 'obj');
  if (!one) return null;
  const properties = new Map<string, XmlNode>();
  for (const property of children(node, 'propSet')) {
    const name = text(property, 'name');
    const value = child(property, 'val');
    if (name && value) properties.set(name, value);
  }
  const refused = new Map(
    children(node, 'missingSet').map((missing): [string, string] => [
      text(missing, 'path') ?? '',
      child(missing, 'fault', 'fault')?.type ?? 'MethodFault',
    ]),
  );
  return { object: one, properties, refused };
}
