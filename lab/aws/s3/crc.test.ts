import { randomBytes } from 'node:crypto';
import { AwsCrc32c } from '@aws-crypto/crc32c';
import { Crc64Nvme } from '@aws-sdk/crc64-nvme';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CrcName, combineCrcs, startCrc } from './crc.ts';

function crc(name: CrcName, ...pieces: Buffer[]): Buffer {
  const running = startCrc(name);
  for (const piece of pieces) running.update(piece);
  return running.digest();
}

describe('CRCs', () => {
  // The check values of the catalogue of parametrised CRC algorithms.
  it.each([
    ['CRC32', 'cbf43926'],
    ['CRC32C', 'e3069283'],
    ['CRC64NVME', 'ae8b14860a799888'],
  ] as const)('%s of 123456789', (name, value) => {
    expect(crc(name, Buffer.from('123456789')).toString('hex')).toBe(value);
  });

  it('agree with the implementations of the SDK', async () => {
    const bytes = randomBytes(100_003);
    const theirs = new AwsCrc32c();
    theirs.update(bytes);
    expect(crc('CRC32C', bytes)).toEqual(Buffer.from(await theirs.digest()));
    const nvme = new Crc64Nvme();
    nvme.update(bytes);
    expect(crc('CRC64NVME', bytes)).toEqual(Buffer.from(await nvme.digest()));
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)('%s: the parts make the whole, however it is cut', (name) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (arrays) => {
        const pieces = arrays.map((array) => Buffer.from(array));
        const whole = crc(name, Buffer.concat(pieces));
        expect(crc(name, ...pieces)).toEqual(whole);
        const combined = combineCrcs(
          name,
          pieces.map((piece) => ({ crc: crc(name, piece), size: piece.length })),
        );
        expect(combined).toEqual(whole);
      }),
    );
  });
});
