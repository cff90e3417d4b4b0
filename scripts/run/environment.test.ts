import { expect, test } from 'vitest';
import {
  connectorEnvironment,
  consoleEnvironment,
  type LabFile,
  labEnvironment,
  publicUrl,
  type Settings,
} from './environment.ts';

const lab: LabFile = {
  vcenter: { url: 'https://127.0.0.1:1', user: 'u', password: 'p', fingerprint: 'f' },
  aws: {
    endpoint: 'http://127.0.0.1:2',
    region: 'eu-west-1',
    accessKeyId: 'AKIALAB',
    secretAccessKey: 'lab-secret',
    bucket: 'b',
    connector: { accessKeyId: 'AKIACONNECTOR', secretAccessKey: 'connector-secret' },
  },
  control: { url: 'http://127.0.0.1:3' },
};

function settings(more: Partial<Settings> = {}): Settings {
  return {
    own: { PATH: '/bin', npm_config_x: 'y', LANDFALL_LEASE_SECONDS: '5', LANDFALL_FIRST_ADMIN_PASSWORD: 'first' },
    dataFolder: '/data',
    connectorFolder: '/data/connector',
    secrets: { nextAuthSecret: 'session-secret', secretKey: 'main:sealing-secret' },
    port: 3000,
    host: '127.0.0.1',
    lab,
    databaseUrl: 'postgres://landfall:database-secret@127.0.0.1:5/landfall',
    enrolmentCode: 'code',
    ...more,
  };
}

test('the console gets the database, its keys, and the lab as its AWS', () => {
  expect(consoleEnvironment(settings())).toMatchObject({
    PATH: '/bin',
    LANDFALL_LEASE_SECONDS: '5',
    DATABASE_URL: 'postgres://landfall:database-secret@127.0.0.1:5/landfall',
    NEXTAUTH_URL: 'http://localhost:3000',
    LANDFALL_SECRET_KEY: 'main:sealing-secret',
    LANDFALL_LAB: '1',
    LANDFALL_AWS_ACCESS_KEY_ID: 'AKIALAB',
    LANDFALL_AWS_ENDPOINT_EBS: 'http://127.0.0.1:2',
  });
});

test('the appliance gets its own narrow key, and none of the console’s secrets', () => {
  const env = connectorEnvironment(settings());
  expect(env).toMatchObject({
    LANDFALL_URL: 'http://127.0.0.1:3000',
    LANDFALL_ENROL_CODE: 'code',
    LANDFALL_VM_MANAGER_FINGERPRINT: 'f',
    LANDFALL_AWS_ACCESS_KEY_ID: 'AKIACONNECTOR',
    LANDFALL_AWS_SECRET_ACCESS_KEY: 'connector-secret',
  });
  const own = {
    DATABASE_URL: 'database-secret',
    NEXTAUTH_SECRET: 'session-secret',
    LANDFALL_SECRET_KEY: 'sealing-secret',
  };
  const withOwn = JSON.stringify(connectorEnvironment(settings({ own })));
  for (const text of [JSON.stringify(env), withOwn])
    expect(text).not.toMatch(/(database|session|sealing|lab)-secret|"first"/);
});

test('a target of the user’s wins over the lab’s, whole', () => {
  const own = {
    LANDFALL_AWS_REGION: 'us-east-1',
    LANDFALL_AWS_ACCESS_KEY_ID: 'AKIAMINE',
    LANDFALL_CONNECTOR_AWS_ACCESS_KEY_ID: 'AKIANARROW',
  };
  const env = consoleEnvironment(settings({ own }));
  expect(env).toMatchObject({ LANDFALL_AWS_REGION: 'us-east-1', LANDFALL_AWS_ACCESS_KEY_ID: 'AKIAMINE' });
  expect(env.LANDFALL_AWS_ENDPOINT_S3).toBeUndefined();
  expect(connectorEnvironment(settings({ own })).LANDFALL_AWS_ACCESS_KEY_ID).toBe('AKIANARROW');
});

test('the lab gets nothing of ours', () => {
  const own = { PATH: '/bin', LANDFALL_DATA: 'x', DATABASE_URL: 'x', AWS_PROFILE: 'x', NEXTAUTH_SECRET: 'x' };
  expect(labEnvironment(own)).toEqual({ PATH: '/bin' });
});

test('under a path, next-auth and the programs of this machine are told it', () => {
  const own = { LANDFALL_PUBLIC_URL: 'https://it.example.com/landfall/' };
  expect(consoleEnvironment(settings({ own }))).toMatchObject({
    LANDFALL_PUBLIC_URL: 'https://it.example.com/landfall',
    NEXTAUTH_URL: 'https://it.example.com/landfall/api/auth',
    LANDFALL_ANY_HOST: '0',
  });
  expect(connectorEnvironment(settings({ own })).LANDFALL_URL).toBe('http://127.0.0.1:3000/landfall');
  expect(consoleEnvironment(settings()).LANDFALL_ANY_HOST).toBe('1');
});

test('with a certificate of its own, the console is reached over TLS, and the appliance trusts it', () => {
  const own = { LANDFALL_TLS_CERT: '/tls/cert.pem', LANDFALL_TLS_KEY: '/tls/key.pem' };
  expect(consoleEnvironment(settings({ own })).LANDFALL_PUBLIC_URL).toBe('https://localhost:3000');
  const env = connectorEnvironment(settings({ own }));
  expect(env).toMatchObject({ LANDFALL_URL: 'https://localhost:3000', NODE_EXTRA_CA_CERTS: '/tls/cert.pem' });
  expect(env).not.toHaveProperty('LANDFALL_TLS_KEY');
});

test.each([
  [{}, '127.0.0.1', 'http://localhost:3000'],
  [{}, '10.0.0.5', 'http://10.0.0.5:3000'],
  [{ LANDFALL_PUBLIC_URL: 'https://landfall.example.com/' }, '0.0.0.0', 'https://landfall.example.com'],
])('the address for people: %o on %s is %s', (own, host, url) => {
  expect(publicUrl(own, host, 3000)).toBe(url);
});
