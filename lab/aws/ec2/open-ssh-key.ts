// The forms in which OpenSSH keeps keys (RFC 4253, and PROTOCOL.key of OpenSSH for the private form).
import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';

const MAGIC = Buffer.from('openssh-key-v1\0');

/** `ssh-rsa AAAA…` or `ssh-ed25519 AAAA…`. */
export function sshPublicKey(key: KeyObject): string {
  const blob = publicBlob(key);
  return `${key.asymmetricKeyType === 'rsa' ? 'ssh-rsa' : 'ssh-ed25519'} ${blob.toString('base64')}`;
}

/** A private key as EC2 hands it out: PKCS#1 for RSA, OpenSSH's own form for ED25519. */
export function privateKeyText(key: KeyObject, comment: string): string {
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }).toString().trim();
  const jwk = key.export({ format: 'jwk' });
  const open = Buffer.from(jwk.x ?? '', 'base64url');
  const check = randomBytes(4);
  const secret = Buffer.concat([Buffer.from(jwk.d ?? '', 'base64url'), open]);
  const inner = Buffer.concat([check, check, string('ssh-ed25519'), string(open), string(secret), string(comment)]);
  const padding = Buffer.from(Array.from({ length: (8 - (inner.length % 8)) % 8 }, (_, at) => at + 1));
  const one = Buffer.from([0, 0, 0, 1]);
  const blob = publicBlob(createPublicKey(key));
  const whole = [
    MAGIC,
    string('none'),
    string('none'),
    string(''),
    one,
    string(blob),
    string(Buffer.concat([inner, padding])),
  ];
  const lines =
    Buffer.concat(whole)
      .toString('base64')
      .match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----'].join('\n');
}

/** The key of an `ssh-rsa` blob. */
export function rsaOf(blob: Buffer): KeyObject {
  const [, e, n] = fields(blob);
  const plain = (number: Buffer | undefined) => Buffer.from(number ?? []).toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', e: plain(e), n: plain(n) }, format: 'jwk' });
}

function fields(blob: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 4 <= blob.length; ) {
    const length = blob.readUInt32BE(at);
    found.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return found.map((one) => (one[0] === 0 ? one.subarray(1) : one));
}

function publicBlob(key: KeyObject): Buffer {
  const jwk = key.export({ format: 'jwk' });
  if (key.asymmetricKeyType !== 'rsa')
    return Buffer.concat([string('ssh-ed25519'), string(Buffer.from(jwk.x ?? '', 'base64url'))]);
  return Buffer.concat([string('ssh-rsa'), number(jwk.e), number(jwk.n)]);
}

function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A positive number never begins with a set bit. */
function number(base64url: string | undefined): Buffer {
  const bytes = Buffer.from(base64url ?? '', 'base64url');
  return string((bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}
