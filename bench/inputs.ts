// The two disks that both sides of a row read: made once into a folder, the same bytes wherever the same packages are
// installed.
import { createCipheriv, createHash } from 'node:crypto';
import { openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';

export type InputName = 'mixed' | 'text';

export interface Input {
  name: InputName;
  file: string;
  bytes: number;
}

/** What a table says of them. */
export const INPUTS: Record<InputName, string> = {
  mixed: '40 % zeros, 30 % text, 30 % random',
  text: 'text alone',
};

const PAGE = 4096;
const TEXT_FILES = /\.(js|mjs|cjs|ts|md|json|css)$/;
const PACKAGES = path.resolve(import.meta.dirname, '../node_modules');

/**
 * Writes a raw disk of so many bytes (a multiple of 1 MiB). Text is the source text of the installed packages, file after
 * file. The mixed disk is laid out as a file system would be: runs of 64 KiB to 4 MiB that begin on pages of 4 KiB, and
 * so seldom on a grain's first byte.
 */
export function makeInput(folder: string, name: InputName, bytes: number): Input {
  const file = path.join(folder, `${name}.raw`);
  const out = openSync(file, 'w');
  const text = textReader();
  const noise = createCipheriv('aes-256-ctr', createHash('sha256').update('bench').digest(), Buffer.alloc(16));
  const choices = createCipheriv('aes-256-ctr', createHash('sha256').update('runs').digest(), Buffer.alloc(16));
  const choose = (below: number) => choices.update(Buffer.alloc(4)).readUInt32LE(0) % below;
  const kinds = {
    zeros: (length: number) => Buffer.alloc(length),
    text,
    random: (length: number) => noise.update(Buffer.alloc(length)),
  };
  const share = name === 'text' ? { zeros: 0, text: 1, random: 0 } : { zeros: 0.4, text: 0.3, random: 0.3 };
  const left = new Map(Object.entries(share).map(([kind, part]) => [kind, Math.round((part * bytes) / PAGE) * PAGE]));
  for (let at = 0; at < bytes; ) {
    const some = [...left].filter(([, rest]) => rest > 0);
    // By what is left, so that the kinds come in their shares from beginning to end.
    let place = choose(some.reduce((sum, [, rest]) => sum + rest / PAGE, 0));
    const [kind, rest] = some.find(([, pages]) => {
      place -= pages / PAGE;
      return place < 0;
    })!;
    const length = Math.min(rest, (16 + choose(1009)) * PAGE, bytes - at);
    writeSync(out, kinds[kind as keyof typeof kinds](length), 0, length, at);
    left.set(kind, rest - length);
    at += length;
  }
  return { name, file, bytes };
}

/** Text without an end: when all files are read, it begins again. */
function textReader(): (length: number) => Buffer {
  const files = readdirSync(PACKAGES, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && TEXT_FILES.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
  if (files.length === 0) throw new Error(`There is no text in ${PACKAGES}: install the packages first.`);
  let next = 0;
  let rest = Buffer.alloc(0);
  return (length) => {
    const parts: Buffer[] = [];
    for (let missing = length; missing > 0; ) {
      while (rest.length === 0) rest = readFileSync(files[next++ % files.length]!);
      const part = rest.subarray(0, missing);
      parts.push(part);
      rest = rest.subarray(part.length);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  };
}
