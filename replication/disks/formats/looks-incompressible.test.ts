import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fillRandom, fillText, seededRandom } from '../testing-pretend-disk.ts';
import { looksIncompressible } from './looks-incompressible.ts';

describe('the guess whether compressing is worth its time', () => {
  const random = seededRandom(7);
  const grain = (fill: (bytes: Uint8Array) => void) => {
    const bytes = new Uint8Array(65_536);
    fill(bytes);
    return bytes;
  };

  it('knows random bytes', () => {
    for (let round = 0; round < 50; round += 1) {
      expect(looksIncompressible(grain((bytes) => fillRandom(bytes, random)))).toBe(true);
    }
  });

  it('does not take for random what can be made smaller', () => {
    const page = randomBytes(4096);
    const cases = [
      grain((bytes) => fillText(bytes, random)),
      grain((bytes) => bytes.fill(1)),
      grain((bytes) => fillRandom(bytes.subarray(0, 40_000), random)),
      grain((bytes) => bytes.set(bytes.map((_, at) => at))),
      grain((bytes) => bytes.set(bytes.map((_, at) => page[at % 4096]!))),
      grain((bytes) => bytes.set(Buffer.from(randomBytes(49_152).toString('base64').slice(0, 65_536)))),
    ];
    expect(cases.map(looksIncompressible)).toEqual(cases.map(() => false));
  });
});
