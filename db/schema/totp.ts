// The second step of a sign-in: a code that the person's phone makes (RFC 6238).
import { bigint, index, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { users } from './people.ts';
import type { Sealed } from './sealed.ts';

const at = () => timestamp({ withTimezone: true });

export const userTotp = pgTable('user_totp', {
  userId: text()
    .primaryKey()
    .references(() => users.id),
  /** Shared with the phone. Null only where its master key was given up: then recovery codes alone are left. */
  secret: jsonb().$type<Sealed>(),
  createdAt: at().notNull().defaultNow(),
  /** Null until a first code has shown that the phone has it: then it is asked for. */
  confirmedAt: at(),
  /** The last 30 seconds of which a code was taken, counted from 1970: each counts once. */
  lastStep: bigint({ mode: 'number' }),
});

/** What is used where the phone is lost, each once. Of a code only the SHA-256 is kept. */
export const recoveryCodes = pgTable(
  'recovery_codes',
  {
    userId: text()
      .notNull()
      .references(() => users.id),
    codeHash: text().notNull(),
    usedAt: at(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHash] })],
);

/** That somebody has shown the right password a moment ago, and is to show a code. Good once; of its secret the SHA-256 is kept. */
export const signInChallenges = pgTable(
  'sign_in_challenges',
  {
    tokenHash: text().primaryKey(),
    userId: text()
      .notNull()
      .references(() => users.id),
    /** The password that was shown, as it is kept: with another one since then the challenge is worth nothing. */
    passwordHash: text().notNull(),
    expiresAt: at().notNull(),
    usedAt: at(),
  },
  (table) => [
    index('sign_in_challenges_user').on(table.userId),
    index('sign_in_challenges_expires').on(table.expiresAt),
  ],
);
