// Performance counters and their values, made up: the same moment of the same machine gives the same value.
import { createHash } from 'node:crypto';
import { type Data, data, list, type MoRef, member, ref } from '../soap/value.ts';
import type { ManagedObject } from './managed-object.ts';

interface Counter {
  key: number;
  group: string;
  name: string;
  /** Label of the counter. */
  label: string;
  unit: 'percent' | 'kiloBytesPerSecond' | 'megaHertz' | 'kiloBytes';
  rollup: 'average';
  stats: 'rate' | 'absolute';
  /** Values lie between these; a percentage is in hundredths. */
  range: [least: number, most: number];
}

export const counters: Counter[] = [
  counter(2, 'cpu', 'usage', 'Usage', 'percent', 'rate', [150, 4200]),
  counter(6, 'cpu', 'usagemhz', 'Usage in MHz', 'megaHertz', 'rate', [40, 2100]),
  counter(24, 'mem', 'usage', 'Usage', 'percent', 'absolute', [1200, 7400]),
  counter(98, 'mem', 'active', 'Active', 'kiloBytes', 'absolute', [65_536, 786_432]),
  counter(125, 'disk', 'usage', 'Usage', 'kiloBytesPerSecond', 'rate', [4, 9000]),
  counter(130, 'disk', 'read', 'Read rate', 'kiloBytesPerSecond', 'rate', [0, 6000]),
  counter(131, 'disk', 'write', 'Write rate', 'kiloBytesPerSecond', 'rate', [4, 3000]),
  counter(143, 'net', 'usage', 'Usage', 'kiloBytesPerSecond', 'rate', [1, 5000]),
];

function counter(
  key: number,
  group: string,
  name: string,
  label: string,
  unit: Counter['unit'],
  stats: Counter['stats'],
  range: Counter['range'],
): Counter {
  return { key, group, name, label, unit, rollup: 'average', stats, range };
}

/** Seconds between two samples of the present day; older ones are rolled up. */
export const REAL_TIME = 20;
export const historical = [
  { key: 1, samplingPeriod: 300, name: 'Past day', length: 86_400 },
  { key: 2, samplingPeriod: 1800, name: 'Past week', length: 604_800 },
  { key: 3, samplingPeriod: 7200, name: 'Past month', length: 2_592_000 },
  { key: 4, samplingPeriod: 86_400, name: 'Past year', length: 31_536_000 },
];

export function performanceManager(): ManagedObject {
  return {
    ref: ref('PerformanceManager', 'PerfMgr'),
    properties: {
      historicalInterval: () =>
        list(
          'PerfInterval',
          historical.map((interval) => data('PerfInterval', { ...interval, level: 1, enabled: true })),
        ),
      perfCounter: () => list('PerfCounterInfo', counters.map(counterInfo)),
    },
  };
}

const groups: Record<string, string> = { cpu: 'CPU', mem: 'Memory', disk: 'Disk', net: 'Network' };
const units = { percent: '%', kiloBytesPerSecond: 'KBps', megaHertz: 'MHz', kiloBytes: 'KB' };

export function counterInfo(one: Counter): Data {
  const element = (key: string, label: string) => data('ElementDescription', { label, summary: label, key });
  return data('PerfCounterInfo', {
    key: one.key,
    nameInfo: element(one.name, one.label),
    groupInfo: element(one.group, groups[one.group] ?? one.group),
    unitInfo: element(one.unit, units[one.unit]),
    rollupType: member('PerfSummaryType', one.rollup),
    statsType: member('PerfStatsType', one.stats),
    level: 1,
    perDeviceLevel: 3,
  });
}

/** The value at a moment, in the counter's unit. */
export function valueAtTime(entity: MoRef, one: Counter, at: number): number {
  const [byte = 0, second = 0] = createHash('sha256').update(`${entity.value} ${one.key} ${at}`).digest();
  const [least, most] = one.range;
  return least + Math.floor(((most - least) * (byte * 256 + second)) / 65_536);
}
