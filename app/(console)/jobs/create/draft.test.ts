import { describe, expect, it } from 'vitest';
import { imageMethodOf, isTouched, licenseOf, newDraft } from './draft.ts';

describe('per server', () => {
  it('a licence that the guest cannot take falls back to Auto', () => {
    const draft = { licenses: { a: 'aws', b: 'aws' } } as const;
    expect(licenseOf(draft, { id: 'a', guestFamily: 'linux' })).toBe('auto');
    expect(licenseOf(draft, { id: 'b', guestFamily: 'windows-server' })).toBe('aws');
  });

  it('Windows is never registered as it is', () => {
    const draft = { imageMethods: { a: 'register-image' } } as const;
    expect(imageMethodOf(draft, { id: 'a', guestFamily: 'windows-client' })).toBe('auto');
    expect(imageMethodOf(draft, { id: 'a', guestFamily: 'linux' })).toBe('register-image');
  });

  it('knows whether something would be lost', () => {
    expect(isTouched(newDraft([]))).toBe(false);
    expect(isTouched(newDraft(['s-1']))).toBe(true);
    expect(isTouched({ ...newDraft([]), description: 'x' })).toBe(true);
  });
});
