import { expect, it } from 'vitest';
import { askForProvider } from './ask-for-provider.ts';
import { ssoWords } from './sso-words.ts';

/** A server of ours that says where to go. */
const sends = (url: string | null, status = 200) =>
  (async (path: string) =>
    path.endsWith('/csrf')
      ? Response.json({ csrfToken: 'token' })
      : Response.json({ url }, { status })) as unknown as typeof fetch;

it('goes where the provider wants the browser', async () => {
  const url = 'https://login.example.com/authorize?client_id=landfall';
  expect(await askForProvider('/jobs', sends(url))).toEqual({ url });
});

it('has a reason where there is nowhere to go', async () => {
  expect(await askForProvider('/', sends('https://console.test/sign-in?sso=down'))).toEqual({ reason: 'down' });
  expect(await askForProvider('/', sends('https://console.test/sign-in?csrf=true'))).toEqual({ reason: 'answer' });
  expect(await askForProvider('/', sends(null, 403))).toEqual({ reason: 'address' });
  const away = (() => Promise.reject(new TypeError('fetch failed'))) as typeof fetch;
  expect(await askForProvider('/', away)).toEqual({ reason: 'unavailable' });
});

it('has a sentence for reasons, and none for whatever else stands in an address', () => {
  expect(ssoWords('address')?.text).toContain('LANDFALL_PUBLIC_URL');
  expect(ssoWords('no-group')?.title).toContain('groups');
  expect([ssoWords('constructor'), ssoWords('<b>'), ssoWords(undefined), ssoWords(['down'])]).toEqual([
    null,
    null,
    null,
    null,
  ]);
});
