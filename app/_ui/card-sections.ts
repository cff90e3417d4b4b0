// How the columns of a table become the sections of a card. Pure.

/** Columns up to this wide, in pixels, stand two beside each other. */
const HALF_UP_TO = 150;

/**
 * The share of the card's width, 50 or 100, of each section in order, by the widths of their columns in pixels. Two that
 * follow each other share a line; one without a neighbour has the line for itself, and so has the first, which Cloudscape
 * sets higher than a second beside it.
 */
export function sectionShares(widths: readonly number[]): number[] {
  const shares: number[] = [];
  for (let at = 0; at < widths.length; ) {
    const pair = at > 0 && isShort(widths[at]) && isShort(widths[at + 1]);
    shares.push(...(pair ? [50, 50] : [100]));
    at += pair ? 2 : 1;
  }
  return shares;
}

const isShort = (width: number | undefined) => width !== undefined && width <= HALF_UP_TO;
