// Forms for signing in that are turned away before next-auth reads them.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLog } from '../../../server/log.ts';
import { POST } from './[...nextauth]/route.ts';

const logged: string[] = [];
beforeEach(() => {
  logged.length = 0;
  Object.assign(globalThis, { landfallLog: createLog({ write: (line) => void logged.push(line) }) });
});
afterEach(() => {
  Object.assign(globalThis, { landfallLog: undefined });
});

const post = (headers: Record<string, string>) =>
  POST(new Request('http://localhost:3000/api/auth/callback/credentials', { method: 'POST', headers }), {
    params: Promise.resolve({}),
  });

it('are refused under an address that is not ours, of which the log says once what to set', async () => {
  const headers = { origin: 'https://console.example', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'inner:3000' };
  for (let time = 0; time < 2; time += 1) expect((await post(headers)).status).toBe(403);
  expect(logged).toEqual([
    expect.stringMatching(/"level":"warn".*https:\/\/console\.example.*LANDFALL_TRUSTED_PROXIES/),
  ]);
});

it('are refused where nobody says how long they are', async () => {
  expect((await post({ origin: 'http://localhost:3000' })).status).toBe(413);
  expect(logged).toEqual([expect.stringContaining('does not say how long it is')]);
});
