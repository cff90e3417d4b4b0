// What a connector is told of AWS: a key of its own with all that belongs to it, or nothing.
import { expect, test } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

const base = {
  LANDFALL_CONNECTOR_DIR: '/nowhere',
  LANDFALL_URL: 'https://console.example',
  LANDFALL_VM_MANAGER_URL: 'https://vc.example',
  LANDFALL_VM_MANAGER_USER: 'u',
  LANDFALL_VM_MANAGER_PASSWORD: 'p',
};
const keyed = {
  LANDFALL_AWS_REGION: 'eu-central-1',
  LANDFALL_AWS_BUCKET: 'bucket',
  LANDFALL_AWS_ACCESS_KEY_ID: 'id',
  LANDFALL_AWS_SECRET_ACCESS_KEY: 'secret',
};
const read = (env: Record<string, string>) => readConfig(env as NodeJS.ProcessEnv, 'host');

test('without a key it waits for what the console lends', () => {
  expect(read(base).aws).toEqual({ endpoints: {} });
  expect(read({ ...base, LANDFALL_AWS_REGION: 'eu-central-1' }).aws.accessKeyId).toBeUndefined();
});

test('a key is whole, with the place where it is tried', () => {
  expect(read({ ...base, ...keyed }).aws).toMatchObject({ region: 'eu-central-1', accessKeyId: 'id' });
  for (const name of Object.keys(keyed).filter((one) => one !== 'LANDFALL_AWS_ACCESS_KEY_ID')) {
    expect(() => read({ ...base, ...keyed, [name]: '' })).toThrow(ConfigError);
  }
});
