import { describe, expect, it } from 'vitest';
import { type Forwarded, TrustedProxies } from './trusted-proxies.ts';

const said = (more: Partial<Forwarded> = {}): Forwarded => ({
  for: undefined,
  proto: undefined,
  host: undefined,
  ...more,
});
const address = (list: string, peer: string, header?: string) =>
  new TrustedProxies(list).originOf(peer, false, said({ for: header })).address;

describe('where a request came from', () => {
  it.each([
    ['nobody is named', '', '203.0.113.9', '10.1.1.1', '203.0.113.9'],
    ['somebody else is named', '10.0.0.0/8', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['the proxy added its client', '10.0.0.0/8', '10.0.0.2', '198.51.100.1', '198.51.100.1'],
    ['a client made up an entry before it', '10.0.0.2', '10.0.0.2', '1.2.3.4, 198.51.100.1', '198.51.100.1'],
    [
      'two proxies stand behind each other',
      '10.0.0.0/8',
      '10.0.0.2',
      '1.2.3.4, 198.51.100.1, 10.0.0.3',
      '198.51.100.1',
    ],
    ['everything on the way is named', '10.0.0.0/8', '10.0.0.2', '10.9.9.9, 10.0.0.3', '10.9.9.9'],
    ['the proxy says nothing', '10.0.0.0/8', '10.0.0.2', undefined, '10.0.0.2'],
    ['the proxy says what is no address', '10.0.0.0/8', '10.0.0.2', '1.2.3.4, unknown', '10.0.0.2'],
    ['the proxy adds the port', '10.0.0.0/8', '10.0.0.2', '198.51.100.1:4711', '198.51.100.1'],
    ['the socket is of both kinds', '10.0.0.0/8', '::ffff:10.0.0.2', '::ffff:198.51.100.1', '198.51.100.1'],
    ['all is IPv6', 'fd00::/8', 'fd00::2', '[2001:DB8::1]:4711', '2001:db8::1'],
  ])('when %s', (_, list, peer, header, expected) => {
    expect(address(list, peer, header)).toBe(expected);
  });

  it('has protocol and host by the outermost of those named, and of no other', () => {
    const one = new TrustedProxies('10.0.0.2');
    const two = new TrustedProxies('10.0.0.0/8');
    const words = said({ for: '198.51.100.1', proto: 'https', host: 'landfall.example.com' });
    expect(one.originOf('10.0.0.2', false, words)).toEqual({
      address: '198.51.100.1',
      protocol: 'https',
      host: 'landfall.example.com',
    });
    expect(one.originOf('10.0.0.7', false, words)).toEqual({ address: '10.0.0.7', protocol: 'http', host: undefined });
    const appended = said({
      for: '198.51.100.1, 10.0.0.3',
      proto: 'gopher, https, http',
      host: 'evil.example, a.example, b.example',
    });
    expect(two.originOf('10.0.0.2', false, appended)).toMatchObject({ protocol: 'https', host: 'a.example' });
    expect(one.originOf('10.0.0.2', true, said({ proto: 'gopher', host: 'a b' }))).toMatchObject({
      protocol: 'https',
      host: undefined,
    });
  });
});

it.each([
  ['10.0.0.0/33', /10\.0\.0\.0\/33 is none/],
  ['proxy.example.com', /proxy\.example\.com is none/],
  ['10.0.0.1, 167772161', /167772161 is none/],
  ['0.0.0.0/0', /is everybody/],
  ['::/0', /is everybody/],
])('the list %s is refused', (list, why) => {
  expect(() => new TrustedProxies(list)).toThrow(why);
});
