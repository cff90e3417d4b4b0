import { expect, it } from 'vitest';
import { fromBrowser, inConsole } from './sub-path.ts';

it.each([
  ['/jobs?page=2', '/landfall/jobs?page=2'],
  ['/', '/landfall/'],
  ['/landfalls', '/landfall/landfalls'],
])('%s of ours is %s for the browser, and back', (ours, browser) => {
  expect(inConsole(ours, '/landfall')).toBe(browser);
  expect(fromBrowser(browser, '/landfall')).toBe(ours);
  expect(inConsole(browser, '/landfall')).toBe(browser);
  expect([inConsole(ours, ''), fromBrowser(browser, '')]).toEqual([ours, browser]);
});

it.each(['https://docs.example.com/', '//evil.example/', '#', '?q=1', 'mailto:a@example.com'])(
  '%s stays',
  (address) => {
    expect(inConsole(address, '/landfall')).toBe(address);
    expect(fromBrowser(address, '/landfall')).toBe(address);
  },
);

it('knows its own root without a slash', () => {
  expect(fromBrowser('/landfall', '/landfall')).toBe('/');
  expect(fromBrowser('/landfall?a', '/landfall')).toBe('/?a');
});
