// How the console signs in to a target, over the wire against the lab's STS, S3, EC2 and EBS.
import { randomBytes } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { audit, awsTargetPlaces } from '../../../db/schema/index.ts';
import { type LabAws, startLabAws } from '../../../lab/aws/main.ts';
import { FaultRules } from '../../../lab/faults/rules.ts';
import type { AwsTarget } from '../../../replication/target/aws/target.ts';

import { targetSignIn } from '../targets/sign-in.ts';
import { type TestWorkspace, testWorkspace } from '../testing.ts';
import { createSignedInTarget } from './sign-in.ts';
import { TargetPool } from './target-pool.ts';

const never = new AbortController().signal;
let site: TestWorkspace;
let lab: LabAws;
let folder: string;
let pool: TargetPool;
/** The lab's clock against ours, in milliseconds. */
let labAhead = 0;
const faults = new FaultRules();

beforeAll(async () => {
  const { mkdtemp } = await import('node:fs/promises');
  folder = await mkdtemp('/tmp/sign-in-');
  lab = await startLabAws({ dataDir: folder, faults, guestQemu: false, now: () => new Date(Date.now() + labAhead) });
  site = await testWorkspace();
});
afterAll(async () => {
  await site?.close();
  await lab?.close();
  const { rm } = await import('node:fs/promises');
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  pool = new TargetPool();
  labAhead = 0;
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

async function openAt(targetId: string, targetRevision = 1): Promise<AwsTarget> {
  return pool.at(site.db, { targetId, targetRevision });
}

/** S3, EC2, EBS and STS each take the credentials. */
async function expectOpen(target: AwsTarget): Promise<string> {
  await target.staging.prepare(never);
  expect(await target.staging.head('landfall/none', never)).toBeNull();
  expect(await target.snapshots.find({ 'landfall:run': 'none' }, never)).toEqual([]);
  const write = target.ebs.startSnapshot ?? null;
  expect(write).not.toBeNull();
  return (await target.identity(never)).arn;
}

describe('a target', () => {
  it('signs in with an access key of its own, which lies nowhere in clear text', async () => {
    const wanted = { requestId: randomBytes(16).toString('hex'), signIn: ownKey(), ...named() };
    const made = await createSignedInTarget(admin(), wanted);
    expect(made.created).toBe(true);
    expect(await expectOpen(await openAt(made.targetId))).toMatch(/:user\/landfall$/);
    const [row] = await site.db.select().from(awsTargetPlaces).where(eq(awsTargetPlaces.targetId, made.targetId));
    expect(row?.account).toBe(lab.account);
    const shown = await targetSignIn(site.as('viewer'), { targetId: made.targetId });
    expect(shown).toMatchObject({ kind: 'access-key', accessKeyId: lab.credentials.accessKeyId, roleArn: null });
    const [entry] = await site.db.select().from(audit).where(eq(audit.subjectId, made.targetId));
    expect(entry?.after).toMatchObject({ signIn: 'access-key', keyId: lab.credentials.accessKeyId });
    expect(await everythingIn(site)).not.toContain(lab.credentials.secretAccessKey);
    expect(JSON.stringify([shown, made])).not.toContain(lab.credentials.secretAccessKey);
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
