import { expect, it } from 'vitest';
import { attentionHref } from './attention-links.ts';

const item = (kind: 'cutover' | 'connector' | 'catalog' | 'paused-jobs' | 'failed-runs' | 'left-over', count = 1) => ({
  kind,
  affected: { count, noun: 'replication job' },
  things: [{ id: 'id-1', name: 'web' }],
});

it('leads to the one thing that it is about, else to the list, and to the overview for what is left over', () => {
  expect(attentionHref(item('cutover'))).toBe('/cutovers/id-1');
  expect(attentionHref(item('catalog'))).toBe('/connectors/id-1');
  expect(attentionHref(item('failed-runs'))).toBe('/jobs/id-1');
  expect(attentionHref(item('failed-runs', 7))).toBe('/jobs');
  expect(attentionHref(item('paused-jobs', 7))).toBe('/jobs?q=state%3Dpaused-on-failure');
  expect(attentionHref(item('left-over'))).toBe('/overview');
});

it('leads from a connector to it, however many jobs it holds up', () => {
  expect(attentionHref(item('connector', 40))).toBe('/connectors/id-1');
});
