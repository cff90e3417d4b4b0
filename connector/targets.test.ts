// Which AWS a task goes to: Region, bucket and prefix as the console says, key and way there as this connector was set up.
import { expect, test } from 'vitest';
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

test('each place is opened once, and another revision is another place', () => {
  const targets = new TargetsOfTasks(own);
  const first = targets.of(named);
  expect(targets.of({ ...named })).toBe(first);
  expect(targets.of({ ...named, revision: 3 })).not.toBe(first);
  targets.close();
});
