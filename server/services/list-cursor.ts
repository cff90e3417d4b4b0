// Cursors of lists: where a page begins, as the value and id of the row beside it. Opaque to whoever carries them.
import { z } from 'zod';

export interface Key {
  /** The sorted column as text; null for a row that has no value there, and where the list is in the order of ids. */
  value: string | null;
  id: string;
}

export interface Cursor extends Key {
  direction: 'after' | 'before';
  /** The order that it belongs to: a column's name on the wire, or nothing. */
  by: string | null;
  descending: boolean;
}

const cursorSchema = z.tuple([
  z.enum(['after', 'before']),
  z.string().nullable(),
  z.boolean(),
  z.string().nullable(),
  z.string().min(1),
]);

export function writeCursor({ direction, by, descending, value, id }: Cursor): string {
  return Buffer.from(JSON.stringify([direction, by, descending, value, id])).toString('base64url');
}

/** Null for what is none, or belongs to another order: a link that somebody kept leads to the first page then. */
export function readCursor(text: string, sort: { by: string; descending: boolean } | null): Cursor | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
  const { data } = cursorSchema.safeParse(parsed);
  if (!data || JSON.stringify(data).includes('\\u0000')) return null;
  const [direction, by, descending, value, id] = data;
  if (by !== (sort?.by ?? null) || descending !== (sort?.descending ?? false)) return null;
  return { direction, by, descending, value, id };
}
