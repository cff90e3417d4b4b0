import { expect, it } from 'vitest';
import { shownSteps, type WhereItIs } from './step-states.ts';

const at = (minute: number) => `2026-11-22T20:${String(minute).padStart(2, '0')}:00.000Z`;
const done = (from: number, to: number) => ({ startedAt: at(from), endedAt: at(to), outcome: 'done' as const });

const planned: WhereItIs = {
  state: 'planned',
  step: 'check',
  question: null,
  timeline: {},
  options: { touchSource: true },
};
const states = (cutover: Partial<WhereItIs>) =>
  Object.fromEntries(shownSteps({ ...planned, ...cutover }).map(({ id, state }) => [id, state]));
const begun = { check: done(0, 1), 'stop-source': done(1, 2), 'final-run': { startedAt: at(2) } };

it('has everything to come before it begins', () => {
  expect(new Set(Object.values(states({})))).toEqual(new Set(['to-come']));
  expect(shownSteps(planned).some(({ current }) => current)).toBe(false);
});

it('tells the step that runs from the one that waits for a person', () => {
  const active = { state: 'active', step: 'final-run', timeline: begun } as const;
  expect(states(active)).toMatchObject({ 'stop-source': 'done', 'final-run': 'running', launch: 'to-come' });
  expect(states({ ...active, question: {} })['final-run']).toBe('waits');
  expect(shownSteps({ ...planned, ...active }).filter(({ current }) => current)).toHaveLength(1);
});

it('waits for a person after the cut-over, without a question', () => {
  const timeline = { ...begun, 'final-run': done(2, 3), 'cut-over': done(4, 5), finish: { startedAt: at(5) } };
  expect(states({ state: 'cut-over', step: 'finish', timeline }).finish).toBe('waits');
});

it('names a check that a person passed over, and the step from which the way back was taken', () => {
  const failed = { startedAt: at(3), endedAt: at(4), outcome: 'failed' as const };
  const rolling = states({
    state: 'rolling-back',
    step: 'end-final-run',
    timeline: { ...begun, 'final-run': failed, 'check-instance': done(2, 3), 'end-final-run': { startedAt: at(4) } },
  });
  expect(rolling).toMatchObject({
    'final-run': 'rolled-back',
    'cut-over': 'not-reached',
    'end-final-run': 'running',
    'start-source': 'to-come',
  });
  const passedOver = { ...begun, 'check-instance': failed, 'cut-over': { startedAt: at(4) } };
  expect(states({ state: 'active', step: 'cut-over', timeline: passedOver })['check-instance']).toBe('failed');
});

it('says what was never reached when it is over', () => {
  const cancelled = states({ state: 'cancelled', step: 'check', timeline: { check: done(0, 1) } });
  expect(cancelled).toMatchObject({ check: 'cancelled', 'stop-source': 'not-reached', finish: 'not-reached' });
  const back = { 'end-final-run': done(5, 6), 'stop-instance': { ...done(6, 7), outcome: 'skipped' as const } };
  const rolledBack = states({ state: 'rolled-back', step: 'start-source', timeline: { ...begun, ...back } });
  expect(rolledBack).toMatchObject({ 'end-final-run': 'done', 'stop-instance': 'skipped', launch: 'not-reached' });
});
