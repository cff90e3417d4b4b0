// The examples of the S3 API reference ("Signature Calculations for the Authorization Header" and its neighbours).
import { describe, expect, it } from 'vitest';
import { decodeAwsChunked } from './aws-chunked.ts';
import {
  type ChunkSigner,
  type Claim,
  EMPTY_SHA256,
  readClaim,
  type SignedParts,
  scopeOf,
  signatureFits,
  signingKey,
} from './sigv4.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const host = 'examplebucket.s3.amazonaws.com';
const date = '20130524T000000Z';
const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';

function authorization(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${signedHeaders},Signature=${signature}`;
}

function fits(parts: SignedParts, payloadHash: string): boolean {
  const claim = readClaim(parts) as Claim;
  return signatureFits(signingKey(SECRET, claim), claim, parts, payloadHash);
}

describe('signatures of whole requests', () => {
  const getRange: SignedParts = {
    method: 'GET',
    rawPath: '/test.txt',
    rawQuery: '',
    headers: {
      host,
      range: 'bytes=0-9',
      'x-amz-content-sha256': EMPTY_SHA256,
      'x-amz-date': date,
      authorization: authorization(
        'host;range;x-amz-content-sha256;x-amz-date',
        'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
      ),
    },
  };

  it('accepts the example of a GET, and nothing that differs from it', () => {
    expect(fits(getRange, EMPTY_SHA256)).toBe(true);
    expect(fits({ ...getRange, method: 'PUT' }, EMPTY_SHA256)).toBe(false);
    expect(fits({ ...getRange, rawPath: '/test.txU' }, EMPTY_SHA256)).toBe(false);
    expect(fits({ ...getRange, rawQuery: 'a=b' }, EMPTY_SHA256)).toBe(false);
    expect(fits({ ...getRange, headers: { ...getRange.headers, range: 'bytes=0-8' } }, EMPTY_SHA256)).toBe(false);
    expect(fits(getRange, 'UNSIGNED-PAYLOAD')).toBe(false);
  });

  it('accepts the example of a PUT whose key holds a dollar', () => {
    const hash = '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072';
    const headers = {
      host,
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-date': date,
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': hash,
      authorization: authorization(
        'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
        '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
      ),
    };
    expect(fits({ method: 'PUT', rawPath: '/test%24file.text', rawQuery: '', headers }, hash)).toBe(true);
  });

  it('accepts the example of a list, whose query has no order', () => {
    const headers = {
      host,
      'x-amz-date': date,
      'x-amz-content-sha256': EMPTY_SHA256,
      authorization: authorization(
        'host;x-amz-content-sha256;x-amz-date',
        '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
      ),
    };
    expect(fits({ method: 'GET', rawPath: '/', rawQuery: 'prefix=J&max-keys=2', headers }, EMPTY_SHA256)).toBe(true);
  });

  it('accepts the example of a presigned URL', () => {
    const rawQuery = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(credential)}&X-Amz-Date=${date}&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`;
    const parts = { method: 'GET', rawPath: '/test.txt', rawQuery, headers: { host } };
    expect(readClaim(parts)).toMatchObject({ expires: 86_400, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' });
    expect(fits(parts, 'UNSIGNED-PAYLOAD')).toBe(true);
  });

  it.each([
    ['no scope', authorization('host', '0'.repeat(64)).replace('/us-east-1', '')],
    ['a short signature', authorization('host', '00')],
    ['an unsigned host', authorization('x-amz-date', '0'.repeat(64))],
    ['another algorithm', 'AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl'],
  ])('cannot read %s', (_what, header) => {
    const headers = { host, 'x-amz-date': date, authorization: header };
    expect(readClaim({ method: 'GET', rawPath: '/', rawQuery: '', headers })).toBe('malformed');
  });
});

describe('signatures of chunks', () => {
  function signer(seed: string): ChunkSigner {
    const claim = { date: '20130524', region: 'us-east-1', service: 's3' } as Claim;
    return { key: signingKey(SECRET, claim), timestamp: date, scope: scopeOf(claim), seed };
  }

  async function decoded(seed: string, wire: string, announced: string[], sliceAt: number): Promise<[number, object]> {
    async function* slices(): AsyncGenerator<Buffer> {
      const bytes = Buffer.from(wire, 'latin1');
      for (let at = 0; at < bytes.length; at += sliceAt) yield bytes.subarray(at, at + sliceAt);
    }
    let size = 0;
    let trailers = {};
    const onTrailers = (came: object): void => {
      trailers = came;
    };
    const options = { decodedLength: 66_560, signer: signer(seed), announced, onTrailers };
    for await (const bytes of decodeAwsChunked(slices(), options)) size += bytes.length;
    return [size, trailers];
  }

  const plainSeed = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
  const plain = [
    `10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n${'a'.repeat(65_536)}\r\n`,
    `400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n${'a'.repeat(1024)}\r\n`,
    '0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n',
  ].join('');

  const trailedSeed = '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e';
  const trailed = [
    `10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n${'a'.repeat(65_536)}\r\n`,
    `400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n${'a'.repeat(1024)}\r\n`,
    '0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n',
    'x-amz-checksum-crc32c:sOO8/Q==\r\n',
    'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n',
  ].join('');

  it.each([1, 7, 4096, 1_000_000])('accepts the examples however they are cut (%i bytes)', async (sliceAt) => {
    expect(await decoded(plainSeed, plain, [], sliceAt)).toEqual([66_560, {}]);
    const [size, trailers] = await decoded(trailedSeed, trailed, ['x-amz-checksum-crc32c'], sliceAt);
    expect([size, trailers]).toEqual([66_560, { 'x-amz-checksum-crc32c': 'sOO8/Q==' }]);
  });

  it.each([
    ['another byte', plain.replace('aa\r\n', 'ab\r\n'), [], 'SignatureDoesNotMatch'],
    ['a missing last chunk', plain.slice(0, plain.lastIndexOf('0;chunk')), [], 'IncompleteBody'],
    ['a missing end', plain.slice(0, -2), [], 'IncompleteBody'],
    ['more after the end', `${plain}x`, [], 'IncompleteBody'],
    ['a trailer that was announced and did not come', plain, ['x-amz-checksum-crc32'], 'MalformedTrailerError'],
  ])('refuses %s', async (_what, wire, announced, code) => {
    await expect(decoded(plainSeed, wire, announced, 1000)).rejects.toMatchObject({ code });
  });

  it('refuses another trailer than the one that was signed', async () => {
    const forged = trailed.replace('sOO8/Q==', 'sOO8/A==');
    const reading = decoded(trailedSeed, forged, ['x-amz-checksum-crc32c'], 1000);
    await expect(reading).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
  });
});
