// Works on the items of a stream, a bounded number of them at once.

/** The first failure stops the stream and all work under way, and is thrown when everything has come to rest. */
export async function sideBySide<T>(
  items: AsyncIterable<T>,
  most: number,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const working = new Set<Promise<void>>();
  try {
    for await (const item of items) {
      both.throwIfAborted();
      const one: Promise<void> = work(item, both)
        .catch((error) => stop.abort(error))
        .finally(() => working.delete(one));
      working.add(one);
      while (working.size >= most) await Promise.race(working);
    }
  } catch (error) {
    stop.abort(error);
  }
  await Promise.all(working);
  signal.throwIfAborted();
  stop.signal.throwIfAborted();
}
