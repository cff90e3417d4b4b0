// The lab's AWS accounts: numbers, Regions, keys and roles that they are born with. Made once, kept in account.json.
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface KeyPair {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface OneAccount {
  account: string;
  region: string;
  /** The default bucket. */
  bucket: string;
  /** May do everything in the account. */
  credentials: KeyPair;
  /** May be assumed by the account's own users with this external id, and then do everything. */
  role: { arn: string; externalId: string };
}

export interface LabAccount extends OneAccount {
  /** For a connector: objects under `stagingPrefix` of the default bucket, and EBS direct. */
  connector: KeyPair & { stagingPrefix: string };
  /** Somebody else's, or another of the same company's: nothing of the first one is seen in it. */
  second: OneAccount;
  /** Signs session tokens and derives their secrets, so that they outlive a restart. */
  sessionKey: string;
}

/** Reads `<folder>/account.json`, or makes it (mode 0600). */
export function openAccount(folder: string, region = 'eu-central-1'): LabAccount {
  const path = join(folder, 'account.json');
  const kept = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Partial<LabAccount>) : {};
  const full: LabAccount = {
    connector: { ...makeKeyPair(), stagingPrefix: 'landfall/' },
    second: makeAccount('us-east-1'),
    sessionKey: randomBytes(32).toString('hex'),
    ...makeAccount(region),
    ...kept,
  };
  // A lab of before there was a second one gets it now.
  if (kept.second === undefined) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.new`, `${JSON.stringify(full, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }
  return full;
}

function makeAccount(region: string): OneAccount {
  const account = String(randomInt(100_000_000_000, 1_000_000_000_000 - 1));
  return {
    account,
    region,
    bucket: `landfall-staging-${account}`,
    credentials: makeKeyPair(),
    role: { arn: `arn:aws:iam::${account}:role/landfall-console`, externalId: randomBytes(8).toString('hex') },
  };
}

export function makeKeyPair(): KeyPair {
  return { accessKeyId: keyId('AKIA'), secretAccessKey: randomBytes(30).toString('base64') };
}

/** `AKIA…`, `ASIA…`, `AROA…`: the prefix and sixteen letters and digits. */
export function keyId(prefix: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return prefix + [...randomBytes(16)].map((byte) => letters[byte % 32]).join('');
}
