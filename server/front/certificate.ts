// A certificate and its key from two files, read again when they change.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';

export interface TlsFiles {
  cert: string;
  key: string;
}

export interface Pair {
  cert: Buffer;
  key: Buffer;
  /** Of the first certificate in the file. */
  validTo: Date;
  /** Whether it is for a host's name or address. */
  covers: (host: string) => boolean;
}

/** Says what is wrong with the files, in words for the person who starts the console. */
export class CertificateError extends Error {}

/** How often files are looked at. Watching by events misses what is renamed or mounted over, as renewals are. */
const LOOK_EVERY_MS = 5_000;

/** Reads both files. @throws CertificateError where they cannot be served with */
export function readPair({ cert: certFile, key: keyFile }: TlsFiles): Pair {
  const cert = readBytes('LANDFALL_TLS_CERT', certFile);
  const key = readBytes('LANDFALL_TLS_KEY', keyFile);
  let first: X509Certificate;
  try {
    first = new X509Certificate(cert);
  } catch {
    throw new CertificateError(`LANDFALL_TLS_CERT: ${certFile} holds no certificate in PEM form.`);
  }
  let opened: ReturnType<typeof createPrivateKey>;
  try {
    opened = createPrivateKey(key);
  } catch (error) {
    const encrypted = (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE';
    const what = encrypted
      ? 'is locked with a passphrase: store it without one, for this user only'
      : 'holds no private key in PEM form';
    throw new CertificateError(`LANDFALL_TLS_KEY: ${keyFile} ${what}.`);
  }
  if (!first.checkPrivateKey(opened)) {
    throw new CertificateError(
      `LANDFALL_TLS_KEY: ${keyFile} is not the key of the certificate that stands first in ${certFile} (the server's own goes before those of its issuers).`,
    );
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new CertificateError(`LANDFALL_TLS_CERT: ${certFile} cannot be served with (${(error as Error).message}).`);
  }
  return { cert, key, validTo: first.validToDate, covers: (host) => coveredBy(first, host) };
}

function coveredBy(certificate: X509Certificate, host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  return (isIP(address) ? certificate.checkIP(address) : certificate.checkHost(host)) !== undefined;
}

function readBytes(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === 'ENOENT'
        ? 'is not there'
        : code === 'EACCES'
          ? 'may not be read by this user'
          : `cannot be read (${code})`;
    throw new CertificateError(`${variable}: ${file} ${why}.`);
  }
}

/**
 * Looks at the files for as long as it is not stopped.
 * @param renewed gets a pair that fits together; one that is half written is waited for
 * @param refused gets the reason why the pair in use is kept
 */
export function watchPair(
  files: TlsFiles,
  {
    renewed,
    refused,
    everyMs = LOOK_EVERY_MS,
  }: { renewed: (pair: Pair) => void; refused: (error: CertificateError) => void; everyMs?: number },
): () => void {
  const look = () => {
    try {
      renewed(readPair(files));
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      refused(error);
    }
  };
  const places = [...new Set([files.cert, files.key])];
  for (const place of places) watchFile(place, { interval: everyMs, persistent: false }, look);
  return () => {
    for (const place of places) unwatchFile(place, look);
  };
}
