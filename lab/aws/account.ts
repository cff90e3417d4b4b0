// The lab's AWS account: its number, region, keys, role, and what each key may do. Made once, kept in account.json.
import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface KeyPair {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface LabAccount {
  account: string;
  region: string;
  /** The default bucket. */
  bucket: string;
  /** May do everything. */
  credentials: KeyPair;
  /** For a connector: objects under `stagingPrefix` of the default bucket, and EBS direct. */
  connector: KeyPair & { stagingPrefix: string };
  /** May be assumed with this external id, and then do everything. */
  role: { arn: string; externalId: string };
  /** Signs session tokens and derives their secrets, so that they outlive a restart. */
  sessionKey: string;
}

/** IAM's allow statements, with `*` as the only wildcard. */
export interface Statement {
  actions: string[];
  resources: string[];
}

export interface Principal {
  arn: string;
  userId: string;
  /** Without one, everything is allowed. */
  policy?: Statement[];
}

/** A key as the signature check needs it. */
export interface KnownKey {
  secretAccessKey: string;
  principal: Principal;
}

/** Reads `<folder>/account.json`, or makes it (mode 0600). */
export function openAccount(folder: string, region = 'eu-central-1'): LabAccount {
  const path = join(folder, 'account.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as LabAccount;
  const account = String(randomInt(100_000_000_000, 1_000_000_000_000 - 1));
  const made: LabAccount = {
    account,
    region,
    bucket: `landfall-staging-${account}`,
    credentials: makeKeyPair(),
    connector: { ...makeKeyPair(), stagingPrefix: 'landfall/' },
    role: { arn: `arn:aws:iam::${account}:role/landfall-console`, externalId: randomBytes(8).toString('hex') },
    sessionKey: randomBytes(32).toString('hex'),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(made, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return made;
}

function makeKeyPair(): KeyPair {
  return { accessKeyId: keyId('AKIA'), secretAccessKey: randomBytes(30).toString('base64') };
}

/** `AKIA…`, `ASIA…`, `AROA…`: the prefix and sixteen letters and digits. */
export function keyId(prefix: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return prefix + [...randomBytes(16)].map((byte) => letters[byte % 32]).join('');
}

export interface Session {
  accessKeyId: string;
  arn: string;
  userId: string;
  /** Milliseconds since 1970. */
  expires: number;
}

/** Temporary credentials for an assumed role. */
export function makeSession(
  account: LabAccount,
  session: Omit<Session, 'accessKeyId'>,
): KeyPair & { sessionToken: string } {
  const full: Session = { accessKeyId: keyId('ASIA'), ...session };
  const payload = Buffer.from(JSON.stringify(full)).toString('base64url');
  return {
    accessKeyId: full.accessKeyId,
    secretAccessKey: sessionSecret(account, full.accessKeyId),
    sessionToken: `${payload}.${mac(account, payload).toString('base64url')}`,
  };
}

/** Why a key cannot be used: nobody has it, its token is not its own, or its time is over. */
export type KeyRefusal = 'unknown-key' | 'invalid-token' | 'expired-token';

export function findKey(
  account: LabAccount,
  accessKeyId: string,
  sessionToken: string | undefined,
  now: Date,
): KnownKey | KeyRefusal {
  const userArn = `arn:aws:iam::${account.account}:user/`;
  if (accessKeyId === account.credentials.accessKeyId && sessionToken === undefined)
    return {
      secretAccessKey: account.credentials.secretAccessKey,
      principal: { arn: `${userArn}landfall`, userId: `AIDA${accessKeyId.slice(4)}` },
    };
  if (accessKeyId === account.connector.accessKeyId && sessionToken === undefined)
    return {
      secretAccessKey: account.connector.secretAccessKey,
      principal: {
        arn: `${userArn}landfall-connector`,
        userId: `AIDA${accessKeyId.slice(4)}`,
        policy: connectorPolicy(account),
      },
    };
  if (sessionToken === undefined) return 'unknown-key';
  const session = readToken(account, sessionToken);
  if (session?.accessKeyId !== accessKeyId) return 'invalid-token';
  if (session.expires <= now.getTime()) return 'expired-token';
  return {
    secretAccessKey: sessionSecret(account, accessKeyId),
    principal: { arn: session.arn, userId: session.userId },
  };
}

function connectorPolicy(account: LabAccount): Statement[] {
  const bucket = `arn:aws:s3:::${account.bucket}`;
  return [
    { actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'], resources: [bucket] },
    {
      actions: [
        's3:GetObject',
        's3:PutObject',
        's3:DeleteObject',
        's3:AbortMultipartUpload',
        's3:ListMultipartUploadParts',
      ],
      resources: [`${bucket}/${account.connector.stagingPrefix}*`],
    },
    { actions: ['s3:PutObject', 's3:GetObject'], resources: [`${bucket}/landfall-digests/*`] },
    { actions: ['ebs:*', 'sts:GetCallerIdentity'], resources: ['*'] },
  ];
}

/** Whether the principal's policy allows the action on the resource. */
export function permits(principal: Principal, action: string, resource: string): boolean {
  if (!principal.policy) return true;
  return principal.policy.some(
    (statement) =>
      statement.actions.some((pattern) => matches(pattern, action)) &&
      (resource === '*' || statement.resources.some((pattern) => matches(pattern, resource))),
  );
}

function matches(pattern: string, value: string): boolean {
  return pattern.endsWith('*') ? value.startsWith(pattern.slice(0, -1)) : pattern === value;
}

function readToken(account: LabAccount, token: string): Session | undefined {
  const [payload = '', signature = ''] = token.split('.');
  const expected = mac(account, payload);
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Session;
}

function mac(account: LabAccount, payload: string): Buffer {
  return createHmac('sha256', account.sessionKey).update(payload).digest();
}

function sessionSecret(account: LabAccount, accessKeyId: string): string {
  return createHmac('sha256', account.sessionKey).update(`secret ${accessKeyId}`).digest('base64').slice(0, 40);
}
