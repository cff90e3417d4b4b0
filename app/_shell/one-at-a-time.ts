// The gate behind every button that changes something. It takes effect at once, not with the next
// rendering, which on a busy machine comes after the second click.

export class OneAtATime {
  #last: Promise<unknown> | null = null;
  #state: 'free' | 'going' | 'done' = 'free';

  /** Calls, unless a call is under way; then its promise is answered. With `once` also after one that went well. */
  run<T>(call: () => Promise<T>, { once = false } = {}): Promise<T> {
    if (this.#last && (this.#state === 'going' || (once && this.#state === 'done'))) return this.#last as Promise<T>;
    const made = call();
    this.#last = made;
    this.#state = 'going';
    const end = (state: 'free' | 'done') => {
      if (this.#last === made) this.#state = state;
    };
    made.then(
      () => end('done'),
      () => end('free'),
    );
    return made;
  }

  /** The next call is made, whatever went before. */
  reset(): void {
    this.#last = null;
    this.#state = 'free';
  }
}
