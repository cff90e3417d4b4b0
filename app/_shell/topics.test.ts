import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nounsOf, TopicBatch } from './topics.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('answers events once, soon and with everything they touch, and a burst no oftener than it must', () => {
  const flushed: string[][] = [];
  const batch = new TopicBatch(300, (nouns) => flushed.push([...nouns].sort()));
  for (let i = 0; i < 50; i += 1) batch.add('images');
  batch.add('activity');
  expect(flushed).toEqual([]);
  vi.advanceTimersByTime(30);
  expect(flushed).toEqual([[...new Set([...nounsOf('images'), 'activity'])].sort()]);
  for (let i = 0; i < 30; i += 1) {
    batch.add('activity');
    vi.advanceTimersByTime(9);
  }
  expect(flushed).toHaveLength(1);
  vi.advanceTimersByTime(30);
  expect(flushed).toHaveLength(2);
  vi.advanceTimersByTime(1000);
  batch.add('activity');
  vi.advanceTimersByTime(30);
  expect(flushed).toHaveLength(3);
});

it('asks for what needs a hand when that changes, not at every word of a run or a connector', () => {
  for (const topic of ['attention', 'connectors']) expect(nounsOf(topic, 'changed')).toContain('attention');
  expect(nounsOf('connectors', 'progress')).not.toContain('attention');
  for (const topic of ['runs', 'jobs', 'cutovers']) expect(nounsOf(topic, 'changed')).not.toContain('attention');
});

it('touches the noun itself, known or not, and says nothing after its end', () => {
  for (const topic of ['connectors', 'servers', 'jobs', 'runs', 'images', 'instances', 'activity', 'new']) {
    expect(nounsOf(topic)).toContain(topic);
  }
  // The checks of a cutover look at the job and at its connector.
  for (const topic of ['connectors', 'jobs', 'runs', 'instances']) expect(nounsOf(topic)).toContain('cutovers');
  const flush = vi.fn();
  const batch = new TopicBatch(300, flush);
  batch.add('jobs');
  batch.stop();
  vi.advanceTimersByTime(1000);
  expect(flush).not.toHaveBeenCalled();
});
