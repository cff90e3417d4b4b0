// What STS says is believed of AWS's and of the operator's only, asked again where a target goes elsewhere, and not waited for long.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { awsTargetPlaces } from '../../../db/schema/index.ts';
import { type LabAws, startLabAws } from '../../../lab/aws/main.ts';
import { FaultRules } from '../../../lab/faults/rules.ts';
import { createTarget } from '../targets/create.ts';
import { faultCode, type TestWorkspace, testWorkspace } from '../testing.ts';
import { believed } from './believed-sts.ts';
import { changeTarget } from './change-target.ts';
import { changeTargetSignIn, createSignedInTarget } from './sign-in.ts';
import { learnAccounts } from './target.ts';
import { TargetPool } from './target-pool.ts';

const never = new AbortController().signal;
const VICTIM = '999999999999';
let site: TestWorkspace;
let lab: LabAws;
let folder: string;
/** A member's own: says that every key is of the account of somebody else, or nothing at all. */
let forged: Server;
let asked = 0;
let silent = false;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'believed-sts-'));
  lab = await startLabAws({ dataDir: folder, faults: new FaultRules(), guestQemu: false });
  site = await testWorkspace();
  forged = createServer((_, response) => {
    asked += 1;
    if (silent) return;
    const result = `<Arn>arn:aws:iam::${VICTIM}:user/x</Arn><UserId>x</UserId><Account>${VICTIM}</Account>`;
    response.setHeader('content-type', 'text/xml');
    response.end(
      `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>${result}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
    );
  });
  await new Promise<void>((resolve) => forged.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  forged?.closeAllConnections();
  forged?.close();
  await site?.close();
  await lab?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  asked = 0;
  silent = false;
  vi.stubEnv('LANDFALL_AWS_ENDPOINT_STS', lab.url);
});
afterEach(() => vi.unstubAllEnvs());

const admin = () => site.as('administrator');
const forgedUrl = () => `http://127.0.0.1:${(forged.address() as AddressInfo).port}`;
const endpoints = (sts = lab.url) => ({ s3: lab.url, ec2: lab.url, ebs: lab.url, sts });
const place = (sts?: string) => ({ region: lab.region, bucket: lab.bucket, endpoints: endpoints(sts) });
const signIn = () => ({ kind: 'access-key', ...lab.credentials }) as const;
const placesOf = (targetId: string) =>
  site.db.select().from(awsTargetPlaces).where(eq(awsTargetPlaces.targetId, targetId));
async function made(name: string) {
  return (await createSignedInTarget(admin(), { name, signIn: signIn(), ...place() })).targetId;
}

it('refuses an STS of a member’s own, when a target is made and when it is changed', async () => {
  const wanted = { name: 'Forged', signIn: signIn(), ...place(forgedUrl()) };
  expect(await faultCode(createSignedInTarget(admin(), wanted))).toBe('input-invalid');
  const targetId = await made('Honest');
  const change = { targetId, endpoints: endpoints(forgedUrl()) };
  await expect(changeTarget(admin(), change)).rejects.toThrow(`${forgedUrl()} is no address of AWS's STS`);
  expect(await placesOf(targetId)).toHaveLength(1);
  expect(asked).toBe(0);
});

it('asks the one that is believed where a place names another from before', async () => {
  vi.stubEnv('LANDFALL_AWS_ACCESS_KEY_ID', lab.credentials.accessKeyId);
  vi.stubEnv('LANDFALL_AWS_SECRET_ACCESS_KEY', lab.credentials.secretAccessKey);
  const { targetId } = await createTarget(site.ctx, { name: 'From before', ...place(forgedUrl()) });
  const pool = new TargetPool();
  await learnAccounts(site.ctx, pool, never);
  pool.close();
  expect(await placesOf(targetId)).toMatchObject([{ account: lab.account }]);
  expect(await changeTargetSignIn(admin(), { targetId, signIn: signIn() })).toEqual({ account: lab.account });
  expect(asked).toBe(0);
});

it('believes the addresses of AWS, and no others under its domain', () => {
  const own = [
    'https://sts.amazonaws.com',
    'https://sts.eu-central-1.amazonaws.com/',
    'https://sts-fips.us-east-1.amazonaws.com',
    'https://sts.cn-north-1.amazonaws.com.cn',
    'https://vpce-0a1b-2c3d.sts.eu-central-1.vpce.amazonaws.com',
  ];
  for (const sts of own) expect(believed({ sts })).toEqual({ sts });
  const others = [
    'http://sts.eu-central-1.amazonaws.com',
    'https://sts.eu-central-1.amazonaws.com:8443',
    'https://a1b2.execute-api.eu-central-1.amazonaws.com',
    'https://sts.s3.amazonaws.com.example.com',
    'https://sts.x.s3.eu-central-1.amazonaws.com',
    'https://vpce-svc-1.sts.example.com',
  ];
  for (const sts of others) expect(believed({ s3: lab.url, sts })).toEqual({ s3: lab.url, sts: lab.url });
  vi.stubEnv('LANDFALL_AWS_ENDPOINT_STS', '');
  expect(believed({ sts: others[0] as string })).toEqual({});
});

it('asks again whose account it is when a target goes to other addresses or to another Region', async () => {
  const targetId = await made('Moves');
  expect(await changeTarget(admin(), { targetId, region: 'us-east-1' })).toMatchObject({ revision: 2 });
  await site.db.update(awsTargetPlaces).set({ account: VICTIM }).where(eq(awsTargetPlaces.targetId, targetId));
  for (const change of [{ region: 'eu-north-1' }, { endpoints: { ...endpoints(), ec2: forgedUrl() } }])
    expect(await faultCode(changeTarget(admin(), { targetId, ...change }))).toBe('aws-account-differs');
  // What is in the same place is not asked about.
  expect(await changeTarget(admin(), { targetId, prefix: 'other/' })).toMatchObject({ revision: 3 });
});

it('gives up after one deadline for all that STS is asked, and changes nothing', async () => {
  const targetId = await made('Waits');
  vi.stubEnv('LANDFALL_AWS_ENDPOINT_STS', forgedUrl());
  silent = true;
  await site.db
    .update(awsTargetPlaces)
    .set({ endpoints: endpoints(forgedUrl()) })
    .where(eq(awsTargetPlaces.targetId, targetId));
  const waited = { withinMs: 300 };
  const role = { kind: 'assume-role', roleArn: `arn:aws:iam::${lab.account}:role/x` } as const;
  for (const one of [signIn(), role]) {
    const changing = changeTargetSignIn(admin(), { targetId, signIn: one }, waited);
    await expect(changing).rejects.toMatchObject({
      fault: { code: 'aws-unreachable', message: /did not answer within/, retry: 'now' },
    });
  }
  const moving = changeTarget(admin(), { targetId, region: 'us-east-1' }, waited);
  expect(await faultCode(moving)).toBe('aws-unreachable');
  expect(await placesOf(targetId)).toHaveLength(1);
});
