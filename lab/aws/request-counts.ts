// Counts what was asked of the lab's AWS and its bytes by operation, and remembers the last requests.

export interface SeenRequest {
  at: string;
  /** `s3:PutObject`; `s3:?` when it was refused before its operation was known. */
  operation: string;
  attributes: Record<string, string>;
  accessKeyId: string;
  userAgent: string;
  status: number;
  bytesIn: number;
  bytesOut: number;
}

const REMEMBERED = 2000;

export class RequestCounts {
  #counts = new Map<string, number>();
  #bytes = new Map<string, { in: number; out: number }>();
  #recent: SeenRequest[] = [];

  count(operation: string): void {
    this.#counts.set(operation, (this.#counts.get(operation) ?? 0) + 1);
  }

  /** To be called when the request is answered. */
  remember(seen: SeenRequest): void {
    const { in: before, out } = this.#bytes.get(seen.operation) ?? { in: 0, out: 0 };
    this.#bytes.set(seen.operation, { in: before + seen.bytesIn, out: out + seen.bytesOut });
    this.#recent.push(seen);
    if (this.#recent.length > REMEMBERED) this.#recent.splice(0, this.#recent.length - REMEMBERED);
  }

  /**
   * Counts by operation, bytes of bodies by operation of all that was answered, and the last requests that were answered,
   * oldest first; of one service or of all.
   */
  report(service?: string): {
    counts: Record<string, number>;
    bytes: Record<string, { in: number; out: number }>;
    recent: SeenRequest[];
  } {
    const wanted = (operation: string): boolean => service === undefined || operation.startsWith(`${service}:`);
    return {
      counts: Object.fromEntries([...this.#counts].filter(([operation]) => wanted(operation)).sort()),
      bytes: Object.fromEntries([...this.#bytes].filter(([operation]) => wanted(operation)).sort()),
      recent: this.#recent.filter((seen) => wanted(seen.operation)),
    };
  }

  reset(): void {
    this.#counts.clear();
    this.#bytes.clear();
    this.#recent = [];
  }
}
