// How many runs may be active at once, as fields. Pure.
import { wholeNumber } from '../../_forms/whole-number.ts';
import type { RunLimits } from './types.ts';

export type RunLimitsDraft = Record<keyof RunLimits, string>;

export const MAX_RUNS = 1000;

export const runLimitsDraft = ({ total, perTarget }: RunLimits): RunLimitsDraft => ({
  total: String(total),
  perTarget: String(perTarget),
});

/** The limits as the server takes them, or what is wrong with each field. */
export function runLimitsOf(
  draft: RunLimitsDraft,
): { limits: RunLimits; problems?: never } | { limits?: never; problems: Partial<RunLimitsDraft> } {
  const problems: Partial<RunLimitsDraft> = {};
  for (const field of ['total', 'perTarget'] as const) {
    const problem = problemOf(draft[field]);
    if (problem) problems[field] = problem;
  }
  if (Object.keys(problems).length > 0) return { problems };
  return { limits: { total: Number(draft.total), perTarget: Number(draft.perTarget) } };
}

function problemOf(text: string): string | null {
  const number = wholeNumber(text);
  if (Number.isNaN(number)) return 'Enter a whole number.';
  if (number < 1) return 'At least 1.';
  return number > MAX_RUNS ? `At most ${MAX_RUNS}.` : null;
}
