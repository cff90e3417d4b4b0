import { expect, it } from 'vitest';
import { publicUrl, subPath, whyLinksMislead, whyNoPublicUrl } from './public-url.ts';

it.each([
  [{ LANDFALL_PUBLIC_URL: 'https://landfall.example.com' }, 'https://landfall.example.com/runs/run-1?tab=log', ''],
  [
    { LANDFALL_PUBLIC_URL: 'https://it.example.com:8443/a/landfall/' },
    'https://it.example.com:8443/a/landfall/runs/run-1?tab=log',
    '/a/landfall',
  ],
  [{ NEXTAUTH_URL: 'http://10.0.0.5:3000' }, 'http://10.0.0.5:3000/runs/run-1?tab=log', ''],
  [
    { NEXTAUTH_URL: 'https://it.example.com/landfall/api/auth' },
    'https://it.example.com/landfall/runs/run-1?tab=log',
    '/landfall',
  ],
  [{}, 'http://localhost:3000/runs/run-1?tab=log', ''],
])('of %o a link is %s', (source, link, path) => {
  expect(publicUrl('/runs/run-1?tab=log', source)).toBe(link);
  expect(subPath(source)).toBe(path);
});

it.each([
  ['landfall.example.com', /such as https:/],
  ['ftp://landfall.example.com', /must begin with https/],
  ['https://ann:secret@landfall.example.com', /no password/],
  ['https://landfall.example.com/?a', /no password, \? or #/],
  ['https://landfall.example.com/a b', /only letters, digits/],
  ['https://landfall.example.com/a//b', /only letters, digits/],
  ['https://landfall.example.com/api', /must not begin its path/],
])('%s is refused', (text, why) => {
  expect(whyNoPublicUrl(text)).toMatch(why);
  expect(() => publicUrl('', { LANDFALL_PUBLIC_URL: text })).toThrow(why);
});

it('warns of links that would lead to the reader’s own machine, where nobody has said the address', () => {
  expect(whyLinksMislead({})).toMatch(/LANDFALL_PUBLIC_URL is not set: .* http:\/\/localhost:3000/);
  expect(whyLinksMislead({ LANDFALL_PUBLIC_URL: 'https://landfall.example.com' })).toBeNull();
  expect(whyLinksMislead({ NEXTAUTH_URL: 'http://10.0.0.5:3000' })).toBeNull();
});
