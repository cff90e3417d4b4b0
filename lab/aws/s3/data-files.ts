// The bytes of the lab's S3: files that are written once and never changed, counted by who still needs them.
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Segment } from './model.ts';

const WRITE_AT_ONCE = 1024 * 1024;
const READ_AT_ONCE = 512 * 1024;

export class DataFiles {
  readonly #folder: string;
  /** How many objects, parts and readers need each file. */
  readonly #needed = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Writes a new file; nobody needs it before somebody calls `retain`. It is removed again if the source fails. */
  async write(source: AsyncIterable<Buffer>): Promise<Segment[]> {
    await mkdir(this.#folder, { recursive: true });
    const file = randomBytes(16).toString('hex');
    const path = join(this.#folder, file);
    const handle = await open(path, 'wx');
    let length = 0;
    try {
      let held: Buffer[] = [];
      let heldBytes = 0;
      for await (const bytes of source) {
        held.push(bytes);
        heldBytes += bytes.length;
        if (heldBytes < WRITE_AT_ONCE) continue;
        await writeAll(handle, held, heldBytes);
        length += heldBytes;
        held = [];
        heldBytes = 0;
      }
      if (heldBytes > 0) await writeAll(handle, held, heldBytes);
      length += heldBytes;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    if (length === 0) {
      await rm(path, { force: true });
      return [];
    }
    return [{ file, start: 0, length }];
  }

  retain(segments: readonly Segment[]): void {
    for (const { file } of segments) this.#needed.set(file, (this.#needed.get(file) ?? 0) + 1);
  }

  /** Removes the files that nobody needs any more. */
  release(segments: readonly Segment[]): void {
    for (const { file } of segments) {
      const left = (this.#needed.get(file) ?? 0) - 1;
      if (left > 0) {
        this.#needed.set(file, left);
      } else {
        this.#needed.delete(file);
        // A file that stays behind here is an orphan, and goes at the next start.
        void rm(join(this.#folder, file), { force: true }).catch(() => {});
      }
    }
  }

  /** For a file that was written but never got an owner. */
  discard(segments: readonly Segment[]): void {
    this.retain(segments);
    this.release(segments);
  }

  /** The bytes of the segments; the files stay until the stream is closed. */
  read(segments: readonly Segment[]): Readable {
    this.retain(segments);
    const stream = Readable.from(this.#bytes(segments), { objectMode: false, highWaterMark: READ_AT_ONCE });
    stream.once('close', () => this.release(segments));
    return stream;
  }

  async *#bytes(segments: readonly Segment[]): AsyncGenerator<Buffer, void, undefined> {
    for (const { file, start, length } of segments) {
      if (length === 0) continue;
      yield* createReadStream(join(this.#folder, file), {
        start,
        end: start + length - 1,
        highWaterMark: READ_AT_ONCE,
      }) as AsyncIterable<Buffer>;
    }
  }

  /** To be called at the start, when everything that is needed has been retained: removes what a crash left behind. */
  async removeOrphans(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const file of await readdir(this.#folder))
      if (!this.#needed.has(file)) await rm(join(this.#folder, file), { force: true });
  }
}

async function writeAll(handle: Awaited<ReturnType<typeof open>>, buffers: Buffer[], bytes: number): Promise<void> {
  const { bytesWritten } = await handle.writev(buffers);
  if (bytesWritten !== bytes) throw new Error('the disk took only a part of the data');
}

/** The part of `segments` from byte `start` to byte `end`, both inclusive. */
export function slice(segments: readonly Segment[], start: number, end: number): Segment[] {
  const sliced: Segment[] = [];
  let offset = 0;
  for (const segment of segments) {
    const from = Math.max(start, offset);
    const to = Math.min(end + 1, offset + segment.length);
    if (from < to) sliced.push({ file: segment.file, start: segment.start + from - offset, length: to - from });
    offset += segment.length;
  }
  return sliced;
}
