// The member whose access key has signed a request: read from the database each time, as a session's is.
import { randomBytes } from 'node:crypto';
import { and, eq, isNull, lt, or } from 'drizzle-orm';
import { type Database, database, type Queries } from '../../db/client.ts';
import { accessKeys, members, users, workspaces } from '../../db/schema/index.ts';
import type { Sealed } from '../../db/schema/sealed.ts';
import { faultError } from '../../replication/model/fault.ts';
import { now } from '../clock.ts';
import { ACCESS_KEY } from '../secrets/columns.ts';
import { seal, unseal } from '../secrets/seal.ts';
import { areAttemptsOver, takeAttempt, type Verdict } from './attempts.ts';
import { lowerRole } from './permissions.ts';
import { lacksSecondStep, type SessionMember } from './principals.ts';
import {
  isSignatureRight,
  queryForms,
  readClaim,
  type SignatureClaim,
  type SignedRequest,
  timeOf,
} from './signed-request.ts';

const SIGNED_SERVICE = 'landfall';
/** By how much the clock of who signs may differ from ours. */
const MOST_SKEW_MS = 5 * 60_000;
const USED_EVERY_MS = 60_000;

export interface SignedCall extends SignedRequest {
  /** Without the question mark, as it was sent. */
  query: string;
  address: string | null;
  /** What it asks for is done once for one signature. */
  changes: boolean;
  /** What may have stood in the place of the request's host where it was signed: proxies change it. */
  otherHosts: readonly string[];
}

/**
 * Who signed the request. @throws `access-key-refused` (the same for an unknown key, a wrong signature, a revoked key and a removed
 * member), `access-key-expired`, `clock-off`, `too-many-attempts`
 */
export async function memberBySignature(call: SignedCall, db: Database = database()): Promise<SessionMember> {
  const claim = readClaim(call.headers);
  if (!claim) {
    throw refused('The Authorization header cannot be read, or does not sign all that it must.');
  }
  if (claim.service !== SIGNED_SERVICE) {
    throw refused(`The request is signed for the service ${claim.service.slice(0, 40)}, not for ${SIGNED_SERVICE}.`);
  }
  checkClock(claim);
  const address = call.address ?? 'unknown';
  const of = `${claim.keyId} ${address}`;
  stop(await areAttemptsOver(db, 'key', of));
  stop(await areAttemptsOver(db, 'key-address', address));
  const key = await findKey(claim.keyId, db);
  const right = anyRight(claim, key?.secret ? unseal(key.secret, sealedAt(key)) : decoy(), call);
  if (!key?.secret || !right) {
    if ((await takeAttempt(db, 'key', of)).allowed) await takeAttempt(db, 'key-address', address);
    throw refused();
  }
  if (key.expiresAt <= now()) throw faultError('access-key-expired');
  if (call.changes && !(await takeAttempt(db, 'signature', `${claim.keyId} ${claim.signature}`)).allowed) {
    throw refused(
      'A request with this signature was received before.',
      'If it was meant to be done twice, sign it again: with another time, its signature is another one.',
    );
  }
  return memberOfKey(key, call.address);
}

/** The same key a while later, without a request: null once it has ended. */
export async function memberByKey(keyId: string, address: string | null, db: Queries = database()) {
  const key = await findKey(keyId, db);
  return key && key.expiresAt > now() ? memberOfKey(key, address) : null;
}

/** Notes when and from where a key was used, once a minute. */
export async function noteKeyUsed({ principal, lastSeenAt }: SessionMember, db: Queries = database()): Promise<void> {
  const { accessKeyId, address } = principal;
  const before = new Date(now().getTime() - USED_EVERY_MS);
  if (!accessKeyId || lastSeenAt > before) return;
  const unused = or(isNull(accessKeys.lastUsedAt), lt(accessKeys.lastUsedAt, before));
  await db
    .update(accessKeys)
    .set({ lastUsedAt: now(), lastUsedAddress: address })
    // Of several requests at once one writes.
    .where(and(eq(accessKeys.id, accessKeyId), unused));
}

/** Where a key's secret lies, for seal and unseal. */
export const sealedAt = ({ id, workspaceId }: { id: string; workspaceId: string }) => ({
  ...ACCESS_KEY,
  workspaceId,
  row: id,
});

async function findKey(keyId: string, db: Queries) {
  const [row] = await db
    .select({
      id: accessKeys.id,
      secret: accessKeys.secret,
      keyRole: accessKeys.role,
      expiresAt: accessKeys.expiresAt,
      lastUsedAt: accessKeys.lastUsedAt,
      memberId: members.id,
      userId: users.id,
      workspaceId: accessKeys.workspaceId,
      workspaceName: workspaces.name,
      role: members.role,
      name: users.name,
      email: users.email,
      preferences: users.preferences,
      mustEnrol: lacksSecondStep(),
    })
    .from(accessKeys)
    .innerJoin(members, and(eq(members.id, accessKeys.memberId), isNull(members.removedAt), eq(members.bySso, false)))
    .innerJoin(users, eq(users.id, members.userId))
    .innerJoin(workspaces, eq(workspaces.id, accessKeys.workspaceId))
    .where(and(eq(accessKeys.id, keyId), isNull(accessKeys.ended)));
  return row ?? null;
}

type FoundKey = NonNullable<Awaited<ReturnType<typeof findKey>>>;

function memberOfKey(key: FoundKey, address: string | null): SessionMember {
  const { memberId, userId, workspaceId, name, email, workspaceName, preferences } = key;
  const role = lowerRole(key.keyRole, key.role);
  return {
    principal: { kind: 'member', memberId, userId, workspaceId, role, name, email, address, accessKeyId: key.id },
    workspaceName,
    preferences,
    lastSeenAt: key.lastUsedAt ?? new Date(0),
    mustEnrol: key.mustEnrol,
  };
}

/** Every form in which it may have been signed is tried, so that the time tells nothing of which one it was. */
function anyRight(claim: SignatureClaim, secret: string, call: SignedCall): boolean {
  const hosts = new Set([call.headers.get('host') ?? '', ...call.otherHosts]);
  const tried = [...hosts].flatMap((host) => {
    const headers = new Headers(call.headers);
    headers.set('host', host);
    return queryForms(call.query).map((query) => isSignatureRight(claim, secret, { ...call, headers, query }));
  });
  return tried.includes(true);
}

let sealedDecoy: Sealed | undefined;

/** An unknown key takes as long as a known one. */
function decoy(): string {
  const at = sealedAt({ id: 'none', workspaceId: 'none' });
  sealedDecoy ??= seal(randomBytes(30).toString('base64'), at);
  return unseal(sealedDecoy, at);
}

function checkClock({ timestamp }: SignatureClaim): void {
  const apart = timeOf(timestamp) - now().getTime();
  if (Math.abs(apart) <= MOST_SKEW_MS) return;
  const minutes = Math.round(Math.abs(apart) / 60_000);
  throw faultError('clock-off', {
    message: `The request was signed at ${timestamp}, ${minutes} minutes ${apart < 0 ? 'before' : 'after'} the console's own time, ${now().toISOString()}.`,
  });
}

function stop(verdict: Verdict): void {
  if (verdict.allowed) return;
  throw faultError('too-many-attempts', {
    message: `There were too many requests that were not signed as they should be. Wait ${verdict.retryAfterSeconds} seconds.`,
  });
}

const refused = (message?: string, remedy?: string) =>
  faultError('access-key-refused', { ...(message && { message }), ...(remedy && { remedy }) });
