// How the console signs in to a target, over the wire against the lab's STS, S3, EC2 and EBS.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../../db/ids.ts';
import { audit, awsTargetPlaces, awsTargets, workspaces } from '../../../db/schema/index.ts';
import { type LabAws, startLabAws } from '../../../lab/aws/main.ts';
import { FaultRules } from '../../../lab/faults/rules.ts';
import { toFault } from '../../../replication/model/fault.ts';
import type { AwsTarget } from '../../../replication/target/aws/target.ts';
import { createLog } from '../../log.ts';
import { systemContext } from '../context.ts';

import { createTarget } from '../targets/create.ts';
import { previewTargetChange } from '../targets/preview-change.ts';
import { newTargetSignIn, type SignInInput, targetSignIn } from '../targets/sign-in.ts';
import { updateTarget } from '../targets/update.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { changeTargetSignIn, createSignedInTarget } from './sign-in.ts';
import { TargetPool } from './target-pool.ts';

const never = new AbortController().signal;
let site: TestWorkspace;
let lab: LabAws;
let folder: string;
let pool: TargetPool;
const logged: string[] = [];
const faults = new FaultRules();

beforeAll(async () => {
  (globalThis as { landfallLog?: unknown }).landfallLog = createLog({ write: (line) => logged.push(line) });
  folder = await mkdtemp(join(tmpdir(), 'sign-in-'));
  lab = await startLabAws({ dataDir: folder, faults, guestQemu: false });
  site = await testWorkspace();
});
afterAll(async () => {
  await site?.close();
  await lab?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  pool = new TargetPool();
  vi.stubEnv('LANDFALL_AWS_ENDPOINT_STS', lab.url);
});
afterEach(async () => {
  pool.close();
  faults.clear();
  vi.unstubAllEnvs();
  await lab.control.resetIam?.();
});

const admin = () => site.as('administrator');
const place = () => ({
  region: lab.region,
  bucket: lab.bucket,
  endpoints: { s3: lab.url, ec2: lab.url, ebs: lab.url, sts: lab.url },
});
const ownKey = () => ({ kind: 'access-key', ...lab.credentials }) as const;
const named = () => ({ name: `Target ${randomBytes(4).toString('hex')}`, ...place() });
const say = async <T>(call: string, input?: object) => (await lab.control[call]?.(input)) as T;
const faultOf = (promise: Promise<unknown>) =>
  promise.then(() => {
    throw new Error('It went through.');
  }, toFault);

/** As the operator's environment has it: a key of the lab's, which may assume roles. */
function withEnvironment(): void {
  vi.stubEnv('LANDFALL_AWS_ACCESS_KEY_ID', lab.credentials.accessKeyId);
  vi.stubEnv('LANDFALL_AWS_SECRET_ACCESS_KEY', lab.credentials.secretAccessKey);
}

/** A role that asks for this external id. */
async function role(externalId: string | null): Promise<string> {
  const name = `landfall-${randomBytes(4).toString('hex')}`;
  const { arn } = await say<{ arn: string }>('iamRole', { name, ...(externalId && { externalId }) });
  return arn;
}

async function openAt(targetId: string, targetRevision = 1): Promise<AwsTarget> {
  return pool.at(site.db, { targetId, targetRevision });
}

/** S3, EC2, EBS and STS each take the credentials; answers whose they are. */
async function expectOpen(targetId: string, revision = 1): Promise<string> {
  const target = await openAt(targetId, revision);
  expect(await target.staging.head('landfall/none', never)).toBeNull();
  expect(await target.snapshots.find({ 'landfall:run': 'none' }, never)).toEqual([]);
  const started = await target.ebs.startSnapshot(
    {
      capacityBytes: 1 << 30,
      parentSnapshotId: null,
      description: '',
      tags: {},
      token: randomBytes(16).toString('hex'),
    },
    never,
  );
  expect(started.outcome).toBe('started');
  return (await target.identity(never)).arn;
}

/** A further user of the account, with a key. */
async function user() {
  const name = `user-${randomBytes(4).toString('hex')}`;
  const { accessKeyId, secretAccessKey } = await say<typeof lab.credentials>('iamUser', { name });
  return { kind: 'access-key' as const, accessKeyId, secretAccessKey, name };
}

const sessionArn = (roleArn: string, targetId: string) =>
  `${roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/landfall-${targetId}`;

async function rowOf(targetId: string) {
  const [row] = await site.db.select().from(awsTargets).where(eq(awsTargets.id, targetId));
  if (!row) throw new Error(`no ${targetId}`);
  return row;
}

const accountsOf = async (targetId: string) =>
  (await site.db.select().from(awsTargetPlaces).where(eq(awsTargetPlaces.targetId, targetId))).map(
    ({ account }) => account,
  );

async function anotherWorkspace() {
  const id = newId.workspace();
  await site.db.insert(workspaces).values({ id, name: id });
  return systemContext(site.db, id);
}

describe('a target', () => {
  it('signs in with an access key of its own, which lies nowhere in clear text', async () => {
    const wanted = { requestId: randomBytes(16).toString('hex'), signIn: ownKey(), ...named() };
    const made = await createSignedInTarget(admin(), wanted);
    expect(made.created).toBe(true);
    expect(await expectOpen(made.targetId)).toMatch(/:user\/landfall$/);
    expect(await accountsOf(made.targetId)).toEqual([lab.account]);
    const shown = await targetSignIn(site.as('viewer'), { targetId: made.targetId });
    expect(shown).toMatchObject({ kind: 'access-key', accessKeyId: lab.credentials.accessKeyId, roleArn: null });
    const [entry] = await site.db.select().from(audit).where(eq(audit.subjectId, made.targetId));
    expect(entry?.after).toMatchObject({ signIn: 'access-key', keyId: lab.credentials.accessKeyId });
    const everything = await everythingIn(site);
    expect(everything).toContain(lab.credentials.accessKeyId);
    for (const text of [everything, logged.join('\n'), JSON.stringify([shown, made])])
      expect(text).not.toContain(lab.credentials.secretAccessKey);
  });

  it('signs in by a role that asks for the external id which the form has shown', async () => {
    withEnvironment();
    const requestId = randomBytes(16).toString('hex');
    const { externalId, allowed } = await newTargetSignIn(admin(), { requestId });
    expect(allowed).toContain('assume-role');
    const roleArn = await role(externalId);
    const wanted = { requestId, signIn: { kind: 'assume-role' as const, roleArn }, ...named() };
    const { targetId } = await createSignedInTarget(admin(), wanted);
    expect(await expectOpen(targetId)).toBe(sessionArn(roleArn, targetId));
    expect(await targetSignIn(admin(), { targetId })).toMatchObject({ kind: 'assume-role', roleArn, externalId });
    // In another workspace the same request has another one.
    const there = await anotherWorkspace();
    expect((await newTargetSignIn(there, { requestId })).externalId).not.toBe(externalId);
  });

  it('signs in by what the default chain finds, while there is one workspace', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', lab.credentials.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', lab.credentials.secretAccessKey);
    const alone = await site.db.select().from(workspaces);
    if (alone.length > 1) vi.stubEnv('LANDFALL_AWS_DEFAULT_CHAIN', 'all');
    const { targetId } = await createSignedInTarget(admin(), { signIn: { kind: 'default-chain' }, ...named() });
    expect(await expectOpen(targetId)).toMatch(/:user\/landfall$/);
    await anotherWorkspace();
    vi.stubEnv('LANDFALL_AWS_DEFAULT_CHAIN', '');
    const refused = createSignedInTarget(admin(), { signIn: { kind: 'default-chain' }, ...named() });
    expect(await faultCode(refused)).toBe('sign-in-reserved');
    const signIn = { kind: 'default-chain' as const };
    expect(await faultCode(changeTargetSignIn(admin(), { targetId, signIn }))).toBe('sign-in-reserved');
    expect((await targetSignIn(admin(), { targetId })).allowed).toEqual(['access-key', 'assume-role']);
  });

  it('with nothing to find says that there are no credentials', async () => {
    vi.stubEnv('LANDFALL_AWS_DEFAULT_CHAIN', 'all');
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, '');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('HOME', folder);
    const made = createSignedInTarget(admin(), { signIn: { kind: 'default-chain' }, ...named() });
    expect(await faultCode(made)).toBe('aws-credentials-missing');
  });

  it('of the environment keeps the key of the environment, which no member can choose', async () => {
    withEnvironment();
    const { targetId } = await createTarget(site.ctx, named());
    expect(await expectOpen(targetId)).toMatch(/:user\/landfall$/);
    expect(await targetSignIn(admin(), { targetId })).toMatchObject({ kind: 'environment' });
    const signIn = { kind: 'environment' } as never;
    expect(await faultCode(createSignedInTarget(admin(), { signIn, ...named() }))).toBe('input-invalid');
    expect(await faultCode(changeTargetSignIn(admin(), { targetId, signIn }))).toBe('input-invalid');
    expect(await faultCode(createTarget(admin(), named()))).toBe('sign-in-reserved');
    // Signed in by itself, it is like any other.
    await changeTargetSignIn(admin(), { targetId, signIn: ownKey() });
    vi.stubEnv('LANDFALL_AWS_ACCESS_KEY_ID', '');
    expect(await expectOpen(targetId)).toMatch(/:user\/landfall$/);
  });

  it('of the environment is not moved by members of one workspace among others, until it signs in by itself', async () => {
    withEnvironment();
    const { targetId } = await createTarget(site.ctx, named());
    await anotherWorkspace();
    for (const change of [
      { bucket: 'somebody-elses' },
      { prefix: 'theirs/' },
      { region: 'us-east-1' },
      { endpoints: {} },
    ]) {
      expect(await faultCode(updateTarget(admin(), { targetId, ...change }))).toBe('sign-in-reserved');
      expect(await faultCode(previewTargetChange(admin(), { targetId, ...change }))).toBe('sign-in-reserved');
    }
    expect(await updateTarget(admin(), { targetId, verification: 'full' })).toMatchObject({ revision: 1 });
    await changeTargetSignIn(admin(), { targetId, signIn: ownKey() });
    expect(await updateTarget(admin(), { targetId, prefix: 'theirs/' })).toMatchObject({ revision: 2 });
  });

  it('is made once by a request that is sent many times at once', async () => {
    const wanted = { requestId: randomBytes(16).toString('hex'), signIn: ownKey(), ...named() };
    const made = await Promise.all(Array.from({ length: 5 }, () => createSignedInTarget(admin(), wanted)));
    expect(made.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(made.map(({ targetId }) => targetId)).size).toBe(1);
    // Also when it comes late, and AWS would not take the key any more.
    const late = { ...wanted, signIn: { ...ownKey(), secretAccessKey: 'x'.repeat(40) } };
    expect(await createSignedInTarget(admin(), late)).toEqual({ targetId: made[0]?.targetId, created: false });
  });

  it('is for administrators, and seen in its own workspace only', async () => {
    const { targetId } = await createSignedInTarget(admin(), { signIn: ownKey(), ...named() });
    for (const who of ['viewer', 'operator', 'cutover-manager'] as const) {
      const one = site.as(who);
      expect(await faultCode(createSignedInTarget(one, { signIn: ownKey(), ...named() }))).toBe('permission-denied');
      expect(await faultCode(changeTargetSignIn(one, { targetId, signIn: ownKey() }))).toBe('permission-denied');
      expect(await faultCode(newTargetSignIn(one, { requestId: '0'.repeat(32) }))).toBe('permission-denied');
    }
    const there = await anotherWorkspace();
    expect(await faultCode(targetSignIn(there, { targetId }))).toBe('not-found');
    expect(await faultCode(changeTargetSignIn(there, { targetId, signIn: ownKey() }))).toBe('not-found');
  });
});

describe('a sign-in that does not work', () => {
  const refusals = async (signIn: SignInInput) => {
    const { targetId } = await createSignedInTarget(admin(), { signIn: ownKey(), ...named() });
    const before = await rowOf(targetId);
    const count = await site.db.$count(awsTargets);
    const made = await faultOf(createSignedInTarget(admin(), { signIn, ...named() }));
    const changed = await faultOf(changeTargetSignIn(admin(), { targetId, signIn }));
    expect(await site.db.$count(awsTargets)).toBe(count);
    expect(await rowOf(targetId)).toEqual(before);
    expect(changed.code).toBe(made.code);
    return changed;
  };

  it('since its secret is wrong, or nobody knows the key, is refused', async () => {
    const wrong = await refusals({ ...ownKey(), secretAccessKey: 'w'.repeat(40) });
    expect(wrong).toMatchObject({ code: 'aws-credentials-refused', message: 'AWS refused the access key.' });
    expect((await refusals({ ...ownKey(), accessKeyId: 'AKIAIOSFODNN7EXAMPLE' })).code).toBe('aws-credentials-refused');
  });

  it('since the role asks for another external id, or is not there, says with which one it was tried', async () => {
    withEnvironment();
    const elsewhere = await role('somebody-elses');
    const other = await refusals({ kind: 'assume-role', roleArn: elsewhere });
    expect(other.code).toBe('aws-role-refused');
    expect(other.message).toMatch(new RegExp(`role ${elsewhere} with the external id landfall-[0-9a-f]{32}`));
    expect(other.cause).toContain('sts:AssumeRole');
    const missing = `arn:aws:iam::${lab.account}:role/not-there`;
    expect((await refusals({ kind: 'assume-role', roleArn: missing })).code).toBe('aws-role-refused');
  });

  it('since the role lets anybody in without an external id, is refused', async () => {
    withEnvironment();
    const open = await refusals({ kind: 'assume-role', roleArn: await role(null) });
    expect(open).toMatchObject({ code: 'aws-role-unguarded', message: expect.stringMatching(/external id landfall-/) });
  });

  it('since it is of another account, names both', async () => {
    const { second } = lab;
    const { targetId } = await createSignedInTarget(admin(), { signIn: ownKey(), ...named() });
    const signIn = { kind: 'access-key', ...second.credentials } as const;
    const other = await faultOf(changeTargetSignIn(admin(), { targetId, signIn }));
    expect(other.code).toBe('aws-account-differs');
    expect(other.message).toContain(second.account);
    expect(other.message).toContain(lab.account);
    expect(await faultCode(createSignedInTarget(admin(), { signIn, account: lab.account, ...named() }))).toBe(
      'aws-account-differs',
    );
    // Nor is one whose account nobody has asked for yet taken to another.
    withEnvironment();
    const fresh = await createTarget(site.ctx, named());
    expect(await accountsOf(fresh.targetId)).toEqual([null]);
    expect(await faultCode(changeTargetSignIn(admin(), { targetId: fresh.targetId, signIn }))).toBe(
      'aws-account-differs',
    );
    // A target of its own is what that account needs.
    const made = await createSignedInTarget(admin(), { signIn, ...named() });
    expect(await accountsOf(made.targetId)).toEqual([second.account]);
  });

  it('since the clock is wrong, says so', async () => {
    const { targetId } = await createSignedInTarget(admin(), { signIn: ownKey(), ...named() });
    const effect = { kind: 'fail', code: 'RequestExpired', status: 400 } as const;
    faults.add({ side: 'aws', operation: 'sts:GetCallerIdentity', effect });
    const refused = await faultOf(changeTargetSignIn(admin(), { targetId, signIn: ownKey() }));
    expect(refused).toMatchObject({ code: 'aws-credentials-refused', message: expect.stringContaining('clock') });
  });

  it('since its secret does not open, is a fault of that target only', async () => {
    const [one, other] = await Promise.all([
      createSignedInTarget(admin(), { signIn: ownKey(), ...named() }),
      createSignedInTarget(admin(), { signIn: ownKey(), ...named() }),
    ]);
    const { secretKey } = await rowOf(other.targetId);
    await site.db.update(awsTargets).set({ secretKey }).where(eq(awsTargets.id, one.targetId));
    expect(await faultCode(openAt(one.targetId))).toBe('secret-unreadable');
    await expectOpen(other.targetId);
    await changeTargetSignIn(admin(), { targetId: one.targetId, signIn: ownKey() });
    await expectOpen(one.targetId);
  });
});

describe('a changed sign-in', () => {
  it('counts at once for every program, for what is open already, and in old places', async () => {
    const first = await user();
    const { targetId } = await createSignedInTarget(admin(), { signIn: first, ...named() });
    await updateTarget(admin(), { targetId, prefix: 'elsewhere/' });
    const elsewhere = new TargetPool();
    const held = [await openAt(targetId, 1), await openAt(targetId, 2)];
    const there = await elsewhere.at(site.db, { targetId, targetRevision: 2 });
    for (const one of [...held, there]) expect((await one.identity(never)).arn).toMatch(first.name);
    const second = await user();
    expect(await changeTargetSignIn(admin(), { targetId, signIn: second })).toEqual({ account: lab.account });
    for (const revision of [1, 2]) expect(await expectOpen(targetId, revision)).toMatch(second.name);
    await elsewhere.at(site.db, { targetId, targetRevision: 2 });
    for (const one of [...held, there]) expect((await one.identity(never)).arn).toMatch(second.name);
    elsewhere.close();
  });

  it('counts within seconds for a step that holds the target and never asks for it again', async () => {
    const first = await user();
    const { targetId } = await createSignedInTarget(admin(), { signIn: first, ...named() });
    const held = await openAt(targetId);
    expect((await held.identity(never)).arn).toMatch(first.name);
    const second = await user();
    await changeTargetSignIn(admin(), { targetId, signIn: second });
    await vi.waitFor(async () => expect((await held.identity(never)).arn).toMatch(second.name), {
      timeout: 20_000,
      interval: 100,
    });
  });

  it('keeps the last one that is known while the database does not answer', async () => {
    const { targetId } = await createSignedInTarget(admin(), { signIn: ownKey(), ...named() });
    const away = { now: false };
    const db = new Proxy(site.db, {
      get: (of, name, self) => {
        if (away.now && name === 'select') throw new Error('The database is away.');
        return Reflect.get(of, name, self);
      },
    });
    const held = await pool.at(db, { targetId, targetRevision: 1 });
    away.now = true;
    const began = performance.now();
    // Past the time after which the row is looked at again.
    await vi.waitFor(
      async () => {
        await held.identity(never);
        expect(performance.now() - began).toBeGreaterThan(2500);
      },
      { timeout: 20_000, interval: 200 },
    );
  });

  it('of two at once is one of the two, whole', async () => {
    withEnvironment();
    const { targetId } = await createSignedInTarget(admin(), { signIn: ownKey(), ...named() });
    const { externalId } = await targetSignIn(admin(), { targetId });
    const roleArn = await role(externalId);
    await Promise.all([
      changeTargetSignIn(admin(), { targetId, signIn: { kind: 'assume-role', roleArn } }),
      changeTargetSignIn(admin(), { targetId, signIn: await user() }),
    ]);
    const row = await rowOf(targetId);
    expect(row.signInVersion).toBe(3);
    expect([row.roleArn === null, row.secretKey === null].filter(Boolean)).toHaveLength(1);
    await expectOpen(targetId);
  });
});

describe('credentials of a role', () => {
  it('are renewed before AWS refuses them, once for all services', async () => {
    withEnvironment();
    const { targetId } = await createSignedInTarget(admin(), { signIn: ownKey(), ...named() });
    const { externalId } = await targetSignIn(admin(), { targetId });
    const roleArn = await role(externalId);
    await changeTargetSignIn(admin(), { targetId, signIn: { kind: 'assume-role', roleArn } });
    await say('requests', { reset: true });
    const target = await openAt(targetId);
    await expectOpen(targetId);
    const assumed = async () =>
      (await say<{ counts: Record<string, number> }>('requests')).counts['sts:AssumeRole'] ?? 0;
    expect(await assumed()).toBe(1);
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      vi.setSystemTime(Date.now() + 52 * 60_000);
      await expectOpen(targetId);
      expect(await assumed()).toBe(2);
      // By now the first ones are over, and so would be whatever still used them.
      vi.setSystemTime(Date.now() + 9 * 60_000);
      await expectOpen(targetId);
      expect((await target.identity(never)).arn).toBe(sessionArn(roleArn, targetId));
      expect(await assumed()).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });
});

/** Every row of every table, as text. */
async function everythingIn({ db }: TestWorkspace): Promise<string> {
  const { rows: tables } = await db.execute<{ name: string }>(
    sql`select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
        where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await db.execute<{ row: string }>(sql.raw(`select t::text as row from ${name} t`));
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}
