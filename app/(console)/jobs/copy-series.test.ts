import { describe, expect, it } from 'vitest';
import { copySeries } from './copy-series.ts';

const MiB = 1024 ** 2;
type Run = Parameters<typeof copySeries>[0][number];

const run = (id: string, more: Partial<Run> & { sent?: number | null } = {}): Run => ({
  id,
  startedAt: new Date('2026-05-04T10:00:00Z'),
  endedAt: new Date('2026-05-04T10:01:30Z'),
  copyMode: 'delta',
  changedBytes: 4 * MiB,
  bytes: { sent: more.sent === undefined ? 2 * MiB : more.sent },
  ...more,
});
const full = (id: string) => run(id, { copyMode: 'full', changedBytes: null, sent: 8 * 1024 * MiB });

describe('the charts of a job', () => {
  it('draw the oldest run first, in the unit of the highest', () => {
    const series = copySeries([run('b', { changedBytes: 10 * MiB }), run('a')]);
    expect(series.runs.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(series.bytes).toMatchObject({
      unit: { label: 'MiB' },
      highest: 10,
      changed: [
        { x: 'a', y: 4 },
        { x: 'b', y: 10 },
      ],
    });
    expect(series.duration).toMatchObject({ unit: { label: 's' }, highest: 90 });
  });

  it('leave full copies out of the bars, and not out of the durations', () => {
    const series = copySeries([run('c'), full('b'), run('a')]);
    expect(series.bytes.sent.map(({ x }) => x)).toEqual(['a', 'c']);
    expect(series.bytes.unit.label).toBe('MiB');
    expect(series.duration.points.map(({ x }) => x)).toEqual(['a', 'b', 'c']);
    expect(series.leftOut).toBe(1);
  });

  it('show full copies while there is nothing else', () => {
    const series = copySeries([full('a')]);
    expect(series).toMatchObject({
      leftOut: 0,
      bytes: { unit: { label: 'GiB' }, changed: [], sent: [{ x: 'a', y: 8 }] },
    });
  });

  it('draw no bar where the source was not asked', () => {
    const series = copySeries([run('b', { copyMode: 'compared', changedBytes: null }), run('a')]);
    expect(series.bytes.changed.map(({ x }) => x)).toEqual(['a']);
    expect(series.bytes.sent.map(({ x }) => x)).toEqual(['a', 'b']);
  });

  it('stop at thirty runs, and begin with none', () => {
    const many = Array.from({ length: 40 }, (_, at) => run(`run-${40 - at}`));
    expect(copySeries(many).runs).toHaveLength(30);
    expect(copySeries(many).runs.at(-1)?.id).toBe('run-40');
    expect(copySeries([])).toMatchObject({ runs: [], leftOut: 0, bytes: { highest: 0 }, duration: { highest: 0 } });
  });
});
