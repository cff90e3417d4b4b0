/** Digits only: `Number` would take `1e1`, spaces and nothing at all. */
export function wholeNumber(text: string): number {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
}
