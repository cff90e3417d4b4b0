// The one account that a password lets in where all others come by single sign-on: the way in while the provider is away.
import { type SQL, sql } from 'drizzle-orm';
import { members, users } from '../../db/schema/people.ts';

/** Whether an address is that of the account which LANDFALL_BREAK_GLASS names. @param email in small letters */
export function isNamedBreakGlass(email: string, source: Record<string, string | undefined> = process.env): boolean {
  return source.LANDFALL_BREAK_GLASS?.trim().toLowerCase() === email;
}

/**
 * The id of its user, as a subquery: the account that LANDFALL_BREAK_GLASS names, else the first administrator who was not made by
 * a group of the provider.
 */
export function breakGlassUser(source: Record<string, string | undefined> = process.env): SQL<string> {
  const named = source.LANDFALL_BREAK_GLASS?.trim().toLowerCase();
  if (named) return sql`(select bg.id from ${users} bg where bg.email = ${named})`;
  return sql`(select bg.user_id from ${members} bg where bg.role = 'administrator' and bg.removed_at is null and not bg.by_sso
    order by bg.created_at, bg.id limit 1)`;
}
