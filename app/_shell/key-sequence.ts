// Keys that are pressed one after the other, such as g and then s. Pure, but for the clock that it is given.

export interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** The second key of two comes within this time. */
const TOGETHER_MS = 1_500;

/** Tells which of some sequences has just been completed. A sequence is one key, or two with a space between: `?`, `g s`. */
export class KeySequence {
  readonly #known: ReadonlySet<string>;
  readonly #now: () => number;
  #first: { key: string; at: number } | null = null;

  constructor(known: Iterable<string>, now: () => number = () => performance.now()) {
    this.#known = new Set(known);
    this.#now = now;
  }

  press({ key, ctrlKey, metaKey, altKey }: Key): string | null {
    const first = this.#first;
    this.#first = null;
    // Those belong to the browser and to the system.
    if (ctrlKey || metaKey || altKey || [...key].length !== 1) return null;
    const pressed = key.toLowerCase();
    if (first && this.#now() - first.at <= TOGETHER_MS) {
      const both = `${first.key} ${pressed}`;
      if (this.#known.has(both)) return both;
    }
    if (this.#known.has(pressed)) return pressed;
    if ([...this.#known].some((known) => known.startsWith(`${pressed} `)))
      this.#first = { key: pressed, at: this.#now() };
    return null;
  }
}
