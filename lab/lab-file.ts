// DIR/lab.json: where the lab's parts listen and with which secrets, kept so that a restart is the same lab.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface KeyPair {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface LabFile {
  vcenter: { url: string; user: string; password: string; fingerprint: string };
  /** The keys on top may do everything; the connector's may only stage objects and use EBS direct. */
  aws: KeyPair & {
    endpoint: string;
    region: string;
    account: string;
    bucket: string;
    connector: KeyPair & { stagingPrefix: string };
    role: { arn: string; externalId: string };
    /** Another account, with a bucket, a key and a role of its own. */
    second: {
      account: string;
      region: string;
      bucket: string;
      credentials: KeyPair;
      role: { arn: string; externalId: string };
    };
  };
  control: { url: string };
}

export function readLabFile(dataDir: string): LabFile | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataDir, 'lab.json'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text) as LabFile;
}

/** Readable by its owner only. */
export function writeLabFile(dataDir: string, file: LabFile): void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'lab.json');
  writeFileSync(`${path}.part`, `${JSON.stringify(file, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(`${path}.part`, 0o600);
  renameSync(`${path}.part`, path);
}

/** The port in an address of an earlier run; 0 when there was none. */
export function portOf(url: string | undefined): number {
  return url === undefined ? 0 : Number(new URL(url).port);
}

export function newPassword(): string {
  return randomBytes(15).toString('base64url');
}
