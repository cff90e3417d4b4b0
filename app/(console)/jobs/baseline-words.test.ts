import { expect, it } from 'vitest';
import { outlookOf } from './baseline-words.ts';

const tracked = { tracked: true, notTrackedBecause: null, revokedAt: null, revokedBecause: null };

it('tells a delta from a comparison by whether the source tracks changes', () => {
  expect(outlookOf(tracked)).toMatchObject({ tracking: { type: 'success' }, next: 'Reads and sends what changed' });
  expect(outlookOf({ ...tracked, tracked: false, notTrackedBecause: 'It has snapshots.' })).toMatchObject({
    tracking: { text: 'Not tracked' },
    next: 'Reads the whole disk, sends what differs',
    why: 'It has snapshots.',
  });
  expect(outlookOf({ ...tracked, tracked: false }).why).toMatch(/does not track/);
});

it('says why a revoked one no longer counts, tracked or not', () => {
  const revoked = { ...tracked, revokedAt: new Date(), revokedBecause: 'Verification failed.' };
  for (const one of [revoked, { ...revoked, tracked: false }]) {
    expect(outlookOf(one)).toEqual({
      tracking: { type: 'warning', text: 'Revoked' },
      next: 'Copies the disk whole',
      why: 'Verification failed.',
    });
  }
});
