// What a property run has been through, counted, so that it can be shown and asserted.

export class Tally {
  readonly #counts = new Map<string, Map<string, number>>();

  add(group: string, name: string, by = 1): void {
    const names = this.#counts.get(group) ?? new Map<string, number>();
    this.#counts.set(group, names.set(name, (names.get(name) ?? 0) + by));
  }

  of(group: string, name: string): number {
    return this.#counts.get(group)?.get(name) ?? 0;
  }

  /** Of these names, the ones that never came. */
  missing(group: string, names: readonly string[]): string[] {
    return names.filter((name) => this.of(group, name) === 0);
  }

  toString(): string {
    const lines = [...this.#counts].map(([group, names]) => {
      const sorted = [...names].sort((a, b) => b[1] - a[1]);
      return `  ${group}: ${sorted.map(([name, count]) => `${name} ${count}`).join(', ')}`;
    });
    return lines.join('\n');
  }
}
