// How far a run is, stage by stage. Pure.
import { ITINERARY, SMS_STAGES, type SmsStage } from '../../replication/model/itinerary.ts';

/** Where each stage ends on the scale of the whole run, 0–100. */
const ENDS: Record<SmsStage, number> = Object.fromEntries(
  SMS_STAGES.map((stage) => [
    stage,
    ITINERARY.filter((step) => SMS_STAGES.indexOf(step.stage) <= SMS_STAGES.indexOf(stage)).reduce(
      (sum, step) => sum + step.weight,
      0,
    ),
  ]),
) as Record<SmsStage, number>;

/** Each stage with its own share done, 0–1, at a percentage of the whole run. */
export function stageShares(percent: number): { stage: SmsStage; share: number }[] {
  let start = 0;
  return SMS_STAGES.map((stage) => {
    const end = ENDS[stage];
    const share = end === start ? 1 : Math.min(1, Math.max(0, (percent - start) / (end - start)));
    start = end;
    return { stage, share };
  });
}

/** The stage that a percentage lies in. */
export function stageAt(percent: number): SmsStage {
  return SMS_STAGES.find((stage) => percent < ENDS[stage]) ?? 'Creating AMI';
}
