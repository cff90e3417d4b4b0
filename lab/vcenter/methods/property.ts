// The property collector: retrieval with paging, filters, waiting for updates.
import { randomUUID } from 'node:crypto';
import { valueAt } from '../inventory/managed-object.ts';
import { PropertyFilter } from '../properties/filter.ts';
import { contents, type ObjectPaths, objectPaths } from '../properties/retrieve.ts';
import { type Collector, newCollector, sessionRef } from '../sessions.ts';
import { child, childrenNamed, numberOf, textOf } from '../soap/element.ts';
import { invalidArgument, managedObjectNotFound, VimFault } from '../soap/fault.ts';
import { type Data, data, list, ref, type Value } from '../soap/value.ts';
import { type Call, type Methods, sessionOf } from './method.ts';

export const propertyMethods: Methods = {
  RetrieveProperties: {
    on: 'PropertyCollector',
    privilege: 'System.View',
    handle: (call) => list('ObjectContent', contents(call.find, asked(call))),
  },
  RetrievePropertiesEx: {
    on: 'PropertyCollector',
    privilege: 'System.View',
    handle: (call) => {
      const all = asked(call);
      if (all.length === 0) return undefined;
      return page(call, all, numberOf(child(call.args, 'options'), 'maxObjects') ?? 0);
    },
  },
  ContinueRetrievePropertiesEx: {
    on: 'PropertyCollector',
    privilege: 'System.View',
    handle: (call) => {
      const token = textOf(call.args, 'token') ?? '';
      const left = sessionOf(call).pages.get(token);
      if (!left) throw invalidArgument('token');
      sessionOf(call).pages.delete(token);
      return page(call, left.rest, left.maxObjects);
    },
  },
  CancelRetrievePropertiesEx: {
    on: 'PropertyCollector',
    handle: (call) => {
      if (!sessionOf(call).pages.delete(textOf(call.args, 'token') ?? '')) throw invalidArgument('token');
      return undefined;
    },
  },
  /** One property of any object. In no reference, and what clients that read attributes lazily send. */
  Fetch: {
    on: 'ManagedObject',
    privilege: 'System.View',
    handle: (call) => {
      const object = call.find(call.self);
      if (!object) throw managedObjectNotFound(call.self);
      return { anyType: valueAt(object, textOf(call.args, 'prop') ?? '', new Map()) };
    },
  },
  CreatePropertyCollector: {
    on: 'PropertyCollector',
    privilege: 'System.View',
    handle: (call) => {
      const session = sessionOf(call);
      const own = sessionRef('PropertyCollector', session);
      const collector = newCollector(own.value);
      session.collectors.set(own.value, collector);
      session.objects.set(own.value, {
        ref: own,
        properties: {
          filter: () =>
            list(
              'ManagedObjectReference',
              [...collector.filters.values()].map((one) => one.ref),
            ),
        },
      });
      return own;
    },
  },
  DestroyPropertyCollector: {
    on: 'PropertyCollector',
    handle: (call) => {
      const collector = collectorOf(call);
      collector.cancelled.abort();
      for (const id of collector.filters.keys()) sessionOf(call).objects.delete(id);
      sessionOf(call).collectors.delete(collector.id);
      sessionOf(call).objects.delete(collector.id);
      return undefined;
    },
  },
  CreateFilter: {
    on: 'PropertyCollector',
    privilege: 'System.View',
    handle: (call) => {
      const spec = child(call.args, 'spec');
      if (!spec) throw invalidArgument('spec');
      // A wrong path or object is refused now, not while waiting.
      contents(call.find, objectPaths(call.center, call.find, [spec]));
      const own = sessionRef('PropertyFilter', sessionOf(call));
      collectorOf(call).filters.set(own.value, new PropertyFilter(call.center, call.find, own, spec));
      sessionOf(call).objects.set(own.value, { ref: own, properties: {} });
      call.center.changed();
      return own;
    },
  },
  DestroyPropertyFilter: {
    on: 'PropertyFilter',
    handle: (call) => {
      for (const collector of sessionOf(call).collectors.values()) collector.filters.delete(call.self.value);
      sessionOf(call).objects.delete(call.self.value);
      return undefined;
    },
  },
  WaitForUpdatesEx: {
    on: 'PropertyCollector',
    privilege: 'System.View',
    handle: (call) => {
      const options = child(call.args, 'options');
      return waitForUpdates(call, numberOf(options, 'maxWaitSeconds'), numberOf(options, 'maxObjectUpdates'));
    },
  },
  WaitForUpdates: {
    on: 'PropertyCollector',
    privilege: 'System.View',
    handle: (call) => waitForUpdates(call, undefined, undefined),
  },
  CheckForUpdates: {
    on: 'PropertyCollector',
    privilege: 'System.View',
    handle: (call) => waitForUpdates(call, 0, undefined),
  },
  CancelWaitForUpdates: {
    on: 'PropertyCollector',
    handle: (call) => {
      const collector = collectorOf(call);
      collector.cancelled.abort();
      collector.cancelled = new AbortController();
      return undefined;
    },
  },
};

function asked(call: Call): ObjectPaths[] {
  return objectPaths(call.center, call.find, childrenNamed(call.args, 'specSet'));
}

function page(call: Call, all: ObjectPaths[], maxObjects: number): Data {
  const limits = [maxObjects, call.center.settings.pageLimit].filter((limit) => limit > 0);
  const size = Math.min(all.length, ...limits);
  const rest = all.slice(size);
  const token = rest.length > 0 ? randomUUID() : undefined;
  // Read before the token is given out: a fault must leave no page behind.
  const objects = contents(call.find, all.slice(0, size));
  if (token) sessionOf(call).pages.set(token, { rest, maxObjects });
  return data('RetrieveResult', { token, objects: list('ObjectContent', objects) });
}

function collectorOf(call: Call): Collector {
  const collector = sessionOf(call).collectors.get(call.self.value);
  if (!collector) throw managedObjectNotFound(ref('PropertyCollector', call.self.value));
  return collector;
}

async function waitForUpdates(call: Call, seconds: number | undefined, maxObjects: number | undefined): Promise<Value> {
  const { center } = call;
  const collector = collectorOf(call);
  const version = textOf(call.args, 'version') ?? '';
  if (version === '') for (const filter of collector.filters.values()) filter.forget();
  else if (version !== String(collector.version)) {
    throw new VimFault('InvalidCollectorVersion', `The version ${version} is not the last one given`);
  }
  const cancelled = collector.cancelled.signal;
  const signal = AbortSignal.any([call.signal, cancelled]);
  const deadline = seconds === undefined ? undefined : Date.now() + seconds * 1000;
  for (;;) {
    const seen = center.changes;
    const updates = collect(collector, maxObjects ?? Number.POSITIVE_INFINITY);
    if (updates) return updates;
    if (cancelled.aborted) throw new VimFault('RequestCanceled', 'The wait was cancelled');
    if (signal.aborted || (deadline !== undefined && Date.now() >= deadline)) return undefined;
    await center.nextChange(seen, deadline === undefined ? undefined : deadline - Date.now(), signal);
  }
}

function collect(collector: Collector, maxObjects: number): Data | undefined {
  const updates: Data[] = [];
  let left = maxObjects;
  let truncated = false;
  for (const filter of collector.filters.values()) {
    if (left <= 0) {
      truncated = true;
      break;
    }
    const found = filter.update(left);
    if (!found) continue;
    updates.push(found.update);
    left -= found.objects;
    truncated ||= found.truncated;
  }
  if (updates.length === 0) return undefined;
  collector.version += 1;
  return data('UpdateSet', {
    version: String(collector.version),
    filterSet: list('PropertyFilterUpdate', updates),
    truncated: truncated || undefined,
  });
}
