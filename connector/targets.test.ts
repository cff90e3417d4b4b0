// Which AWS a task goes to: Region, bucket and prefix as the console says, key and way there as this connector was set up.
import { describe, expect, test, vi } from 'vitest';
import { startTestLab } from '../lab/aws/testing-lab-aws.ts';
import { lendCredentials } from '../replication/target/aws/lend.ts';
import { TargetsOfTasks, targetConfig } from './targets.ts';

const own = {
  region: 'eu-central-1',
  bucket: 'own-bucket',
  accessKeyId: 'key',
  secretAccessKey: 'secret',
  endpoints: { s3: 'https://s3.nearby' },
};
const named = {
  id: 'target-1',
  revision: 2,
  region: 'eu-central-1',
  bucket: 'named-bucket',
  prefix: 'elsewhere/',
  endpoints: { ebs: 'https://ebs.console' },
  signIn: 'own' as const,
};
const key = { accessKeyId: 'key', secretAccessKey: 'secret' };

test('a task goes where the console says, by the way that this connector knows in its own Region', () => {
  expect(targetConfig(own, named)).toEqual({
    region: 'eu-central-1',
    bucket: 'named-bucket',
    prefix: 'elsewhere/',
    credentials: key,
    endpoints: own.endpoints,
  });
});

test('in another Region, or without addresses of its own, by the console\u2019s', () => {
  expect(targetConfig(own, { ...named, region: 'us-east-1' })).toMatchObject({ endpoints: named.endpoints });
  expect(targetConfig({ ...own, endpoints: {} }, named)).toMatchObject({ endpoints: named.endpoints });
});

test('where an older console names none, as it was set up', () => {
  expect(targetConfig(own)).toEqual({
    region: 'eu-central-1',
    bucket: 'own-bucket',
    credentials: key,
    endpoints: own.endpoints,
  });
});

const never = () => Promise.reject(new Error('nobody was to be asked'));

test('each place is opened once, and another revision is another place', () => {
  const targets = new TargetsOfTasks(own);
  const first = targets.of(named, never);
  first.close();
  expect(targets.of({ ...named }, never).staging).toBe(first.staging);
  expect(targets.of({ ...named, revision: 3 }, never).staging).not.toBe(first.staging);
  targets.close();
});

describe('where the console lends', () => {
  const lent = { ...named, signIn: 'lent' as const };

  test('each task has credentials of its own, asked for when they are needed, and again before they end', async () => {
    const lab = await startTestLab();
    try {
      const { region, bucket, url, credentials } = lab.aws;
      const place = { ...lent, region, bucket, endpoints: { s3: url, ebs: url, ec2: url, sts: url } };
      const lend = async (seconds: number) => {
        await lab.aws.control.sessionSeconds?.({ seconds });
        const scope = { partition: 'aws', region, bucket, runId: 'sms-run-1', stagingPrefix: 'elsewhere/' };
        const digests = { digestPrefix: 'landfall-digests/j/r/', jobDigestPrefix: 'landfall-digests/j/' };
        const asking = { region, credentials, endpoints: place.endpoints };
        const { expiration, ...keys } = await lendCredentials(asking, { by: 'federation' }, { ...scope, ...digests });
        return { ...keys, seconds: (expiration.getTime() - Date.now()) / 1000 };
      };
      // No key of its own at all.
      const targets = new TargetsOfTasks({ endpoints: {} });
      const asked = { one: 0, other: 0 };
      const one = targets.of(place, () => {
        asked.one += 1;
        return lend(1);
      });
      const other = targets.of(place, () => {
        asked.other += 1;
        return lend(60);
      });
      expect(asked).toEqual({ one: 0, other: 0 });
      const head = (opened: typeof one) => opened.staging.head('elsewhere/x', AbortSignal.timeout(20_000));
      expect(await head(other)).toBeNull();
      expect(await head(one)).toBeNull();
      expect(asked).toEqual({ one: 1, other: 1 });
      await vi.waitFor(
        async () => {
          expect(await head(one)).toBeNull();
          expect(asked.one).toBeGreaterThan(2);
        },
        { timeout: 20_000, interval: 200 },
      );
      expect(asked.other).toBe(1);
      one.close();
      other.close();
    } finally {
      await lab[Symbol.asyncDispose]();
    }
  }, 30_000);

  test('and where nobody gives a key, that is said', async () => {
    const targets = new TargetsOfTasks({ endpoints: {} });
    const code = { fault: { code: 'connector-without-key' } };
    expect(() => targets.demandKey(named)).toThrow('The connector has no key for AWS');
    expect(() => targets.demandKey(lent)).not.toThrow();
    const opened = targets.of(named, never);
    await expect(opened.staging.head('elsewhere/x', AbortSignal.timeout(5_000))).rejects.toMatchObject(code);
    opened.close();
  });
});
