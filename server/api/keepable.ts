// Texts that no database takes: a NUL, or half of a pair of UTF-16. Nobody types them.

/** Whether every text in it, keys too, can be kept. However deep it is. */
export function isKeepable(value: unknown): boolean {
  const open = [value];
  for (let one = open.pop(); one !== undefined || open.length > 0; one = open.pop()) {
    if (typeof one === 'string' && (one.includes('\0') || !one.isWellFormed())) return false;
    if (one !== null && typeof one === 'object') for (const entry of Object.entries(one)) open.push(...entry);
  }
  return true;
}
