import { expect, it } from 'vitest';
import { ssoOnly, ssoSettings, whyNoSso } from './sso-settings.ts';

const SET = {
  LANDFALL_OIDC_ISSUER: 'https://login.example.com/',
  LANDFALL_OIDC_CLIENT_ID: 'landfall',
  LANDFALL_OIDC_CLIENT_SECRET: 'a secret',
};

it('is off where nothing is set, and needs all three that matter', () => {
  expect([ssoSettings({}), whyNoSso({}), ssoOnly({})]).toEqual([null, [], false]);
  expect(whyNoSso({ LANDFALL_OIDC_ISSUER: SET.LANDFALL_OIDC_ISSUER })).toEqual([
    expect.stringContaining('LANDFALL_OIDC_CLIENT_ID is missing'),
    expect.stringContaining('LANDFALL_OIDC_CLIENT_SECRET is missing'),
  ]);
  // It would let nobody in.
  expect(whyNoSso({ LANDFALL_OIDC_ONLY: '1' })).toHaveLength(3);
});

it('has defaults for the rest', () => {
  expect(ssoSettings(SET)).toEqual({
    issuer: 'https://login.example.com',
    clientId: 'landfall',
    clientSecret: 'a secret',
    name: 'single sign-on',
    scopes: 'openid profile email',
    groupsClaim: 'groups',
    only: false,
    joinByEmail: false,
    sessionSeconds: 28_800,
  });
});

it.each([
  ['LANDFALL_OIDC_ISSUER', 'http://login.example.com'],
  ['LANDFALL_OIDC_ISSUER', 'login.example.com'],
  ['LANDFALL_OIDC_SCOPES', 'profile email'],
  ['LANDFALL_OIDC_ONLY', 'yes'],
  ['LANDFALL_OIDC_JOIN_BY_EMAIL', 'always'],
  ['LANDFALL_OIDC_SESSION_HOURS', '0'],
  ['LANDFALL_OIDC_SESSION_HOURS', 'a day'],
])('says at the start that %s cannot be %s', (name, value) => {
  expect(whyNoSso({ ...SET, [name]: value })).toEqual([expect.stringContaining(name)]);
  expect(whyNoSso({ ...SET, [name]: value }).join()).not.toContain('a secret');
});

it('takes a provider without https on this machine only', () => {
  for (const issuer of ['http://localhost:8080/realms/main', 'http://127.0.0.1:9000', 'http://[::1]:9000'])
    expect(whyNoSso({ ...SET, LANDFALL_OIDC_ISSUER: issuer })).toEqual([]);
});
