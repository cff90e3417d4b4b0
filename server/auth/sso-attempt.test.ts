import { expect, it } from 'vitest';
import { afterAttempt, ProviderError, reasonOf } from './sso-attempt.ts';

const SIGN_IN = 'https://tools.example.com/landfall/sign-in';

it.each([
  'https://tools.example.com/landfall/api/auth/error?error=OAuthCallback',
  'https://tools.example.com/landfall/api/auth/signin?error=OAuthSignin',
  '/landfall/sign-in?error=AccessDenied',
])('sends whoever next-auth would send to %s to the sentence', (location) => {
  expect(afterAttempt(location, { reason: 'down' }, SIGN_IN)).toBe(`${SIGN_IN}?sso=down`);
  expect(afterAttempt(location, { reason: null }, SIGN_IN)).toBe(location);
});

it('changes no other way', () => {
  for (const location of ['https://tools.example.com/landfall/jobs', 'https://login.example.com/sign-in'])
    expect(afterAttempt(location, { reason: 'down' }, 'https://login.example.com/landfall/sign-in')).toBe(location);
});

it('knows what our own checks found through what next-auth makes of them', () => {
  const wrapped = new Error(new ProviderError('issuer').message);
  expect([reasonOf(new ProviderError('issuer')), reasonOf(wrapped)]).toEqual(['issuer', 'issuer']);
});

it.each([
  [Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'down'],
  [Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'down'],
  [new Error('access_denied'), 'cancelled'],
  [new Error('what nobody has foreseen'), 'answer'],
  [undefined, 'answer'],
])('finds a word for %s', (error, reason) => {
  expect(reasonOf(error)).toBe(reason);
});
