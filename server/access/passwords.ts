// Passwords at rest: argon2id.
import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** OWASP's second recommendation for argon2id: 19 MiB, two passes, one lane (the algorithm is the package's default). */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** In the place of a hash, for who has no password: nobody can sign in with it. */
export const NO_PASSWORD = '-';

/** Longer input is refused before it is hashed. */
const MAX_PASSWORD_LENGTH = 512;

/** The PHC string `$argon2id$v=19$…` of a password; a new salt each time. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/** A password that a person can type: 20 characters without look-alikes, about 100 bits. */
export function newPassword(): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  const letters = Array.from(randomBytes(20), (byte) => alphabet[byte % alphabet.length]);
  return [0, 5, 10, 15].map((at) => letters.slice(at, at + 5).join('')).join('-');
}

let decoy: Promise<string> | undefined;

/**
 * Whether the password belongs to the hash. Without a hash (nobody has that e-mail) it works as long as with one and
 * says no, so that the time of the answer does not tell who is a member.
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  if (password.length > MAX_PASSWORD_LENGTH) return false;
  if (passwordHash === null) {
    decoy ??= hashPassword(randomBytes(16).toString('hex'));
    await verify(await decoy, password);
    return false;
  }
  try {
    return await verify(passwordHash, password);
  } catch {
    // A hash that is not one: nobody can sign in with it.
    return false;
  }
}
