// A multipart upload that takes bytes as they come and holds a bounded number of them.
import { faultError } from '../../model/fault.ts';
import { orAborted } from './call.ts';
import type { AwsClients } from './clients.ts';
import {
  type Assembly,
  begin,
  cancel,
  cancelAllOf,
  ENCRYPTION,
  finish,
  remove,
  sweepPieces,
  unquoted,
} from './multipart.ts';
import { MAX_PARTS, PART_SCHEDULE, PARTS_IN_FLIGHT, type PartSchedule, pieceKey } from './part-schedule.ts';
import { PART_RETRY, type PartRetry, type StagingPlace, sendPart } from './part-sender.ts';
import type { StagedUpload } from './target.ts';

export interface PartUploadOptions {
  schedule?: PartSchedule;
  retry?: PartRetry;
  /** Called whenever a buffer is made or given up, with the bytes held since. */
  onMemory?: (bytes: number) => void;
}

/** A piece: an object of its own which becomes part `number` of the main one. */
interface Piece extends Assembly {
  number: number;
  nextPart: number;
  sending: Set<Promise<void>>;
}

const ABORT_SECONDS = 60;

/** Begins a multipart upload; see PartSchedule for how it is cut and StagedUpload for how it is used. */
export async function startPartUpload(
  clients: AwsClients,
  place: StagingPlace,
  key: string,
  signal: AbortSignal,
  options: PartUploadOptions = {},
): Promise<StagedUpload> {
  return new PartUpload(clients, place, await begin(clients, place, key, signal), options);
}

class PartUpload implements StagedUpload {
  readonly #clients: AwsClients;
  readonly #place: StagingPlace;
  readonly #main: Assembly;
  readonly #schedule: PartSchedule;
  readonly #retry: PartRetry;
  readonly #onMemory: (bytes: number) => void;
  /** Ends everything that is under way. */
  readonly #stop = new AbortController();
  /** Each settles without an error; errors go to `#fail`. */
  readonly #sending = new Set<Promise<void>>();
  readonly #free: Buffer[] = [];
  #held = 0;
  #filling: Buffer | null = null;
  #filled = 0;
  #nextPart = 1;
  #piece: Piece | null = null;
  /** The piece that S3 is copying while the next one is filled. */
  #folding: Promise<void> | null = null;
  /** The call that is under way; settles without an error. */
  #current: Promise<unknown> | null = null;
  #state: 'open' | 'completed' | 'aborted' = 'open';
  #result: { bytes: number; etag: string } | undefined;

  constructor(clients: AwsClients, place: StagingPlace, main: Assembly, options: PartUploadOptions) {
    this.#clients = clients;
    this.#place = place;
    this.#main = main;
    this.#schedule = options.schedule ?? PART_SCHEDULE;
    this.#retry = options.retry ?? PART_RETRY;
    this.#onMemory = options.onMemory ?? (() => {});
  }

  get uploadId(): string {
    return this.#main.uploadId;
  }

  async write(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#alone(signal, async () => {
      for (let at = 0; at < chunk.length; ) {
        this.#filling ??= this.#takeBuffer(this.#nextBytes());
        const taken = chunk.subarray(at, at + this.#filling.length - this.#filled);
        this.#filling.set(taken, this.#filled);
        this.#filled += taken.length;
        at += taken.length;
        if (this.#filled === this.#filling.length) await this.#dispatch(signal);
      }
    });
  }

  async complete(signal: AbortSignal): Promise<{ bytes: number; etag: string }> {
    if (this.#result) return this.#result;
    return this.#alone(signal, async () => {
      if (this.#filled > 0) await this.#dispatch(signal);
      if (this.#piece) await this.#foldPiece(signal);
      await this.#settled(signal);
      this.#result =
        this.#main.parts.length === 0
          ? await this.#completeEmpty(signal)
          : await finish(this.#clients, this.#place, this.#main, signal);
      this.#state = 'completed';
      if (this.#main.mayHaveTwin) await cancelAllOf(this.#clients, this.#place, this.#main.key, signal);
      this.#releaseBuffers();
      return this.#result;
    });
  }

  async abort(): Promise<void> {
    if (this.#state === 'completed') return;
    this.#state = 'aborted';
    this.#stop.abort(faultError('cancelled', { message: 'The upload was aborted.' }));
    await this.#current;
    await Promise.all([...this.#sending, this.#folding]);
    this.#releaseBuffers();
    const signal = AbortSignal.timeout(ABORT_SECONDS * 1000);
    await cancel(this.#clients, this.#place, this.#main.key, this.#main.uploadId, signal);
    if (this.#main.mayHaveTwin) await cancelAllOf(this.#clients, this.#place, this.#main.key, signal);
    if (this.#nextPart > this.#schedule.plainParts + 1) {
      await sweepPieces(this.#clients, this.#place, this.#main.key, signal);
    }
  }

  /** One call at a time, none after a failure; a failed call ends the upload. */
  async #alone<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    this.#stop.signal.throwIfAborted();
    if (this.#state !== 'open') throw faultError('internal', { message: `The upload is ${this.#state}.` });
    if (this.#current) throw faultError('internal', { message: 'An upload takes one call at a time.' });
    try {
      signal.throwIfAborted();
      const working = work();
      this.#current = working.catch(() => {});
      return await working;
    } catch (error) {
      const first = this.#stop.signal.aborted ? this.#stop.signal.reason : error;
      this.#stop.abort(first);
      throw first;
    } finally {
      this.#current = null;
    }
  }

  #nextBytes(): number {
    return this.#nextPart <= this.#schedule.plainParts && !this.#piece
      ? this.#schedule.plainBytes(this.#nextPart)
      : this.#schedule.pieceBytes;
  }

  /** Sends off what is in the buffer, as soon as fewer than four parts are on their way. */
  async #dispatch(signal: AbortSignal): Promise<void> {
    const buffer = this.#filling;
    if (!buffer) return;
    while (this.#sending.size >= PARTS_IN_FLIGHT) await this.#orStopped(Promise.race(this.#sending), signal);
    const body = buffer.subarray(0, this.#filled);
    if (this.#nextPart <= this.#schedule.plainParts && !this.#piece) {
      this.#send(this.#main, this.#nextPart, body, buffer, signal);
      this.#nextPart += 1;
    } else {
      this.#piece ??= await this.#beginPiece(signal);
      const sent = this.#send(this.#piece, this.#piece.nextPart, body, buffer, signal);
      this.#piece.nextPart += 1;
      this.#piece.sending.add(sent);
      if (this.#piece.bytes + this.#schedule.pieceBytes > this.#schedule.composedBytes) await this.#foldPiece(signal);
    }
    this.#filling = null;
    this.#filled = 0;
  }

  #send(to: Assembly, number: number, body: Buffer, buffer: Buffer, signal: AbortSignal): Promise<void> {
    to.bytes += body.length;
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    const part = { key: to.key, uploadId: to.uploadId, number, body };
    const sent = sendPart(this.#clients, this.#place, part, stop, this.#retry)
      .then((done) => {
        to.parts.push(done);
        this.#free.push(buffer);
      })
      .catch((error) => this.#stop.abort(error))
      .finally(() => this.#sending.delete(sent));
    this.#sending.add(sent);
    return sent;
  }

  async #beginPiece(signal: AbortSignal): Promise<Piece> {
    if (this.#nextPart > MAX_PARTS) {
      throw faultError('disk-unsupported', { message: 'The disk does not fit in one S3 object of 10,000 parts.' });
    }
    const number = this.#nextPart;
    this.#nextPart += 1;
    const key = pieceKey(this.#main.key, number);
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    return { ...(await begin(this.#clients, this.#place, key, stop)), number, nextPart: 1, sending: new Set() };
  }

  /** Lets S3 copy the piece into the upload while the next one is filled; one copy at a time. */
  async #foldPiece(signal: AbortSignal): Promise<void> {
    const piece = this.#piece;
    if (!piece) return;
    if (this.#folding) await this.#orStopped(this.#folding, signal);
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    this.#folding = this.#fold(piece, stop).catch((error) => this.#stop.abort(error));
    this.#piece = null;
  }

  async #fold(piece: Piece, signal: AbortSignal): Promise<void> {
    await orAborted(Promise.all(piece.sending), signal);
    await finish(this.#clients, this.#place, piece, signal);
    if (piece.mayHaveTwin) await cancelAllOf(this.#clients, this.#place, piece.key, signal);
    const copied = await this.#clients.s3(
      's3:PutObject',
      signal,
      (s3, http) =>
        s3.uploadPartCopy(
          {
            Bucket: this.#place.bucket,
            ...this.#place.owner,
            ...(this.#place.owner.ExpectedBucketOwner && {
              ExpectedSourceBucketOwner: this.#place.owner.ExpectedBucketOwner,
            }),
            Key: this.#main.key,
            UploadId: this.#main.uploadId,
            PartNumber: piece.number,
            CopySource: `${this.#place.bucket}/${encodeURIComponent(piece.key)}`,
          },
          http,
        ),
      { seconds: 30 * 60, attemptSeconds: 15 * 60 },
    );
    const { ETag, ChecksumCRC32 } = copied.CopyPartResult ?? {};
    this.#main.parts.push({ PartNumber: piece.number, ETag, ...(ChecksumCRC32 && { ChecksumCRC32 }) });
    this.#main.bytes += piece.bytes;
    await remove(this.#clients, this.#place, piece.key, signal);
  }

  /** S3 completes no upload without parts, so an empty object is put as it is. */
  async #completeEmpty(signal: AbortSignal): Promise<{ bytes: number; etag: string }> {
    await cancel(this.#clients, this.#place, this.#main.key, this.#main.uploadId, signal);
    const input = { Bucket: this.#place.bucket, ...this.#place.owner, Key: this.#main.key, ...ENCRYPTION };
    const answer = await this.#clients.s3('s3:PutObject', signal, (s3, http) =>
      s3.putObject({ ...input, Body: Buffer.alloc(0), ContentLength: 0 }, http),
    );
    return { bytes: 0, etag: unquoted(answer.ETag) };
  }

  async #settled(signal: AbortSignal): Promise<void> {
    await this.#orStopped(Promise.all([...this.#sending, this.#folding]), signal);
  }

  async #orStopped(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
    await orAborted(orAborted(promise, signal), this.#stop.signal);
  }

  /** A free buffer of this size, or a new one in the place of a smaller one. */
  #takeBuffer(bytes: number): Buffer {
    const free = this.#free.pop();
    if (free?.length === bytes) return free;
    this.#held += bytes - (free?.length ?? 0);
    this.#onMemory(this.#held);
    return Buffer.allocUnsafeSlow(bytes);
  }

  #releaseBuffers(): void {
    this.#free.length = 0;
    this.#filling = null;
    this.#held = 0;
    this.#onMemory(0);
  }
}
