import { expect, it } from 'vitest';
import { parseNbdUri, spellAddress } from './endpoint.ts';

it.each([
  ['nbd://example.com:10810/disk', { host: 'example.com', port: 10810 }, 'disk', false],
  ['nbd://example.com', { host: 'example.com', port: 10809 }, '', false],
  ['nbd://example.com/', { host: 'example.com', port: 10809 }, '', false],
  ['nbd://example.com//disk', { host: 'example.com', port: 10809 }, '/disk', false],
  ['nbd://example.com/a/../b', { host: 'example.com', port: 10809 }, 'a/../b', false],
  ['NBDS://[::1]:7/hello%20w%C3%B6rld', { host: '::1', port: 7 }, 'hello wörld', true],
  ['nbd+unix:///disk?socket=/run/a+b.sock', { socketPath: '/run/a+b.sock' }, 'disk', false],
  ['nbd+unix:?socket=a%3Db', { socketPath: 'a=b' }, '', false],
])('reads %s', (uri, address, exportName, tls) => {
  expect(parseNbdUri(uri)).toEqual({ address, exportName, tls });
});

it('takes the name for the certificate from the address', () => {
  const uri = 'nbds+unix:///?socket=/s&tls-hostname=esx.example.com&tls-type=x509';
  expect(parseNbdUri(uri)).toEqual({
    address: { socketPath: '/s' },
    exportName: '',
    tls: true,
    serverName: 'esx.example.com',
  });
});

it.each([
  'http://example.com/disk',
  'nbd:///disk',
  'nbd://user@example.com/disk',
  'nbd://example.com:0/disk',
  'nbd://example.com:70000/disk',
  'nbd://example.com/%zz',
  'nbd://example.com/a%00b',
  `nbd://example.com/${'x'.repeat(4097)}`,
  'nbd://example.com/?socket=/s',
  'nbd+unix:///disk',
  'nbd+unix://host/disk?socket=/s',
  'nbd+unix:///?socket=/s&socket=/t',
  'nbds://example.com/?tls-verify-peer=0',
  'nbds://example.com/?tls-type=psk',
  'nbd://example.com/?tls-hostname=other',
])('refuses %s', (uri) => {
  expect(() => parseNbdUri(uri)).toThrow(
    expect.objectContaining({ fault: expect.objectContaining({ code: 'input-invalid' }) }),
  );
});

it('spells an address so that it can be read', () => {
  expect(spellAddress({ host: '::1', port: 7 })).toBe('[::1]:7');
  expect(spellAddress({ socketPath: '/run/nbd' })).toBe('/run/nbd');
});
