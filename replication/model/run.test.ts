import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOUD_STEPS, CONNECTOR_STEPS, ITINERARY, nextStep, runPercent, SMS_STAGES } from './itinerary.ts';
import { isEnded, type RunEvent, runStateSchema, transition } from './run.ts';
import { nextDue } from './schedule.ts';

const events: RunEvent[] = ['start', 'complete', 'fail', 'cancel', 'miss', 'delete', 'delete-done'];

describe('states of a run', () => {
  it('never come back to life once they have ended', () => {
    for (const state of runStateSchema.options.filter(isEnded)) {
      for (const event of events) {
        const next = transition(state, event);
        if (next) expect(isEnded(next)).toBe(true);
      }
    }
  });

  it('reach an end from anywhere by cancelling', () => {
    expect(transition('pending', 'cancel')).toBe('cancelled');
    expect(transition('active', 'cancel')).toBe('cancelled');
    expect(transition('completed', 'cancel')).toBeUndefined();
  });
});

describe('the itinerary', () => {
  it('has each step once, its weights add up, and its stages come in the order of SMS', () => {
    expect(ITINERARY.map((step) => step.id).sort()).toEqual([...CONNECTOR_STEPS, ...CLOUD_STEPS].sort());
    expect(ITINERARY.reduce((sum, step) => sum + step.weight, 0)).toBe(100);
    const stages = ITINERARY.map((step) => SMS_STAGES.indexOf(step.stage));
    expect(stages).toEqual([...stages].sort());
    expect(new Set(stages).size).toBe(SMS_STAGES.length);
  });

  it('gives a percentage that only grows along the way and ends at 100', () => {
    let last = -1;
    for (let step = ITINERARY[0]; step; step = nextStep(step.id)) {
      for (const fraction of [0, 0.3, 1]) {
        const percent = runPercent(step.id, fraction);
        expect(percent).toBeGreaterThanOrEqual(last);
        last = percent;
      }
    }
    expect(last).toBe(100);
    expect(runPercent('copy-disks', 7)).toBeLessThanOrEqual(100);
  });
});

describe('the schedule', () => {
  it('finds the first run after any moment, a whole number of intervals after the seed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: -1_000_000, max: 400_000_000 }),
        (everyHours, offset) => {
          const seedAt = new Date('2026-03-28T22:00:00Z');
          const after = new Date(seedAt.getTime() + offset);
          const due = nextDue({ seedAt, everyHours }, after) as Date;
          expect(due.getTime()).toBeGreaterThan(after.getTime() - (offset < 0 ? 1 : 0));
          expect((due.getTime() - seedAt.getTime()) % (everyHours * 3_600_000)).toBe(0);
          if (offset >= 0) expect(due.getTime() - after.getTime()).toBeLessThanOrEqual(everyHours * 3_600_000);
        },
      ),
    );
  });

  it('has no second run when it is a single one', () => {
    const seedAt = new Date('2026-01-01T00:00:00Z');
    expect(nextDue({ seedAt, everyHours: null }, null)).toEqual(seedAt);
    expect(nextDue({ seedAt, everyHours: null }, new Date('2026-01-02T00:00:00Z'))).toBeNull();
  });
});
