// What a person is told whose sign-in at the provider came to nothing. Pure.
import type { SsoReason } from '../../../server/auth/sso-attempt.ts';

export interface SsoWords {
  title: string;
  text: string;
}

const WORDS: Record<SsoReason, SsoWords> = {
  'no-group': {
    title: 'None of your groups may use this console',
    text: 'Your provider knows you, but none of your groups has a role in a workspace. Ask an administrator of Landfall to give one of them a role, then sign in again.',
  },
  'groups-missing': {
    title: 'Your provider did not say which groups you are in',
    text: 'Whoever runs Landfall has to make the provider send the groups, or name the right claim (LANDFALL_OIDC_GROUPS_CLAIM).',
  },
  'email-missing': {
    title: 'Your provider did not send your e-mail address',
    text: 'An account needs one. Whoever runs the provider has to send the claim email to Landfall.',
  },
  'email-unverified': {
    title: 'Your provider has not checked your e-mail address',
    text: 'It says that the address may not be yours. Confirm it there, or ask whoever runs the provider, then sign in again.',
  },
  'email-taken': {
    title: 'Your e-mail address belongs to another account',
    text: 'Sign in with that account’s password. Whoever runs Landfall can let addresses that the provider has verified join such accounts.',
  },
  cancelled: {
    title: 'The sign-in was not completed',
    text: 'It was cancelled at the provider, or the provider does not let you use Landfall. You can try again.',
  },
  down: {
    title: 'The provider does not answer',
    text: 'Landfall could not reach it, or it answered with an error. Try again in a minute; if it lasts, whoever runs the provider should know.',
  },
  slow: {
    title: 'The provider took too long',
    text: 'Landfall waited and gave up. Try again in a minute.',
  },
  keys: {
    title: 'The provider’s signature could not be checked',
    text: 'It signed with a key that it does not publish, as happens while it changes its keys. Try again in a few minutes; if it lasts, tell whoever runs it.',
  },
  issuer: {
    title: 'The answer came from another provider',
    text: 'It does not name the issuer that Landfall is set up for. Whoever runs Landfall should compare LANDFALL_OIDC_ISSUER with the provider’s configuration document.',
  },
  audience: {
    title: 'The provider’s answer was for another application',
    text: 'Whoever runs Landfall should compare LANDFALL_OIDC_CLIENT_ID with the application at the provider.',
  },
  nonce: {
    title: 'The provider’s answer belongs to another sign-in',
    text: 'It was not accepted. Begin again with the button below.',
  },
  state: {
    title: 'This sign-in is no longer valid',
    text: 'It was begun in another browser, or more than a quarter of an hour ago, or was used already. Begin again with the button below.',
  },
  client: {
    title: 'The provider does not accept Landfall',
    text: 'It refused the client id or the client secret. Whoever runs Landfall has to correct them; a secret may have expired.',
  },
  answer: {
    title: 'The provider’s answer could not be used',
    text: 'Try again. If it happens again, the log of the web names the time and the kind of the answer.',
  },
  address: {
    title: 'This console does not believe the address that you opened',
    text: 'Open it under its own address. If this is the one, whoever runs Landfall should set LANDFALL_PUBLIC_URL to it, and LANDFALL_TRUSTED_PROXIES to the proxy before it.',
  },
  unavailable: {
    title: 'The console could not let you in',
    text: 'Its database does not answer. Try again in a minute; your account at the provider is not the cause.',
  },
};

/** By the word in the address of the page; null for anything else that may stand there. */
export function ssoWords(reason: unknown): SsoWords | null {
  return typeof reason === 'string' && Object.hasOwn(WORDS, reason) ? WORDS[reason as SsoReason] : null;
}
