// Picks a few of many by a seed. Only this folder imports it.

/** `count` different numbers from 0 up to, and without, `total` (all, where there are no more), ascending. */
export function sampleOrdinals(total: number, count: number, seed: number): number[] {
  const wanted = Math.max(0, Math.min(Math.floor(count), total));
  const random = randomFrom(seed);
  // Floyd's way: as many draws as picks, and every choice as likely as any other.
  const picked = new Set<number>();
  for (let end = total - wanted; end < total; end += 1) {
    const drawn = Math.floor(random() * (end + 1));
    picked.add(picked.has(drawn) ? end : drawn);
  }
  return [...picked].sort((left, right) => left - right);
}

/** Numbers in [0, 1) from a seed: splitmix32. */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
}
