// Text that somebody else wrote (names, messages and descriptions of a platform), made safe where it enters:
// well-formed Unicode, none of the control characters that Postgres or a wire refuse, no longer than its field.
// Pure; anybody may import it.
import { z } from 'zod';

/** What fields take, in UTF-16 units as JavaScript and zod count them; none of them is what a person would fill. */
export const MOST = { id: 300, name: 300, path: 2000, sentence: 2000, raw: 8000 } as const;

// All of C0 and C1 but tab, line feed and carriage return: Postgres refuses NUL, XML nearly all, and nobody reads them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const REPLACEMENT = '\ufffd';

/** The text without what no database and no wire takes: a replacement character stands where something was. */
export function wellFormedText(text: string): string {
  return text.toWellFormed().replace(CONTROLS, REPLACEMENT);
}

/** The same in at most `most` UTF-16 units, cut between two characters and never within one; `…` says that it was cut. */
export function foreignText(text: string, most: number = MOST.sentence): string {
  const safe = wellFormedText(text);
  if (safe.length <= most) return safe;
  // A cut through a surrogate pair would leave half of it.
  const kept = safe.slice(0, most - 1);
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}…`;
}

/** A string of a message or a record that is made safe as it is parsed, and so never refused for what it holds. */
export function foreignString(most: number = MOST.sentence) {
  return z.string().overwrite((text) => foreignText(text, most));
}

/** Any JSON with every text in it made well-formed, keys too; lengths stay. What Postgres is to keep as `jsonb`. */
export function wellFormedJson(value: unknown): unknown {
  if (typeof value === 'string') return wellFormedText(value);
  if (Array.isArray(value)) return value.map(wellFormedJson);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [wellFormedText(key), wellFormedJson(one)]));
}
