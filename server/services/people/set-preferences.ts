// What screens remember for a member: theme, time zone, columns of tables. Personal, so it leaves no audit row.
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { users } from '../../../db/schema/people.ts';
import type { MemberPrincipal } from '../../access/principals.ts';
import { guard, parseInput, type ServiceContext } from '../context.ts';

const MAX_BYTES = 16_384;
const MAX_KEYS = 60;

const json: z.ZodType<unknown> = z.json();

/** Keys that are given replace what stands under them; null removes. */
export const preferencesPatchSchema = z
  .object({
    theme: z.enum(['light', 'dark', 'system']),
    timeZone: z.string().max(64).nullable(),
  })
  .partial()
  .catchall(json)
  .refine((patch) => Object.keys(patch).every((key) => /^(theme|timeZone|(table|panel)\.[a-z-]{1,40})$/.test(key)), {
    error: 'Unknown preference',
  })
  .refine((patch) => JSON.stringify(patch).length <= MAX_BYTES, { error: 'Too large' });

/** Merges the patch into the member's own preferences and returns all of them. */
export async function setPreferences(
  ctx: ServiceContext & { principal: MemberPrincipal },
  input: unknown,
): Promise<Record<string, unknown>> {
  guard(ctx, 'profile.manage');
  const patch = parseInput(preferencesPatchSchema, input);
  const merged = sql`jsonb_strip_nulls(${users.preferences} || ${JSON.stringify(patch)}::jsonb)`;
  const [row] = await ctx.db
    .update(users)
    .set({
      preferences: sql`case when (select count(*) from jsonb_object_keys(${merged})) <= ${MAX_KEYS}
      then ${merged} else ${users.preferences} end`,
    })
    .where(eq(users.id, ctx.principal.userId))
    .returning({ preferences: users.preferences });
  return row?.preferences ?? {};
}
