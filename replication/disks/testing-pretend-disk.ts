// Bytes of pretend disks, the same for the same seed.
import { createCipheriv } from 'node:crypto';

/** Random numbers in [0, 1) from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function fillRandom(bytes: Uint8Array, random: () => number): void {
  const key = Buffer.alloc(16);
  for (let at = 0; at < 16; at += 4) key.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  bytes.set(createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes.length)));
}

export function fillText(bytes: Uint8Array, random: () => number): void {
  for (let at = 0; at < bytes.length; ) {
    const line = Buffer.from(`${Math.floor(random() * 1e6)} sshd[${Math.floor(random() * 3e4)}]: session opened\n`);
    bytes.set(line.subarray(0, bytes.length - at), at);
    at += line.length;
  }
}

/** A sparse disk: zeros, text and random bytes in stretches that begin and end anywhere. */
export function pretendDisk(seed: number, capacityBytes: number): Uint8Array {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(capacityBytes);
  for (let at = 0; at < capacityBytes; ) {
    const stretch = Math.min(capacityBytes - at, 1 + Math.floor(random() ** 3 * 1_500_000));
    const part = bytes.subarray(at, at + stretch);
    const kind = random();
    if (kind > 0.75) fillRandom(part, random);
    else if (kind > 0.45) fillText(part, random);
    else if (kind > 0.4) part[Math.floor(random() * stretch)] = 1;
    at += stretch;
  }
  return bytes;
}
