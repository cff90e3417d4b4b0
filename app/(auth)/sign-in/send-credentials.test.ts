import { describe, expect, it } from 'vitest';
import { sendCode, sendCredentials } from './send-credentials.ts';

/** Answers the token call, then the given answer. */
function serverThat(status: number, url: string): typeof fetch {
  return async (input) =>
    String(input).endsWith('/csrf')
      ? Response.json({ csrfToken: 'a' })
      : Response.json({ url: `http://localhost:3000${url}` }, { status });
}

describe('sending credentials', () => {
  it('succeeds', async () => {
    expect(await sendCredentials('a@b.c', 'x', serverThat(200, '/'))).toEqual({ ok: true });
  });

  it('says the same for whatever was wrong', async () => {
    expect(await sendCredentials('a@b.c', 'x', serverThat(401, '/sign-in?error=wrong'))).toMatchObject({
      reason: 'wrong',
    });
    expect(await sendCredentials('a@b.c', 'x', serverThat(401, '/sign-in?error=CredentialsSignin'))).toMatchObject({
      reason: 'wrong',
    });
  });

  it('hands on the challenge when a code is asked for, and says what was wrong with one', async () => {
    const asked = serverThat(401, '/sign-in?error=code%3Aabc-_1');
    expect(await sendCredentials('a@b.c', 'x', asked)).toEqual({ ok: false, reason: 'code', challenge: 'abc-_1' });
    for (const reason of ['code-wrong', 'challenge-over'])
      expect(await sendCode('abc', '123456', serverThat(401, `/sign-in?error=${reason}`))).toMatchObject({ reason });
    expect(await sendCode('abc', '123456', serverThat(200, '/'))).toEqual({ ok: true });
  });

  it('says how long to wait', async () => {
    expect(await sendCredentials('a@b.c', 'x', serverThat(401, '/sign-in?error=too-many%3A30'))).toMatchObject({
      reason: 'too-many',
      text: expect.stringContaining('30 seconds'),
    });
    expect(await sendCredentials('a@b.c', 'x', serverThat(401, '/sign-in?error=too-many%3A600'))).toMatchObject({
      text: expect.stringContaining('10 minutes'),
    });
  });

  it.each([
    [403, /LANDFALL_PUBLIC_URL.*LANDFALL_TRUSTED_PROXIES.*password is not the cause/],
    [413, /Content-Length.*password is not the cause/],
  ])('does not blame the password when the console refuses the form with %d', async (status, text) => {
    const refuses = serverThat(status, '/');
    for (const answer of [await sendCredentials('a@b.c', 'x', refuses), await sendCode('abc', '123456', refuses)])
      expect(answer).toMatchObject({ reason: 'not-believed', text: expect.stringMatching(text) });
  });

  it('does not blame the password when nobody answers', async () => {
    const dead: typeof fetch = () => Promise.reject(new TypeError('fetch failed'));
    expect(await sendCredentials('a@b.c', 'x', dead)).toMatchObject({ reason: 'unreachable' });
    expect(await sendCredentials('a@b.c', 'x', serverThat(401, '/sign-in?error=unavailable'))).toMatchObject({
      reason: 'unreachable',
    });
    expect(await sendCredentials('a@b.c', 'x', serverThat(502, '/'))).toMatchObject({ reason: 'unreachable' });
  });
});
