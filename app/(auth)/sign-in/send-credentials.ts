// The two calls that sign a member in, and what their refusals mean to a person.
import { inConsole } from '../../sub-path.ts';

export interface Refusal {
  ok: false;
  reason: 'wrong' | 'too-many' | 'unreachable' | 'not-believed' | 'code-wrong' | 'challenge-over';
  title: string;
  text: string;
}

export type SendResult =
  | { ok: true }
  /** The password is right; a code is to be shown with this challenge. */
  | { ok: false; reason: 'code'; challenge: string }
  | Refusal;

const UNREACHABLE: Refusal = {
  ok: false,
  reason: 'unreachable',
  title: 'The console does not answer',
  text: 'Check that Landfall is running and that this machine can reach it, then try again. Your password is not the cause.',
};

const WRONG_ADDRESS: Refusal = {
  ok: false,
  reason: 'not-believed',
  title: 'This console does not believe the address that you opened',
  text: 'Open it under its own address. If this is the one, whoever runs Landfall should set LANDFALL_PUBLIC_URL to it, and LANDFALL_TRUSTED_PROXIES to the proxy before it. Your password is not the cause.',
};

const NO_LENGTH: Refusal = {
  ok: false,
  reason: 'not-believed',
  title: 'The console did not take the form',
  text: 'It is too long, or a proxy before the console does not pass on how long it is (Content-Length). Whoever runs Landfall should look at the proxy. Your password is not the cause.',
};

/** Sends e-mail and password; never throws. */
export const sendCredentials = (email: string, password: string, send: typeof fetch = fetch): Promise<SendResult> =>
  sendForm({ email, password }, send);

/** Sends the code of the second step; never throws. */
export const sendCode = (challenge: string, code: string, send: typeof fetch = fetch): Promise<SendResult> =>
  sendForm({ challenge, code }, send);

async function sendForm(fields: Record<string, string>, send: typeof fetch): Promise<SendResult> {
  try {
    const tokenAnswer = await send(inConsole('/api/auth/csrf'), { cache: 'no-store' });
    if (!tokenAnswer.ok) return UNREACHABLE;
    const { csrfToken } = (await tokenAnswer.json()) as { csrfToken: string };
    const answer = await send(inConsole('/api/auth/callback/credentials'), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...fields, csrfToken, json: 'true' }),
    });
    if (answer.status >= 500) return UNREACHABLE;
    if (answer.status === 403) return WRONG_ADDRESS;
    if (answer.status === 413) return NO_LENGTH;
    const { url } = (await answer.json()) as { url?: string };
    const error = url ? new URL(url, 'http://console.invalid').searchParams.get('error') : null;
    if (answer.ok && !error) return { ok: true };
    return refusal(error ?? '');
  } catch {
    return UNREACHABLE;
  }
}

function refusal(error: string): SendResult {
  const challenge = /^code:(.+)$/.exec(error)?.[1];
  if (challenge) return { ok: false, reason: 'code', challenge };
  if (error === 'unavailable') return UNREACHABLE;
  const wait = /^too-many:(\d+)$/.exec(error)?.[1];
  if (wait) {
    const seconds = Number(wait);
    const time = seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
    return {
      ok: false,
      reason: 'too-many',
      title: 'Too many attempts',
      text: `Wait ${time} and try again. An administrator can set a new password.`,
    };
  }
  if (error === 'code-wrong') {
    return {
      ok: false,
      reason: 'code-wrong',
      title: 'Wrong code',
      text: 'Each code counts once: type the one that the app shows now, or a recovery code that was not used.',
    };
  }
  if (error === 'challenge-over') {
    return {
      ok: false,
      reason: 'challenge-over',
      title: 'That took too long',
      text: 'Sign in with your password again.',
    };
  }
  return {
    ok: false,
    reason: 'wrong',
    title: 'Wrong e-mail address or password',
    text: 'Check both and try again.',
  };
}
