import { expect, it } from 'vitest';
import { NO_LIMIT } from '../../../replication/model/bandwidth.ts';
import { daysText, hoursText, rateText } from './limits-words.ts';

it.each([
  [[1, 2, 3, 4, 5], 'Mon–Fri'],
  [[0, 6], 'Sat, Sun'],
  [[0, 1, 2, 3, 4, 5, 6], 'Every day'],
  [[1, 3, 4, 5, 0], 'Mon, Wed–Fri, Sun'],
  [[2], 'Tue'],
])('days %j are %s', (days, text) => expect(daysText(days)).toBe(text));

it.each([
  [{ days: [1], from: '08:00', to: '18:00', limit: 10 }, 'Mon, 08:00–18:00: 10 MiB/s'],
  [{ days: [5, 6], from: '22:00', to: '06:00', limit: null }, 'Fri, Sat, 22:00–06:00 of the next day: No limit'],
  [{ days: [0], from: '00:00', to: '00:00', limit: 0.5 }, 'Sun, from 00:00 for 24 hours: 0.5 MiB/s'],
])('%j', (hours, text) => expect(hoursText(hours)).toBe(text));

it('the rate stands beside the limit of this very hour', () => {
  const hours = [{ days: [0], from: '10:00', to: '11:00', limit: 2 }];
  const connector = { checkedAt: new Date(), rateBytesPerSecond: 1_572_864, bandwidth: { ...NO_LIMIT, hours } };
  // A Sunday.
  expect(rateText(connector, new Date('2026-11-22T10:30:00Z'))).toBe('1.5 MiB/s of 2 MiB/s');
  expect(rateText(connector, new Date('2026-11-22T11:00:00Z'))).toBe('1.5 MiB/s');
  expect(rateText({ ...connector, bandwidth: null }, new Date())).toBe('1.5 MiB/s');
  expect(rateText({ ...connector, checkedAt: null }, new Date())).toBe('–');
});
