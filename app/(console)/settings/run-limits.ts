// How many runs may be active at once, as fields. Pure.
import type { inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../../server/api/root.ts';

export type RunLimits = inferRouterOutputs<AppRouter>['limits']['get'];
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
  if (!/^\d{1,9}$/.test(text.trim())) return 'Enter a whole number.';
  if (Number(text) < 1) return 'At least 1.';
  return Number(text) > MAX_RUNS ? `At most ${MAX_RUNS}.` : null;
}
