// How long something takes, asked again and again in turn: the middle and the slow end of it.

export interface Timed {
  /** What was asked, within its row. */
  name: string;
  /** Milliseconds; null where it did not come to an end. */
  p50: number | null;
  p95: number | null;
  times: number;
  /** Why there is no figure: it did not end, or went wrong, and misses its aim. */
  missing?: string;
  /** Why it was not tried at all. */
  skipped?: string;
}

export interface Patience {
  /** Measurements of each question, beside one that only warms up. */
  times: number;
  /** Milliseconds after which a question is given up. */
  longest: number;
}

/** A question that takes this long is asked once more and no further: it misses its aim by far, however often it is asked. */
const SLOW_MS = 2_000;
const MEDIUM_MS = 500;

/** @param ask ends when the answer is whole; throws when it was refused, or took longer than `longest` */
export async function timeOf(name: string, patience: Patience, ask: () => Promise<unknown>): Promise<Timed> {
  try {
    const warm = await milliseconds(ask);
    const times = warm > SLOW_MS ? 1 : warm > MEDIUM_MS ? Math.min(3, patience.times) : patience.times;
    const measured: number[] = [];
    for (let at = 0; at < times; at += 1) measured.push(await milliseconds(ask));
    return { name, p50: percentile(measured, 0.5), p95: percentile(measured, 0.95), times };
  } catch (error) {
    return { name, p50: null, p95: null, times: 0, missing: (error as Error).message };
  }
}

async function milliseconds(ask: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await ask();
  return performance.now() - began;
}

/** The nearest rank: of twenty the nineteenth is the 95th. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
