// The second step: how it is set up, what a sign-in asks then, and how it ends.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { desc, like } from 'drizzle-orm';
import { TOTP } from 'otpauth';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  attempts,
  audit,
  recoveryCodes,
  sessions,
  signInChallenges,
  users,
  userTotp,
  workspaces,
} from '../../../db/schema/index.ts';
import { hashPassword, NO_PASSWORD } from '../../access/passwords.ts';
import type { Role } from '../../access/permissions.ts';
import { findSessionMember, type MemberPrincipal } from '../../access/principals.ts';
import { finishSignIn, signIn } from '../../access/sign-in.ts';
import { rotateSecrets } from '../../secrets/rotate.ts';
import { type ServiceContext, systemContext } from '../context.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { createResetLinkFor, resetPassword } from './reset-password.ts';
import { beginSession } from './sessions.ts';
import { beginTotp, confirmTotp, resetTotp, resetTotpFor, setTotpRule, totpStatus, turnOffTotp } from './totp.ts';

type Own = ServiceContext & { principal: MemberPrincipal };

const PASSWORD = 'a long enough sentence';
const HERE = { address: '192.0.2.7' };
let site: TestWorkspace;
let dir: string;
let ahead = 0;

/** Time goes on. */
function later(seconds: number): void {
  ahead += seconds * 1000;
  writeFileSync(path.join(dir, 'clock'), String(ahead));
}
const phoneOf = (secret: string) => new TOTP({ secret });
const codeNow = (secret: string, steps = 0) =>
  phoneOf(secret).generate({ timestamp: Date.now() + ahead + steps * 30_000 });

const as = (role: Role) => site.as(role) as Own;
const asks = (email = 'operator@example.com', password = PASSWORD) => signIn({ email, password, ...HERE }, site.db);
async function challenge(): Promise<string> {
  const answer = await asks();
  if (answer.ok || answer.reason !== 'code') throw new Error(`no code was asked for: ${JSON.stringify(answer)}`);
  return answer.challenge;
}
const finish = (token: string, code: string) => finishSignIn({ challenge: token, code }, site.db);

/** The operator's phone, enrolled a while ago. */
async function enrolled(ctx = as('operator')): Promise<{ secret: string; codes: string[] }> {
  const { secret } = await beginTotp(ctx);
  const { recoveryCodes: codes } = await confirmTotp(ctx, { code: codeNow(secret) });
  later(90);
  return { secret, codes };
}

beforeAll(async () => {
  site = await testWorkspace();
  dir = mkdtempSync(path.join(tmpdir(), 'landfall-totp-'));
  process.env.LANDFALL_TEST_CLOCK = path.join(dir, 'clock');
  await site.db.update(users).set({ passwordHash: await hashPassword(PASSWORD) });
});
beforeEach(async () => {
  for (const table of [attempts, recoveryCodes, signInChallenges, userTotp, sessions]) await site.db.delete(table);
  await site.db.update(workspaces).set({ requiresTotp: false });
});
afterEach(() => site.db.update(users).set({ sessionVersion: 1 }));
afterAll(async () => {
  delete process.env.LANDFALL_TEST_CLOCK;
  rmSync(dir, { recursive: true, force: true });
  await site.close();
});

describe('setting it up', () => {
  it('asks for nothing before a first code was right', async () => {
    const { secret, picture } = await beginTotp(as('operator'));
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(picture).toMatch(/^data:image\/svg\+xml;base64,/);
    expect((await asks()).ok).toBe(true);
    expect(await faultCode(confirmTotp(as('operator'), { code: '12' }))).toBe('code-wrong');
    expect((await asks()).ok).toBe(true);
    const { recoveryCodes: codes } = await confirmTotp(as('operator'), { code: codeNow(secret) });
    expect(new Set(codes).size).toBe(10);
    expect(await totpStatus(as('operator'))).toMatchObject({ since: expect.any(Date), recoveryCodesLeft: 10 });
    expect(await asks()).toMatchObject({ ok: false, reason: 'code' });
    expect((await asks('viewer@example.com')).ok).toBe(true);
  });

  it('shows two tabs the same, and another secret a quarter of an hour later', async () => {
    const first = await beginTotp(as('operator'));
    expect(await beginTotp(as('operator'))).toEqual(first);
    later(16 * 60);
    expect((await beginTotp(as('operator'))).secret).not.toBe(first.secret);
  });

  it('is done once, and leaves neither secret nor codes where they can be read', async () => {
    const { secret, codes } = await enrolled();
    expect(await faultCode(beginTotp(as('operator')))).toBe('conflict');
    expect(await faultCode(confirmTotp(as('operator'), { code: codeNow(secret) }))).toBe('code-wrong');
    const kept = JSON.stringify([
      await site.db.select().from(userTotp),
      await site.db.select().from(recoveryCodes),
      await site.db.select().from(audit),
    ]);
    for (const text of [secret, ...codes]) expect(kept).not.toContain(text);
  });
});

describe('signing in', () => {
  it('is done with a code, which counts once, and the challenge as well', async () => {
    const { secret } = await enrolled();
    const [one, two] = [await challenge(), await challenge()];
    const code = codeNow(secret);
    expect(await finish(one, '000000')).toEqual({ ok: false, reason: 'code-wrong' });
    expect(await finish(one, code)).toMatchObject({ ok: true, secondStep: 'phone' });
    expect(await finish(two, code)).toEqual({ ok: false, reason: 'code-wrong' });
    later(30);
    expect(await finish(one, codeNow(secret))).toEqual({ ok: false, reason: 'challenge-over' });
    expect(await finish(two, codeNow(secret))).toMatchObject({ ok: true });
  });

  it('lets one of two in who come at once with the same code', async () => {
    const { secret } = await enrolled();
    const tokens = [await challenge(), await challenge()];
    const answers = await Promise.all(tokens.map((token) => finish(token, codeNow(secret))));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it('takes the codes beside the present one, and none further away', async () => {
    const { secret } = await enrolled();
    for (const [steps, ok] of [
      [-2, false],
      [-1, true],
      [0, true],
      [1, true],
      [2, false],
    ] as const) {
      expect((await finish(await challenge(), codeNow(secret, steps))).ok, `${steps}`).toBe(ok);
    }
  });

  it('takes each recovery code once, however it is typed', async () => {
    const { codes } = await enrolled();
    const [first = ''] = codes;
    expect(await finish(await challenge(), first.toUpperCase().replace('-', ' '))).toMatchObject({
      ok: true,
      secondStep: 'recovery',
    });
    expect((await finish(await challenge(), first)).ok).toBe(false);
    expect((await totpStatus(as('operator'))).recoveryCodesLeft).toBe(9);
  });

  it('is over after five minutes, and with another password', async () => {
    const { secret } = await enrolled();
    const old = await challenge();
    later(301);
    expect(await finish(old, codeNow(secret))).toEqual({ ok: false, reason: 'challenge-over' });
    const before = await challenge();
    await site.db.update(users).set({ passwordHash: await hashPassword('another long sentence') });
    expect(await finish(before, codeNow(secret))).toEqual({ ok: false, reason: 'challenge-over' });
    await site.db.update(users).set({ passwordHash: await hashPassword(PASSWORD) });
    expect(await finish('nonsense', codeNow(secret))).toEqual({ ok: false, reason: 'challenge-over' });
  });

  it('makes who guesses wait, also for the right code', async () => {
    const { secret } = await enrolled();
    const token = await challenge();
    for (let often = 0; often < 5; often += 1) await finish(token, '000000');
    expect(await finish(token, codeNow(secret))).toMatchObject({
      reason: 'too-many',
      retryAfterSeconds: expect.any(Number),
    });
  });

  it('goes on under another master key', async () => {
    const { secret } = await enrolled();
    const before = process.env.LANDFALL_SECRET_KEY;
    process.env.LANDFALL_SECRET_KEY = `next:${'B'.repeat(43)}=,${before}`;
    expect(await rotateSecrets(site.db)).toMatchObject({ key: 'next', failed: [] });
    process.env.LANDFALL_SECRET_KEY = `next:${'B'.repeat(43)}=`;
    expect((await finish(await challenge(), codeNow(secret))).ok).toBe(true);
    process.env.LANDFALL_SECRET_KEY = `${before},next:${'B'.repeat(43)}=`;
    await rotateSecrets(site.db);
  });

  it('is not got around by a link for a new password', async () => {
    const { secret } = await enrolled();
    const { token } = await createResetLinkFor(systemContext(site.db, null, 'test'), 'operator@example.com');
    await resetPassword(systemContext(site.db, null, 'test'), { token, password: 'quite another sentence' }, HERE);
    expect(await asks('operator@example.com', 'quite another sentence')).toMatchObject({ ok: false, reason: 'code' });
    const hash = await hashPassword(PASSWORD);
    await site.db.update(users).set({ passwordHash: hash });
    expect((await finish(await challenge(), codeNow(secret))).ok).toBe(true);
  });
});

it('a link for a new password ends the wait for who mistyped the old one', async () => {
  const signInWith = (password: string) => asks('viewer@example.com', password);
  for (let often = 0; often < 6; often += 1) await signInWith('wrong');
  expect(await signInWith(PASSWORD)).toMatchObject({ reason: 'too-many' });
  const { token } = await createResetLinkFor(systemContext(site.db, null, 'test'), 'viewer@example.com');
  await resetPassword(systemContext(site.db, null, 'test'), { token, password: 'quite another sentence' }, HERE);
  expect((await signInWith('quite another sentence')).ok).toBe(true);
  await site.db.update(users).set({ passwordHash: await hashPassword(PASSWORD) });
});

describe('its end', () => {
  it('needs the password and a code', async () => {
    const { secret } = await enrolled();
    const turnOff = (present: string, code: string) => faultCode(turnOffTotp(as('operator'), { present, code }));
    expect(await turnOff('wrong', codeNow(secret))).toBe('password-wrong');
    expect(await turnOff(PASSWORD, '000000')).toBe('code-wrong');
    expect((await asks()).ok).toBe(false);
    expect(await turnOff(PASSWORD, codeNow(secret))).toBe('none');
    expect((await asks()).ok).toBe(true);
    expect(await site.db.$count(recoveryCodes)).toBe(0);
  });

  it('comes from an administrator for who has lost all, and stands in the audit trail', async () => {
    await enrolled();
    const { memberId } = as('operator').principal;
    expect(await faultCode(resetTotp(as('viewer'), { memberId }))).toBe('permission-denied');
    await resetTotp(as('administrator'), { memberId });
    expect((await asks()).ok).toBe(true);
    const [row] = await site.db.select().from(audit).orderBy(desc(audit.id)).limit(1);
    expect(row).toMatchObject({ action: 'totp.reset', actorName: 'administrator', subjectId: memberId });
    expect(await faultCode(resetTotp(as('administrator'), { memberId }))).toBe('conflict');
    await enrolled();
    await resetTotpFor(systemContext(site.db, null, 'Command line'), 'Operator@example.com');
    expect((await asks()).ok).toBe(true);
  });
});

it('its end ends the wait for who tried too many codes', async () => {
  const resets = [
    () => resetTotp(as('administrator'), { memberId: as('operator').principal.memberId }),
    () => resetTotpFor(systemContext(site.db, null, 'Command line'), 'operator@example.com'),
  ];
  for (const reset of resets) {
    await enrolled();
    const token = await challenge();
    for (let often = 0; often < 6; often += 1) await finish(token, '000000');
    expect(await finish(token, '000000')).toMatchObject({ reason: 'too-many' });
    await reset();
    expect(await site.db.$count(attempts, like(attempts.key, 'code%'))).toBe(0);
    expect((await enrolled()).codes).toHaveLength(10);
    await reset();
  }
});

it('its end needs the code alone where there is no password', async () => {
  const { secret } = await enrolled();
  const turnOff = (code: string, present?: string) =>
    faultCode(turnOffTotp(as('operator'), { code, ...(present !== undefined && { present }) }));
  expect(await turnOff(codeNow(secret))).toBe('password-wrong');
  expect((await totpStatus(as('operator'))).hasPassword).toBe(true);
  await site.db.update(users).set({ passwordHash: NO_PASSWORD });
  expect((await totpStatus(as('operator'))).hasPassword).toBe(false);
  expect(await turnOff('000000')).toBe('code-wrong');
  expect(await turnOff(codeNow(secret))).toBe('none');
  expect((await totpStatus(as('operator'))).since).toBeNull();
  await site.db.update(users).set({ passwordHash: await hashPassword(PASSWORD) });
});

describe('a workspace that asks for it', () => {
  const memberOf = async (role: Role) => {
    const { userId, workspaceId } = as(role).principal;
    const by = { userId, workspaceId, sessionVersion: 1, address: null, userAgent: null };
    const sessionId = await beginSession(systemContext(site.db, null, 'test'), by);
    return findSessionMember({ sessionId, userId, sessionVersion: 1, workspaceId }, null, site.db);
  };

  it('is made so by an administrator who has it', async () => {
    expect(await faultCode(setTotpRule(as('operator'), { required: true }))).toBe('permission-denied');
    expect(await faultCode(setTotpRule(as('administrator'), { required: true }))).toBe('conflict');
    await enrolled(as('administrator'));
    await setTotpRule(as('administrator'), { required: true });
    expect((await totpStatus(as('viewer'))).required).toBe(true);
    expect(await memberOf('viewer')).toMatchObject({ mustEnrol: true });
    expect(await memberOf('administrator')).toMatchObject({ mustEnrol: false });
    await enrolled(as('viewer'));
    expect(await memberOf('viewer')).toMatchObject({ mustEnrol: false });
    await setTotpRule(as('administrator'), { required: false });
    expect(await memberOf('operator')).toMatchObject({ mustEnrol: false });
  });
});
