// The console's table: milliseconds with an aim.
import type { ConsoleRow } from './answers.ts';
import type { Timed } from './timing.ts';

/** A row is as good as the worst of what was asked in it. */
export function worstOf({ asked }: ConsoleRow): Timed | undefined {
  return asked.toSorted(
    (left, right) => (right.p95 ?? Number.POSITIVE_INFINITY) - (left.p95 ?? Number.POSITIVE_INFINITY),
  )[0];
}

/** Null where nothing was tried. */
function isMet(row: ConsoleRow): boolean | null {
  const worst = worstOf(row);
  if (!worst || worst.skipped) return null;
  return worst.p95 !== null && worst.p95 <= row.aim;
}

export function consoleTable(rows: readonly ConsoleRow[], all: boolean): string {
  const head = ['what', 'p50', 'p95', 'aim', 'met', 'the slowest of', 'load'];
  const lines = rows.flatMap((row) => {
    const worst = worstOf(row);
    const met = isMet(row);
    const slowest = row.asked.length > 1 ? `${row.asked.length}: ${worst?.name}` : '';
    const own = [
      row.name,
      ...figures(worst),
      `${row.aim} ms`,
      met === null ? '' : met ? 'yes' : 'no',
      slowest,
      row.load.toFixed(1),
    ];
    if (!all || row.asked.length < 2) return [own];
    return [own, ...row.asked.map((one) => [`– ${one.name}`, ...figures(one), '', '', '', ''])];
  });
  return [head, head.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function figures(timed: Timed | undefined): [string, string] {
  if (!timed) return ['', ''];
  return timed.p50 === null || timed.p95 === null
    ? [timed.skipped ? `skipped: ${timed.skipped}` : `${timed.missing}`, '']
    : [ms(timed.p50), ms(timed.p95)];
}

export const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
