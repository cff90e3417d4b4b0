// The secret of a link that lets somebody in: 256 random bits, of which only the SHA-256 is kept.
import { createHash, randomBytes } from 'node:crypto';

export interface LinkToken {
  /** Shown once. */
  token: string;
  /** What the database keeps. */
  hash: string;
}

export function newLinkToken(): LinkToken {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: hashOfToken(token) };
}

/** Found by its hash, so that the time of a comparison tells nothing. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
