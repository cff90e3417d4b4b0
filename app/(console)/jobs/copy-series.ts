// The runs of a job as its charts draw them: bytes and durations in the unit that fits the highest. Pure.
import type { ListedRun } from '../runs/types.ts';

/** As many runs as the charts show. */
export const CHART_RUNS = 30;

interface Unit {
  factor: number;
  label: string;
}

const BYTES: readonly Unit[] = [
  { factor: 1, label: 'B' },
  { factor: 1024, label: 'KiB' },
  { factor: 1024 ** 2, label: 'MiB' },
  { factor: 1024 ** 3, label: 'GiB' },
  { factor: 1024 ** 4, label: 'TiB' },
];
const TIMES: readonly Unit[] = [
  { factor: 1000, label: 's' },
  { factor: 60_000, label: 'min' },
  { factor: 3_600_000, label: 'h' },
];

/** The largest unit in which the highest value is at least `from`, so that an axis has round steps of it. */
function unitFor(highest: number, units: readonly Unit[], from = 1): Unit {
  const [smallest] = units;
  return units.findLast(({ factor }) => highest >= from * factor) ?? (smallest as Unit);
}

export interface Point {
  /** Id of the run. */
  x: string;
  y: number;
}

export interface CopySeries {
  /** Ids of the runs, oldest first, and when each began. */
  runs: { id: string; at: Date }[];
  bytes: { unit: Unit; highest: number; changed: Point[]; sent: Point[] };
  duration: { unit: Unit; highest: number; points: Point[] };
  /** Full copies that the bars leave out: beside them those of deltas could not be seen. */
  leftOut: number;
}

type ChartRun = Pick<ListedRun, 'id' | 'startedAt' | 'endedAt' | 'copyMode' | 'changedBytes'> & {
  bytes: { sent: number | null };
};

/** @param newestFirst completed runs, as the list answers them */
export function copySeries(newestFirst: readonly ChartRun[]): CopySeries {
  const runs = newestFirst.slice(0, CHART_RUNS).reverse();
  const later = runs.filter(({ copyMode }) => copyMode !== 'full');
  const drawn = later.length > 0 ? later : runs;
  const changed = drawn.flatMap((run) => (run.changedBytes === null ? [] : [{ x: run.id, y: run.changedBytes }]));
  const sent = drawn.flatMap((run) => (run.bytes.sent === null ? [] : [{ x: run.id, y: run.bytes.sent }]));
  const lasted = runs.flatMap((run) =>
    run.startedAt && run.endedAt ? [{ x: run.id, y: run.endedAt.getTime() - run.startedAt.getTime() }] : [],
  );
  const most = Math.max(0, ...changed.map(({ y }) => y), ...sent.map(({ y }) => y));
  const longest = Math.max(0, ...lasted.map(({ y }) => y));
  const bytes = unitFor(most, BYTES);
  // 90 s are seconds: an axis from 0 to 1.5 min says less.
  const time = unitFor(longest, TIMES, 3);
  const scaled = (points: Point[], { factor }: Unit) => points.map(({ x, y }) => ({ x, y: y / factor }));
  return {
    runs: runs.flatMap(({ id, startedAt }) => (startedAt ? [{ id, at: startedAt }] : [])),
    bytes: {
      unit: bytes,
      highest: most / bytes.factor,
      changed: scaled(changed, bytes),
      sent: scaled(sent, bytes),
    },
    duration: { unit: time, highest: longest / time.factor, points: scaled(lasted, time) },
    leftOut: runs.length - drawn.length,
  };
}
