// A guess, in some microseconds, whether compressing would only lose time. The formats that compress import it.

/** How many bytes are looked at together. */
export const PROBED_BYTES = 65_536;

const SAMPLE_RUN = 64;
const SAMPLE_EVERY = 1024;
const SAMPLED = (PROBED_BYTES / SAMPLE_EVERY) * SAMPLE_RUN;
/** Sum of the squared counts of 256 values among SAMPLED random ones, and ten standard deviations. */
const RANDOM_AT_MOST = SAMPLED + SAMPLED ** 2 / 256 + 10 * Math.sqrt((2 * SAMPLED ** 2) / 256);
const REPEATS_AT_MOST = 8;

const counts = new Uint32Array(256);
const words = new Uint32Array(4096);

/**
 * Whether compressing these PROBED_BYTES bytes would only lose time: they are spread like random ones, and no words come
 * again at the places looked at. A wrong guess costs bytes on the wire, never bytes of the disk.
 */
export function looksIncompressible(bytes: Uint8Array): boolean {
  counts.fill(0);
  for (let run = 0; run < bytes.length; run += SAMPLE_EVERY) {
    for (let at = run; at < run + SAMPLE_RUN; at += 1) counts[bytes[at]!]! += 1;
  }
  let squares = 0;
  for (let value = 0; value < 256; value += 1) squares += counts[value]! ** 2;
  if (squares > RANDOM_AT_MOST) return false;

  words.fill(0);
  let repeats = 0;
  for (let at = 0; at < bytes.length; at += SAMPLE_RUN) {
    const word = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
    const slot = Math.imul(word, 0x9e37_79b1) >>> 20;
    if (words[slot] === word) repeats += 1;
    else words[slot] = word;
  }
  return repeats <= REPEATS_AT_MOST;
}
