import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { StageBar } from './stage-bar.tsx';
import { Elapsed, Time } from './time.tsx';

it('says the stage and the percentage to people who cannot see the bar', () => {
  const html = renderToStaticMarkup(<StageBar runId="r" state="active" percent={43.9} stage="Uploading" />);
  expect(html).toContain('role="progressbar"');
  expect(html).toContain('aria-valuenow="43"');
  expect(html).toContain('aria-valuetext="Uploading 43 %"');
  for (const stage of ['Scheduled', 'Uploading', 'Converting', 'Creating AMI']) expect(html).toContain(stage);
});

it('does not make up a percentage', () => {
  const html = renderToStaticMarkup(<StageBar runId="r" state="pending" percent={null} compact />);
  expect(html).not.toContain('aria-valuenow');
  expect(html).toContain('–');
});

it('is full when the run has completed, whatever the last percentage was', () => {
  const html = renderToStaticMarkup(<StageBar runId="r" state="completed" percent={97} compact />);
  expect(html).toContain('aria-valuenow="100"');
  expect(html).toContain('Completed');
  expect(html.match(/width:[\d.]+%/g)).toEqual(['width:100%', 'width:100%', 'width:100%', 'width:100%']);
});

it('moves while the run goes on, and stands still at once when it has ended', () => {
  const bar = (state: 'active' | 'completed' | 'failed') =>
    renderToStaticMarkup(<StageBar runId="r" state={state} percent={94} stage="Creating AMI" />);
  expect(bar('active')).toContain('transition-[width]');
  for (const state of ['completed', 'failed'] as const) expect(bar(state)).not.toContain('transition');
});

it('says one percentage, that of the whole run, long and compact', () => {
  const bar = (state: 'active' | 'completed', compact: boolean) =>
    renderToStaticMarkup(<StageBar runId="r" state={state} percent={94} stage="Creating AMI" compact={compact} />);
  for (const compact of [true, false]) {
    expect(new Set(bar('active', compact).match(/\d+ %/g))).toEqual(new Set(['94 %']));
  }
  expect(bar('completed', false)).toContain('100 %');
});

it('renders times on the server, and a dash for none', () => {
  expect(renderToStaticMarkup(<Time at={new Date(Date.now() - 3 * 3_600_000)} />)).toContain('3 h ago');
  expect(renderToStaticMarkup(<Time at={null} />)).toBe('–');
  expect(renderToStaticMarkup(<Time at="not a date" />)).toBe('–');
  expect(renderToStaticMarkup(<Elapsed since={new Date(0)} until={new Date(8_040_000)} />)).toContain('2 h 14 min');
  expect(renderToStaticMarkup(<Elapsed since={null} />)).toContain('–');
});
