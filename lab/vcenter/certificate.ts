// The self-signed certificate of the lab's vCenter, made once and kept.
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface LabCertificate {
  key: string;
  cert: string;
  /** SHA-256 over the certificate's DER form, `AB:CD:…`. */
  fingerprint: string;
  /** SHA-1 of the same, as vSphere shows thumbprints. */
  thumbprint: string;
}

/** Reads the certificate in this folder, or makes one that is good for localhost for ten years. */
export async function labCertificate(dataDir: string): Promise<LabCertificate> {
  const path = join(dataDir, 'certificate.json');
  if (!existsSync(path)) {
    const notBeforeDate = new Date(Date.now() - 86_400_000);
    const made = await generate([{ name: 'commonName', value: 'vcenter.lab' }], {
      keySize: 2048,
      algorithm: 'sha256',
      notBeforeDate,
      notAfterDate: new Date(notBeforeDate.getTime() + 3650 * 86_400_000),
      extensions: [
        { name: 'basicConstraints', cA: false },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    });
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(path, JSON.stringify({ key: made.private, cert: made.cert }), { mode: 0o600 });
  }
  const { key, cert } = JSON.parse(readFileSync(path, 'utf8')) as { key: string; cert: string };
  const der = new X509Certificate(cert).raw;
  return { key, cert, fingerprint: digest('sha256', der), thumbprint: digest('sha1', der) };
}

function digest(algorithm: string, der: Buffer): string {
  const hex = createHash(algorithm).update(der).digest('hex').toUpperCase();
  return hex.match(/../g)!.join(':');
}
