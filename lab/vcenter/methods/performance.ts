// Asking for performance counters of machines and hosts.
import { counterInfo, counters, historical, REAL_TIME, valueAtTime } from '../inventory/performance.ts';
import { refOf } from '../properties/select.ts';
import { child, childrenNamed, type Element, numberOf, textOf, textsOf } from '../soap/element.ts';
import { invalidArgument } from '../soap/fault.ts';
import { type Data, data, list, type MoRef, time } from '../soap/value.ts';
import { type Call, type Methods, refArgument } from './method.ts';

/** Samples in an answer that names no number: an hour of the present day. */
const SAMPLES = 180;

export const performanceMethods: Methods = {
  QueryPerfProviderSummary: {
    on: 'PerformanceManager',
    privilege: 'System.View',
    handle: (call) => {
      const entity = call.center.get(refArgument(call, 'entity')).ref;
      const current = measured(entity);
      const refreshRate = current ? REAL_TIME : undefined;
      return data('PerfProviderSummary', { entity, currentSupported: current, summarySupported: true, refreshRate });
    },
  },
  QueryAvailablePerfMetric: {
    on: 'PerformanceManager',
    privilege: 'System.View',
    handle: (call) => {
      const entity = call.center.get(refArgument(call, 'entity')).ref;
      return list('PerfMetricId', measured(entity) ? counters.map(({ key }) => metricId(key)) : []);
    },
  },
  QueryPerfCounter: {
    on: 'PerformanceManager',
    privilege: 'System.View',
    handle: (call) =>
      list(
        'PerfCounterInfo',
        textsOf(call.args, 'counterId').map((id) => counterInfo(counterOf(Number(id)))),
      ),
  },
  QueryPerf: {
    on: 'PerformanceManager',
    privilege: 'System.View',
    handle: (call) =>
      list(
        'PerfEntityMetricBase',
        childrenNamed(call.args, 'querySpec').map((spec) => entityMetric(call, spec)),
      ),
  },
};

const measured = (entity: MoRef) => entity.type === 'VirtualMachine' || entity.type === 'HostSystem';
const metricId = (counterId: number) => data('PerfMetricId', { counterId, instance: '' });

function counterOf(key: number) {
  const found = counters.find((one) => one.key === key);
  if (!found) throw invalidArgument('counterId');
  return found;
}

function entityMetric(call: Call, spec: Element): Data {
  const entity = call.center.get(refOf(child(spec, 'entity'), 'entity')).ref;
  const interval = numberOf(spec, 'intervalId') ?? REAL_TIME;
  if (interval !== REAL_TIME && !historical.some(({ samplingPeriod }) => samplingPeriod === interval)) {
    throw invalidArgument('intervalId');
  }
  const asked = childrenNamed(spec, 'metricId').map((id) => counterOf(numberOf(id, 'counterId') ?? 0));
  const wanted = asked.length > 0 ? asked : counters;
  const moments = measured(entity) ? samples(spec, interval) : [];
  const series = wanted.map((one) => ({
    id: metricId(one.key),
    values: moments.map((at) => valueAtTime(entity, one, at)),
  }));
  if (textOf(spec, 'format') === 'csv') {
    return data('PerfEntityMetricCSV', {
      entity,
      sampleInfoCSV: moments.map((at) => `${interval},${new Date(at).toISOString().slice(0, 19)}Z`).join(','),
      value: list(
        'PerfMetricSeriesCSV',
        series.map(({ id, values }) => data('PerfMetricSeriesCSV', { id, value: values.join(',') })),
      ),
    });
  }
  return data('PerfEntityMetric', {
    entity,
    sampleInfo: list(
      'PerfSampleInfo',
      moments.map((at) => data('PerfSampleInfo', { timestamp: time(at), interval })),
    ),
    value: list(
      'PerfMetricSeries',
      series.map(({ id, values }) => data('PerfMetricIntSeries', { id, value: list('long', values) })),
    ),
  });
}

/** The ends of the intervals that are asked for, oldest first. */
function samples(spec: Element, interval: number): number[] {
  const step = interval * 1000;
  const [from, to] = ['startTime', 'endTime'].map((name) => Date.parse(textOf(spec, name) ?? ''));
  const last = Math.floor(Math.min(Number.isNaN(to) ? Date.now() : to!, Date.now()) / step) * step;
  const most = Math.min(numberOf(spec, 'maxSample') ?? SAMPLES, 1000);
  const found: number[] = [];
  for (let at = last; found.length < most && (Number.isNaN(from) || at > from!); at -= step) found.unshift(at);
  return found;
}
