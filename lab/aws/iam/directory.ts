// Who there is in the lab's accounts and what each may do: users with their keys, roles, policies of organization and KMS keys.
// What every lab begins with comes from account.json; what control calls made or changed is kept in iam.json.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { type KeyPair, keyId, type LabAccount, makeKeyPair, type OneAccount } from '../account.ts';
import { readJson, writeJson } from '../persisted.ts';
import type { Principal } from './decide.ts';
import type { PolicyDocument } from './policy.ts';

interface Holder {
  account: string;
  name: string;
  /** Null: everything. */
  policies: PolicyDocument[] | null;
  boundary: PolicyDocument | null;
}

export interface UserRecord extends Holder, KeyPair {}

export interface RoleRecord extends Holder {
  trust: PolicyDocument;
  maxSessionSeconds: number;
}

/** A key as the signature check needs it. */
export interface KnownKey {
  secretAccessKey: string;
  principal: Principal;
}

/** Why a key cannot be used: nobody has it, its token is not its own, or its time is over. */
export type KeyRefusal = 'unknown-key' | 'invalid-token' | 'expired-token';

/** Temporary credentials: all that is known of them stands in their token, so that they outlive a restart. */
export interface Session {
  accessKeyId: string;
  kind: 'assumed-role' | 'federated-user';
  account: string;
  arn: string;
  userId: string;
  /** ARN of the role or user behind it. */
  issuer: string;
  /** Null: as much as the issuer may. */
  policies: PolicyDocument[] | null;
  /** Milliseconds since 1970. */
  expires: number;
}

interface Kept {
  users: UserRecord[];
  roles: RoleRecord[];
  /** By account. */
  serviceControl: Record<string, PolicyDocument[]>;
  /** By ARN. */
  keyPolicies: Record<string, PolicyDocument>;
  /** What `aws:SecureTransport` says: the lab has no TLS of its own and passes for AWS behind it. */
  secureTransport: boolean;
  /** After which every new session ends, whatever was asked for; null: as asked. */
  mostSessionSeconds: number | null;
}

const atFirst: Kept = {
  users: [],
  roles: [],
  serviceControl: {},
  keyPolicies: {},
  secureTransport: true,
  mostSessionSeconds: null,
};

export class Directory {
  readonly #lab: LabAccount;
  readonly #path: string;
  readonly #kept: Kept;

  constructor(lab: LabAccount, dataDir: string) {
    this.#lab = lab;
    this.#path = join(dataDir, 'iam.json');
    this.#kept = { ...structuredClone(atFirst), ...readJson<Kept>(this.#path) };
  }

  get accounts(): OneAccount[] {
    const { account, region, bucket, credentials, role, second } = this.#lab;
    return [{ account, region, bucket, credentials, role }, second];
  }

  get secureTransport(): boolean {
    return this.#kept.secureTransport;
  }

  users(): UserRecord[] {
    return withOwn(this.#kept.users, builtInUsers(this.#lab, this.accounts));
  }

  roles(): RoleRecord[] {
    return withOwn(this.#kept.roles, builtInRoles(this.accounts));
  }

  role(arn: string): RoleRecord | undefined {
    return this.roles().find((role) => roleArn(role) === arn);
  }

  serviceControl(account: string): PolicyDocument[] | null {
    return this.#kept.serviceControl[account] ?? null;
  }

  /** Where nobody wrote one, it lets the policies of identities decide. Undefined for what is no key of an account here. */
  keyPolicy(arn: string): PolicyDocument | undefined {
    const account = /^arn:aws[a-z-]*:kms:[^:]+:(\d{12}):key\/.+$/.exec(arn)?.[1];
    if (!this.accounts.some((one) => one.account === account)) return undefined;
    return this.#kept.keyPolicies[arn] ?? trusting(account as string, 'kms:*');
  }

  saveUser(user: Omit<UserRecord, keyof KeyPair> & Partial<KeyPair>): UserRecord {
    const { users } = this.#kept;
    const before = this.users().find((one) => isSame(one, user));
    const full = { ...makeKeyPair(), ...before, ...user };
    this.#kept.users = [...users.filter((one) => !isSame(one, user)), full];
    this.#save();
    return full;
  }

  saveRole(role: RoleRecord): void {
    this.#kept.roles = [...this.#kept.roles.filter((one) => !isSame(one, role)), role];
    this.#save();
  }

  setServiceControl(account: string, policies: PolicyDocument[] | null): void {
    if (policies) this.#kept.serviceControl[account] = policies;
    else delete this.#kept.serviceControl[account];
    this.#save();
  }

  setKeyPolicy(arn: string, policy: PolicyDocument | null): void {
    if (policy) this.#kept.keyPolicies[arn] = policy;
    else delete this.#kept.keyPolicies[arn];
    this.#save();
  }

  /** When a session ends that was asked for so many seconds. */
  endOf(seconds: number, now: Date): number {
    return now.getTime() + Math.min(seconds, this.#kept.mostSessionSeconds ?? seconds) * 1000;
  }

  setMostSessionSeconds(seconds: number | null): void {
    this.#kept.mostSessionSeconds = seconds;
    this.#save();
  }

  setSecureTransport(secure: boolean): void {
    this.#kept.secureTransport = secure;
    this.#save();
  }

  /** Everybody and everything as every lab begins. */
  reset(): void {
    Object.assign(this.#kept, structuredClone(atFirst));
    this.#save();
  }

  findKey(accessKeyId: string, sessionToken: string | undefined, now: Date): KnownKey | KeyRefusal {
    if (sessionToken === undefined) {
      const user = this.users().find((one) => one.accessKeyId === accessKeyId);
      return user ? { secretAccessKey: user.secretAccessKey, principal: this.#asUser(user) } : 'unknown-key';
    }
    const session = this.#read(sessionToken);
    if (session?.accessKeyId !== accessKeyId) return 'invalid-token';
    if (session.expires <= now.getTime()) return 'expired-token';
    const holder = [...this.roles(), ...this.users()].find((one) => holderArn(one) === session.issuer);
    if (!holder) return 'invalid-token';
    const { kind, account, arn, userId, issuer, policies } = session;
    return {
      secretAccessKey: this.#secret(accessKeyId),
      principal: {
        ...{ kind, account, arn, userId, issuer },
        identity: holder.policies,
        boundary: holder.boundary,
        session: policies,
        serviceControl: this.serviceControl(account),
      },
    };
  }

  #asUser(user: UserRecord): Principal {
    const arn = userArn(user);
    return {
      kind: 'user',
      account: user.account,
      arn,
      issuer: arn,
      userId: `AIDA${user.accessKeyId.slice(4)}`,
      identity: user.policies,
      boundary: user.boundary,
      session: null,
      serviceControl: this.serviceControl(user.account),
    };
  }

  begin(session: Omit<Session, 'accessKeyId'>): KeyPair & { sessionToken: string } {
    const full: Session = { accessKeyId: keyId('ASIA'), ...session };
    const payload = Buffer.from(JSON.stringify(full)).toString('base64url');
    return {
      accessKeyId: full.accessKeyId,
      secretAccessKey: this.#secret(full.accessKeyId),
      sessionToken: `${payload}.${this.#mac(payload).toString('base64url')}`,
    };
  }

  #read(token: string): Session | undefined {
    const [payload = '', signature = ''] = token.split('.');
    const expected = this.#mac(payload);
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Session;
  }

  #mac(text: string): Buffer {
    return createHmac('sha256', this.#lab.sessionKey).update(text).digest();
  }

  #secret(accessKeyId: string): string {
    return this.#mac(`secret ${accessKeyId}`).toString('base64').slice(0, 40);
  }

  #save(): void {
    writeJson(this.#path, this.#kept);
  }
}

export const userArn = ({ account, name }: Pick<Holder, 'account' | 'name'>) => `arn:aws:iam::${account}:user/${name}`;
export const roleArn = ({ account, name }: Pick<Holder, 'account' | 'name'>) => `arn:aws:iam::${account}:role/${name}`;
const holderArn = (one: UserRecord | RoleRecord) => ('trust' in one ? roleArn(one) : userArn(one));
const isSame = (one: Pick<Holder, 'account' | 'name'>, other: Pick<Holder, 'account' | 'name'>) =>
  one.account === other.account && one.name === other.name;

/** Those that were kept, and of the rest those that every lab begins with. */
function withOwn<T extends Holder>(kept: T[], own: T[]): T[] {
  return [...kept, ...own.filter((one) => !kept.some((other) => isSame(one, other)))];
}

function builtInUsers({ account, bucket, connector }: LabAccount, accounts: OneAccount[]): UserRecord[] {
  const { stagingPrefix, ...keys } = connector;
  const ofConnector = {
    ...{ account, name: 'landfall-connector', boundary: null },
    ...keys,
    policies: [connectorPolicy(bucket, stagingPrefix)],
  };
  return [
    ...accounts.map((one) => ({
      ...{ account: one.account, name: 'landfall', policies: null, boundary: null },
      ...one.credentials,
    })),
    ofConnector,
  ];
}

function builtInRoles(accounts: OneAccount[]): RoleRecord[] {
  return accounts.map(({ account, role }) => ({
    account,
    name: role.arn.split('/').at(-1) as string,
    policies: null,
    boundary: null,
    maxSessionSeconds: 3600,
    trust: trusting(account, 'sts:AssumeRole', role.externalId),
  }));
}

/** Lets an account's own policies decide about the action; with an external id only to those who say it. */
export function trusting(account: string, action: string, externalId?: string): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: [`arn:aws:iam::${account}:root`] },
        Action: [action],
        ...(action.startsWith('kms:') && { Resource: ['*'] }),
        ...(externalId !== undefined && { Condition: { StringEquals: { 'sts:ExternalId': [externalId] } } }),
      },
    ],
  };
}

/** What docs/aws-permissions.md gives a connector. */
function connectorPolicy(bucketName: string, stagingPrefix: string): PolicyDocument {
  const bucket = `arn:aws:s3:::${bucketName}`;
  const allow = (Action: string[], ...Resource: string[]) => ({ Effect: 'Allow' as const, Action, Resource });
  return {
    Version: '2012-10-17',
    Statement: [
      allow(['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'], bucket),
      allow(
        ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        `${bucket}/${stagingPrefix}*`,
      ),
      allow(['s3:PutObject', 's3:GetObject'], `${bucket}/landfall-digests/*`),
      allow(['ebs:*'], 'arn:aws:ec2:*::snapshot/*'),
      {
        ...allow(['ec2:CreateTags'], 'arn:aws:ec2:*::snapshot/*'),
        Condition: { StringEquals: { 'ec2:CreateAction': ['StartSnapshot'] } },
      },
      allow(['kms:*'], '*'),
    ],
  };
}
