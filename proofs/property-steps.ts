// Where a run may be cancelled: every step.
import { ITINERARY } from '../replication/model/itinerary.ts';

export const STEPS_TO_CANCEL_AT = ITINERARY.map(({ id }) => id);
