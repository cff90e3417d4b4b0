// The keys of a bucket in the order in which S3 lists them: by their UTF-8 bytes.

export class SortedKeys {
  #keys: string[];

  constructor(keys: Iterable<string>) {
    this.#keys = [...keys].sort(SortedKeys.compare);
  }

  static compare(this: void, left: string, right: string): number {
    if (left === right) return 0;
    // UTF-16 order differs from UTF-8 order only where surrogates are.
    if (/[\ud800-\uffff]/.test(left) || /[\ud800-\uffff]/.test(right))
      return Buffer.compare(Buffer.from(left), Buffer.from(right));
    return left < right ? -1 : 1;
  }

  /** The key must not be there yet. */
  add(key: string): void {
    this.#keys.splice(this.#position(key), 0, key);
  }

  remove(key: string): void {
    const at = this.#position(key);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  *from(key: string): Generator<string, void, undefined> {
    for (let at = this.#position(key); at < this.#keys.length; at += 1) yield this.#keys[at]!;
  }

  /** Where the first key is that is not less than this one. */
  #position(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (SortedKeys.compare(this.#keys[middle]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
