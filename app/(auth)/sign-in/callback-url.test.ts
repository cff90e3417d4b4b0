import { describe, expect, it } from 'vitest';
import { safeCallback } from './callback-url.ts';

describe('the way back after signing in', () => {
  it('is a page of ours', () => {
    expect(safeCallback('/jobs?page=2#run')).toBe('/jobs?page=2#run');
  });

  it.each([
    null,
    '',
    'jobs',
    'https://evil.example/',
    '//evil.example/jobs',
    '/\\evil.example',
    '\\/evil.example',
    '/\t/evil.example',
    '/%2e%2e//evil.example',
    '/..//evil.example',
    'javascript:alert(1)',
    '/sign-in?callbackUrl=/x',
    '/api/auth/signout',
  ])('is the start page instead of %j', (wanted) => {
    expect(safeCallback(wanted)).toBe('/');
  });
});
