// The two calls that sign a member in, and what their refusals mean to a person.
import { inConsole } from '../../sub-path.ts';

export type SendResult =
  | { ok: true }
  | { ok: false; reason: 'wrong' | 'too-many' | 'unreachable'; title: string; text: string };

const UNREACHABLE: SendResult = {
  ok: false,
  reason: 'unreachable',
  title: 'The console does not answer',
  text: 'Check that Landfall is running and that this machine can reach it, then try again. Your password is not the cause.',
};

/** Sends e-mail and password; never throws. */
export async function sendCredentials(
  email: string,
  password: string,
  send: typeof fetch = fetch,
): Promise<SendResult> {
  try {
    const tokenAnswer = await send(inConsole('/api/auth/csrf'), { cache: 'no-store' });
    if (!tokenAnswer.ok) return UNREACHABLE;
    const { csrfToken } = (await tokenAnswer.json()) as { csrfToken: string };
    const answer = await send(inConsole('/api/auth/callback/credentials'), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrfToken, email, password, json: 'true' }),
    });
    if (answer.status >= 500) return UNREACHABLE;
    const { url } = (await answer.json()) as { url?: string };
    const error = url ? new URL(url, 'http://console.invalid').searchParams.get('error') : null;
    if (answer.ok && !error) return { ok: true };
    return refusal(error ?? '');
  } catch {
    return UNREACHABLE;
  }
}

function refusal(error: string): SendResult {
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
  return {
    ok: false,
    reason: 'wrong',
    title: 'Wrong e-mail address or password',
    text: 'Check both and try again.',
  };
}
