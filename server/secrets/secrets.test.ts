// Secrets at rest: sealed in their place, opened by nobody without the key, rewrapped while everything runs.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../db/client.ts';
import { newId } from '../../db/ids.ts';
import { awsTargets, workspaces } from '../../db/schema/index.ts';
import type { Sealed } from '../../db/schema/sealed.ts';
import { createTestDatabase } from '../../db/testing.ts';
import { FaultError } from '../../replication/model/fault.ts';
import { checkSecrets } from './check.ts';
import { TARGET_KEY } from './columns.ts';
import { KeyRingError, type MasterKey, readKeyRing } from './key-ring.ts';
import { giveUpSecrets, rotateSecrets } from './rotate.ts';
import { rewrap, type SealedAt, seal, unseal } from './seal.ts';

const master = (id: string): MasterKey => ({ id, key: randomBytes(32) });
const [old, next] = [master('old'), master('next')];
const at: SealedAt = { workspaceId: 'ws-1', table: 't', row: 'r-1', column: 'c' };
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FaultError) return error.fault.code;
    throw error;
  }
  return 'none';
}

describe('a sealed secret', () => {
  it('opens in its place, and says nothing of what it is', () => {
    const sealed = seal(SECRET, at, [old]);
    expect(unseal(sealed, at, [next, old])).toBe(SECRET);
    expect(JSON.stringify(sealed)).not.toContain(SECRET);
    expect(JSON.stringify(sealed)).not.toContain(Buffer.from(SECRET).toString('base64').slice(0, 20));
    // The same secret twice gives nothing that is alike.
    const again = seal(SECRET, at, [old]);
    expect([again.text, again.wrapped]).not.toEqual([sealed.text, sealed.wrapped]);
    expect(again.text.slice(0, 16)).not.toBe(sealed.text.slice(0, 16));
  });

  it.each(['workspaceId', 'table', 'row', 'column'] as const)('does not open in another %s', (part) => {
    const sealed = seal(SECRET, at, [old]);
    expect(codeOf(() => unseal(sealed, { ...at, [part]: 'other' }, [old]))).toBe('secret-unreadable');
  });

  it('does not open when a bit of it is changed, or parts of two are put together', () => {
    const sealed = seal(SECRET, at, [old]);
    const other = seal('another secret', at, [old]);
    for (const part of ['text', 'wrapped'] as const) {
      const bytes = Buffer.from(sealed[part], 'base64');
      for (let byte = 0; byte < bytes.length; byte += 7) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(bytes.readUInt8(byte) ^ 1, byte);
        const damaged: Sealed = { ...sealed, [part]: changed.toString('base64') };
        expect(
          codeOf(() => unseal(damaged, at, [old])),
          `${part} ${byte}`,
        ).toBe('secret-unreadable');
      }
      expect(codeOf(() => unseal({ ...sealed, [part]: other[part] }, at, [old]))).toBe('secret-unreadable');
      expect(codeOf(() => unseal({ ...sealed, [part]: '' }, at, [old]))).toBe('secret-unreadable');
    }
  });

  it('needs its own key, under its own name', () => {
    const sealed = seal(SECRET, at, [old]);
    expect(codeOf(() => unseal(sealed, at, [next]))).toBe('secret-key-missing');
    expect(codeOf(() => unseal(sealed, at, [{ ...next, id: 'old' }]))).toBe('secret-unreadable');
    expect(codeOf(() => seal(SECRET, at, []))).toBe('secret-key-missing');
  });

  it('is rewrapped without being opened, and then needs the old key no more', () => {
    const sealed = seal(SECRET, at, [old]);
    const rewrapped = rewrap(sealed, at, [next, old]);
    expect(rewrapped).toMatchObject({ key: 'next', text: sealed.text });
    expect(unseal(rewrapped as Sealed, at, [next])).toBe(SECRET);
    expect(rewrap(rewrapped as Sealed, at, [next, old])).toBeNull();
  });
});

describe('LANDFALL_SECRET_KEY', () => {
  const key = randomBytes(32).toString('base64');

  it('holds several keys, the first of which seals', () => {
    const source = { LANDFALL_SECRET_KEY: ` 2026-12:${key}, 2026-01:${randomBytes(32).toString('base64url')} ` };
    expect(readKeyRing(source).map(({ id }) => id)).toEqual(['2026-12', '2026-01']);
    expect(readKeyRing({})).toEqual([]);
    expect(readKeyRing({ LANDFALL_SECRET_KEY: '' })).toEqual([]);
  });

  it.each([
    ['a key without a name', key, /entry 1 is not of the right form/],
    ['a key that is too short', 'short:c2hvcnQ=', /the key short is not of the right form/],
    ['the second of two', `one:${key},two`, /entry 2 is not of the right form/],
    ['a name twice', `one:${key},one:${key}`, /names the key one twice/],
  ])('is refused with %s, and never repeated', (_what, value, message) => {
    const read = () => readKeyRing({ LANDFALL_SECRET_KEY: value });
    expect(read).toThrow(KeyRingError);
    expect(read).toThrow(message);
    expect(read).not.toThrow(new RegExp(key.slice(0, 20).replaceAll('+', '\\+')));
  });
});

describe('what is sealed in the database', () => {
  let db: Database;
  let url: string;
  let drop: () => Promise<void>;
  const workspaceId = newId.workspace();
  beforeAll(async () => {
    const database = await createTestDatabase();
    url = database.url;
    db = openDatabase(url);
    drop = async () => {
      await db.$client.end();
      await database.drop();
    };
    await db.insert(workspaces).values({ id: workspaceId, name: 'Test' });
  });
  afterAll(() => drop());

  const placeOf = (row: string): SealedAt => ({ ...TARGET_KEY, workspaceId, row });
  async function targetWith(secret: string, keys: MasterKey[]): Promise<string> {
    const id = newId.target();
    await db.insert(awsTargets).values({
      id,
      workspaceId,
      name: id,
      createdBy: 'test',
      signIn: 'access-key',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretKey: seal(secret, placeOf(id), keys),
    });
    return id;
  }
  const sealedOf = async (id: string) =>
    (await db.select().from(awsTargets).where(eq(awsTargets.id, id)))[0]?.secretKey as Sealed;
  const forget = () => db.delete(awsTargets).where(eq(awsTargets.signIn, 'access-key'));

  it('needs its keys at the start: one that is missing or wrong is named, one damaged secret is not in the way', async () => {
    await checkSecrets(db, []);
    const id = await targetWith(SECRET, [old]);
    await checkSecrets(db, [next, old]);
    await expect(checkSecrets(db, [])).rejects.toThrow(/sealed with the key old.*which is not set.*restore it/s);
    await expect(checkSecrets(db, [next])).rejects.toThrow(/key old, and it is not .*which has only next/s);
    await expect(checkSecrets(db, [{ ...next, id: 'old' }])).rejects.toThrow(/The key old .* is not the one/);
    const damaged = await targetWith(SECRET, [old]);
    await db
      .update(awsTargets)
      .set({ secretKey: await sealedOf(id) })
      .where(eq(awsTargets.id, damaged));
    await checkSecrets(db, [old]);
    await forget();
  });

  it('is rewrapped while others write, and nothing that was written is lost', async () => {
    const both = [next, old];
    const ids = await Promise.all(Array.from({ length: 450 }, (_, made) => targetWith(`secret ${made}`, [old])));
    const latest = new Map(ids.map((id, made) => [id, `secret ${made}`]));
    let stop = false;
    // One program has the new keys already; another still seals with the old one.
    const writer = async (keys: MasterKey[], share: number) => {
      for (let round = 0; !stop; round += 1) {
        const id = ids[(round * 7 + share) % ids.length] as string;
        if (ids.indexOf(id) % 2 !== share) continue;
        const secret = `written ${round} by ${share}`;
        await db
          .update(awsTargets)
          .set({ secretKey: seal(secret, placeOf(id), keys) })
          .where(eq(awsTargets.id, id));
        latest.set(id, secret);
        if (round % 20 === 0) latest.set(await targetWith(`new ${round}`, keys), `new ${round}`);
      }
    };
    const writers = [writer([old, next], 0), writer(both, 1)];
    const first = await rotateSecrets(db, both);
    expect(first).toMatchObject({ key: 'next', failed: [] });
    expect(first.count).toBeGreaterThanOrEqual(200);
    stop = true;
    await Promise.all(writers);
    // Everybody has the new order of keys now; what the first had no chance to see is done by this one.
    await rotateSecrets(db, both);
    for (const [id, secret] of latest) {
      const sealed = await sealedOf(id);
      expect(sealed.key).toBe('next');
      expect(unseal(sealed, placeOf(id), [next])).toBe(secret);
    }
    expect((await rotateSecrets(db, [next])).count).toBe(0);
    await forget();
  }, 120_000);

  it('says what it could not rewrap, and leaves it', async () => {
    const good = await targetWith(SECRET, [old]);
    const lost = await targetWith(SECRET, [master('lost')]);
    const before = await sealedOf(lost);
    const { count, failed } = await rotateSecrets(db, [next, old]);
    expect(count).toBe(1);
    expect(failed).toEqual([{ table: 'aws_targets', row: lost, reason: expect.stringContaining('the key lost') }]);
    expect(await sealedOf(lost)).toEqual(before);
    expect((await sealedOf(good)).key).toBe('next');
    await forget();
  });

  it('is given up with a key that is lost, and only then', async () => {
    const good = await targetWith(SECRET, [next]);
    const lost = await targetWith(SECRET, [old]);
    await expect(giveUpSecrets(db, 'old', [next, old])).rejects.toThrow(/nothing is given up that can be opened/);
    expect(await giveUpSecrets(db, 'old', [next])).toEqual([{ table: 'aws_targets', row: lost }]);
    expect(await sealedOf(lost)).toBeNull();
    expect(unseal(await sealedOf(good), placeOf(good), [next])).toBe(SECRET);
    await checkSecrets(db, [next]);
    await forget();
  });

  it('is looked at and rewrapped by programs, which say what they found and never a secret', async () => {
    const value = (...keys: MasterKey[]) => keys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(',');
    const run = async (program: string, key: string, ...more: string[]) => {
      const env = { ...process.env, DATABASE_URL: url, LANDFALL_SECRET_KEY: key };
      const cwd = fileURLToPath(new URL('../..', import.meta.url));
      try {
        const { stdout } = await promisify(execFile)(process.execPath, [program, ...more], { env, cwd });
        return { code: 0, said: stdout };
      } catch (error) {
        const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
        return { code, said: stdout + stderr };
      }
    };
    for (let made = 0; made < 3; made += 1) await targetWith(SECRET, [old]);
    const lost = await run('server/check-secrets.ts', value(next));
    expect(lost).toMatchObject({ code: 1, said: expect.stringMatching(/sealed with the key old, and it is not in/) });
    expect((await run('server/check-secrets.ts', '')).code).toBe(1);
    expect(await run('server/check-secrets.ts', value(old))).toEqual({ code: 0, said: '' });
    const rotated = await run('server/rotate-secrets.ts', value(next, old));
    expect(rotated).toEqual({ code: 0, said: '3 secrets rewrapped: all that open are under the key next now.\n' });
    expect((await run('server/check-secrets.ts', value(next))).code).toBe(0);
    const givenUp = await run('server/rotate-secrets.ts', value(old), '--give-up', 'next');
    expect(givenUp).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^3 secrets sealed with the key next taken out/),
    });
    const said = [lost, rotated, givenUp].map((one) => one.said).join('');
    for (const secret of [SECRET, old.key.toString('base64'), next.key.toString('base64')])
      expect(said).not.toContain(secret);
    await forget();
  }, 30_000);
});
