// Which routers' queries an event of a topic makes stale.

/** First part of a query's path (the router's name in server/api/root.ts) by topic. */
const NOUNS: Record<string, readonly string[]> = {
  connectors: ['connectors', 'servers', 'cutovers', 'overview', 'attention'],
  servers: ['servers', 'connectors', 'jobs', 'overview'],
  jobs: ['jobs', 'servers', 'cutovers', 'overview', 'targets'],
  cutovers: ['cutovers', 'jobs', 'overview'],
  runs: ['runs', 'jobs', 'connectors', 'cutovers', 'overview'],
  images: ['images', 'runs', 'jobs', 'overview', 'targets'],
  instances: ['instances', 'images', 'runs', 'cutovers', 'overview', 'targets'],
  activity: ['activity'],
  members: ['members', 'session'],
  limits: ['limits'],
  notifications: ['notifications', 'deliveries'],
  targets: ['targets', 'jobs'],
};

/** A connector that says every few seconds that it is well does not change what needs attention. */
const ONLY_CHANGES: ReadonlySet<string> = new Set(['attention']);

/** The nouns of an event; a topic without an entry names its own router. */
export function nounsOf(topic: string, kind = 'changed'): readonly string[] {
  const nouns = NOUNS[topic] ?? [topic];
  return kind === 'progress' ? nouns.filter((noun) => !ONLY_CHANGES.has(noun)) : nouns;
}

/** One transaction's events come one after the other. */
const SOON_MS = 25;

/** Gathers topics and hands their nouns over together: soon after a pause, and at most once per `delayMs`. */
export class TopicBatch {
  readonly #delayMs: number;
  #flushedAt = Number.NEGATIVE_INFINITY;
  readonly #flush: (nouns: ReadonlySet<string>) => unknown;
  #nouns = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(delayMs: number, flush: (nouns: ReadonlySet<string>) => unknown) {
    this.#delayMs = delayMs;
    this.#flush = flush;
  }

  add(topic: string, kind?: string): void {
    for (const noun of nounsOf(topic, kind)) this.#nouns.add(noun);
    this.#timer ??= setTimeout(
      () => {
        const nouns = this.#nouns;
        this.#nouns = new Set();
        this.#timer = undefined;
        this.#flushedAt = performance.now();
        this.#flush(nouns);
      },
      Math.max(SOON_MS, this.#flushedAt + this.#delayMs - performance.now()),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
