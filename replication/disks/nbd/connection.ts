// The transmission phase: requests and their answers, several under way, in any order.
// Part of replication/disks/nbd.
import { faultError } from '../../model/fault.ts';
import type { Answer } from './answers.ts';
import { connectionFault, NbdBreach, requestFault } from './faults.ts';
import {
  CHUNK,
  CHUNK_DONE,
  CHUNK_ERROR,
  COMMAND,
  LONGEST_STRING,
  REQUEST_MAGIC,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
} from './protocol.ts';
import type { Wire } from './wire.ts';

export interface Request {
  command: keyof typeof COMMAND;
  offset: number;
  length: number;
}

interface Pending {
  readonly answer: Answer;
  /** The first error that the server told. */
  error: unknown;
  resolve: () => void;
  reject: (error: unknown) => void;
}

const FAREWELL_MS = 1_000;

export class NbdConnection {
  readonly #wire: Wire;
  readonly #where: string;
  readonly #structured: boolean;
  readonly #pending = new Map<bigint, Pending>();
  readonly #waiting: { grant: () => void; reject: (error: unknown) => void }[] = [];
  readonly #inFlight: number;
  #taken = 0;
  #cookie = 0n;
  #failure: { error: unknown } | undefined;
  #closing: Promise<void> | undefined;
  /** Once it is closed: nothing is under way any more. */
  readonly #drained = Promise.withResolvers<void>();

  /** `where` is the server's address in words; `structured` whether structured replies were agreed on. */
  constructor(wire: Wire, options: { where: string; structured: boolean; inFlight: number }) {
    this.#wire = wire;
    this.#where = options.where;
    this.#structured = options.structured;
    this.#inFlight = options.inFlight;
    this.#receive();
  }

  /**
   * Sends the request, once there is room for it, and waits until `answer` took all of the reply. After the signal the
   * reply is still heard out, and passed over.
   */
  async ask(request: Request, answer: Answer, signal: AbortSignal): Promise<void> {
    await this.#takePlace(signal);
    // The connection may have ended, or the signal come, between the granting and here: nobody would tell of it later.
    try {
      this.#throwIfFailed();
      signal.throwIfAborted();
    } catch (error) {
      this.#givePlace();
      throw error;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#cookie += 1n;
    this.#pending.set(this.#cookie, { answer, error: undefined, resolve, reject });
    this.#wire.expect(true);
    this.#wire.write(spellRequest(request, this.#cookie));
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the connection at once: nothing that the server says can be waited for any longer. */
  giveUp(error: Error): void {
    this.#wire.fail(error);
    this.#refuse(connectionFault(error, this.#where));
  }

  /** Takes leave of the server, within 2 s. Requests under way fail. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  async #leave(): Promise<void> {
    const error = faultError('internal', { message: 'The disk was closed while it was read.' });
    this.#refuse(error);
    // Answers under way are heard out first: nbdkit 1.32 aborts when it is left in the middle of several.
    if (this.#pending.size > 0) {
      const timer = setTimeout(this.#drained.resolve, FAREWELL_MS);
      await this.#drained.promise;
      clearTimeout(timer);
    }
    const last = spellRequest({ command: 'disconnect', offset: 0, length: 0 }, 0n);
    await this.#wire.finish(last, FAREWELL_MS, error);
  }

  /** Takes one of the places for requests under way, in the order of asking. */
  async #takePlace(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#throwIfFailed();
    if (this.#taken < this.#inFlight) {
      this.#taken += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { grant: resolve, reject };
    const onAbort = () => {
      const at = this.#waiting.indexOf(waiter);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      reject(signal.reason);
    };
    this.#waiting.push(waiter);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #givePlace(): void {
    const next = this.#waiting.shift();
    if (next) next.grant();
    else this.#taken -= 1;
  }

  async #receive(): Promise<void> {
    try {
      while (true) await this.#takeReply();
    } catch (error) {
      this.#wire.fail(error);
      this.#refuse(connectionFault(error, this.#where));
      this.#pending.clear();
      this.#drained.resolve();
    }
  }

  /** Fails whoever waits for an answer or a place, and whoever comes later. */
  #refuse(error: unknown): void {
    this.#failure ??= { error };
    for (const pending of this.#pending.values()) pending.reject(error);
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
  }

  async #takeReply(): Promise<void> {
    const head = await this.#wire.read(16);
    const magic = head.readUInt32BE(0);
    const structured = magic === STRUCTURED_REPLY_MAGIC && this.#structured;
    if (!structured && magic !== SIMPLE_REPLY_MAGIC) {
      throw new NbdBreach(`began a reply with ${magic.toString(16).padStart(8, '0')}`);
    }
    const cookie = head.readBigUInt64BE(8);
    const pending = this.#pending.get(cookie);
    if (!pending) throw new NbdBreach(`replied to request ${cookie}, which is not under way`);
    if (structured) {
      const isLast = await this.#takeChunk(pending, head.readUInt16BE(4), head.readUInt16BE(6));
      if (!isLast) return;
    } else {
      await this.#takeSimple(pending, head.readUInt32BE(4));
    }
    this.#settle(cookie, pending);
  }

  async #takeSimple(pending: Pending, errno: number): Promise<void> {
    if (errno !== 0) {
      pending.error = requestFault(errno, '', pending.answer.what);
    } else if (this.#structured) {
      throw new NbdBreach(`gave a simple reply to one who asked ${pending.answer.what}`);
    } else {
      await pending.answer.takeSimple(this.#wire);
    }
  }

  /** Takes one chunk of a structured reply; true when it was the last one. */
  async #takeChunk(pending: Pending, flags: number, type: number): Promise<boolean> {
    const length = (await this.#wire.read(4)).readUInt32BE(0);
    const isLast = (flags & CHUNK_DONE) !== 0;
    if (type & CHUNK_ERROR) {
      const error = await this.#takeError(length, pending.answer.what);
      pending.error ??= error;
    } else if (type !== CHUNK.none) {
      await pending.answer.takeChunk(type, length, this.#wire);
    } else if (length !== 0 || !isLast) {
      throw new NbdBreach('sent an empty chunk that is not empty, or not the last one');
    }
    return isLast;
  }

  async #takeError(length: number, what: string): Promise<Error> {
    if (length < 6 || length > 6 + LONGEST_STRING + 8) throw new NbdBreach(`told an error in ${length} bytes`);
    const data = await this.#wire.read(length);
    const errno = data.readUInt32BE(0);
    const textLength = data.readUInt16BE(4);
    if (errno === 0 || 6 + textLength > length) throw new NbdBreach('told an error that is none');
    return requestFault(errno, data.toString('utf8', 6, 6 + textLength), what);
  }

  #settle(cookie: bigint, pending: Pending): void {
    if (pending.error === undefined && !pending.answer.isWhole()) {
      throw new NbdBreach(`answered only in part one who asked ${pending.answer.what}`);
    }
    this.#pending.delete(cookie);
    if (this.#pending.size === 0) {
      this.#wire.expect(false);
      if (this.#failure) this.#drained.resolve();
    }
    if (pending.error === undefined) pending.resolve();
    else pending.reject(pending.error);
    this.#givePlace();
  }
}

function spellRequest({ command, offset, length }: Request, cookie: bigint): Buffer {
  const request = Buffer.alloc(28);
  request.writeUInt32BE(REQUEST_MAGIC);
  request.writeUInt16BE(COMMAND[command], 6);
  request.writeBigUInt64BE(cookie, 8);
  request.writeBigUInt64BE(BigInt(offset), 16);
  request.writeUInt32BE(length, 24);
  return request;
}
