// Block tokens and page tokens of EBS direct: bound to what they were given for, and good for a while only.
import { createHmac } from 'node:crypto';
import type { PacedContext } from '../pace.ts';
import { invalid } from './validation.ts';

/** AWS's tokens live for seven days. */
const lifetime = 7 * 24 * 3600 * 1000;

export class BlockTokens {
  readonly #context: PacedContext;

  constructor(context: PacedContext) {
    this.#context = context;
  }

  /** When tokens that are made now end. */
  expiry(): Date {
    return new Date(Number(this.#context.now()) + lifetime);
  }

  /** `subject` is what the token is good for, such as a snapshot and a block. */
  make(subject: string): string {
    const until = Number(this.expiry());
    return `${until.toString(36)}.${this.#sign(subject, until)}`;
  }

  /** Refuses a token that was given for something else, or whose time is over. */
  check(token: string | null, subject: string, reason: 'INVALID_BLOCK_TOKEN' | 'INVALID_PAGE_TOKEN'): void {
    const [time = '', signature] = (token ?? '').split('.');
    const until = Number.parseInt(time, 36);
    if (!signature || signature !== this.#sign(subject, until)) throw invalid(reason, 'The token is not valid.');
    if (until < Number(this.#context.now())) throw invalid(reason, 'The token has expired.');
  }

  #sign(subject: string, until: number): string {
    return createHmac('sha256', `lab ${this.#context.account}`).update(`${until} ${subject}`).digest('base64url');
  }
}
