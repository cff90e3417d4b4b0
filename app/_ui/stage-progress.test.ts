import { expect, it } from 'vitest';
import { ITINERARY, runPercent, SMS_STAGES } from '../../replication/model/itinerary.ts';
import { stageAt, stageShares } from './stage-progress.ts';

it('finds every step of the itinerary in its own stage', () => {
  for (const step of ITINERARY) expect(stageAt(runPercent(step.id, 0.5)), step.id).toBe(step.stage);
});

it('fills the stages one after the other', () => {
  for (let percent = 0; percent <= 100; percent += 1) {
    const shares = stageShares(percent).map(({ share }) => share);
    expect(shares).toHaveLength(SMS_STAGES.length);
    const open = shares.filter((share) => share > 0 && share < 1);
    expect(open.length).toBeLessThanOrEqual(1);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
  }
  expect(stageShares(100).every(({ share }) => share === 1)).toBe(true);
});
