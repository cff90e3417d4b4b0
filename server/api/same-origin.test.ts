// Whose pages may change something, as the headers say that the front hands on.
import { afterEach, expect, it, vi } from 'vitest';
import { isSameOrigin } from './same-origin.ts';

afterEach(() => vi.unstubAllEnvs());

const from = (origin: string, spoken: 'http' | 'https', more = {}) =>
  new Headers({
    origin,
    host: 'console.example',
    'x-forwarded-host': 'console.example',
    'x-forwarded-proto': spoken,
    ...more,
  });

it('believes a page of the same host by whatever protocol where nobody has said what the address is', () => {
  vi.stubEnv('LANDFALL_ANY_HOST', '1');
  // As a browser sends it to a proxy that ends TLS and that nobody has named.
  expect(isSameOrigin(from('https://console.example', 'http', { 'sec-fetch-site': 'same-origin' }))).toBe(true);
  expect(isSameOrigin(from('https://evil.example', 'http'))).toBe(false);
  expect(isSameOrigin(from('https://console.example', 'http', { 'sec-fetch-site': 'same-site' }))).toBe(false);
});

it('compares the protocol too where the console has an address', () => {
  for (const anyHost of ['0', '']) {
    vi.stubEnv('LANDFALL_ANY_HOST', anyHost);
    expect(isSameOrigin(from('https://console.example', 'http'))).toBe(false);
    expect(isSameOrigin(from('https://console.example', 'https'))).toBe(true);
  }
});
