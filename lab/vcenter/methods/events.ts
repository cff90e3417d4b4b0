// Asking for events: at once, or page by page through a collector.
import type { LabEvent } from '../events.ts';
import { refOf } from '../properties/select.ts';
import { sessionRef } from '../sessions.ts';
import { child, type Element, numberOf, textOf, textsOf } from '../soap/element.ts';
import { invalidArgument } from '../soap/fault.ts';
import { list, type MoRef, type Value } from '../soap/value.ts';
import { type Call, type Methods, sessionOf } from './method.ts';

interface EventCollector {
  matches(event: LabEvent): boolean;
  pageSize: number;
  /** Key of the last event read; reading goes on from here in either direction. */
  at: number;
}

/** Events in the latest page until a client asks for another size. */
const PAGE = 100;
const MOST = 1000;
const collectors = new WeakMap<object, EventCollector>();

export const eventMethods: Methods = {
  QueryEvents: {
    on: 'EventManager',
    privilege: 'System.View',
    handle: (call) => {
      const filter = child(call.args, 'filter');
      if (!filter) throw invalidArgument('filter');
      const most = numberOf(filter, 'maxCount') ?? MOST;
      return eventList(call, call.center.events.all().filter(matcher(call, filter)).slice(-most));
    },
  },
  CreateCollectorForEvents: {
    on: 'EventManager',
    privilege: 'System.View',
    handle: (call) => {
      const filter = child(call.args, 'filter');
      if (!filter) throw invalidArgument('filter');
      const own = sessionRef('EventHistoryCollector', sessionOf(call));
      const collector: EventCollector = { matches: matcher(call, filter), pageSize: PAGE, at: 0 };
      const { center } = call;
      const object = {
        ref: own,
        properties: {
          latestPage: () => eventList(call, center.events.all().filter(collector.matches).slice(-collector.pageSize)),
        },
      };
      collectors.set(object, collector);
      sessionOf(call).objects.set(own.value, object);
      return own;
    },
  },
  ReadNextEvents: {
    on: 'EventHistoryCollector',
    handle: (call) => {
      const collector = collectorOf(call);
      const found = matching(call, collector)
        .filter(({ key }) => key > collector.at)
        .slice(0, count(call));
      collector.at = found.at(-1)?.key ?? collector.at;
      return eventList(call, found);
    },
  },
  ReadPreviousEvents: {
    on: 'EventHistoryCollector',
    handle: (call) => {
      const collector = collectorOf(call);
      const found = matching(call, collector)
        .filter(({ key }) => key < collector.at)
        .slice(-count(call));
      collector.at = found[0]?.key ?? collector.at;
      return eventList(call, found);
    },
  },
  SetCollectorPageSize: {
    on: 'EventHistoryCollector',
    handle: (call) => {
      collectorOf(call).pageSize = count(call);
      call.center.changed();
      return undefined;
    },
  },
  /** To where the latest page begins. */
  ResetCollector: {
    on: 'EventHistoryCollector',
    handle: (call) => {
      const collector = collectorOf(call);
      const [first] = matching(call, collector).slice(-collector.pageSize);
      collector.at = first ? first.key : 0;
      return undefined;
    },
  },
  RewindCollector: {
    on: 'EventHistoryCollector',
    handle: (call) => {
      collectorOf(call).at = 0;
      return undefined;
    },
  },
  DestroyCollector: {
    on: 'EventHistoryCollector',
    handle: (call) => {
      sessionOf(call).objects.delete(call.self.value);
      return undefined;
    },
  },
};

function collectorOf(call: Call): EventCollector {
  const object = sessionOf(call).objects.get(call.self.value);
  const collector = object && collectors.get(object);
  if (!collector) throw invalidArgument('_this');
  return collector;
}

function matching(call: Call, collector: EventCollector): LabEvent[] {
  return call.center.events.all().filter(collector.matches);
}

function count(call: Call): number {
  const most = numberOf(call.args, 'maxCount');
  if (most === undefined || most < 1 || most > MOST) throw invalidArgument('maxCount');
  return most;
}

function eventList(call: Call, events: LabEvent[]): Value {
  return list(
    'Event',
    events.map((event) => call.center.events.describe(event)),
  );
}

/** EventFilterSpec: every part of it that is given must hold. */
function matcher(call: Call, filter: Element): (event: LabEvent) => boolean {
  const types = [
    ...textsOf(filter, 'eventTypeId').map((id) => id.replace(/^vim\.event\./, '')),
    ...textsOf(filter, 'type'),
  ];
  const users = textsOf(child(filter, 'userName'), 'userList');
  const chain = numberOf(filter, 'eventChainId');
  const [begin, end] = ['beginTime', 'endTime'].map((name) => textOf(child(filter, 'time'), name));
  const place = placeOf(call, child(filter, 'entity'));
  return (event) =>
    (types.length === 0 || types.some((type) => type === event.type || type === 'Event')) &&
    (users.length === 0 || users.includes(event.user)) &&
    (chain === undefined || chain === event.chain) &&
    (begin === undefined || event.at >= Date.parse(begin)) &&
    (end === undefined || event.at <= Date.parse(end)) &&
    place(event);
}

function placeOf(call: Call, spec: Element | undefined): (event: LabEvent) => boolean {
  if (!spec) return () => true;
  const { inventory } = call.center;
  const entity = call.center.get(refOf(child(spec, 'entity'), 'entity')).ref;
  const recursion = textOf(spec, 'recursion') ?? 'all';
  const inside = (event: LabEvent): boolean => {
    if (!event.vm) return false;
    const places = inventory.places(event.vm);
    const chain: (MoRef | undefined)[] = [places.host, places.pool, places.datastore, places.datacenter];
    for (let at: MoRef | undefined = places.folder; at; at = inventory.parent(at)) chain.push(at);
    return [...chain, inventory.parent(places.host)].some((one) => one?.value === entity.value);
  };
  return (event) => {
    const self = event.vm?.vm.id === entity.value;
    // The root stands for everything, logins as well.
    const everything = entity.value === inventory.root.value && recursion !== 'self';
    return everything || (self && recursion !== 'children') || (recursion !== 'self' && inside(event));
  };
}
